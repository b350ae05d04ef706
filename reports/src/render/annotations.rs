//! GitHub workflow commands that point at the line of each gate that did not pass.
//!
//! GitHub shows ten annotations of a kind per step: the worst nine and one that counts the rest.

use super::words;
use crate::gate::{GateResult, GateState, Severity};
use crate::report::Report;

const SHOWN: usize = 9;

/// One `::error` per failed gate and one `::warning` per warning, inconclusive or missed one.
#[must_use]
pub fn annotations(report: &Report) -> String {
    let failed: Vec<&GateResult> =
        report.gates.iter().filter(|gate| gate.blocks() || gate.unjudgeable).collect();
    let notable = |gate: &&GateResult| {
        !gate.blocks()
            && !gate.unjudgeable
            && (matches!(gate.state, GateState::Warn | GateState::Inconclusive)
                || (gate.severity == Severity::Advise && gate.failed()))
    };
    let warned: Vec<&GateResult> = report.gates.iter().filter(notable).collect();
    let mut out = String::new();
    list(&mut out, "error", &failed);
    list(&mut out, "warning", &warned);
    out
}

fn list(out: &mut String, command: &str, gates: &[&GateResult]) {
    let shown = if gates.len() > SHOWN + 1 { SHOWN } else { gates.len() };
    for gate in &gates[..shown] {
        let place = gate
            .location
            .as_ref()
            .map_or_else(String::new, |place| format!("file={},line={},", property(&place.file), place.line));
        let title = property(&format!("gate {}: {}", gate.id, words::state_word(gate)));
        out.push_str(&format!("::{command} {place}title={title}::{}\n", message(&words::line(gate))));
    }
    if shown < gates.len() {
        out.push_str(&format!("::{command} title=more gates::and {} more gates\n", gates.len() - shown));
    }
}

/// Escapes the text of a workflow command.
fn message(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    escaped.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
