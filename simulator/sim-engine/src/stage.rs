//! One arm of one scenario with one seed, as tables that never change during a run.

use std::sync::Arc;

use actors::audience::{Session, Watches};
use actors::network::{AccessModel, AccessSet, AccessSpec, TraceSet};
use actors::player::{Content, Context, Ladder, LiveWindow, Profile, Variant};
use fault_plan::Effect;
use platform_core::cache::CacheKey;
use scenarios::levers::Levers;
use scenarios::world::{Access, TracePeriod, World};
use units::draws::{Draws, mix};
use units::sample::{LogNormal, QuantileTable, normal_quantile};
use units::{
    Bits, CohortId, Micros, PathwayId, PopId, Purpose, RegionId, Seed, Timestamp, TitleId, ViewerId,
};

use crate::ledger::Shape;
use crate::levers::LeverSet;
use crate::seat::Seat;

/// Everything that a run reads and never writes.
#[derive(Debug)]
pub struct Stage {
    pub(crate) world: World,
    pub(crate) seed: Seed,
    pub(crate) levers: LeverSet,
    pub(crate) ladder: Ladder,
    /// By cohort.
    pub(crate) profiles: Vec<Profile>,
    /// By cohort.
    pub(crate) access: Vec<AccessModel>,
    /// By cohort: how long a rate lasts, and the round trip over the access link itself.
    pub(crate) access_slots: Vec<Micros>,
    pub(crate) access_rtts: Vec<Micros>,
    /// By cohort: the age of a download before which its player does not give it up, whatever it sees.
    pub(crate) looks_after: Vec<Micros>,
    /// Duration of a segment, in ms.
    pub(crate) segment_millis: u64,
    /// How old an edge's copy of a live playlist may get.
    pub(crate) live_playlist_ttl: Micros,
    /// The audience, in order of arrival.
    pub(crate) sessions: Arc<[Session]>,
    pub(crate) vod: Content,
    pub(crate) live: Option<LiveWindow>,
    /// POPs of (region, pathway), nearest first; region-major.
    pub(crate) routes: Vec<Vec<(PopId, Micros)>>,
    pub(crate) shape: Shape,
    nominal_bits: Vec<u64>,
    size_factor: QuantileTable,
    sizes: Draws,
    pub(crate) fault_draws: Draws,
    pub(crate) timer_draws: Draws,
    pub(crate) pathway_draws: Draws,
    pub(crate) state_draws: Draws,
    spread: Draws,
    token_draws: Draws,
}

impl Stage {
    /// Builds the tables of one run. `sessions` is the plan of this seed, shared by the arms whose audience is equal.
    #[must_use]
    pub fn new(world: &World, levers: Levers, seed: Seed, sessions: Arc<[Session]>) -> Self {
        let variants =
            world.encoding.ladder.iter().map(|rung| Variant { average: rung.average, peak: rung.peak });
        let ladder = Ladder { variants: variants.collect(), segment: world.encoding.segment };
        let factor = LogNormal::from_mean_and_cv(1e6, world.encoding.size_cv.as_f64());
        let levers = LeverSet::new(world, levers);
        let cohorts = world.audience.cohorts.iter();
        let profiles: Vec<Profile> =
            cohorts.map(|cohort| levers.profile(cohort.device, world, &ladder)).collect();
        let live = world.audience.live.as_ref();
        let access: Vec<AccessModel> =
            world.audience.cohorts.iter().map(|cohort| access_model(&cohort.access, seed)).collect();
        #[expect(clippy::cast_possible_truncation, reason = "a title has fewer than 2^32 segments")]
        let segments = (world.catalogue.title_duration.0 / world.encoding.segment.0).max(1) as u32;
        Self {
            seed,
            looks_after: profiles.iter().map(|profile| profile.gives_up_after(&ladder)).collect(),
            segment_millis: ladder.segment.0 / 1_000,
            live_playlist_ttl: LeverSet::live_playlist_ttl(ladder.segment),
            profiles,
            access_slots: access.iter().map(AccessModel::slot_length).collect(),
            access_rtts: access.iter().map(AccessModel::latency).collect(),
            access,
            sessions,
            vod: Content::Vod { segments },
            live: live.map(|live| LiveWindow { lead: live.lead, window: live.window }),
            routes: routes(world),
            shape: Shape {
                cohorts: world.audience.cohorts.len(),
                regions: world.regions.len(),
                pathways: world.cdns.len(),
            },
            nominal_bits: (0..=ladder.top()).map(|variant| ladder.nominal_size(variant).0).collect(),
            ladder,
            size_factor: QuantileTable::new(|p| libm::exp(factor.mu + factor.sigma * normal_quantile(p))),
            sizes: Draws::new(seed, Purpose::SegmentSize),
            fault_draws: Draws::new(seed, Purpose::FaultHit),
            timer_draws: Draws::new(seed, Purpose::ClientTimer),
            pathway_draws: Draws::new(seed, Purpose::Pathway),
            state_draws: Draws::new(seed, Purpose::InitialState),
            spread: Draws::new(seed, Purpose::Spread),
            token_draws: Draws::new(seed, Purpose::PlaybackToken),
            world: world.clone(),
            levers,
        }
    }

    /// The live event's place in the catalogue: after all titles.
    pub(crate) fn live_title(&self) -> TitleId {
        TitleId(self.world.catalogue.titles)
    }

    /// The cell of a session: by title, so that an object lives in one slice of each cache; live viewers are spread.
    pub(crate) fn cell_of(&self, session: &Session) -> u16 {
        match session.watches {
            Watches::Vod { title, .. } => self.cell_of_title(title),
            Watches::Live => self.cell_of_word(self.spread.bits(u64::from(session.viewer.0), 0)),
        }
    }

