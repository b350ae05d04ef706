//! Decision logs: Sabre's verbose output, compared line by line.
//!
//! A line becomes its kind and the whole numbers in it; a [`Record`] of ours becomes the same, with a slack per number:
//! none for choices and counts, one for times, levels and sizes, which Sabre cuts or rounds to whole numbers.

use actors::player::Ladder;
use actors::sabre::replay::{Fate, Record, Summary};
use anyhow::{Context, bail};

/// Largest difference of a result line; they are printed with six decimals.
const TOLERANCE: f64 = 5e-6;

/// Result lines that are not compared: where the network is constant, estimate and outcome differ by rounding alone, and
/// which of the two is larger is chance.
const ROUNDING_ONLY: [&str; 4] =
    ["over estimate count", "over estimate", "leq estimate count", "leq estimate"];

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Level,
    Network,
    FullBuffer,
    Delay,
    Abandoning,
    Download,
    Abandoned,
    Replacement,
    ReplacementAbandoned,
}

/// A line of Sabre's log.
#[derive(Debug, Clone)]
struct Line<'a> {
    text: &'a str,
    kind: Kind,
    numbers: Vec<u64>,
}

/// A log, taken apart.
#[derive(Debug)]
pub(super) struct Log<'a> {
    lines: Vec<Line<'a>>,
    /// Label, value.
    results: Vec<(&'a str, f64)>,
}

impl<'a> Log<'a> {
    pub(super) fn parse(text: &'a str) -> anyhow::Result<Self> {
        let mut log = Self { lines: Vec::new(), results: Vec::new() };
        for (line, number) in text.lines().zip(1..) {
            log.take(line.trim()).with_context(|| format!("line {number}: `{line}`"))?;
        }
        if log.lines.is_empty() || log.results.is_empty() {
            bail!("no decisions and results in it, expected the output of Sabre with `-v`");
        }
        Ok(log)
    }

    fn take(&mut self, line: &'a str) -> anyhow::Result<()> {
        if let Some(kind) = kind(line) {
            self.lines.push(Line { text: line, kind, numbers: numbers(line)? });
        } else if let Some((label, value)) = line.split_once(": ") {
            let value = value.trim().parse().ok().with_context(|| format!("`{value}` is not a number"))?;
            self.results.push((label, value));
        }
        // What remains says nothing of its own: BOLA-E's planned buffer, and the repetition after "abandoning".
        Ok(())
    }

    /// Every difference, each in one line.
    pub(super) fn differences(&self, records: &[Record], summary: &Summary, ladder: &Ladder) -> Vec<String> {
        let mut found = Vec::new();
        if self.lines.len() != records.len() {
            found.push(format!("expected {} lines, got {}", self.lines.len(), records.len()));
        }
        for (line, record) in self.lines.iter().zip(records) {
            if !agrees(line, record, ladder) {
                found.push(format!("expected `{}`, got {record:?}", line.text));
            }
        }
        let columns = summary.columns();
        for (label, expected) in self.results.iter().filter(|(label, _)| !ROUNDING_ONLY.contains(label)) {
            let actual = columns.iter().find(|(known, _)| known == label);
            if let Some((_, actual)) = actual.filter(|(_, actual)| (actual - expected).abs() > TOLERANCE) {
                found.push(format!("{label}: expected {expected}, got {actual}"));
            }
        }
        found
    }
}

