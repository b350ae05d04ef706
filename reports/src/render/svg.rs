//! The little SVG that reports need: scales, ticks, lines with gaps, bands, paired bars.
//!
//! Coordinates are written with one decimal, so that the same numbers give the same bytes. Colour comes from the page's
//! style sheet through classes; dashes, hatching and labels carry the meaning without it.

use maud::{Markup, html};

/// A straight map from values to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) from_px: f64,
    pub(super) to_px: f64,
}

impl Scale {
    /// Where a value lies; values outside are held at the ends.
    pub(super) fn px(&self, value: f64) -> f64 {
        let span = self.to - self.from;
        let share = if span > 0.0 { ((value - self.from) / span).clamp(0.0, 1.0) } else { 0.0 };
        self.from_px + share * (self.to_px - self.from_px)
    }
}

/// A coordinate with one decimal.
pub(super) fn px(value: f64) -> String {
    format!("{:.1}", value + 0.0)
}

/// About four round steps from zero to at least `max`; the last one is the top of the axis.
pub(super) fn ticks(max: f64) -> Vec<f64> {
    if max.is_nan() || max <= 0.0 || max.is_infinite() {
        return vec![0.0, 1.0];
    }
    let rough = max / 4.0;
    let magnitude = power_of_ten(rough);
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * magnitude).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * magnitude);
    let mut ticks = vec![0.0];
    for n in 1..=10_u32 {
        ticks.push(f64::from(n) * step);
        if f64::from(n) * step >= max {
            break;
        }
    }
    ticks
}

/// The greatest power of ten that is not above `value`.
fn power_of_ten(value: f64) -> f64 {
    let mut power = 1.0;
    while power > value {
        power /= 10.0;
    }
    while power * 10.0 <= value {
        power *= 10.0;
    }
    power
}

/// The step of a time axis in seconds that gives at most nine labels.
pub(super) fn time_step(span_s: f64) -> f64 {
    const STEPS: [f64; 14] = [
        1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 86_400.0,
    ];
    let fits = STEPS.into_iter().find(|step| span_s / step <= 8.5);
    fits.unwrap_or(span_s / 8.0)
}

/// The `d` of a line through points; `None` makes a gap.
pub(super) fn line(points: &[(f64, Option<f64>)]) -> String {
    let mut d = String::new();
    let mut pen_down = false;
    for &(x, y) in points {
        match y {
            Some(y) => {
                d.push_str(if pen_down { "L" } else { "M" });
                d.push_str(&format!("{} {}", px(x), px(y)));
                pen_down = true;
            }
            None => pen_down = false,
        }
    }
    d
}

/// The `d` of the area between two lines; points without both ends are left out.
pub(super) fn area(points: &[(f64, Option<(f64, f64)>)]) -> String {
    let known: Vec<(f64, f64, f64)> =
        points.iter().filter_map(|&(x, y)| y.map(|(low, high)| (x, low, high))).collect();
    if known.len() < 2 {
        return String::new();
    }
    let upper = known.iter().map(|&(x, _, high)| format!("{} {}", px(x), px(high)));
    let lower = known.iter().rev().map(|&(x, low, _)| format!("{} {}", px(x), px(low)));
    let all: Vec<String> = upper.chain(lower).collect();
    format!("M{}Z", all.join("L"))
}

/// Text of about this many pixels in the small type of charts; an estimate, for keeping labels apart.
#[expect(clippy::cast_precision_loss, reason = "a number of letters")]
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 6.4
}

/// A label cut to `letters`, with an ellipsis.
pub(super) fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let cut: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// A row of paired bars: a label and what it was before and after.
pub(super) struct BarRow {
    pub(super) label: String,
    pub(super) before: Option<f64>,
    pub(super) after: Option<f64>,
}

/// Horizontal bars, before above after, with their values at the ends.
pub(super) fn paired_bars(
    title: &str,
    desc: &str,
    rows: &[BarRow],
    format: impl Fn(f64) -> String,
) -> Markup {
    const WIDTH: f64 = 720.0;
    const LEFT: f64 = 190.0;
    const RIGHT: f64 = 100.0;
    const ROW: f64 = 40.0;
    let most = rows.iter().flat_map(|row| [row.before, row.after]).flatten().fold(0.0, f64::max);
    let scale = Scale { from: 0.0, to: most, from_px: LEFT, to_px: WIDTH - RIGHT };
    let mut y = -ROW;
    let height = ROW * index(rows.len());
    html! {
        svg role="img" viewBox={ "0 0 " (px(WIDTH)) " " (px(height)) } class="bars" {
            title { (title) }
            desc { (desc) }
            @for row in rows {
                @let top = { y += ROW; y };
                text x=(px(LEFT - 8.0)) y=(px(top + 23.0)) class="t end" { (shortened(&row.label, 28)) }
                @for (value, class, at) in [(row.before, "before", top + 4.0), (row.after, "after", top + 20.0)] {
                    @if let Some(value) = value {
                        @let end = scale.px(value);
                        rect x=(px(LEFT)) y=(px(at)) width=(px((end - LEFT).max(1.0))) height="13" class={ "bar-" (class) } {}
                        text x=(px(end + 5.0)) y=(px(at + 10.5)) class={ "t s-" (class) } { (format(value)) }
                    }
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of rows")]
pub(super) const fn index(n: usize) -> f64 {
    n as f64
}