    /// The cell of a title's viewers.
    pub(crate) fn cell_of_title(&self, title: TitleId) -> u16 {
        self.cell_of_word(self.title_word(title))
    }

    #[expect(clippy::cast_possible_truncation, reason = "below a 16-bit number of cells")]
    fn cell_of_word(&self, word: u64) -> u16 {
        ((u128::from(word) * u128::from(self.world.clock.cells)) >> 64) as u16
    }

    /// The hash that spreads titles over cells: the same for every seed, as a platform's own would be.
    pub(crate) fn title_word(&self, title: TitleId) -> u64 {
        mix(u64::from(title.0).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    /// The size of a segment: its variant's nominal size times a factor that all variants of it share, because a busy
    /// scene is busy at every bitrate.
    pub(crate) fn segment_size(&self, title: TitleId, variant: u8, index: u32) -> Bits {
        let factor = self.size_factor.sample(self.sizes.bits(u64::from(title.0), u64::from(index)));
        Bits((self.nominal_bits[usize::from(variant)] * u64::from(factor) / 1_000_000).max(8))
    }

    pub(crate) fn cache_key(&self, title: TitleId, variant: u8, index: u32, token: u32) -> CacheKey {
        self.levers.cache_key(title, variant, index, token)
    }

    /// The playback token of a session: its own, or that of the window it began in.
    #[expect(clippy::cast_possible_truncation, reason = "32 of 64 mixed bits")]
    pub(crate) fn token(&self, viewer: ViewerId, arrived_at: Timestamp) -> u32 {
        match self.world.tokens {
            scenarios::world::TokenSharing::PerSession => {
                self.token_draws.bits(u64::from(viewer.0), 0) as u32
            }
            scenarios::world::TokenSharing::Window(window) => {
                // Windows turn in the middle of the run's first one, so that the start is no mass rotation.
                self.token_draws.bits(u64::MAX, (arrived_at.0 + window.0 / 2) / window.0.max(1)) as u32
            }
        }
    }

    /// What a player of this seat is told on every call.
    pub(crate) fn context(&self, seat: &Seat) -> Context<'_> {
        self.context_of(seat.cohort, seat.title, seat.viewer)
    }

    pub(crate) fn context_of(&self, cohort: CohortId, title: TitleId, viewer: ViewerId) -> Context<'_> {
        Context {
            profile: &self.profiles[cohort.index()],
            ladder: &self.ladder,
            content: self.content(title),
            viewer,
            timers: self.timer_draws,
        }
    }

    pub(crate) fn is_live(&self, title: TitleId) -> bool {
        self.live.is_some() && title == self.live_title()
    }

    /// What viewers of a title play.
    pub(crate) fn content(&self, title: TitleId) -> Content {
        match self.live {
            Some(live) if self.is_live(title) => Content::Live(live),
            _ => self.vod,
        }
    }

    /// A viewer's place in the order of moves between pathways, in [0, 1).
    pub(crate) fn steering_draw(&self, viewer: ViewerId) -> f64 {
        self.pathway_draws.uniform(u64::from(viewer.0), 0)
    }

    /// The effects that a request meets at a POP: what fails it, and what slows it. A request's luck holds for a second,
    /// so that a retry may fare better and both arms fare alike.
    pub(crate) fn effects<'a>(
        &'a self,
        faults: &'a [usize],
        now: Timestamp,
        (pop, region, viewer): (PopId, RegionId, ViewerId),
    ) -> impl Iterator<Item = Effect> + 'a {
        let cdn = self.world.pops[pop.index()].cdn;
        faults.iter().filter_map(move |&fault| {
            let plan = &self.world.faults[fault];
            if !plan.target.matches(cdn, pop, region) {
                return None;
            }
            let effect = plan.effect_at(now);
            let slot = ((fault as u64) << 32) | (now.0 / 1_000_000);
            effect.hits(self.fault_draws.bits(u64::from(viewer.0), slot)).then_some(effect)
        })
    }

    /// Where (region, pathway) stands in region-major tables.
    pub(crate) fn pair(&self, region: RegionId, pathway: PathwayId) -> usize {
        region.index() * self.shape.pathways + pathway.index()
    }

    pub(crate) fn access_of(&self, cohort: CohortId) -> &AccessModel {
        &self.access[cohort.index()]
    }
}

fn routes(world: &World) -> Vec<Vec<(PopId, Micros)>> {
    world.region_ids().flat_map(|region| world.cdn_ids().map(move |cdn| world.route(cdn, region))).collect()
}

/// A trace as the access model reads it: Sabre's own form.
fn trace_set(periods: &[TracePeriod]) -> Result<TraceSet, actors::network::TraceError> {
    let period = |period: &TracePeriod| {
        let (duration, latency) = (period.duration.0 / 1_000, period.latency.0 / 1_000);
        format!(r#"{{"duration_ms":{duration},"bandwidth_kbps":{},"latency_ms":{latency}}}"#, period.rate.0)
    };
    let list: Vec<String> = periods.iter().map(period).collect();
    TraceSet::from_json(format!("[{}]", list.join(",")).as_bytes())
}

fn access_model(access: &Access, seed: Seed) -> AccessModel {
    let spec = match access {
        Access::FccSd => AccessSpec::Fitted(AccessSet::FccSd),
        Access::FccHd => AccessSpec::Fitted(AccessSet::FccHd),
        Access::FourG => AccessSpec::Fitted(AccessSet::Lte),
        Access::ThreeG => AccessSpec::Fitted(AccessSet::Hspa),
        Access::Fixed(rate) => AccessSpec::Fixed(*rate),
        Access::Trace { periods, .. } => {
            AccessSpec::Trace(trace_set(periods).expect("the scenario's parser has checked the trace"))
        }
    };
    AccessModel::new(spec, seed)
}
