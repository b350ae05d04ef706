//! Why: which viewers, which causes, what the delivery did, and every arm.

use maud::{Markup, html};

use super::super::svg::{BarRow, paired_bars};
use super::super::words;
use crate::gate::Aggregation;
use crate::measure::{Split, SplitBy};
use crate::metric::{Kind, Metric, known};
use crate::report::{Headline, Report, compare, compare_split};

pub(super) fn sections(report: &Report) -> Markup {
    html! {
        (causes(report))
        @for by in [SplitBy::Cohort, SplitBy::Device, SplitBy::Region, SplitBy::Cdn] { (split_section(report, by)) }
        (group_section(report, "Delivery and control", &["delivery.", "control."]))
        (group_section(report, "Playback and audience", &["playback.", "audience."]))
        (arms(report))
    }
}

/// The splits of a metric in both compared arms, sorted.
fn splits(report: &Report, metric: &str, by: SplitBy) -> Vec<Split> {
    let all = report.runs.iter().flat_map(|run| &run.measurements);
    let mut found: Vec<Split> =
        all.filter(|m| m.metric == metric && m.split.by() == Some(by)).map(|m| m.split.clone()).collect();
    found.sort();
    found.dedup();
    found
}

fn of(report: &Report, metric: &Metric, aggregation: Option<Aggregation>, split: &Split) -> Headline {
    compare_split(&report.subject, &report.runs, (metric, aggregation), split)
}

fn value(side: Option<crate::report::Side>) -> Option<f64> {
    side.map(|side| side.value.get())
}

/// What an aggregation of a metric shows in tables: p95 for distributions.
const fn shown(metric: &Metric) -> Option<Aggregation> {
    match metric.kind {
        Kind::Spread => Some(Aggregation::Quantile(950_000)),
        _ => None,
    }
}

fn causes(report: &Report) -> Markup {
    let metric = known("playback.stall_seconds");
    let splits = splits(report, metric.id, SplitBy::Cause);
    let rows: Vec<(&Split, Headline)> =
        splits.iter().map(|split| (split, of(report, metric, None, split))).collect();
    let total = compare(&report.subject, &report.runs, metric, None);
    let sum = |side: fn(&Headline) -> Option<crate::report::Side>| -> f64 {
        rows.iter().filter_map(|(_, headline)| value(side(headline))).sum()
    };
    let (before, after) = (sum(|h| h.before), sum(|h| h.after));
    let bars: Vec<BarRow> = rows
        .iter()
        .map(|(split, h)| BarRow {
            label: spaced(split.name()),
            before: value(h.before),
            after: value(h.after),
        })
        .collect();
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "Why the picture stood still" }
                p { "Every stall has one primary cause. Times are per seed, summed over all viewers." }
                (paired_bars("Stall time by cause", "Bars per cause, before above after; the table below has the numbers.", &bars, |v| metric.unit.format(v)))
                div.scroll { table {
                    thead { tr { th { "Cause" } th.n { "Stall time" } th.n { "Share" } } }
                    tbody { @for (split, headline) in &rows { tr {
                        td { (spaced(split.name())) }
                        td.n { (super::pair(headline)) }
                        td.n { (shares(headline, before, after)) }
                    } } }
                    tfoot { tr {
                        th { "All causes" }
                        td.n { @if total.before.is_some() { (metric.unit.format(before)) " → " } (metric.unit.format(after)) }
                        td.n { (agreement(&total, before, after)) }
                    } }
                } }
            }
        }
    }
}

fn shares(headline: &Headline, before: f64, after: f64) -> Markup {
    let share = |side: Option<crate::report::Side>, whole: f64| {
        value(side)
            .filter(|_| whole > 0.0)
            .map_or_else(|| "–".to_owned(), |part| format!("{:.1} %", 100.0 * part / whole))
    };
    html! { @if headline.before.is_some() { (share(headline.before, before)) " → " } (share(headline.after, after)) }
}

