//! Page one: the verdict in words, the headline numbers, the gates.

use maud::{Markup, html};

use super::super::svg::{Scale, px};
use super::super::words::{self, Judgement};
use crate::gate::{Checked, GateResult, GateState};
use crate::metric;
use crate::report::{Headline, Report};
use crate::verdict::Outcome;

pub(super) fn verdict(report: &Report) -> Markup {
    let verdict = &report.verdict;
    let (class, sign) = match (verdict.outcome, report.subject.complete) {
        (Outcome::Fail, _) => ("fail", "✗"),
        (Outcome::Pass, true) => ("pass", "✓"),
        _ => ("open", "?"),
    };
    let buffer_rate =
        report.headlines.iter().find(|headline| headline.metric == "playback.rebuffering_ratio");
    html! {
        section.verdict.(class) {
            h2 { span.sign aria-hidden="true" { (sign) } " " (words::verdict_headline(report)) }
            @if !verdict.remarks().is_empty() { p.remarks { (verdict.remarks().join(" · ")) } }
            @if let Some(headline) = buffer_rate { p { (picture_stood_still(report, headline)) } }
            @if !report.subject.complete { p { strong { "The run was interrupted: these are the seeds that were finished." } } }
        }
    }
}

/// The headline as a sentence that needs no glossary.
fn picture_stood_still(report: &Report, headline: &Headline) -> String {
    let unit = headline.unit;
    let Some(after) = headline.after else { return String::new() };
    let after_text = unit.format(after.value.get());
    let subject = &report.subject;
    let (Some(before), Some(reference)) = (headline.before, subject.reference()) else {
        return format!("The picture stood still for {after_text} of the time that viewers watched.");
    };
    let tail = match (words::judgement(headline), headline.change) {
        (Judgement::Better, Some(change)) => format!(": {:.0} % less.", -change.value.get() * 100.0),
        (Judgement::Worse, Some(change)) if change.value.get().is_finite() => {
            format!(": {:.0} % more.", change.value.get() * 100.0)
        }
        (Judgement::Unclear, _) => ": no clear change.".to_owned(),
        _ => ".".to_owned(),
    };
    format!(
        "The picture stood still for {} of the time that viewers watched with “{}”, and for {after_text} with “{}”{tail}",
        unit.format(before.value.get()),
        subject.label(reference),
        subject.label(subject.judged()),
    )
}

pub(super) fn tiles(report: &Report) -> Markup {
    html! {
        @if !report.headlines.is_empty() {
            section {
                h2 { @if report.subject.compared.is_some() { "Before and after" } @else { "What viewers got" } }
                div.tiles { @for headline in &report.headlines { (tile(headline)) } }
            }
        }
    }
}

fn tile(headline: &Headline) -> Markup {
    let judgement = words::judgement(headline);
    let metric = metric::lookup(&headline.metric);
    let ends = headline.after.and_then(|after| after.interval);
    html! {
        div.tile.(judgement.class()) {
            h3 { (words::headline_label(headline)) }
            p.pair { (super::pair(headline)) }
            @if let Some(change) = headline.change {
                p.change {
                    strong { (words::change(change.value)) }
                    @if let Some(ends) = change.interval { " (" (words::span(ends, words::change)) ")" }
                    @if !judgement.word().is_empty() { " · " span.word { (judgement.word()) } }
                }
            } @else if let Some(ends) = ends {
                p.change { (words::span(ends, |end| headline.unit.format(end.get()))) }
            }
            @if let Some(metric) = metric {
                p.meaning { (metric.meaning) }
                @if metric.id == "playback.rebuffering_ratio" { p.formula { "= " (metric.formula) } }
            }
        }
    }
}

pub(super) fn gates(report: &Report) -> Markup {
    html! {
        @if !report.gates.is_empty() {
            section {
                h2 { "Gates" }
                div.scroll { table.gates {
                    thead { tr {
                        th { "Verdict" } th { "Gate" } th { "Limit" } th.n { "Value" }
                        th.n { "Interval, " (words::confidence(report)) }
                        th { span.quiet { "value and limit" } }
                    } }
                    tbody { @for gate in &report.gates { (gate_row(gate)) } }
                } }
                p.note {
                    "The interval says where other seeds would probably land. A gate passes when all of it is within the limit, "
                    "fails when all of it is beyond, and is inconclusive in between. In the small pictures the dashed line is the limit."
                }
            }
        }
    }
}

fn gate_row(gate: &GateResult) -> Markup {
    let class = match gate.state {
        GateState::Pass => "pass",
        GateState::Fail if gate.blocks() => "fail",
        GateState::NotJudged if gate.blocks() => "fail",
        GateState::Fail | GateState::Warn => "warn",
        GateState::Inconclusive | GateState::NotJudged => "open",
    };
    let shown = gate.shown();
    html! {
        tr.(class) {
            td.state { span.sign aria-hidden="true" { (gate.state.symbol()) } " " (words::state_word(gate)) }
            td {
                strong { (gate.id) }
                br;
                span.quiet { (words::label(&gate.metric)) @if gate.split != "all" { ", " (gate.split) } }
            }
            td {
                (gate.limit)
                @if let Some(checked) = shown.filter(|_| gate.checked.len() > 1) {
                    br; span.quiet { "shown: " (checked.condition) }
                }
            }
            @match shown {
                Some(checked) => {
                    td.n { (words::value(checked)) }
                    td.n { @match words::interval(checked) { Some(interval) => (interval), None => span.quiet { "–" } } }
                    td { (bar(checked)) }
                }
                None => td colspan="3" { span.quiet { (words::reason(gate)) } }
            }
        }
        @if gate.reason.is_none() && !gate.notes.is_empty() {
            tr.notes { td {} td colspan="5" { @for note in &gate.notes { (note) br; } } }
        }
    }
}

/// Value, interval and limit on one line. Left out where a value is open-ended.
fn bar(checked: &Checked) -> Markup {
    let (value, limit) = (checked.value.map_or(f64::INFINITY, crate::Num::get), checked.limit.get());
    let (low, high) = checked.interval.map_or((value, value), |ends| (ends.low.get(), ends.high.get()));
    if !value.is_finite() || !low.is_finite() || !high.is_finite() {
        return html! {};
    }
    let least = low.min(limit).min(0.0) * 1.12;
    let most = high.max(limit).max(0.0) * 1.12;
    let scale =
        Scale { from: least, to: if most > least { most } else { least + 1.0 }, from_px: 4.0, to_px: 136.0 };
    let (x, at) = (|v: f64| px(scale.px(v)), px(scale.px(limit)));
    html! {
        svg.mini role="img" viewBox="0 0 140 20" {
            title { "value " (words::value(checked)) ", limit " (checked.condition) }
            line.axis x1="4" x2="136" y1="10" y2="10" {}
            @if least < 0.0 { line.axis x1=(x(0.0)) x2=(x(0.0)) y1="6" y2="14" {} }
            @if high > low { line.whisker x1=(x(low)) x2=(x(high)) y1="10" y2="10" {} }
            line.limit x1=(at) x2=(at) y1="1" y2="19" {}
            circle.dot cx=(x(value)) cy="10" r="3.5" {}
        }
    }
}
