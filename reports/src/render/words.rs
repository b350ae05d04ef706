//! Sentences and numbers that several renderers share.

use crate::gate::{Checked, GateResult, GateState, Interval};
use crate::metric::{self, Better, Metric, Unit};
use crate::num::Num;
use crate::report::{Headline, Report};

/// A change too small for the decimals that are written.
const NO_CHANGE: &str = "0.0 %";

/// A relative change with its sign: `-63.2 %`.
pub(super) fn change(value: Num) -> String {
    if !value.get().is_finite() {
        return "from zero".to_owned();
    }
    match format!("{:+.1}", value.get() * 100.0).as_str() {
        "+0.0" | "-0.0" => NO_CHANGE.to_owned(),
        percent => format!("{percent} %"),
    }
}

/// A value of a condition: a change, or a quantity in its unit.
pub(super) fn value(checked: &Checked) -> String {
    checked.value.map_or_else(|| "–".to_owned(), |value| quantity(checked, value))
}

/// The interval of a condition: `0.80 % to 0.86 %`.
///
/// Student's interval knows no bounds, and few seeds make it wide: it is written within what the unit can be. What is judged
/// is the interval itself.
pub(super) fn interval(checked: &Checked) -> Option<String> {
    checked.interval.map(|ends| span(ends, |end| quantity(checked, possible(checked, end))))
}

/// The nearest value that a quantity can have; a change may be any.
fn possible(checked: &Checked, value: Num) -> Num {
    let most = if checked.unit == Unit::Share { 1.0 } else { f64::INFINITY };
    if checked.change { value } else { Num::new(value.get().clamp(0.0, most)) }
}

fn quantity(checked: &Checked, value: Num) -> String {
    if checked.change { change(value) } else { checked.unit.format(value.get()) }
}

/// Both ends of an interval as written by `format`.
pub(super) fn span(ends: Interval, format: impl Fn(Num) -> String) -> String {
    format!("{} to {}", format(ends.low), format(ends.high))
}

/// `0.83 % (0.80 % to 0.86 %, 5 seeds)`, or why there is no value.
pub(super) fn found(gate: &GateResult) -> String {
    let Some(checked) = gate.shown() else { return reason(gate) };
    let seeds = if gate.seeds == 1 { "1 seed".to_owned() } else { format!("{} seeds", gate.seeds) };
    let within = interval(checked).map_or_else(|| seeds.clone(), |interval| format!("{interval}, {seeds}"));
    let split = if gate.split == "all" { String::new() } else { format!(", {}", gate.split) };
    format!("{} ({within}{split})", value(checked))
}

/// Why a gate was not judged, as a clause.
pub(super) fn reason(gate: &GateResult) -> String {
    let reason = gate.reason.map_or("no value", |reason| reason.text());
    gate.notes.first().map_or_else(|| reason.to_owned(), |note| format!("{reason}: {note}"))
}

/// One line on a gate: `rebuffering ... <= 1%: 1.90 % (...)`.
pub(super) fn line(gate: &GateResult) -> String {
    let of = gate.shown().filter(|_| gate.checked.len() > 1);
    let part = of.map_or_else(String::new, |checked| format!(" [{}]", checked.condition));
    format!("{}: {} {}{part}: {}", gate.id, gate.metric, gate.limit, found(gate))
}

/// The catalogue's label of a metric, its id if the catalogue has lost it.
pub(super) fn label(id: &str) -> &str {
    metric::lookup(id).map_or(id, |metric| metric.label)
}

/// The label of a headline: `Startup time, p95`.
pub(super) fn headline_label(headline: &Headline) -> String {
    let label = label(&headline.metric);
    headline.aggregation.as_ref().map_or_else(|| label.to_owned(), |p| format!("{label}, {p}"))
}

/// Whether a change is for the better, as far as its interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Better,
    Worse,
    Unclear,
    Plain,
}

impl Judgement {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Unclear => "no clear change",
            Self::Plain => "",
        }
    }

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Better => "good",
            Self::Worse => "bad",
            Self::Unclear | Self::Plain => "flat",
        }
    }
}

/// Better or worse only when the whole interval is on one side of zero, and the change is not written as nothing.
pub(super) fn judgement(headline: &Headline) -> Judgement {
    let (Some(metric), Some(change)) = (metric::lookup(&headline.metric), headline.change) else {
        return Judgement::Plain;
    };
    let (low, high) = match change.interval {
        Some(ends) => (ends.low.get(), ends.high.get()),
        None => (change.value.get(), change.value.get()),
    };
    let is_written_as_none = self::change(change.value) == NO_CHANGE;
    match metric.better {
        Better::Neither => Judgement::Plain,
        _ if is_written_as_none => Judgement::Unclear,
        _ if metric.improves(low) && metric.improves(high) => Judgement::Better,
        _ if low != 0.0 && high != 0.0 && (low > 0.0) == (high > 0.0) => Judgement::Worse,
        _ => Judgement::Unclear,
    }
}

/// Both sides and the change of a headline in one line.
pub(super) fn headline_line(headline: &Headline) -> String {
    let unit = headline.unit;
    let side = |side: Option<crate::report::Side>| side.map(|side| unit.format(side.value.get()));
    let after = side(headline.after).unwrap_or_else(|| "–".to_owned());
    let Some(before) = side(headline.before) else { return after };
    let change_text = headline.change.map_or_else(String::new, |c| {
        let within = c.interval.map_or_else(String::new, |ends| format!(", {}", span(ends, change)));
        format!(" ({}{within})", change(c.value))
    });
    format!("{before} -> {after}{change_text}")
}

/// `95 %`, or with a decimal or two where looks were paid for.
pub(super) fn confidence(report: &Report) -> String {
    let percent = report.interval_confidence() * 100.0;
    let text = format!("{percent:.2}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The part of the verdict that decides; of an interrupted run it is only what is known so far.
pub(super) fn verdict_headline(report: &Report) -> String {
    let headline = report.verdict.headline();
    if report.subject.complete { headline } else { format!("INTERRUPTED, so far {headline}") }
}

/// The verdict in one line.
pub(super) fn verdict_sentence(report: &Report) -> String {
    std::iter::once(verdict_headline(report)).chain(report.verdict.remarks()).collect::<Vec<_>>().join(", ")
}

/// What stands under a report: how many seeds, how sure.
pub(super) fn basis(report: &Report) -> String {
    let seeds = report.subject.seeds.len();
    if seeds == 1 {
        "one seed, no intervals".to_owned()
    } else {
        format!("{seeds} seeds, intervals at {} over seeds", confidence(report))
    }
}

/// How a gate's state reads when an advising gate missed its limit.
pub(super) fn state_word(gate: &GateResult) -> &'static str {
    match (gate.state, gate.failed(), gate.blocks()) {
        (GateState::Fail, _, false) => "missed, does not block",
        (GateState::NotJudged, true, true) => "FAIL: not judged, but required",
        (state, _, _) => state.word(),
    }
}

/// The metrics that a report measured, in the order of the catalogue.
pub(super) fn measured(report: &Report) -> Vec<&'static Metric> {
    let has = |id: &str| report.runs.iter().any(|run| run.measurements.iter().any(|m| m.metric == id));
    metric::all().iter().filter(|metric| has(metric.id)).collect()
}

/// A span of seconds as `1:05:00`.
pub(super) fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if seconds == 0 { format!("{hours}:{minutes:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// A value in a unit, or a dash.
pub(super) fn or_dash(unit: Unit, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| unit.format(value))
}
