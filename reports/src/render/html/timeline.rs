//! The timeline: how many were watching, how often the picture stood still, and when the faults were.

use maud::{Markup, html};

use super::super::series::{Point, series};
use super::super::svg::{Scale, area, line, px, shortened, text_width, ticks, time_step};
use super::super::words;
use crate::measure::{FaultBand, Split};
use crate::metric::{Metric, known};
use crate::report::Report;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 96.0;
const LABEL_ROW: f64 = 17.0;
const CAPTION: f64 = 22.0;
const STEPS: usize = 180;

/// One of the stacked charts.
struct Panel {
    metric: &'static Metric,
    height: f64,
    sides: Vec<Curve>,
}

/// The series of one arm.
struct Curve {
    class: &'static str,
    label: String,
    points: Vec<Point>,
}

pub(super) fn section(report: &Report) -> Markup {
    let viewers = panel(report, known("audience.concurrent_viewers"), 130.0);
    let stalls = panel(report, known("playback.rebuffering_ratio"), 190.0);
    let panels: Vec<Panel> = [viewers, stalls].into_iter().filter(|panel| !panel.sides.is_empty()).collect();
    html! {
        @if !panels.is_empty() {
            section.wide {
                h2 { "The evening, minute by minute" }
                p.legend {
                    @if report.subject.compared.is_some() { span.key-before { (arm_label(report, "before")) } " " }
                    span.key-after { (arm_label(report, "after")) }
                    @if !report.subject.faults.is_empty() { " " span.key-fault { "a fault is active" } }
                    @if report.subject.seeds.len() > 1 { " · shaded around a line: from the lowest to the highest seed" }
                }
                div.scroll { (chart(report, &panels)) }
                (table(&panels))
            }
        }
    }
}

fn arm_label<'a>(report: &'a Report, side: &str) -> &'a str {
    let subject = &report.subject;
    let arm = if side == "before" { subject.reference().unwrap_or("") } else { subject.judged() };
    subject.label(arm)
}

fn panel(report: &Report, metric: &'static Metric, height: f64) -> Panel {
    let subject = &report.subject;
    let curve = |class: &'static str, arm: &str| Curve {
        class,
        label: subject.label(arm).to_owned(),
        points: series(report, arm, (metric, &Split::All), STEPS),
    };
    let before = subject.reference().map(|arm| curve("before", arm));
    let sides = before.into_iter().chain([curve("after", subject.judged())]);
    Panel { metric, height, sides: sides.filter(|curve| !curve.points.is_empty()).collect() }
}

fn chart(report: &Report, panels: &[Panel]) -> Markup {
    let subject = &report.subject;
    let curves = || panels.iter().flat_map(|panel| &panel.sides).flat_map(|curve| &curve.points);
    let end_s = curves().map(|point| point.to_s).fold(0.0, f64::max);
    let x = Scale { from: 0.0, to: end_s, from_px: LEFT, to_px: WIDTH - RIGHT };
    let (labels, rows) = fault_labels(&subject.faults, &x);
    let top = LABEL_ROW * rows + 6.0;
    let plots: f64 = panels.iter().map(|panel| panel.height + CAPTION).sum();
    let bottom = top + plots;
    let warm_up_s = subject.axis.from.as_secs_f64();
    let mut y = top;
    html! {
        svg.timeline role="img" viewBox={ "0 0 " (px(WIDTH)) " " (px(bottom + 34.0)) } {
            title { "Concurrent viewers and buffer rate over the run, with faults" }
            desc { (description(report)) }
            defs { pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.fault-ground width="6" height="6" {}
                line.fault-line x1="0" y1="0" x2="0" y2="6" {}
            } }
            @if warm_up_s > 0.0 {
                rect.warm-up x=(px(LEFT)) y=(px(top)) width=(px(x.px(warm_up_s) - LEFT)) height=(px(plots)) {}
                text.t.quiet x=(px(LEFT + 4.0)) y=(px(top + CAPTION + 15.0)) { "warm-up" }
            }
            @for band in &subject.faults { (fault_band(band, &x, top, plots)) }
            @for (label, at, row) in &labels {
                text.t.fault-text x=(px(*at)) y=(px(LABEL_ROW * row + 13.0)) { (label) }
            }
            @for panel in panels {
                @let panel_top = { let top = y; y += panel.height + CAPTION; top };
                (panel_marks(panel, &x, panel_top))
            }
            (time_axis(&x, bottom))
        }
    }
}

