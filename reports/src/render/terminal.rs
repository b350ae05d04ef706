//! What `rehearsal run` prints: verdict, headline numbers, gates. Colour only underlines what words and signs say.

use super::words;
use crate::gate::{GateResult, GateState};
use crate::report::Report;
use crate::verdict::Outcome;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Plain text: no terminal, or `NO_COLOR`.
    #[default]
    Never,
    /// ANSI colours.
    Always,
}

impl Colour {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Never => text.to_owned(),
            Self::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";

/// The summary, without the line that repeats the run: the caller prints that last, on stderr.
#[must_use]
pub fn terminal(report: &Report, colour: Colour) -> String {
    let subject = &report.subject;
    let mut out = format!("{}\n", colour.paint(BOLD, &clean(&subject.title)));
    let arms = match subject.reference() {
        Some(reference) => format!("{} -> {}", subject.label(reference), subject.label(subject.judged())),
        None => subject.label(subject.judged()).to_owned(),
    };
    out.push_str(&format!("{}; {}\n", clean(&arms), words::basis(report)));
    out.push('\n');
    let labels: Vec<String> = report.headlines.iter().map(words::headline_label).collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    for (headline, label) in report.headlines.iter().zip(&labels) {
        let judgement = words::judgement(headline);
        let word = match judgement {
            words::Judgement::Better => colour.paint(GREEN, judgement.word()),
            words::Judgement::Worse => colour.paint(RED, judgement.word()),
            _ => judgement.word().to_owned(),
        };
        out.push_str(format!("  {label:width$}  {}  {word}", words::headline_line(headline)).trim_end());
        out.push('\n');
    }
    if report.headlines.iter().any(|headline| headline.metric == "playback.rebuffering_ratio") {
        out.push_str("  (buffer rate = sum(stall) / sum(stall + play), start, seek and pause excluded)\n");
    }
    if !report.gates.is_empty() {
        out.push('\n');
    }
    for gate in &report.gates {
        gate_lines(&mut out, gate, colour);
    }
    let code = match report.verdict.outcome {
        Outcome::Pass => GREEN,
        Outcome::Fail => RED,
        Outcome::Inconclusive | Outcome::CouldNotJudge => YELLOW,
    };
    out.push_str(&format!("\n{}\n", colour.paint(code, &words::verdict_sentence(report))));
    out
}

fn gate_lines(out: &mut String, gate: &GateResult, colour: Colour) {
    let code = match gate.state {
        GateState::Pass => GREEN,
        GateState::Fail if gate.blocks() => RED,
        _ => YELLOW,
    };
    let sign = colour.paint(code, &format!("{} {}", gate.state.symbol(), words::state_word(gate)));
    out.push_str(&format!("  {sign}  {}\n", clean(&words::line(gate))));
    if gate.reason.is_none() {
        for note in &gate.notes {
            out.push_str(&format!("      {}\n", clean(note)));
        }
    }
}

/// Names come from files: control characters must not reach the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
