//! What the result rests on: sensitivity, assumptions, definitions, and how to repeat it.

use maud::{Markup, html};

use super::super::svg::{Scale, px};
use super::super::words;
use crate::metric::{self, Unit};
use crate::report::{Report, Sensitivity, SensitivityPoint};

pub(super) fn sections(report: &Report) -> Markup {
    html! {
        @if let Some(sensitivity) = &report.subject.sensitivity { (sensitivity_section(sensitivity)) }
        (assumptions(report))
        (definitions(report))
        (repeat(report))
    }
}

fn sensitivity_section(sensitivity: &Sensitivity) -> Markup {
    let unit = metric::lookup(&sensitivity.metric).map_or(Unit::Number, |metric| metric.unit);
    let changes = sensitivity.rows.iter().flat_map(|row| [row.low.change.get(), row.high.change.get()]);
    let changes: Vec<f64> =
        changes.chain([sensitivity.base.change.get(), 0.0]).filter(|c| c.is_finite()).collect();
    let least = changes.iter().copied().fold(0.0, f64::min);
    let most = changes.iter().copied().fold(0.0, f64::max);
    let scale = Scale { from: least, to: most.max(least + 1e-9), from_px: 4.0, to_px: 176.0 };
    let mut rows: Vec<_> = sensitivity.rows.iter().collect();
    let width =
        |low: &SensitivityPoint, high: &SensitivityPoint| (low.change.get() - high.change.get()).abs();
    rows.sort_by(|a, b| {
        width(&b.low, &b.high).total_cmp(&width(&a.low, &a.high)).then(a.assumption.cmp(&b.assumption))
    });
    html! {
        section {
            h2 { "How much hangs on the assumptions" }
            p {
                (words::label(&sensitivity.metric)) ", one assumption at a time at both ends of its range; "
                (sensitivity.note) ". At the assumed values: " (point(unit, &sensitivity.base)) "."
            }
            div.scroll { table {
                thead { tr { th { "Assumption" } th.n { "at the low end" } th.n { "at the high end" } th { span.quiet { "change, low to high" } } } }
                tbody { @for row in rows { tr {
                    td { (row.assumption) }
                    td.n { span.quiet { (row.low.value) ": " } (point(unit, &row.low)) }
                    td.n { span.quiet { (row.high.value) ": " } (point(unit, &row.high)) }
                    td { (range(&scale, sensitivity, &row.low, &row.high)) }
                } } }
            } }
        }
    }
}

fn point(unit: Unit, point: &SensitivityPoint) -> String {
    let value = |number: crate::Num| unit.format(number.get());
    format!("{} → {} ({})", value(point.before), value(point.after), words::change(point.change))
}

fn range(
    scale: &Scale,
    sensitivity: &Sensitivity,
    low: &SensitivityPoint,
    high: &SensitivityPoint,
) -> Markup {
    let x = |point: &SensitivityPoint| px(scale.px(point.change.get()));
    html! {
        svg.mini.wide-mini role="img" viewBox="0 0 180 20" {
            title { "change from " (words::change(low.change)) " to " (words::change(high.change)) }
            line.axis x1="4" x2="176" y1="10" y2="10" {}
            line.limit x1=(x(&sensitivity.base)) x2=(x(&sensitivity.base)) y1="1" y2="19" {}
            line.whisker x1=(x(low)) x2=(x(high)) y1="10" y2="10" {}
            circle.dot cx=(x(low)) cy="10" r="3" {}
            circle.dot cx=(x(high)) cy="10" r="3" {}
        }
    }
}

fn assumptions(report: &Report) -> Markup {
    let assumptions = &report.subject.assumptions;
    html! {
        @if !assumptions.is_empty() {
            section {
                h2 { "Assumptions" }
                div.scroll { table {
                    thead { tr { th { "Name" } th.n { "Value" } th { "Range" } th { "Source" } } }
                    tbody { @for assumption in assumptions { tr {
                        td { code { (assumption.name) } }
                        td.n { (assumption.value) " " (assumption.unit) }
                        td { (assumption.low) " to " (assumption.high) }
                        td { (assumption.source) }
                    } } }
                } }
            }
        }
    }
}

fn definitions(report: &Report) -> Markup {
    html! {
        section {
            h2 { "What the numbers mean" }
            dl {
                @for metric in words::measured(report) {
                    dt { (metric.label) " " code { (metric.id) } }
                    dd { (metric.meaning) " " span.formula { "= " (metric.formula) } " " span.quiet { (metric.source) "." } }
                }
            }
        }
    }
}

fn repeat(report: &Report) -> Markup {
    let subject = &report.subject;
    let seeds: Vec<String> = subject.seeds.iter().map(|seed| seed.0.to_string()).collect();
    let scenario = serde_json::to_string_pretty(&subject.resolved).unwrap_or_default();
    html! {
        section {
            h2 { "How to repeat this" }
            p { "The same command gives the same bytes on any machine:" }
            pre { (subject.repeat) }
            p { "Seeds: " (seeds.join(", ")) ". Inputs: " code { (subject.inputs_hash) } "." }
            @if !subject.fingerprints.is_empty() {
                details {
                    summary { "Fingerprints" }
                    table { tbody { @for (name, hash) in &subject.fingerprints { tr { td { (name) } td { code { (hash) } } } } } }
                }
            }
            details { summary { "The scenario with all defaults filled in" } pre { (scenario) } }
        }
    }
}