fn fault_band(band: &FaultBand, x: &Scale, top: f64, height: f64) -> Markup {
    let (from, to) = (x.px(band.from.as_secs_f64()), x.px(band.to.as_secs_f64()));
    html! {
        rect.fault x=(px(from)) y=(px(top - 4.0)) width=(px((to - from).max(1.5))) height=(px(height + 4.0)) fill="url(#hatch)" {
            title { (band.label) }
        }
        line.fault-edge x1=(px(from)) x2=(px(from)) y1=(px(top - 4.0)) y2=(px(top + height)) {}
    }
}

/// Labels above the bands, in as few rows as keep them apart: (text, x, row), and the number of rows.
fn fault_labels(faults: &[FaultBand], x: &Scale) -> (Vec<(String, f64, f64)>, f64) {
    let mut order: Vec<&FaultBand> = faults.iter().collect();
    order.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
    let mut row_ends: Vec<f64> = Vec::new();
    let mut labels = Vec::new();
    for band in order {
        let label = format!("▾ {}", shortened(&band.label, 44));
        let width = text_width(&label);
        let at = x.px(band.from.as_secs_f64()).min(WIDTH - width).max(0.0);
        let row = row_ends.iter().position(|&end| end + 10.0 <= at).unwrap_or(row_ends.len());
        if row == row_ends.len() {
            row_ends.push(0.0);
        }
        row_ends[row] = at + width;
        labels.push((label, at, super::super::svg::index(row)));
    }
    (labels, super::super::svg::index(row_ends.len()))
}

fn panel_marks(panel: &Panel, x: &Scale, top: f64) -> Markup {
    let values = panel.sides.iter().flat_map(|curve| &curve.points);
    let most = values.flat_map(|point| [point.value, point.high]).flatten().fold(0.0, f64::max);
    let ticks = ticks(most);
    let base = top + CAPTION + panel.height;
    let y = Scale { from: 0.0, to: ticks[ticks.len() - 1], from_px: base, to_px: top + CAPTION };
    let ends = end_labels(panel, &y);
    html! {
        text.t.caption x=(px(LEFT)) y=(px(top + 15.0)) {
            (panel.metric.label)
            @if panel.metric.id == "playback.rebuffering_ratio" { tspan.quiet { " = " (panel.metric.formula) } }
        }
        @for (tick, label) in ticks.iter().zip(tick_labels(panel.metric, &ticks)) {
            line.grid x1=(px(LEFT)) x2=(px(WIDTH - RIGHT)) y1=(px(y.px(*tick))) y2=(px(y.px(*tick))) {}
            text.t.end x=(px(LEFT - 6.0)) y=(px(y.px(*tick) + 4.0)) { (label) }
        }
        // The dashed line last, so that both are seen where they coincide.
        @for curve in panel.sides.iter().rev() {
            @let middle = |point: &Point| x.px((point.from_s + point.to_s) / 2.0);
            @let ends_of = |point: &Point| point.low.zip(point.high).map(|(low, high)| (y.px(low), y.px(high)));
            path class={ "spread-" (curve.class) } d=(area(&curve.points.iter().map(|p| (middle(p), ends_of(p))).collect::<Vec<_>>())) {}
            path class={ "line-" (curve.class) } d=(line(&curve.points.iter().map(|p| (middle(p), p.value.map(|v| y.px(v)))).collect::<Vec<_>>())) {}
        }
        @for (class, label, at) in ends {
            text class={ "t s-" (class) } x=(px(WIDTH - RIGHT + 6.0)) y=(px(at + 4.0)) { (shortened(label, 14)) }
        }
    }
}

