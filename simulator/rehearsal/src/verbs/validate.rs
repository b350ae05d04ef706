//! `rehearsal validate`: prints what the outside evidence says.

use serde_json::json;

use crate::cli::{ValidateArgs, ValidateKind};
use crate::failure::{Outcome, exit};
use crate::terminal;
use crate::validate::{KindCount, Validation, cache, calendar, entities, sabre, search, sequences, webhooks};

pub(super) fn validate(args: &ValidateArgs) -> Outcome {
    match &args.kind {
        ValidateKind::Sabre { data, golden, json } => Ok(say(&sabre::run(data, golden)?, *json)),
        ValidateKind::Webhooks { data, json } => Ok(say(&webhooks::run(data)?, *json)),
        ValidateKind::Search { catalog, queries, json } => {
            Ok(say_search(&search::run(catalog, queries)?, *json))
        }
        ValidateKind::Entities { catalog, pairs, json } => {
            Ok(say_entities(&entities::run(catalog, pairs)?, *json))
        }
        ValidateKind::Calendar { data, json } => Ok(say(&calendar::run(data)?, *json)),
        ValidateKind::Sequences { data, json } => Ok(say(&sequences::run(data)?, *json)),
        ValidateKind::Cache { data, json } => {
            let found = cache::run(data)?;
            if !json {
                for (policy, rows) in cache::skipped(data)? {
                    terminal::data(&format!("{policy}: {rows} rows skipped, not built here"));
                }
            }
            Ok(say(&found, *json))
        }
    }
}

/// Prints a validation; its last line on stdout is the count.
fn say(found: &Validation, as_json: bool) -> u8 {
    let code = if found.agrees { exit::OK } else { exit::FAILED };
    if as_json {
        terminal::data(&json!(found).to_string());
    } else {
        for failure in &found.first_failures {
            terminal::data(&format!("differs: {failure}"));
        }
        if let Some(worst) = &found.worst {
            terminal::data(&format!("largest difference {:e} at {}", worst.difference, worst.at));
        }
        for kind in &found.kinds {
            terminal::data(&count_line(kind));
        }
        terminal::data(&format!("{:.0} {}", found.throughput, found.throughput_unit));
        let skipped = if found.skipped > 0 { format!(", {} skipped", found.skipped) } else { String::new() };
        terminal::data(&format!("{} passed, {} failed{skipped}", found.passed, found.failed));
    }
    if code != exit::OK {
        terminal::note(&format!("repeat: {}", terminal::command(&terminal::words())));
    }
    code
}

/// Prints how well titles are found; its last line on stdout is the count.
fn say_search(found: &search::Found, as_json: bool) -> u8 {
    let code = if found.agrees() { exit::OK } else { exit::FAILED };
    let failed = found.all.rows - found.all.among_three;
    if as_json {
        let kinds: serde_json::Map<String, serde_json::Value> =
            found.kinds.iter().map(|(kind, tally)| (kind.clone(), tally_json(tally))).collect();
        let suggestions: Vec<serde_json::Value> = found.suggestions.iter().map(typed_json).collect();
        let object = json!({
            "passed": found.all.among_three,
            "failed": failed,
            "success@1": found.all.success_at_1(),
            "success@3": found.all.success_at_3(),
            "mrr@10": found.all.mrr_at_10(),
            "plain": tally_json(&found.plain),
            "hard": tally_json(&found.hard),
            "kinds": kinds,
            "titles": found.titles,
            "p50_ms": found.query.p50_ms,
            "p99_ms": found.query.p99_ms,
            "keystroke_p50_ms": found.keystroke.p50_ms,
            "keystroke_p99_ms": found.keystroke.p99_ms,
            "suggestions": suggestions,
            "first_failures": found.first_failures,
            "agrees": found.agrees(),
        });
        terminal::data(&object.to_string());
    } else {
        for failure in &found.first_failures {
            terminal::data(&format!("missed: {failure}"));
        }
        terminal::data("kind                  rows  success@1  success@3   mrr@10  no result");
        for (kind, tally) in &found.kinds {
            terminal::data(&tally_line(kind, tally));
        }
        for (name, tally) in [("plain kinds", &found.plain), ("hard kinds", &found.hard), ("all", &found.all)]
        {
            terminal::data(&tally_line(name, tally));
        }
        for (what, ms) in [("query", found.query), ("keystroke", found.keystroke)] {
            terminal::data(&format!("{what}: p50 {:.3} ms, p99 {:.3} ms of CPU", ms.p50_ms, ms.p99_ms));
        }
        for typed in &found.suggestions {
            terminal::data(&typed_line(typed));
        }
        terminal::data(&format!("{} passed, {failed} failed", found.all.among_three));
    }
    if code != exit::OK {
        terminal::note(&format!("repeat: {}", terminal::command(&terminal::words())));
    }
    code
}

