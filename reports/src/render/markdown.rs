//! A summary in Markdown, for `$GITHUB_STEP_SUMMARY` and for comments.
//!
//! GitHub loses the whole summary above 1 MiB, so ours stops at 900 KB, between two lines, and says so.

use super::words;
use crate::gate::GateResult;
use crate::report::Report;

const BYTES_MAX: usize = 900_000;

/// `summary.md`: verdict, headline numbers, gates, how to repeat.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let subject = &report.subject;
    let mut out =
        format!("## {}\n\n**{}**\n\n", text(&subject.title), text(&words::verdict_sentence(report)));
    let mut lines = headline_table(report);
    if !report.gates.is_empty() {
        lines.push(String::new());
        lines.push("| | gate | limit | found |".to_owned());
        lines.push("|---|---|---|---|".to_owned());
        lines.extend(report.gates.iter().map(gate_row));
    }
    lines.push(String::new());
    let closing = format!(
        "\nBuffer rate = sum(stall) / sum(stall + play), start, seek and pause excluded. {}. Inputs `{}`.\n\nRepeat: {}\n",
        capitalised(&words::basis(report)),
        code(&subject.inputs_hash),
        fenced(&subject.repeat)
    );
    let mut left = BYTES_MAX.saturating_sub(out.len() + closing.len() + 100);
    for (at, line) in lines.iter().enumerate() {
        if line.len() + 1 > left {
            out.push_str(&format!("\n… and {} more lines: see report.html\n", lines.len() - at));
            break;
        }
        left -= line.len() + 1;
        out.push_str(line);
        out.push('\n');
    }
    out + &closing
}

fn headline_table(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if report.headlines.is_empty() {
        return lines;
    }
    let subject = &report.subject;
    match subject.reference() {
        Some(reference) => {
            lines.push(format!(
                "| | {} -> {} |",
                cell(subject.label(reference)),
                cell(subject.label(subject.judged()))
            ));
        }
        None => lines.push(format!("| | {} |", cell(subject.label(subject.judged())))),
    }
    lines.push("|---|---|".to_owned());
    for headline in &report.headlines {
        let label = cell(&words::headline_label(headline));
        let word = words::judgement(headline).word();
        let word = if word.is_empty() { String::new() } else { format!(", {word}") };
        lines.push(format!("| {label} | {}{word} |", cell(&words::headline_line(headline))));
    }
    lines
}

fn gate_row(gate: &GateResult) -> String {
    format!(
        "| {} {} | {} | {} | {} |",
        gate.state.symbol(),
        words::state_word(gate),
        cell(&gate.id),
        cell(&gate.limit),
        cell(&words::found(gate))
    )
}

/// Text that no mark-up in it can change.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn cell(raw: &str) -> String {
    text(raw)
}

/// Inside single back-ticks nothing is mark-up but a back-tick.
fn code(raw: &str) -> String {
    raw.chars().map(|c| if c == '`' || c.is_control() { ' ' } else { c }).collect()
}

fn fenced(raw: &str) -> String {
    format!("`{}`", code(raw))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