/// The names of the curves at their right ends, at least 14 pixels apart.
fn end_labels<'a>(panel: &'a Panel, y: &Scale) -> Vec<(&'static str, &'a str, f64)> {
    let last = |curve: &Curve| curve.points.iter().rev().find_map(|point| point.value);
    let mut ends: Vec<(&'static str, &str, f64)> = panel
        .sides
        .iter()
        .filter_map(|curve| last(curve).map(|value| (curve.class, curve.label.as_str(), y.px(value))))
        .collect();
    ends.sort_by(|a, b| a.2.total_cmp(&b.2));
    for at in (1..ends.len()).rev() {
        let below = ends[at].2;
        ends[at - 1].2 = ends[at - 1].2.min(below - 14.0);
    }
    ends
}

fn time_axis(x: &Scale, bottom: f64) -> Markup {
    let step = time_step(x.to);
    let with_seconds = step < 60.0;
    let count = (0..=64_u32).map(|n| f64::from(n) * step).take_while(|&at| at <= x.to + 0.001);
    html! {
        line.axis x1=(px(LEFT)) x2=(px(WIDTH - RIGHT)) y1=(px(bottom)) y2=(px(bottom)) {}
        @for at in count {
            line.axis x1=(px(x.px(at))) x2=(px(x.px(at))) y1=(px(bottom)) y2=(px(bottom + 4.0)) {}
            text.t.middle x=(px(x.px(at))) y=(px(bottom + 18.0)) { (time_label(at, with_seconds)) }
        }
        // Beside the last label, which reaches half its width beyond the axis.
        text.t.quiet x=(px(WIDTH - RIGHT + 34.0)) y=(px(bottom + 18.0)) { (if with_seconds { "h:min:s" } else { "h:min" }) }
    }
}

/// All labels of an axis alike: `0:05`, or `0:05:00` where the steps are shorter than a minute.
fn time_label(seconds: f64, with_seconds: bool) -> String {
    let text = super::clock_of(seconds);
    if with_seconds && text.matches(':').count() == 1 { format!("{text}:00") } else { text }
}

/// The labels of an axis, all in the unit of its top and with as many decimals as its steps need: `200 k`, `2.5 %`.
fn tick_labels(metric: &Metric, ticks: &[f64]) -> Vec<String> {
    let top = ticks.last().copied().unwrap_or(0.0);
    let (factor, unit) = match metric.unit {
        crate::metric::Unit::Share => (100.0, " %"),
        _ if top >= 1e6 => (1e-6, " M"),
        _ if top >= 1e3 => (1e-3, " k"),
        _ => (1.0, ""),
    };
    let written = |decimals: usize| -> Vec<String> {
        ticks.iter().map(|tick| format!("{:.decimals$}{unit}", tick * factor)).collect()
    };
    let exact = |decimals: &usize| {
        let unit_length = unit.len();
        written(*decimals).iter().zip(ticks).all(|(text, tick)| {
            let shown = text[..text.len() - unit_length].parse::<f64>().unwrap_or(f64::NAN);
            (shown - tick * factor).abs() <= top * factor * 1e-6
        })
    };
    written((0..=5).find(exact).unwrap_or(5))
}

fn description(report: &Report) -> String {
    let faults = report.subject.faults.iter();
    let bands = faults.map(|band| {
        let (from, to) = (super::clock_of(band.from.as_secs_f64()), super::clock_of(band.to.as_secs_f64()));
        format!("{} from {from} to {to}", band.label)
    });
    let bands: Vec<String> = bands.collect();
    let faults =
        if bands.is_empty() { "No faults.".to_owned() } else { format!("Faults: {}.", bands.join("; ")) };
    format!(
        "Time runs to the right in hours and minutes since the start of the run. {faults} The table below has the numbers."
    )
}

/// The numbers behind the picture.
fn table(panels: &[Panel]) -> Markup {
    let Some(points) = panels.first().and_then(|panel| panel.sides.first()).map(|curve| &curve.points) else {
        return html! {};
    };
    html! {
        details {
            summary { "The numbers of this picture" }
            div.scroll { table.series {
                thead { tr {
                    th { "from" }
                    @for panel in panels { @for curve in &panel.sides { th.n { (panel.metric.label) ", " (curve.label) } } }
                } }
                tbody { @for (at, point) in points.iter().enumerate() { tr {
                    td { (super::clock_of(point.from_s)) }
                    @for panel in panels { @for curve in &panel.sides {
                        td.n { (words::or_dash(panel.metric.unit, curve.points.get(at).and_then(|p| p.value).map(rounded(panel)))) }
                    } }
                } } }
            } }
        }
    }
}

/// Viewers are whole people in a table.
fn rounded(panel: &Panel) -> impl Fn(f64) -> f64 {
    let whole = panel.metric.unit == crate::metric::Unit::Number;
    move |value| if whole { (value + 0.5).floor() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_one_axis_are_alike() {
        let check = |metric: &str, ticks: &[f64], expected: &[&str]| {
            assert_eq!(tick_labels(known(metric), ticks), expected);
        };
        let share = "playback.rebuffering_ratio";
        check(
            share,
            &[0.0, 0.0025, 0.005, 0.0075, 0.01],
            &["0.00 %", "0.25 %", "0.50 %", "0.75 %", "1.00 %"],
        );
        check(share, &[0.0, 0.01, 0.02], &["0 %", "1 %", "2 %"]);
        let viewers = "audience.concurrent_viewers";
        check(viewers, &[0.0, 500.0, 1_000.0, 1_500.0], &["0.0 k", "0.5 k", "1.0 k", "1.5 k"]);
        check(viewers, &[0.0, 20_000.0, 40_000.0], &["0 k", "20 k", "40 k"]);
        assert_eq!(
            ["0:00:00", "0:00:30"].map(str::to_owned),
            [time_label(0.0, true), time_label(30.0, true)]
        );
        assert_eq!(time_label(300.0, false), "0:05");
    }
}
