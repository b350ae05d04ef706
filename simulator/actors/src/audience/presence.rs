//! How long a viewer stays, and who is present in a steady state.
//!
//! A stay is the session that a viewer means to watch, cut by the end of the title. In a steady state the time that a
//! viewer has been present (its age) has density S(age) / E[stay], with S the share of stays longer than that; given the
//! age, the rest of the session and the place in the title follow from what is longer than the age. That is what makes
//! residual sessions length-biased. Source: renewal theory (the inspection paradox).

use units::draws::unit_interval;
use units::sample::{LogNormal, normal_quantile, open_unit};
use units::{Micros, Timestamp};

use super::spec::{Catalogue, SessionSpec, StreamContent};

/// The distribution of session lengths, in seconds.
#[derive(Debug, Clone, Copy)]
struct Length {
    body: LogNormal,
    p90: f64,
    /// Exponent of the Pareto tail beyond `p90`.
    tail: Option<f64>,
    longest: f64,
}

impl Length {
    fn new(spec: &SessionSpec) -> Self {
        let (median, p90) = (spec.median.as_secs_f64(), spec.p90.as_secs_f64());
        Self {
            body: LogNormal::from_median_and_quantile(median, 0.9, p90),
            p90,
            // A tenth of a tenth is left at p99: (p99 / p90)^-tail = 0.1.
            tail: spec.p99.map(|p99| libm::log(10.0) / libm::log(p99.as_secs_f64() / p90)),
            longest: spec.longest.as_secs_f64(),
        }
    }

    /// The share of sessions longer than `seconds`.
    fn survival(&self, seconds: f64) -> f64 {
        if seconds >= self.longest {
            return 0.0;
        }
        if let Some(tail) = self.tail.filter(|_| seconds > self.p90) {
            return 0.1 * libm::pow(seconds / self.p90, -tail);
        }
        let above = libm::log(seconds.max(1e-9)) - self.body.mu;
        if self.body.sigma == 0.0 {
            return f64::from(u8::from(above < 0.0));
        }
        0.5 * libm::erfc(above / self.body.sigma / std::f64::consts::SQRT_2)
    }

    /// The length that a share of `survival` in (0, 1) exceeds.
    fn at_survival(&self, survival: f64) -> f64 {
        let length = match self.tail {
            Some(tail) if survival < 0.1 => self.p90 * libm::pow(survival / 0.1, -1.0 / tail),
            _ => libm::exp(self.body.mu - self.body.sigma * normal_quantile(survival)),
        };
        length.min(self.longest)
    }
}

/// A stay: how much of it is over when the run starts or the viewer arrives, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    /// From the start of the run or the arrival to the planned end.
    pub(super) rest: Micros,
    /// The segment that is played at that moment; 0 for live.
    pub(super) segment: u32,
}

/// The distribution of stays of one stream of viewers.
#[derive(Debug, Clone)]
pub(super) struct Presence {
    length: Length,
    title: Option<Catalogue>,
    /// (age in seconds, share of the viewers present that are younger): rising in both, from (0, 0) to (longest, 1).
    ages: Vec<(f64, f64)>,
}

/// Points of the age table: spaced by 0.4 % and so far below sampling error.
const AGES: u32 = 4_096;

/// The first age of the table: below it the survival function is taken as linear.
const FIRST_AGE_S: f64 = 0.01;

impl Presence {
    pub(super) fn new(session: &SessionSpec, content: &StreamContent) -> Self {
        let title = match content {
            StreamContent::Vod(catalogue) => Some(*catalogue),
            StreamContent::Live => None,
        };
        let mut presence = Self { length: Length::new(session), title, ages: Vec::new() };
        presence.tabulate();
        presence
    }

    fn tabulate(&mut self) {
        let longest = self.longest();
        let first = FIRST_AGE_S.min(longest / 2.0);
        let growth = libm::log(longest / first) / f64::from(AGES - 1);
        let mut ages = vec![(0.0, 0.0)];
        let (mut before, mut total) = ((0.0, 1.0), 0.0);
        for step in 0..AGES {
            let age = if step + 1 == AGES { longest } else { first * libm::exp(growth * f64::from(step)) };
            // The survival function may drop to zero at the longest stay: take what it is just before.
            let survival = self.survival(age.min(longest * (1.0 - 1e-12)));
            total += (age - before.0) * (survival + before.1) / 2.0;
            ages.push((age, total));
            before = (age, survival);
        }
        for point in &mut ages {
            point.1 /= total;
        }
        self.ages = ages;
    }

