//! Period starts: the k-th is computed from the *original* anchor, never from the period before.
//!
//! Stepping from period to period loses the day: 31 January, 28 February, then 28 March for ever. From the anchor, the day
//! comes back: a month that is too short clamps its own start and no other's. Starts keep the anchor's local time of day
//! in the customer's billing zone, so a daylight-saving change moves the instant and not the wall clock: a local time
//! that a jump forward skips moves forward by the gap, one that a jump back repeats means its first pass (RFC 5545,
//! section 3.3.5, resolves both that way). Zones come from the database compiled into the binary: the process's `TZ` and
//! the machine's files change nothing.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use units::Timestamp;

/// Time zones as compiled in: the same on every machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A billing time zone, by its IANA name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// The length of a billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// So many days on the local calendar.
    Days(u16),
    /// So many months.
    Months(u16),
    /// So many years.
    Years(u16),
}

/// A half-open span of time that one invoice pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    /// First instant of the period.
    pub start: Timestamp,
    /// First instant after the period.
    pub end: Timestamp,
}

/// Why a point of the calendar could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The name is not in the IANA database.
    #[error("unknown time zone `{0}`")]
    UnknownZone(String),
    /// The interval has no length.
    #[error("a period of `{0}` has no length")]
    EmptyInterval(Interval),
    /// The point is before 1970 or after the year 9999.
    #[error("point in time is out of range")]
    OutOfRange,
    /// The day asked about is before the anchor.
    #[error("`{asked}` is before the anchor `{anchor}`")]
    BeforeAnchor {
        /// What was asked about.
        asked: String,
        /// Where the subscription's calendar begins.
        anchor: String,
    },
}

/// The calendar of one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    anchor: Timestamp,
    local_anchor: DateTime,
    interval: Interval,
    zone: Zone,
}

impl Calendar {
    /// The calendar that starts at `anchor` and goes on every `interval` on the wall clock of `zone`.
    ///
    /// # Errors
    /// [`CalendarError::EmptyInterval`] for an interval of zero, [`CalendarError::OutOfRange`].
    pub fn new(anchor: Timestamp, interval: Interval, zone: Zone) -> Result<Self, CalendarError> {
        if interval.count() == 0 {
            return Err(CalendarError::EmptyInterval(interval));
        }
        Ok(Self { anchor, local_anchor: zone.local(anchor)?, interval, zone })
    }

    /// Start of the period with ordinal `k`, from 0.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] after the year 9999.
    pub fn start(&self, k: u32) -> Result<Timestamp, CalendarError> {
        if k == 0 {
            // An anchor in the second pass of a repeated hour stays where it is.
            return Ok(self.anchor);
        }
        let day = civil_start(self.local_anchor.date(), self.interval, k)?;
        self.zone.instant(day.to_datetime(self.local_anchor.time()))
    }

    /// The period with ordinal `k`, from 0.
    ///
    /// # Errors
    /// As [`Calendar::start`].
    pub fn period(&self, k: u32) -> Result<Period, CalendarError> {
        Ok(Period {
            start: self.start(k)?,
            end: self.start(k.checked_add(1).ok_or(CalendarError::OutOfRange)?)?,
        })
    }

    /// Ordinal of the period that holds `at`.
    ///
    /// # Errors
    /// [`CalendarError::BeforeAnchor`], [`CalendarError::OutOfRange`].
    pub fn ordinal_at(&self, at: Timestamp) -> Result<u32, CalendarError> {
        if at < self.anchor {
            return Err(CalendarError::BeforeAnchor { asked: shown(at), anchor: shown(self.anchor) });
        }
        // The local day is right but for the time of day and for a gap or fold at the border, which cost one step each way.
        let day = self.zone.local(at)?.date().max(self.local_anchor.date());
        let mut k = civil_ordinal(self.local_anchor.date(), self.interval, day)?;
        while k > 0 && self.start(k)? > at {
            k -= 1;
        }
        while self.start(k + 1)? <= at {
            k += 1;
        }
        Ok(k)
    }

    /// The start of a period that is nearest to an instant, and its ordinal; of two as near the later.
    ///
    /// # Errors
    /// As [`Calendar::ordinal_at`].
    pub fn nearest_start(&self, at: Timestamp) -> Result<(u32, Timestamp), CalendarError> {
        let k = self.ordinal_at(at)?;
        let Period { start, end } = self.period(k)?;
        Ok(if at.since(start) < end.since(at) { (k, start) } else { (k + 1, end) })
    }

    /// The calendar of the same interval and zone from a new anchor, as after a pause.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`].
    pub fn restarted_at(&self, anchor: Timestamp) -> Result<Self, CalendarError> {
        Self::new(anchor, self.interval, self.zone.clone())
    }

    /// The zone that local times are in.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }
}

impl Interval {
    /// How many of its unit.
    #[must_use]
    pub const fn count(self) -> u16 {
        match self {
            Self::Days(count) | Self::Months(count) | Self::Years(count) => count,
        }
    }

