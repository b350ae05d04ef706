//! What a benchmark is asked for, and how it prints: a table of right-aligned columns, plain text.

use std::fmt::Write;

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What the figures of the record are taken with.
    Full,
    /// A small case once, to see that the benchmark works; its figures mean little.
    Quick,
}

impl Mode {
    /// Full under `cargo bench`, quick under `cargo test --benches` or with `--quick` or `--test`.
    ///
    /// Cargo passes `--bench` to what it runs as a benchmark and nothing to what it runs as a test.
    #[must_use]
    pub fn from_args() -> Self {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let has = |flag: &str| args.iter().any(|arg| arg == flag);
        if has("--bench") && !has("--test") && !has("--quick") { Self::Full } else { Self::Quick }
    }
}

/// The word behind a flag, if it is given.
#[must_use]
pub fn word(name: &str) -> Option<String> {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    args.next()?;
    args.next()
}

/// The number behind a flag, if it is given.
///
/// # Panics
/// If what follows is no number.
#[must_use]
pub fn flag(name: &str) -> Option<u32> {
    let value = word(name)?;
    Some(value.parse().unwrap_or_else(|_| panic!("`{name} {value}`: expected a number, as in `{name} 3`")))
}

/// Prints a paragraph.
#[expect(clippy::print_stdout, reason = "a benchmark exists to print")]
pub fn say(text: &str) {
    println!("{}", text.trim_end());
}

/// Rows of texts under a head; the first column is left-aligned.
#[derive(Debug, Clone)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these columns.
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(|&text| text.to_owned()).collect()])
    }

    /// Adds a row.
    pub fn row(&mut self, label: &str, cells: impl IntoIterator<Item = String>) {
        self.0.push(std::iter::once(label.to_owned()).chain(cells).collect());
    }

    /// The table as text.
    #[must_use]
    pub fn text(&self) -> String {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.0
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in self.0.iter().filter(|row| row.iter().any(|cell| !cell.is_empty())) {
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                // Writing to a string cannot fail.
                let _ = if column == 0 {
                    write!(text, "  {cell:<width$}")
                } else {
                    write!(text, "  {cell:>width$}")
                };
            }
            text = text.trim_end().to_owned() + "\n";
        }
        text
    }
}

/// A whole number with commas between thousands.
#[must_use]
pub fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("-{text}") } else { text }
}

/// `met` or `MISSED`, beside the bound.
#[must_use]
pub fn bound(value: f64, most: f64) -> String {
    let word = if value <= most { "met" } else { "MISSED" };
    format!("at most {}: {word}", if most < 10.0 { format!("{most}") } else { whole(most) })
}

/// The least of some values.
#[must_use]
pub fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The middle of some values (the upper one of two).
///
/// # Panics
/// If there is none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        let cases =
            [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (-27_000_123.0, "-27,000,123"), (-0.2, "0")];
        for (value, expected) in cases {
            assert_eq!(whole(value), expected);
        }
        assert_eq!(bound(300.0, 300.0), "at most 300: met");
        assert_eq!(bound(0.61, 0.6), "at most 0.6: MISSED");
    }

    #[test]
    fn columns_align() {
        let mut table = Table::new(&["", "before", "after"]);
        table.row("segments", ["1,000".to_owned(), "20".to_owned()]);
        assert_eq!(table.text(), "            before  after\n  segments   1,000     20\n");
    }

    #[test]
    fn least_and_median_take_no_notice_of_order() {
        assert_eq!((least(&[3.0, 1.0, 2.0]), median(&[3.0, 1.0, 2.0])), (1.0, 2.0));
    }
}