    fn longest(&self) -> f64 {
        self.title.map_or(self.length.longest, |title| {
            title.title_duration().as_secs_f64().min(self.length.longest)
        })
    }

    /// The share of stays longer than `seconds`.
    pub(super) fn survival(&self, seconds: f64) -> f64 {
        self.length.survival(seconds) * self.title.map_or(1.0, |title| title_survival(&title, seconds))
    }

    /// The share of those present in a steady state that stay for `seconds` more.
    pub(super) fn residual_survival(&self, seconds: f64) -> f64 {
        let after = self.ages.partition_point(|point| point.0 <= seconds);
        let Some(&(age, younger)) = self.ages.get(after) else { return 0.0 };
        let (age0, younger0) = self.ages[after - 1];
        1.0 - younger0 - (younger - younger0) * (seconds - age0) / (age - age0)
    }

    /// A stay that begins now, from two draws: length and start position.
    pub(super) fn begun(&self, length_bits: u64, position_bits: u64) -> Stay {
        self.stay(0.0, length_bits, position_bits)
    }

    /// A stay found in a steady state, from three draws: age, length and start position.
    pub(super) fn found(&self, age_bits: u64, length_bits: u64, position_bits: u64) -> Stay {
        let share = unit_interval(age_bits);
        let after = self.ages.partition_point(|point| point.1 <= share).min(self.ages.len() - 1);
        let ((age0, share0), (age1, share1)) = (self.ages[after - 1], self.ages[after]);
        let age =
            if share1 > share0 { age0 + (age1 - age0) * (share - share0) / (share1 - share0) } else { age0 };
        self.stay(age.min(self.longest() * (1.0 - 1e-12)), length_bits, position_bits)
    }

    /// A stay of which `age` seconds are over. Given that both the session and the title last longer, they are
    /// independent, so each is drawn from what is left of its own distribution.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a title has fewer than 2^32 segments"
    )]
    fn stay(&self, age: f64, length_bits: u64, position_bits: u64) -> Stay {
        let length = self.length.at_survival(open_unit(length_bits) * self.length.survival(age)).max(age);
        let Some(title) = self.title else {
            return Stay { rest: Micros::from_secs_f64(length - age), segment: 0 };
        };
        let start = start_segment(&title, age, position_bits);
        let played = (age / title.segment.as_secs_f64()) as u32;
        let left = f64::from(title.segments - start) * title.segment.as_secs_f64() - age;
        Stay {
            rest: Micros::from_secs_f64((length - age).min(left)),
            segment: (start + played).min(title.segments - 1),
        }
    }
}

/// Of the starts elsewhere than at the beginning, how many leave more than `seconds` of the title: counts 0..=segments.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating by definition of `as`"
)]
fn starts_left(title: &Catalogue, seconds: f64) -> u32 {
    let played = seconds / title.segment.as_secs_f64();
    title.segments.saturating_sub(played as u32)
}

/// The share of starts that leave more than `seconds` of the title.
fn title_survival(title: &Catalogue, seconds: f64) -> f64 {
    let left = starts_left(title, seconds);
    let elsewhere = f64::from(left) / f64::from(title.segments);
    let from_start = title.from_start.as_f64().min(1.0);
    from_start * f64::from(u8::from(left > 0)) + (1.0 - from_start) * elsewhere
}

/// The segment that a session started with, given that the title lasted for `age` more.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction of fewer than 2^32 segments"
)]
fn start_segment(title: &Catalogue, age: f64, bits: u64) -> u32 {
    let from_start = title.from_start.as_f64().min(1.0) / title_survival(title, age);
    let u = unit_interval(bits);
    if u < from_start {
        return 0;
    }
    let left = starts_left(title, age);
    (((u - from_start) / (1.0 - from_start) * f64::from(left)) as u32).min(left - 1)
}

/// When a viewer that arrived at `arrives` leaves, at least a microsecond later.
pub(super) fn leaves(arrives: Timestamp, stay: Stay) -> Timestamp {
    arrives.saturating_add(stay.rest.max(Micros(1)))
}
