//! Golden tables: one row per set, algorithm and trace, with Sabre's printed results.

use actors::sabre::replay::{Replay, Summary};
use anyhow::{Context, bail};

use super::flags::{self, ALGORITHMS, SETS, Set};

/// Columns that name a row, in this order.
const KEYS: [&str; 3] = ["set", "alg", "trace"];

/// Columns without which a table proves little.
const REQUIRED: [&str; 4] =
    ["total_rebuffer", "total_rebuffer_events", "time_average_score", "time_average_played_bitrate"];

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) set: Set,
    pub(super) algorithm: String,
    pub(super) trace: String,
    pub(super) replay: Replay,
    /// Index into [`Summary::columns`] and printed value.
    pub(super) expected: Vec<(usize, f64)>,
}

/// Reads a table; errors name the line.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Row>> {
    let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let (header, _) = lines.next().context("line 1: empty file, expected a header `set,alg,trace,...`")?;
    let columns = parse_header(header).context("line 1")?;
    let rows: Vec<Row> = lines
        .map(|(line, number)| parse_row(line, &columns).with_context(|| format!("line {number}")))
        .collect::<anyhow::Result<_>>()?;
    if rows.is_empty() {
        bail!("no row below the header");
    }
    Ok(rows)
}

/// Indexes into [`Summary::columns`] of the columns after the keys.
fn parse_header(header: &str) -> anyhow::Result<Vec<usize>> {
    let names: Vec<&str> = header.trim_end().split(',').collect();
    let Some(values) = names.strip_prefix(&KEYS[..]) else {
        bail!(
            "header begins with `{}`, expected `{}`",
            names[..names.len().min(3)].join(","),
            KEYS.join(",")
        );
    };
    if let Some(missing) = REQUIRED.iter().find(|required| !values.contains(required)) {
        bail!("header lacks column `{missing}`");
    }
    let known = Summary::default().columns().map(|(label, _)| label.replace(' ', "_"));
    values
        .iter()
        .map(|name| {
            let found = known.iter().position(|known| known == name);
            found.with_context(|| format!("unknown column `{name}`, known are {}", known.join(", ")))
        })
        .collect()
}

fn parse_row(line: &str, columns: &[usize]) -> anyhow::Result<Row> {
    let cells: Vec<&str> = line.trim_end().split(',').collect();
    let (expected, found) = (columns.len() + KEYS.len(), cells.len());
    let [set, algorithm, trace, values @ ..] = &cells[..] else {
        bail!("`{found}` cells, expected {expected}")
    };
    if values.len() != columns.len() {
        bail!("`{found}` cells, expected {expected}");
    }
    let names = || SETS.map(|set| set.name).join(", ");
    let set = Set::find(set).with_context(|| format!("unknown set `{set}`, known are {}", names()))?;
    let replay = flags::replay(algorithm, set.buffer)
        .with_context(|| format!("unknown algorithm `{algorithm}`, known are {}", ALGORITHMS.join(", ")))?;
    let expected = columns
        .iter()
        .zip(values)
        .map(|(column, cell)| {
            let value = cell.parse::<f64>().ok().filter(|value| value.is_finite());
            Ok((*column, value.with_context(|| format!("`{cell}` is not a number"))?))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(Row { set, algorithm: (*algorithm).to_owned(), trace: (*trace).to_owned(), replay, expected })
}