    fn times(self, k: u32) -> Result<Span, CalendarError> {
        let count = i64::from(self.count()) * i64::from(k);
        let span = match self {
            Self::Days(_) => Span::new().try_days(count),
            Self::Months(_) => Span::new().try_months(count),
            Self::Years(_) => Span::new().try_years(count),
        };
        span.map_err(|_| CalendarError::OutOfRange)
    }
}

impl Period {
    /// Whether `at` falls in the period.
    #[must_use]
    pub fn holds(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of an IANA name.
    ///
    /// # Errors
    /// [`CalendarError::UnknownZone`].
    pub fn named(name: &str) -> Result<Self, CalendarError> {
        if name == "UTC" {
            return Ok(Self::UTC);
        }
        ZONES.get(name).map(Self).map_err(|_| CalendarError::UnknownZone(name.to_owned()))
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Wall clock in the zone at an instant.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] after the year 9999.
    pub fn local(&self, at: Timestamp) -> Result<DateTime, CalendarError> {
        Ok(self.0.to_datetime(to_jiff(at)?))
    }

    /// The instant of a wall-clock time: a skipped one moves forward by the gap, a repeated one means its first pass.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] before 1970 or after the year 9999.
    pub fn instant(&self, local: DateTime) -> Result<Timestamp, CalendarError> {
        let found = self.0.to_ambiguous_timestamp(local).compatible();
        from_jiff(found.map_err(|_| CalendarError::OutOfRange)?)
    }

    /// Whether the wall clock of the zone never shows `local`.
    #[must_use]
    pub fn skips(&self, local: DateTime) -> bool {
        matches!(self.0.to_ambiguous_timestamp(local).offset(), jiff::tz::AmbiguousOffset::Gap { .. })
    }
}

/// Local date of the period start with ordinal `k`: `anchor + k × interval`, clamped to the end of its month.
///
/// # Errors
/// [`CalendarError::OutOfRange`] after the year 9999.
pub fn civil_start(anchor: Date, interval: Interval, k: u32) -> Result<Date, CalendarError> {
    anchor.checked_add(interval.times(k)?).map_err(|_| CalendarError::OutOfRange)
}

/// Ordinal of the period that holds a local date.
///
/// # Errors
/// [`CalendarError::BeforeAnchor`], [`CalendarError::EmptyInterval`], [`CalendarError::OutOfRange`].
pub fn civil_ordinal(anchor: Date, interval: Interval, day: Date) -> Result<u32, CalendarError> {
    if day < anchor {
        return Err(CalendarError::BeforeAnchor { asked: day.to_string(), anchor: anchor.to_string() });
    }
    let months = || i64::from(day.year() - anchor.year()) * 12 + i64::from(day.month() - anchor.month());
    let units = match interval {
        Interval::Days(_) => i64::from((day - anchor).get_days()),
        Interval::Months(_) => months(),
        Interval::Years(_) => months() / 12,
    };
    let estimate =
        units.checked_div(i64::from(interval.count())).ok_or(CalendarError::EmptyInterval(interval))?;
    let k = u32::try_from(estimate).map_err(|_| CalendarError::OutOfRange)?;
    // Whole months between the two may be one too many, where `day` is before the anchor's day of the month.
    if civil_start(anchor, interval, k)? > day { Ok(k - 1) } else { Ok(k) }
}

/// First day at or after `proposed` that is day `anchor_day` of its month, clamped to the month's end.
///
/// # Errors
/// [`CalendarError::OutOfRange`] for a day that no month has, or after the year 9999.
pub fn next_anchor_day(anchor_day: u8, proposed: Date) -> Result<Date, CalendarError> {
    let wanted = i8::try_from(anchor_day).map_err(|_| CalendarError::OutOfRange)?;
    if !(1..=31).contains(&wanted) {
        return Err(CalendarError::OutOfRange);
    }
    let clamped = |month: Date| month.with().day(wanted.min(month.days_in_month())).build();
    let this_month = clamped(proposed).map_err(|_| CalendarError::OutOfRange)?;
    if this_month >= proposed {
        return Ok(this_month);
    }
    let next_month =
        proposed.first_of_month().checked_add(1.month()).map_err(|_| CalendarError::OutOfRange)?;
    clamped(next_month).map_err(|_| CalendarError::OutOfRange)
}

/// Whole days from one local date to another; negative where `to` is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

fn to_jiff(at: Timestamp) -> Result<jiff::Timestamp, CalendarError> {
    let micros = i64::try_from(at.0).map_err(|_| CalendarError::OutOfRange)?;
    jiff::Timestamp::from_microsecond(micros).map_err(|_| CalendarError::OutOfRange)
}

fn from_jiff(at: jiff::Timestamp) -> Result<Timestamp, CalendarError> {
    u64::try_from(at.as_microsecond()).map(Timestamp).map_err(|_| CalendarError::OutOfRange)
}

fn shown(at: Timestamp) -> String {
    to_jiff(at).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

impl TryFrom<String> for Zone {
    type Error = CalendarError;
    fn try_from(name: String) -> Result<Self, CalendarError> {
        Self::named(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(count) => write!(f, "P{count}D"),
            Self::Months(count) => write!(f, "P{count}M"),
            Self::Years(count) => write!(f, "P{count}Y"),
        }
    }
}

#[cfg(test)]
mod tests;
