//! Measured traces, read from files and played in a loop.
//!
//! A trace is laid on the slot grid when it is read: a slot has the rate that the trace has in the middle of the slot.
//! Where periods last about a slot, which the choice of slot sees to, nearly every period becomes one slot. Rejected: the
//! mean over the slot, which is exact in sum but blurs neighbours, and halves the dead seconds of the 4G set.

use serde::Deserialize;
use std::collections::BTreeMap;
use units::{Kbps, Micros};

use super::class::RateClass;

/// Traces of one kind of network, on one slot grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSet {
    traces: Vec<Box<[RateClass]>>,
    slot: Micros,
    latency: Micros,
}

/// Why bytes are not a trace set.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// Neither of the two forms of JSON.
    #[error("trace file is neither a list of periods nor a map from names to lists of [ms, kbit/s, ms]")]
    Syntax(#[source] serde_json::Error),
    /// A trace lasts less than half a slot.
    #[error("trace `{name}` lasts {millis} ms, more than half of a slot of {slot_ms} ms is needed")]
    TooShort {
        /// Name in the file; empty if the file is one trace.
        name: String,
        /// Its duration.
        millis: u64,
        /// The slot of the set.
        slot_ms: u64,
    },
    /// No traces at all.
    #[error("trace file holds no trace")]
    Empty,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Many(BTreeMap<String, Vec<(f64, f64, f64)>>),
    One(Vec<Period>),
}

/// A stretch of constant rate. Fractions occur in the wild; they are rounded to µs and kbit/s.
#[derive(Deserialize, Clone, Copy)]
struct Period {
    duration_ms: f64,
    bandwidth_kbps: f64,
    latency_ms: f64,
}

impl Period {
    fn duration(&self) -> Micros {
        Micros::from_secs_f64(self.duration_ms / 1e3)
    }

    fn latency(&self) -> Micros {
        Micros::from_secs_f64(self.latency_ms / 1e3)
    }
}

const GRID: Micros = Micros::from_millis(250);

impl TraceSet {
    /// Reads a set `{name: [[duration_ms, bandwidth_kbps, latency_ms], ...], ...}` or one trace as Sabre ships it,
    /// `[{"duration_ms", "bandwidth_kbps", "latency_ms"}, ...]`.
    ///
    /// The slot is the median duration of a period, rounded to the nearest positive multiple of 250 ms. Traces are
    /// numbered by name.
    ///
    /// # Errors
    /// [`TraceError::Syntax`] for other bytes, [`TraceError::Empty`] for no traces, [`TraceError::TooShort`] for a
    /// trace of at most half a slot.
    pub fn from_json(bytes: &[u8]) -> Result<Self, TraceError> {
        let named = match serde_json::from_slice(bytes).map_err(TraceError::Syntax)? {
            File::One(periods) => BTreeMap::from([(String::new(), periods)]),
            File::Many(traces) => traces
                .into_iter()
                .map(|(name, periods)| {
                    let period = |(duration_ms, bandwidth_kbps, latency_ms)| Period {
                        duration_ms,
                        bandwidth_kbps,
                        latency_ms,
                    };
                    (name, periods.into_iter().map(period).collect())
                })
                .collect(),
        };
        let middle = |part: fn(&Period) -> Micros| {
            let mut all: Vec<Micros> = named.values().flatten().map(part).collect();
            let at = all.len() / 2;
            if all.is_empty() { Err(TraceError::Empty) } else { Ok(*all.select_nth_unstable(at).1) }
        };
        let (duration, latency) = (middle(Period::duration)?, middle(Period::latency)?);
        let slot = GRID * ((duration.0 + GRID.0 / 2) / GRID.0).max(1);
        let traces = named
            .into_iter()
            .map(|(name, periods)| {
                let laid = lay_out(&periods, slot);
                let millis = periods.iter().map(Period::duration).sum::<Micros>().0 / 1_000;
                if laid.is_empty() {
                    return Err(TraceError::TooShort { name, millis, slot_ms: slot.0 / 1_000 });
                }
                Ok(laid)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { traces, slot, latency })
    }

    /// How many traces there are: at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a set is never empty")]
    pub const fn len(&self) -> usize {
        self.traces.len()
    }

    /// How long a rate lasts.
    #[must_use]
    pub const fn slot_length(&self) -> Micros {
        self.slot
    }

    /// The median latency over all periods.
    #[must_use]
    pub const fn latency(&self) -> Micros {
        self.latency
    }

    /// How many slots a trace has: at least one.
    #[must_use]
    pub fn slots(&self, trace: u32) -> usize {
        self.traces[trace as usize].len()
    }

    /// The rate of a trace in a slot counted from its beginning, looped.
    #[must_use]
    pub fn rate(&self, trace: u32, slot: u64) -> RateClass {
        let rates = &self.traces[trace as usize];
        rates[(slot % rates.len() as u64) as usize]
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "negative rates become zero by definition of `as`; rates are far below 2^64"
)]
fn lay_out(periods: &[Period], slot: Micros) -> Box<[RateClass]> {
    let (mut laid, mut end) = (Vec::new(), Micros::ZERO);
    for period in periods {
        let class = RateClass::of(Kbps((period.bandwidth_kbps + 0.5) as u64));
        end += period.duration();
        while slot * laid.len() as u64 + slot / 2 < end {
            laid.push(class);
        }
    }
    laid.into_boxed_slice()
}