/// Prints how well records of one work are found; its last line on stdout is the count of measures.
fn say_entities(found: &entities::Found, as_json: bool) -> u8 {
    let code = if found.failed() == 0 { exit::OK } else { exit::FAILED };
    if as_json {
        let measures: Vec<serde_json::Value> = found.measures.iter().map(measure_json).collect();
        let object = json!({
            "passed": found.passed(),
            "failed": found.failed(),
            "measures": measures,
            "first_failures": found.first_failures,
            "agrees": found.failed() == 0,
        });
        terminal::data(&object.to_string());
    } else {
        for failure in &found.first_failures {
            terminal::data(&format!("differs: {failure}"));
        }
        for measure in &found.measures {
            terminal::data(&measure.to_string());
        }
        terminal::data(&format!("{} passed, {} failed", found.passed(), found.failed()));
    }
    if code != exit::OK {
        terminal::note(&format!("repeat: {}", terminal::command(&terminal::words())));
    }
    code
}

fn measure_json(measure: &entities::Measure) -> serde_json::Value {
    json!({
        "name": measure.name,
        "right": measure.right,
        "wrong": measure.wrong,
        "missed": measure.missed,
        "missed_for_review": measure.missed_for_review,
        "precision": measure.precision(),
        "recall": measure.recall(),
        "bounds": measure.bounds.map(|bounds| json!({"precision": bounds.precision, "recall": bounds.recall})),
        "holds": measure.holds(),
    })
}

fn tally_line(name: &str, tally: &search::Tally) -> String {
    let (first, three, mrr) = (tally.success_at_1(), tally.success_at_3(), tally.mrr_at_10());
    format!(
        "{name:<20} {:>5}  {first:>9.3}  {three:>9.3}  {mrr:>7.3}  {:>9}",
        tally.rows, tally.without_result
    )
}

fn typed_line(typed: &search::Typed) -> String {
    let search::Typed { percent, all, telling } = typed;
    format!(
        "suggestions, {percent} % typed: among the first 5 {:.3} of {}, {:.3} of the {} that at most 5 names begin with",
        all.success(),
        all.rows,
        telling.success(),
        telling.rows
    )
}

fn typed_json(typed: &search::Typed) -> serde_json::Value {
    let share = |share: &search::Share| json!({ "rows": share.rows, "success@5": share.success() });
    json!({ "typed_percent": typed.percent, "all": share(&typed.all), "telling": share(&typed.telling) })
}

fn tally_json(tally: &search::Tally) -> serde_json::Value {
    json!({
        "rows": tally.rows,
        "success@1": tally.success_at_1(),
        "success@3": tally.success_at_3(),
        "mrr@10": tally.mrr_at_10(),
        "no_result": tally.without_result,
    })
}

fn count_line(count: &KindCount) -> String {
    let KindCount { kind, passed, failed, skipped } = count;
    if passed + failed == 0 {
        return format!("{kind}: {skipped} skipped, not built here");
    }
    format!("{kind}: {passed} passed, {failed} failed")
}
