//! The expression language of gates as types, and how they are written back.
//!
//! `parse(display(x)) == x` for every checked expression: numbers keep their digits as written.

use std::fmt;

use crate::metric::Unit;

/// One to eight conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    pub(super) conditions: Vec<Condition>,
}

/// An aggregation, a comparison and a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// As written; `None` for the default of the metric's kind.
    pub aggregation: Option<Aggregation>,
    /// Strict exactly as written.
    pub op: Op,
    /// What the value is compared with.
    pub bound: Bound,
}

/// What is taken from a metric's tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aggregation {
    /// A quantile in parts per million: `p99.9` is 999,000.
    Quantile(u32),
    /// The mean.
    Mean,
    /// The least value (spread) or lowest bucket (gauge).
    Min,
    /// The greatest value (spread) or highest bucket (gauge).
    Max,
    /// The sum.
    Sum,
    /// The quotient of a ratio; per second of run time for a count.
    Rate,
    /// How many values a spread holds.
    Count,
    /// The last bucket of a gauge.
    Last,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `==`: an invariant, each seed must meet it exactly.
    Equal,
}

/// What a value is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A quantity in the metric's unit.
    Absolute(Quantity),
    /// A change relative to `vs`, and perhaps an absolute change that is fine too.
    Relative {
        /// `None` only for zero.
        sign: Option<Sign>,
        /// In per cent.
        percent: Decimal,
        /// `or +20ms`: this much, in the same direction, holds as well.
        or: Option<Quantity>,
    },
}

/// A number with its suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// The digits.
    pub number: Decimal,
    /// What they count.
    pub suffix: Suffix,
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// A decimal number as written: `0.60` is 60 with scale 2. At most 15 digits, so exact in a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// All digits.
    pub digits: u64,
    /// How many of them stand after the point.
    pub scale: u8,
}

macro_rules! suffixes {
    ($($name:ident $text:literal $unit:ident $times:literal / $per:literal),* $(,)?) => {
        /// A unit suffix; case matters (`m` is minutes, `M` is million).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Suffix {
            $(#[doc = concat!("`", $text, "`")] $name),*
        }

        impl Suffix {
            /// All suffixes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As written.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The unit that it counts in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit),* }
            }

            /// One of it in the unit, as a fraction of integers.
            const fn factor(self) -> (u64, u64) {
                match self { $(Self::$name => ($times, $per)),* }
            }
        }
    };
}

suffixes! {
    None "" Number 1 / 1,
    Percent "%" Share 1 / 100,
    Microseconds "us" Time 1 / 1,
    Milliseconds "ms" Time 1_000 / 1,
    Seconds "s" Time 1_000_000 / 1,
    Minutes "m" Time 60_000_000 / 1,
    Hours "h" Time 3_600_000_000 / 1,
    Bytes "B" Size 1 / 1,
    Kilobytes "KB" Size 1_000 / 1,
    Megabytes "MB" Size 1_000_000 / 1,
    Gigabytes "GB" Size 1_000_000_000 / 1,
    Terabytes "TB" Size 1_000_000_000_000 / 1,
    Kbps "kbps" Bitrate 1 / 1,
    Mbps "Mbps" Bitrate 1_000 / 1,
    Gbps "Gbps" Bitrate 1_000_000 / 1,
    Thousand "k" Number 1_000 / 1,
    Million "M" Number 1_000_000 / 1,
    PerSecond "/s" PerSecond 1 / 1,
    PerHour "/h" PerHour 1 / 1,
    BytesPerSecond "B/s" SizePerSecond 1 / 1,
    KilobytesPerSecond "KB/s" SizePerSecond 1_000 / 1,
    MegabytesPerSecond "MB/s" SizePerSecond 1_000_000 / 1,
    GigabytesPerSecond "GB/s" SizePerSecond 1_000_000_000 / 1,
}

impl Expr {
    /// The conditions, at least one.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// True when all conditions are `==`: judged seed by seed, without statistics.
    #[must_use]
    pub fn is_invariant(&self) -> bool {
        self.conditions.iter().all(|condition| condition.op == Op::Equal)
    }
}

impl Decimal {
    /// Zero, as `0`.
    pub const ZERO: Self = Self { digits: 0, scale: 0 };

    /// `self × times / per`, rounded once.
    #[expect(
        clippy::cast_precision_loss,
        reason = "at most 15 digits and a power of ten: nearly always exact"
    )]
    fn scaled_by(self, (times, per): (u64, u64)) -> f64 {
        let over = u128::from(per) * 10_u128.pow(u32::from(self.scale));
        (u128::from(self.digits) * u128::from(times)) as f64 / over as f64
    }
}

impl Quantity {
    /// The value in the suffix's unit: microseconds, kbit/s, bytes, a share.
    #[must_use]
    pub fn value(self) -> f64 {
        self.number.scaled_by(self.suffix.factor())
    }
}

impl Sign {
    /// +1 or -1.
    #[must_use]
    pub const fn factor(self) -> f64 {
        match self {
            Self::Plus => 1.0,
            Self::Minus => -1.0,
        }
    }
}

impl Bound {
    /// The bound as a number: in the metric's unit, or as a relative change (-0.63 for `-63%`).
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Absolute(quantity) => quantity.value(),
            Self::Relative { sign, percent, .. } => {
                sign.map_or(1.0, Sign::factor) * percent.scaled_by(Suffix::Percent.factor())
            }
        }
    }
}

impl Op {
    /// As written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::Equal => "==",
        }
    }

    /// Whether `value op bound` holds.
    #[must_use]
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtMost => value <= bound,
            Self::Below => value < bound,
            Self::AtLeast => value >= bound,
            Self::Above => value > bound,
            Self::Equal => value == bound,
        }
    }

    /// True for `<=` and `<`, where greater values are worse.
    #[must_use]
    pub const fn is_upper(self) -> bool {
        matches!(self, Self::AtMost | Self::Below | Self::Equal)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, condition) in self.conditions.iter().enumerate() {
            if at > 0 {
                out.write_str(" and ")?;
            }
            write!(out, "{condition}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(aggregation) = self.aggregation {
            write!(out, "{aggregation} ")?;
        }
        write!(out, "{} {}", self.op.text(), self.bound)
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantile(ppm) => {
                write!(out, "p{}", ppm / 10_000)?;
                let rest = format!("{:04}", ppm % 10_000);
                let rest = rest.trim_end_matches('0');
                if rest.is_empty() { Ok(()) } else { write!(out, ".{rest}") }
            }
            Self::Mean => out.write_str("mean"),
            Self::Min => out.write_str("min"),
            Self::Max => out.write_str("max"),
            Self::Sum => out.write_str("sum"),
            Self::Rate => out.write_str("rate"),
            Self::Count => out.write_str("count"),
            Self::Last => out.write_str("last"),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(quantity) => write!(out, "{quantity}"),
            Self::Relative { sign, percent, or } => {
                let sign = match sign {
                    Some(Sign::Plus) => "+",
                    Some(Sign::Minus) => "-",
                    None => "",
                };
                write!(out, "{sign}{percent}%")?;
                or.map_or(Ok(()), |quantity| write!(out, " or {sign}{quantity}"))
            }
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.number, self.suffix.text())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0width$}", self.digits, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.write_str(whole)?;
        if fraction.is_empty() { Ok(()) } else { write!(out, ".{fraction}") }
    }
}
