//! What a value is measured in, and how it is written for people.

use serde::{Deserialize, Serialize};

/// The unit of a metric's values (and of an aggregation of it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A share of a whole, 0 to 1; written in per cent.
    Share,
    /// A time in microseconds.
    Time,
    /// A rate in kbit/s.
    Bitrate,
    /// A size in bytes.
    Size,
    /// A plain number of things.
    Number,
    /// Events per hour of viewing; the tally counts events and microseconds.
    PerHour,
    /// Things per second of run time.
    PerSecond,
    /// Bytes per second of run time.
    SizePerSecond,
}

impl Unit {
    /// The suffixes that a gate may write for this unit, for messages.
    #[must_use]
    pub const fn written(self) -> &'static str {
        match self {
            Self::Share => "%",
            Self::Time => "us, ms, s, m, h",
            Self::Bitrate => "kbps, Mbps, Gbps",
            Self::Size => "B, KB, MB, GB, TB",
            Self::Number => "none, k, M",
            Self::PerHour => "/h",
            Self::PerSecond => "/s",
            Self::SizePerSecond => "B/s, KB/s, MB/s, GB/s",
        }
    }

    /// One word for tables of definitions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share => "%",
            Self::Time => "time",
            Self::Bitrate => "kbit/s",
            Self::Size => "bytes",
            Self::Number => "number",
            Self::PerHour => "per hour",
            Self::PerSecond => "per second",
            Self::SizePerSecond => "bytes per second",
        }
    }

    /// A value in this unit as people read it: about three digits, a suffix, thousands separated.
    #[must_use]
    pub fn format(self, value: f64) -> String {
        if !value.is_finite() {
            return "unbounded".to_owned();
        }
        match self {
            Self::Share => format!("{} %", share(value * 100.0)),
            Self::Time => scaled(value, &TIME, "s"),
            Self::Bitrate => scaled(value, &BITRATE, "kbit/s"),
            Self::Size => scaled(value, &SIZE, "B"),
            Self::Number => plain(value),
            Self::PerHour => format!("{} /h", digits(value)),
            Self::PerSecond => format!("{} /s", digits(value)),
            Self::SizePerSecond => format!("{}/s", scaled(value, &SIZE, "B")),
        }
    }
}

type Scale = [(f64, &'static str)];
const TIME: [(f64, &str); 4] = [(3.6e9, "h"), (1e6, "s"), (1e3, "ms"), (1.0, "µs")];
const BITRATE: [(f64, &str); 3] = [(1e6, "Gbit/s"), (1e3, "Mbit/s"), (1.0, "kbit/s")];
const SIZE: [(f64, &str); 6] =
    [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B")];

fn scaled(value: f64, scale: &Scale, zero: &str) -> String {
    if value == 0.0 {
        return format!("0 {zero}");
    }
    let magnitude = value.abs();
    let fits = |(factor, _): &&(f64, &str)| magnitude >= *factor;
    let (factor, word) = scale.iter().find(fits).copied().unwrap_or((1.0, scale[scale.len() - 1].1));
    let value = value / factor;
    let whole_base = factor == 1.0 && word != "kbit/s" && value.fract() == 0.0;
    let text = if whole_base { thousands(&format!("{value:.0}")) } else { digits(value) };
    format!("{text} {word}")
}

/// Three digits or so: 4.32, 43.2, 432; the whole part is never cut.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    thousands(&format!("{value:.decimals$}"))
}

fn share(percent: f64) -> String {
    let magnitude = percent.abs();
    if magnitude == 0.0 {
        "0".to_owned()
    } else if magnitude >= 0.01 {
        format!("{percent:.2}")
    } else {
        format!("{percent:.4}")
    }
}

fn plain(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 1_000.0 {
        thousands(&format!("{value:.0}"))
    } else {
        digits(value)
    }
}

/// Puts a comma between each three digits before the decimal point.
fn thousands(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) =
        rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}
