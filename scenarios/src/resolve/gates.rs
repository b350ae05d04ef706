//! `[gate.<id>]`: texts held against the metric catalogue, arms and faults.

use reports::gate::{Fidelity, GateError, GateText, Location, NoBaseline, Severity, Versus};
use units::{Micros, Timestamp};

use super::{Context, check};
use crate::de::At;
use crate::error::{Outcome, Problem};
use crate::resolved::{Gate, ResolvedArm};
use crate::schema::{self, ScenarioFile};
use crate::source::Place;

/// The arm that gates judge unless they say otherwise, where there are several.
const JUDGED: &str = "after";

/// All gates, in the order of the file.
pub(super) fn gates(file: &ScenarioFile, arms: &[ResolvedArm], context: &Context<'_>) -> Outcome<Vec<Gate>> {
    let Some(section) = &file.gate else { return Ok(Vec::new()) };
    let mut given: Vec<(&String, &At<schema::Gate>)> = section.iter().collect();
    given.sort_by_key(|(_, gate)| gate.at);
    given.into_iter().map(|(id, gate)| self::gate(id, gate, arms, context)).collect()
}

fn gate(id: &str, given: &At<schema::Gate>, arms: &[ResolvedArm], context: &Context<'_>) -> Outcome<Gate> {
    let at = given.at;
    check::identifier(&At { at, value: id.to_owned() }, "gate")?;
    let fields = &given.value;
    let arm = judged_arm(fields, at, arms)?;
    let text = |field: &Option<At<String>>| field.as_ref().map(|field| field.value.clone());
    let (file, line) = context.files.relative(at);
    let mut gate = Gate {
        id: id.to_owned(),
        arm: arm.id.clone(),
        metric: fields.metric.value.clone(),
        pass: fields.pass.value.clone(),
        warn: text(&fields.warn),
        vs: text(&fields.vs),
        during: text(&fields.during),
        span: None,
        window: text(&fields.window),
        split: text(&fields.split),
        severity: match fields.severity {
            Some(schema::Severity::Advise) => Severity::Advise,
            Some(schema::Severity::Block) | None => Severity::Block,
        },
        required: fields.required.unwrap_or(false),
        no_baseline: match fields.no_baseline {
            Some(schema::NoBaseline::Fail) => NoBaseline::Fail,
            Some(schema::NoBaseline::Skip) | None => NoBaseline::Skip,
        },
        fidelity: fields.fidelity.map(|fidelity| match fidelity {
            schema::Fidelity::Simulated => Fidelity::Simulated,
            schema::Fidelity::Live => Fidelity::Live,
        }),
        place: Location { file, line },
    };
    let parsed = check_texts(&gate, fields)?;
    if let (Some(vs), Some(Versus::Arm(other))) = (&fields.vs, &parsed.vs) {
        let known: Vec<&str> = arms.iter().map(|arm| arm.id.as_str()).collect();
        check::reference(&At { at: vs.at, value: other.clone() }, &known, "arm")?;
        if *other == arm.id {
            return Err(Problem::new(vs.at, format!("gate `{id}` compares arm `{other}` with itself")));
        }
    }
    if let (Some(given), Some(length)) = (&fields.window, parsed.window) {
        window(given, length, arm)?;
    }
    if let (Some(during), Some(parsed)) = (&fields.during, &parsed.during) {
        gate.span = Some(span(during, &parsed.fault, parsed.plus, arm)?);
    }
    Ok(gate)
}

/// The arm that a gate judges.
fn judged_arm<'a>(fields: &schema::Gate, at: Place, arms: &'a [ResolvedArm]) -> Outcome<&'a ResolvedArm> {
    let known: Vec<&str> = arms.iter().map(|arm| arm.id.as_str()).collect();
    if let Some(arm) = &fields.arm {
        return Ok(&arms[check::reference(arm, &known, "arm")?]);
    }
    match arms {
        [only] => Ok(only),
        _ => arms.iter().find(|arm| arm.id == JUDGED).ok_or_else(|| {
            Problem::new(at, "which arm does the gate judge?").hint(format!("add arm = \"{}\"", known[0]))
        }),
    }
}

/// Reads all texts, and points into the one that is wrong.
fn check_texts(gate: &Gate, fields: &schema::Gate) -> Outcome<reports::Gate> {
    let text = GateText {
        metric: &gate.metric,
        pass: &gate.pass,
        warn: gate.warn.as_deref(),
        vs: gate.vs.as_deref(),
        during: gate.during.as_deref(),
        window: gate.window.as_deref(),
        split: gate.split.as_deref(),
    };
    reports::Gate::parse(&gate.id, &gate.arm, &text).map_err(|errors| first_problem(&errors, fields))
}

fn first_problem(errors: &[GateError], fields: &schema::Gate) -> Problem {
    let Some(error) = errors.first() else { return Problem::new(fields.pass.at, "the gate cannot be read") };
    let field = match error.field {
        "warn" => fields.warn.as_ref(),
        "vs" => fields.vs.as_ref(),
        "during" => fields.during.as_ref(),
        "window" => fields.window.as_ref(),
        "split" => fields.split.as_ref(),
        "metric" => Some(&fields.metric),
        _ => Some(&fields.pass),
    };
    // One further than the value: its opening quote.
    let at = field.map_or(fields.pass.at, |field| field.at.plus(error.error.at + 1));
    let problem = Problem::new(at, error.error.problem.to_string());
    match &error.error.hint {
        Some(hint) => problem.hint(hint.clone()),
        None => problem,
    }
}

/// A window slides over whole buckets of the measured time.
fn window(given: &At<String>, length: Micros, arm: &ResolvedArm) -> Outcome<()> {
    let clock = &arm.world.clock;
    let measured = clock.duration - clock.warmup;
    let text = check::in_words(length);
    if length == Micros::ZERO || !length.0.is_multiple_of(clock.bucket.0) {
        return Err(Problem::new(given.at, format!("window of `{text}` is not a multiple of the bucket"))
            .hint(format!("the bucket is {} (`run.bucket`)", check::in_words(clock.bucket))));
    }
    if length > measured {
        return Err(Problem::new(given.at, format!("window of `{text}` is longer than the measured time"))
            .hint(format!("{} are measured: the run without its warm-up", check::in_words(measured))));
    }
    Ok(())
}

/// The stretch of time of a fault of the judged arm, without the warm-up.
fn span(given: &At<String>, fault: &str, plus: Micros, arm: &ResolvedArm) -> Outcome<fault_plan::Span> {
    let known: Vec<&str> = arm.world.faults.iter().map(|fault| fault.id.as_str()).collect();
    let index = check::reference(&At { at: given.at, value: fault.to_owned() }, &known, "fault")?;
    let span = arm.world.faults[index].span(plus, arm.world.end());
    let measured = Timestamp(arm.world.clock.warmup.0);
    if span.to <= measured {
        return Err(Problem::new(given.at, format!("fault `{fault}` is over before the warm-up is"))
            .hint("move the fault, or shorten `run.warmup`"));
    }
    Ok(fault_plan::Span { from: span.from.max(measured), to: span.to })
}