fn kind(line: &str) -> Option<Kind> {
    let has = |word: &str| line.contains(word);
    let is_level = || {
        let words: Vec<&str> = line.split_whitespace().collect();
        let arrow_fits = words.len() == 2 || (words.len() == 5 && words[2] == "<-");
        arrow_fits && words.iter().all(|word| *word == "<-" || word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    Some(match line {
        _ if line.starts_with("full buffer delay") => Kind::FullBuffer,
        _ if line.starts_with("abr delay") => Kind::Delay,
        _ if line.starts_with('[') && has("Network") => Kind::Network,
        // Sabre prints both spellings.
        _ if line.starts_with('[') && has("REPLACMENT ABANDONED") => Kind::ReplacementAbandoned,
        _ if line.starts_with('[') && has("REPLACEMENT") => Kind::Replacement,
        _ if line.starts_with('[') && has("ABANDONED") => Kind::Abandoned,
        _ if line.starts_with('[') => Kind::Download,
        _ if has(" abandoning ") => Kind::Abandoning,
        _ if is_level() => Kind::Level,
        _ => return None,
    })
}

/// The runs of digits in a line; signs are part of arrows and dashes.
fn numbers(line: &str) -> anyhow::Result<Vec<u64>> {
    let runs = line.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty());
    runs.map(|run| run.parse().with_context(|| format!("`{run}` is not a number"))).collect()
}

/// Numbers of ours in the order of Sabre's line, with the slack of each.
fn spelled(record: &Record, ladder: &Ladder) -> (Kind, Vec<(f64, f64)>) {
    let exactly = |value: u8| (f64::from(value), 0.0);
    let about = |value: f64| (value, 1.0);
    let segment = |segment: usize| (u32::try_from(segment).map_or(f64::NAN, f64::from), 0.0);
    match *record {
        Record::Level { variant, maximum_ms, takeover_ms } => {
            let mut numbers = vec![exactly(variant), about(maximum_ms)];
            if let Some(takeover_ms) = takeover_ms {
                numbers.extend([exactly(variant - 1), about(takeover_ms)]);
            }
            (Kind::Level, numbers)
        }
        Record::Network { at_ms, bandwidth_kbps, latency_ms, sustainable } => {
            let bitrate = ladder.variants[usize::from(sustainable)].average.millibits_in(units::Micros(1));
            let bitrate = u32::try_from(bitrate).map_or(f64::NAN, f64::from);
            let numbers = vec![
                about(at_ms),
                about(bandwidth_kbps),
                about(latency_ms),
                exactly(sustainable),
                (bitrate, 0.0),
            ];
            (Kind::Network, numbers)
        }
        Record::FullBuffer { waited_ms, buffer_ms } => {
            (Kind::FullBuffer, vec![about(waited_ms), about(buffer_ms)])
        }
        Record::Delay { waited_ms, buffer_ms } => (Kind::Delay, vec![about(waited_ms), about(buffer_ms)]),
        Record::Abandoning { segment: index, from, to } => {
            // "No advice" is printed as -1.
            (Kind::Abandoning, vec![segment(index), exactly(from), exactly(to.unwrap_or(1))])
        }
        Record::Download { from_ms, segment: index, variant, bits, times_ms, buffer_ms, fate } => {
            let [received, size] = bits.map(about);
            let [latency, elapsed] = times_ms.map(about);
            let transfer = about(times_ms[1] - times_ms[0]);
            let mut numbers =
                vec![about(from_ms), about(from_ms + times_ms[1]), segment(index), exactly(variant)];
            numbers.extend([received, size, elapsed, latency, transfer]);
            let kind = match fate {
                Fate::Appended => Kind::Download,
                Fate::Replacement => Kind::Replacement,
                Fate::Abandoned(to) => {
                    numbers.extend([exactly(to), received, size, elapsed, latency, transfer]);
                    Kind::Abandoned
                }
                Fate::ReplacementAbandoned => {
                    numbers.extend([elapsed, latency, transfer]);
                    Kind::ReplacementAbandoned
                }
            };
            numbers.extend(buffer_ms.map(about));
            (kind, numbers)
        }
    }
}

fn agrees(line: &Line<'_>, record: &Record, ladder: &Ladder) -> bool {
    /// Beyond the whole number that printing cuts off, for rounding.
    const ROUNDING: f64 = 1e-6;
    let (kind, numbers) = spelled(record, ladder);
    let near = |(printed, (ours, slack)): (&u64, &(f64, f64))| {
        let printed = u32::try_from(*printed).map_or(f64::INFINITY, f64::from);
        (ours - printed).abs() <= slack + ROUNDING
    };
    kind == line.kind && numbers.len() == line.numbers.len() && line.numbers.iter().zip(&numbers).all(near)
}
