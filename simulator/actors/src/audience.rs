//! Who arrives when, watches what, and for how long: the whole plan before the run, equal in all arms of a seed.
//!
//! Every property of a session is a draw of its own purpose, counted by (stream, ordinal in the stream), so that a
//! changed cohort or catalogue moves nobody's arrival. Viewers present at the start are those of a steady state; later
//! ones come as a Poisson process whose rate keeps the expected number present on the curve.
//!
//! - [`spec`]: the input.
//! - `presence`: session lengths, and residual sessions of viewers present at the start.
//! - `arrivals`: the rate of arrivals and their times.
//!
//! Which cell a session is played in, and what it meets there, is the engine's business.

mod arrivals;
mod presence;
pub mod spec;

pub use spec::{
    AudienceError, AudienceSpec, Catalogue, CohortSpec, Curve, Patience, SessionSpec, StreamContent,
    StreamSpec,
};

use units::draws::unit_interval;
use units::sample::Zipf;
use units::{CohortId, Draws, Micros, Ppm, Purpose, RegionId, Seed, Timestamp, TitleId, ViewerId};

use arrivals::Rate;
use presence::{Presence, Stay};

/// One planned session: 48 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// When the viewer comes; the start of the run for those present by then.
    pub arrives: Timestamp,
    /// When the viewer means to leave, later than `arrives` (it may be after the run).
    pub leaves: Timestamp,
    /// How long the viewer waits for the first frame; [`Micros::MAX`] for ever.
    pub startup_patience: Micros,
    /// Its number in the plan.
    pub viewer: ViewerId,
    /// What is watched.
    pub watches: Watches,
    /// Who watches.
    pub cohort: CohortId,
    /// From where.
    pub region: RegionId,
    /// Which stream of the spec it belongs to.
    pub stream: u8,
    /// Whether the viewer was there before the run, playing and with a filled buffer.
    pub present_at_start: bool,
}

/// What a session watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watches {
    /// A title from a segment on.
    Vod {
        /// Which title.
        title: TitleId,
        /// The first segment played in the run.
        start_segment: u32,
    },
    /// The live stream of the session's `stream`.
    Live,
}

/// The sessions of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// By (arrival, stream, ordinal in the stream); a viewer's id is its index.
    pub sessions: Vec<Session>,
    /// Where the plan cannot follow the curve.
    pub warnings: Vec<PlanWarning>,
}

/// A stream whose curve falls faster than its sessions end: nobody arrives and still more are present than wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanWarning {
    /// Ordinal of the stream.
    pub stream: u8,
    /// When the expectation is furthest above the curve.
    pub at: Timestamp,
    /// Viewers expected then.
    pub expected: f64,
    /// Viewers on the curve then.
    pub wanted: f64,
}

/// Excess of the expectation that is not worth a warning: 1 % of the curve and one viewer.
const EXCESS_SHARE: f64 = 0.01;

/// Plans all sessions of a run.
///
/// # Errors
/// Those of [`AudienceSpec::validate`], and [`AudienceError::TooMany`] beyond 2^32 sessions.
pub fn plan(spec: &AudienceSpec, seed: Seed) -> Result<Plan, AudienceError> {
    spec.validate()?;
    let draws = SessionDraws::new(seed);
    let (mut sessions, mut warnings) = (Vec::new(), Vec::new());
    for (stream, stream_spec) in (0..).zip(&spec.streams) {
        let planner = Planner::new(spec, stream, stream_spec, draws);
        let present = libm::round(stream_spec.curve.at(0.0));
        let rate = Rate::solve(&stream_spec.curve, present, &planner.presence, spec.duration);
        warnings.extend(rate.excess.and_then(|excess| warning(stream, excess)));
        planner.sessions(present, &rate, &mut sessions);
    }
    sessions.sort_by_key(|session| session.arrives);
    for (ordinal, session) in sessions.iter_mut().enumerate() {
        session.viewer = ViewerId(u32::try_from(ordinal).map_err(|_| AudienceError::TooMany)?);
    }
    Ok(Plan { sessions, warnings })
}

fn warning(stream: u8, (at, expected, wanted): (Timestamp, f64, f64)) -> Option<PlanWarning> {
    (expected > wanted * (1.0 + EXCESS_SHARE) + 1.0).then_some(PlanWarning { stream, at, expected, wanted })
}

/// How long a viewer waits for the first frame: the grace, then a share of all viewers gives up in each second.
///
/// With [`Patience::MEASURED`] all are gone after 19.2 s. Source: Krishnan and Sitaraman, "Video stream quality impacts viewer behavior", IMC 2012.
#[must_use]
pub fn startup_patience(patience: Patience, bits: u64) -> Micros {
    if patience.per_second == Ppm::ZERO {
        return Micros::MAX;
    }
    patience.grace + Micros::from_secs_f64(unit_interval(bits) / patience.per_second.as_f64())
}

