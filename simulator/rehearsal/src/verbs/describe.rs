//! `rehearsal list` and `rehearsal explain`: what there is, and what it means.

use reports::metric;
use scenarios::assumptions::ASSUMPTIONS;
use scenarios::levers::LEVERS;
use scenarios::library::SHIPPED;
use serde_json::{Value, json};

use super::{open, policies, resolve};
use crate::cli::{ExplainArgs, ListArgs, Listed};
use crate::failure::{Failure, Outcome, exit};
use crate::terminal;

pub(super) fn list(args: &ListArgs) -> Outcome {
    let rows = match args.what {
        Listed::Scenarios => scenarios()?,
        Listed::Metrics => {
            metric::all().iter().map(|metric| row(metric.id, metric.meaning, json!(metric))).collect()
        }
        Listed::Faults => fault_plan::KINDS
            .iter()
            .map(|kind| row(kind.name, kind.about, json!({ "name": kind.name, "about": kind.about })))
            .collect(),
        Listed::Levers => LEVERS
            .iter()
            .map(|lever| {
                row(lever.name, &format!("{} | {}: {}", lever.naive, lever.modern, lever.about), json!(lever))
            })
            .collect(),
        Listed::Assumptions => {
            ASSUMPTIONS.iter().map(assumption).chain(policies::all().iter().map(policy)).collect()
        }
    };
    if args.json {
        let values: Vec<&Value> = rows.iter().map(|row| &row.value).collect();
        terminal::data(&json!(values).to_string());
        return Ok(exit::OK);
    }
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    for row in &rows {
        terminal::data(&format!("{:width$}  {}", row.name, row.about));
    }
    Ok(exit::OK)
}

struct Row {
    name: String,
    about: String,
    value: Value,
}

fn row(name: &str, about: &str, value: Value) -> Row {
    Row { name: name.to_owned(), about: about.to_owned(), value }
}

fn scenarios() -> Result<Vec<Row>, Failure> {
    let rows = SHIPPED.iter().map(|shipped| {
        let resolved = resolve(&open(shipped.name, &[])?, &[])?;
        let value = json!({ "name": shipped.name, "file": shipped.file, "title": resolved.title });
        Ok(row(shipped.name, &resolved.title, value))
    });
    rows.collect()
}

fn assumption(assumption: &scenarios::assumptions::Assumption) -> Row {
    let about = format!(
        "{} ({} to {}) {}: {}",
        assumption.value, assumption.low, assumption.high, assumption.unit, assumption.source
    );
    row(assumption.name, &about, json!(assumption))
}

fn policy(policy: &policies::Policy) -> Row {
    let value = json!({ "name": policy.name, "value": policy.value, "source": policy.source });
    row(policy.name, &format!("{}: {}", policy.value, policy.source), value)
}

pub(super) fn explain(args: &ExplainArgs) -> Outcome {
    if let Some(found) = metric::lookup(&args.name) {
        if args.json {
            terminal::data(&json!(found).to_string());
        } else {
            explain_metric(found);
        }
        return Ok(exit::OK);
    }
    let resolved = resolve(&open(&args.scenario, &[])?, &[])?;
    let gates = crate::assemble::gates(&resolved)?;
    let Some(gate) = gates.iter().find(|gate| gate.id == args.name) else {
        let ids = gates.iter().map(|gate| gate.id.as_str());
        let near = metric::did_you_mean(&args.name).or_else(|| reports::suggest::nearest(&args.name, ids));
        let hint = near.map_or_else(
            || "`rehearsal list metrics` shows all metrics; --scenario names the scenario whose gates are meant".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("`{}` is neither a metric nor a gate of `{}`", args.name, resolved.name);
        return Err(Failure::usage(message).hint(hint));
    };
    if args.json {
        let value = json!({
            "gate": gate.id, "scenario": resolved.name, "arm": gate.arm, "limit": gate.limit(),
            "warn": gate.warn.as_ref().map(ToString::to_string), "required": gate.required, "metric": gate.metric,
        });
        terminal::data(&value.to_string());
        return Ok(exit::OK);
    }
    terminal::data(&format!(
        "gate {} of {}: arm {}, {} {}",
        gate.id,
        resolved.name,
        gate.arm,
        gate.metric.id,
        gate.limit()
    ));
    let decides = match gate.severity {
        reports::gate::Severity::Block => "a failure fails the run (exit code 99)",
        reports::gate::Severity::Advise => "shown with its distance, never decides",
    };
    if let Some(warn) = &gate.warn {
        terminal::data(&format!("  beyond that, {warn} is a warning and passes"));
    }
    terminal::data(&format!("  {decides}"));
    if gate.required {
        terminal::data("  required: where it cannot be judged, it has failed");
    }
    explain_metric(gate.metric);
    Ok(exit::OK)
}

fn explain_metric(metric: &metric::Metric) {
    terminal::data(&format!("{} ({})", metric.id, metric.label));
    terminal::data(&format!("  {}", metric.meaning));
    terminal::data(&format!("  formula: {}", metric.formula));
    terminal::data(&format!("  kept: {}", metric.parts.text()));
    terminal::data(&format!("  source: {}", metric.source));
}
