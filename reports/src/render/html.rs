//! The report as one HTML file: no script, no network, no font, nothing outside the file.
//!
//! Page one is for people who decide: verdict, before and after, gates, timeline. The sections after it are for those
//! who want to know why. Light and dark follow the reader's system; on paper it is A4 and light.

mod appendix;
mod details;
mod first;
mod timeline;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::words;
use crate::gate::Fidelity;
use crate::report::Report;

const STYLE: &str = include_str!("html/style.css");

/// Nothing may be loaded; styles are in the file.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// `report.html`.
#[must_use]
pub fn html(report: &Report) -> String {
    let subject = &report.subject;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.verdict.outcome.word()) " · " (subject.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.eyebrow { "Rehearsal" @if subject.fidelity == Fidelity::Live { " · live" } @else { " · simulated" } }
                    h1 { (subject.title) }
                    p.lede { (subject.description) }
                    (facts(report))
                }
                main {
                    (first::verdict(report))
                    (first::tiles(report))
                    (first::gates(report))
                    (timeline::section(report))
                    (details::sections(report))
                    (appendix::sections(report))
                }
            }
        }
    };
    page.into_string()
}

fn facts(report: &Report) -> Markup {
    let subject = &report.subject;
    let measured = clock_of(subject.axis.span().as_secs_f64());
    html! {
        p.facts {
            @if let Some(reference) = subject.reference() {
                span.key-before { (subject.label(reference)) } " compared with "
                span.key-after { (subject.label(subject.judged())) } " · "
            }
            (measured) " h measured · " (words::basis(report)) " · scenario " code { (subject.name) }
            " · inputs " code { (subject.inputs_hash) }
        }
    }
}

/// Seconds as `1:05`, for sentences and axes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "run time is positive and short")]
fn clock_of(seconds: f64) -> String {
    words::clock((seconds + 0.5) as u64)
}

/// A cell that shows before and after, dash for what was not measured.
fn pair(headline: &crate::report::Headline) -> Markup {
    let value =
        |side: Option<crate::report::Side>| words::or_dash(headline.unit, side.map(|s| s.value.get()));
    html! {
        @if headline.before.is_some() { span.s-before { (value(headline.before)) } " → " }
        span.s-after { (value(headline.after)) }
    }
}