/// Says whether the causes add up to all stall time.
fn agreement(total: &Headline, before: f64, after: f64) -> String {
    let off = |side: Option<crate::report::Side>, sum: f64| {
        value(side).is_some_and(|whole| (whole - sum).abs() > 1e-6 * whole.max(1.0))
    };
    if total.after.is_none() {
        "no total measured".to_owned()
    } else if off(total.before, before) || off(total.after, after) {
        "DOES NOT SUM to all stall time".to_owned()
    } else {
        "sums to all stall time".to_owned()
    }
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

fn split_section(report: &Report, by: SplitBy) -> Markup {
    let first = known("playback.rebuffering_ratio");
    let metrics: Vec<&'static Metric> = words::measured(report)
        .into_iter()
        .filter(|metric| !splits(report, metric.id, by).is_empty())
        .collect();
    let mut names: Vec<Split> = metrics.iter().flat_map(|metric| splits(report, metric.id, by)).collect();
    names.sort();
    names.dedup();
    let heading = match by {
        SplitBy::Cohort => "Which viewers",
        SplitBy::Device => "By device",
        SplitBy::Region => "By region",
        SplitBy::Cdn => "By CDN",
        SplitBy::Cause => "By cause",
    };
    let bars: Vec<BarRow> = splits(report, first.id, by)
        .iter()
        .map(|split| (split, of(report, first, None, split)))
        .map(|(split, h)| BarRow {
            label: split.name().to_owned(),
            before: value(h.before),
            after: value(h.after),
        })
        .collect();
    html! {
        @if !names.is_empty() {
            section {
                h2 { (heading) }
                @if !bars.is_empty() {
                    (paired_bars(&format!("Buffer rate by {}", by.word()), "Bars, before above after; the table below has the numbers.", &bars, |v| first.unit.format(v)))
                }
                div.scroll { table {
                    thead { tr { th { (by.word()) } @for metric in &metrics { th.n { (metric.label) @if metric.kind == Kind::Spread { ", p95" } } } } }
                    tbody { @for split in &names { tr {
                        td { (split.name()) }
                        @for metric in &metrics { td.n { (super::pair(&of(report, metric, shown(metric), split))) } }
                    } } }
                } }
            }
        }
    }
}

fn group_section(report: &Report, heading: &str, prefixes: &[&str]) -> Markup {
    let in_group = |metric: &&'static Metric| prefixes.iter().any(|prefix| metric.id.starts_with(prefix));
    let rows: Vec<(&Metric, Headline)> = words::measured(report)
        .into_iter()
        .filter(in_group)
        .flat_map(|metric| aggregations(metric).iter().map(move |aggregation| (metric, *aggregation)))
        .map(|(metric, aggregation)| (metric, compare(&report.subject, &report.runs, metric, aggregation)))
        .filter(|(_, headline)| headline.before.is_some() || headline.after.is_some())
        .collect();
    html! {
        @if !rows.is_empty() {
            section {
                h2 { (heading) }
                div.scroll { table {
                    thead { tr { th { "Number" } th.n { @if report.subject.compared.is_some() { "Before → after" } @else { "Value" } } th.n { "Change" } th { "" } } }
                    tbody { @for (_, headline) in &rows {
                        @let judgement = words::judgement(headline);
                        tr {
                            td { (words::headline_label(headline)) }
                            td.n { (super::pair(headline)) }
                            td.n { @match headline.change {
                                Some(change) => {
                                    (words::change(change.value))
                                    @if let Some(ends) = change.interval { " " span.quiet { "(" (words::span(ends, words::change)) ")" } }
                                }
                                None => span.quiet { "–" }
                            } }
                            td class={ "word " (judgement.class()) } { (judgement.word()) }
                        }
                    } }
                } }
            }
        }
    }
}

const fn aggregations(metric: &Metric) -> &'static [Option<Aggregation>] {
    const SPREAD: [Option<Aggregation>; 3] = [
        Some(Aggregation::Quantile(500_000)),
        Some(Aggregation::Quantile(950_000)),
        Some(Aggregation::Quantile(990_000)),
    ];
    const PLAIN: [Option<Aggregation>; 1] = [None];
    match metric.kind {
        Kind::Spread => &SPREAD,
        _ => &PLAIN,
    }
}

/// All arms beside each other, when there are more than the two that are compared.
fn arms(report: &Report) -> Markup {
    let subject = &report.subject;
    let shown = subject.arms.len() > 2 || subject.arms.iter().any(|arm| !arm.levers.is_empty());
    let each: Vec<(&crate::report::Arm, Vec<Headline>)> = subject
        .arms
        .iter()
        .map(|arm| {
            let compared = subject
                .reference()
                .map(|before| crate::report::Compared { before: before.into(), after: arm.id.clone() });
            let alone = crate::report::Subject { arms: vec![arm.clone()], compared, ..subject.clone() };
            let of = |h: &Headline| {
                let quantile = h.aggregation.as_ref().map(|_| Aggregation::Quantile(950_000));
                compare(&alone, &report.runs, known(&h.metric), quantile)
            };
            (arm, report.headlines.iter().map(of).collect())
        })
        .collect();
    html! {
        @if shown {
            section {
                h2 { "Every arm" }
                div.scroll { table {
                    thead { tr { th { "Arm" } th { "Levers" } @for h in &report.headlines { th.n { (words::headline_label(h)) } } } }
                    tbody { @for (arm, headlines) in &each { tr {
                        td { (arm.label) }
                        td { @for (lever, choice) in &arm.levers { (lever) ": " (choice) br; } }
                        @for headline in headlines { td.n {
                            (words::or_dash(headline.unit, value(headline.after)))
                            @if let Some(change) = headline.change.filter(|_| subject.reference() != Some(&arm.id)) { br; span.quiet { (words::change(change.value)) } }
                        } }
                    } } }
                } }
            }
        }
    }
}