/// The streams of draws that make a session.
#[derive(Debug, Clone, Copy)]
struct SessionDraws {
    arrival: Draws,
    length: Draws,
    age: Draws,
    cohort: Draws,
    region: Draws,
    title: Draws,
    position: Draws,
    patience: Draws,
}

impl SessionDraws {
    const fn new(seed: Seed) -> Self {
        Self {
            arrival: Draws::new(seed, Purpose::Arrival),
            length: Draws::new(seed, Purpose::SessionLength),
            age: Draws::new(seed, Purpose::InitialState),
            cohort: Draws::new(seed, Purpose::Cohort),
            region: Draws::new(seed, Purpose::Region),
            title: Draws::new(seed, Purpose::Title),
            position: Draws::new(seed, Purpose::StartPosition),
            patience: Draws::new(seed, Purpose::StartupPatience),
        }
    }
}

/// Which of a stream's viewers: those present at the start and those who arrive are counted apart, so that more of the
/// former do not shift the draws of the latter.
#[derive(Debug, Clone, Copy)]
enum Comes {
    Before,
    At(Timestamp),
}

struct Planner<'a> {
    spec: &'a AudienceSpec,
    stream: u8,
    presence: Presence,
    titles: Option<Zipf>,
    draws: SessionDraws,
}

impl<'a> Planner<'a> {
    fn new(spec: &'a AudienceSpec, stream: u8, stream_spec: &StreamSpec, draws: SessionDraws) -> Self {
        let titles = match &stream_spec.content {
            StreamContent::Vod(catalogue) => Some(Zipf::new(catalogue.titles, catalogue.zipf)),
            StreamContent::Live => None,
        };
        let presence = Presence::new(&stream_spec.session, &stream_spec.content);
        Self { spec, stream, presence, titles, draws }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of viewers")]
    fn sessions(&self, present: f64, rate: &Rate, into: &mut Vec<Session>) {
        into.extend((0..present as u64).map(|ordinal| self.session(ordinal, Comes::Before)));
        let times = rate.times(self.draws.arrival, u64::from(self.stream));
        into.extend((0..).zip(times).map(|(ordinal, at)| self.session(ordinal, Comes::At(at))));
    }

    fn session(&self, ordinal: u64, comes: Comes) -> Session {
        let draws = &self.draws;
        let entity = (u64::from(self.stream) << 1) | u64::from(matches!(comes, Comes::At(_)));
        let bits = |purpose: Draws| purpose.bits(entity, ordinal);
        let (arrives, stay) = match comes {
            Comes::Before => (
                Timestamp::ZERO,
                self.presence.found(bits(draws.age), bits(draws.length), bits(draws.position)),
            ),
            Comes::At(at) => (at, self.presence.begun(bits(draws.length), bits(draws.position))),
        };
        let cohort = weighted(self.spec.cohorts.iter().map(|cohort| cohort.share), bits(draws.cohort));
        let regions = &self.spec.cohorts[cohort].regions;
        let region = weighted(regions.iter().map(|region| region.1), bits(draws.region));
        let patience = self.spec.startup_patience.filter(|_| matches!(comes, Comes::At(_)));
        Session {
            arrives,
            leaves: presence::leaves(arrives, stay),
            startup_patience: patience
                .map_or(Micros::MAX, |patience| startup_patience(patience, bits(draws.patience))),
            viewer: ViewerId(0),
            watches: self.watches(stay, bits(draws.title)),
            cohort: cohort_id(cohort),
            region: regions[region].0,
            stream: self.stream,
            present_at_start: matches!(comes, Comes::Before),
        }
    }

    fn watches(&self, stay: Stay, bits: u64) -> Watches {
        self.titles.as_ref().map_or(Watches::Live, |titles| Watches::Vod {
            title: TitleId(titles.sample(bits)),
            start_segment: stay.segment,
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "there are at most 256 cohorts")]
const fn cohort_id(index: usize) -> CohortId {
    CohortId(index as u8)
}

/// The index drawn with chances in proportion to the weights, which do not all vanish.
fn weighted(weights: impl Iterator<Item = Ppm> + Clone, bits: u64) -> usize {
    let total: u64 = weights.clone().map(|weight| u64::from(weight.0)).sum();
    let drawn = ((u128::from(bits) * u128::from(total)) >> 64) as u64;
    let mut upto = 0;
    weights
        .take_while(|weight| {
            upto += u64::from(weight.0);
            upto <= drawn
        })
        .count()
}

#[cfg(test)]
mod tests;
