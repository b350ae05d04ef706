//! What the reference knows about its world: the same scenario and the same draws, read on its own.

use std::sync::Arc;

use actors::audience::{Session, Watches};
use actors::network::{AccessModel, AccessSet, AccessSpec, AccessState};
use actors::player::{
    BufferGoal, Content, Context, Ladder, LoadPolicies, PathwayOrder, Profile, Resume, Variant,
};
use fault_plan::Effect;
use scenarios::world::{Access, Device, World};
use units::sample::{LogNormal, QuantileTable, normal_quantile};
use units::{
    Bits, CohortId, Draws, Kbps, Micros, PathwayId, PopId, Purpose, Seed, Timestamp, TitleId, ViewerId,
};

pub(super) struct Tables {
    pub(super) world: World,
    pub(super) sessions: Arc<[Session]>,
    pub(super) ladder: Ladder,
    pub(super) content: Content,
    profiles: Vec<Profile>,
    access: Vec<AccessModel>,
    factor: QuantileTable,
    sizes: Draws,
    faults: Draws,
    pathways: Draws,
    timers: Draws,
    states: Draws,
}

impl Tables {
    /// # Panics
    /// When the world has what the reference does not know: live viewers, a session store, several POPs of one CDN,
    /// outages that cut bodies in flight, faults with a ramp.
    pub(super) fn new(world: &World, seed: Seed) -> Self {
        use fault_plan::{Action, Failure};
        let audience = &world.audience;
        assert!(audience.live.is_none() && world.session_store.is_none() && world.regions.len() == 1);
        assert_eq!(world.pops.len(), world.cdns.len(), "one POP per CDN");
        for fault in &world.faults {
            let known = matches!(
                fault.action,
                Action::SlowLink { .. } | Action::Outage { failure: Failure::Status(_), .. }
            );
            assert!(known && fault.ramp == Micros::ZERO);
        }
        let (sessions, _) = sim_engine::audience::sessions(world, seed).expect("a valid audience");
        let variants =
            world.encoding.ladder.iter().map(|rung| Variant { average: rung.average, peak: rung.peak });
        let ladder = Ladder { variants: variants.collect(), segment: world.encoding.segment };
        let law = LogNormal::from_mean_and_cv(1e6, world.encoding.size_cv.as_f64());
        let profile = |device| match device {
            Device::Web => Profile::web(LoadPolicies::hlsjs()),
            Device::Phone => Profile::phone(LoadPolicies::hlsjs(), world.players.phone_buffer),
            Device::Tv => Profile::tv(LoadPolicies::shaka(), &ladder, world.players.tv_buffer),
            Device::Calm => Profile::calm(LoadPolicies::shaka(), &ladder, world.players.calm_buffer),
        };
        let segments = world.catalogue.title_duration.0 / world.encoding.segment.0;
        Self {
            profiles: audience.cohorts.iter().map(|cohort| profile(cohort.device)).collect(),
            access: audience.cohorts.iter().map(|cohort| model(&cohort.access, seed)).collect(),
            content: Content::Vod { segments: segments as u32 },
            factor: QuantileTable::new(|p| libm::exp(law.mu + law.sigma * normal_quantile(p))),
            sizes: Draws::new(seed, Purpose::SegmentSize),
            faults: Draws::new(seed, Purpose::FaultHit),
            pathways: Draws::new(seed, Purpose::Pathway),
            timers: Draws::new(seed, Purpose::ClientTimer),
            states: Draws::new(seed, Purpose::InitialState),
            world: world.clone(),
            sessions,
            ladder,
        }
    }

    pub(super) fn session(&self, viewer: u32) -> &Session {
        &self.sessions[viewer as usize]
    }

    /// When a viewer's player begins: on arrival; those found under way at the start of the run.
    pub(super) fn comes(&self, viewer: u32) -> Timestamp {
        self.session(viewer).arrives
    }

    pub(super) fn context(&self, viewer: u32) -> Context<'_> {
        let cohort = self.session(viewer).cohort;
        Context {
            profile: &self.profiles[cohort.index()],
            ladder: &self.ladder,
            content: self.content,
            viewer: ViewerId(viewer),
            timers: self.timers,
        }
    }

    pub(super) fn access(&self, viewer: u32) -> &AccessModel {
        &self.access[self.session(viewer).cohort.index()]
    }

    /// Access rate of a viewer at an instant.
    pub(super) fn rate(&self, viewer: u32, state: &AccessState, now: Timestamp) -> Kbps {
        let model = self.access(viewer);
        model.rate_at(state, ViewerId(viewer), model.slot_at(now)).rate()
    }

    /// How long the access rates of a cohort last.
    pub(super) fn slot_of(&self, cohort: CohortId) -> Micros {
        self.access[cohort.index()].slot_length()
    }

    pub(super) fn size(&self, viewer: u32, variant: u8, index: u32) -> Bits {
        let Watches::Vod { title: TitleId(title), .. } = self.session(viewer).watches else {
            unreachable!("the reference has no live viewers")
        };
        let nominal = self.ladder.nominal_size(variant).0;
        let factor = self.factor.sample(self.sizes.bits(u64::from(title), u64::from(index)));
        Bits((nominal * u64::from(factor) / 1_000_000).max(8))
    }

    /// POP and round trip of a pathway, the access link's part included.
    pub(super) fn route(&self, viewer: u32, pathway: PathwayId) -> (PopId, Micros) {
        let region = self.session(viewer).region;
        let pop = self.world.pops.iter().position(|pop| pop.cdn == pathway).expect("every CDN has a POP");
        let rtt = self.world.pops[pop].rtt_to(region).expect("every POP serves the region");
        (PopId(pop as u8), rtt + self.access(viewer).latency())
    }

    /// What the faults do to a request to `pop` at `now`. Luck holds for a second.
    pub(super) fn effects(&self, viewer: u32, pop: PopId, now: Timestamp) -> impl Iterator<Item = Effect> {
        let region = self.session(viewer).region;
        let cdn = self.world.pops[pop.index()].cdn;
        self.world.faults.iter().zip(0u64..).filter_map(move |(fault, ordinal)| {
            let luck = self.faults.bits(u64::from(viewer), (ordinal << 32) | (now.0 / 1_000_000));
            (fault.target.matches(cdn, pop, region) && fault.hits(now, luck)).then(|| fault.effect_at(now))
        })
    }

    /// Capacity of a POP's link at an instant.
    pub(super) fn capacity(&self, pop: PopId, now: Timestamp) -> Kbps {
        let site = &self.world.pops[pop.index()];
        self.world.faults.iter().fold(site.capacity, |capacity, fault| match fault.effect_at(now) {
            Effect::Slow { capacity_factor, .. } if fault.target.cdn == site.cdn => {
                capacity.scaled(capacity_factor)
            }
            _ => capacity,
        })
    }

    /// The order of pathways that stands in a viewer's playlist: the first drawn by weight, then by falling weight.
    pub(super) fn order(&self, viewer: u32) -> PathwayOrder {
        let weights = || self.world.cdns.iter().map(|cdn| cdn.weight);
        let total: u32 = weights().sum();
        let draw = self.pathways.uniform(u64::from(viewer), 0);
        let mut upto = 0.0;
        let first = weights().position(|weight| {
            upto += f64::from(weight) / f64::from(total);
            draw < upto
        });
        let first = first.unwrap_or(self.world.cdns.len() - 1);
        let mut others: Vec<usize> = (0..self.world.cdns.len()).filter(|&cdn| cdn != first).collect();
        others.sort_by_key(|&cdn| std::cmp::Reverse(self.world.cdns[cdn].weight));
        let order: Vec<PathwayId> =
            std::iter::once(first).chain(others).map(|cdn| PathwayId(cdn as u8)).collect();
        PathwayOrder::new(&order)
    }

    /// How a viewer stands who was there before the run: the variant that 0.7 of the first minute's mean access rate
    /// carries, and a full buffer less a random part of a segment.
    pub(super) fn found(&self, viewer: u32, state: &AccessState) -> Resume {
        let Watches::Vod { start_segment, .. } = self.session(viewer).watches else {
            unreachable!("the reference has no live viewers")
        };
        let slot = self.access(viewer).slot_length();
        let slots = (60_000_000 / slot.0).clamp(1, 12);
        let rates = (0..slots).map(|ordinal| {
            let at = if slot == Micros::MAX { Timestamp::ZERO } else { Timestamp(ordinal * slot.0) };
            self.rate(viewer, state, at).0
        });
        let mean = rates.sum::<u64>() / slots;
        let carried = |variant: &Variant| variant.average.0 * 10 <= mean * 7;
        let variant = self.ladder.variants.iter().take_while(|variant| carried(variant)).count().max(1) - 1;
        let goal = match self.context(viewer).profile.goal {
            BufferGoal::Fixed(goal) => goal,
            BufferGoal::ByRate { floor, bits, cap } => {
                // It pauses once it is above its goal, which a last segment has lifted it.
                self.ladder.variants[variant].peak.time_for(bits).max(floor).min(cap) + self.ladder.segment
            }
        };
        let segment = self.ladder.segment;
        let part = Micros(self.states.bits(u64::from(viewer), 0) % segment.0);
        Resume {
            next_segment: start_segment,
            variant: variant as u8,
            buffer: goal.saturating_sub(part).max(segment),
            reload_in: segment - part,
            throughput: Kbps(mean.max(self.ladder.variants[0].average.0)),
            first_byte: self.access(viewer).latency() + Micros::from_millis(20),
        }
    }
}

fn model(access: &Access, seed: Seed) -> AccessModel {
    let spec = match access {
        Access::FccSd => AccessSpec::Fitted(AccessSet::FccSd),
        Access::FccHd => AccessSpec::Fitted(AccessSet::FccHd),
        Access::FourG => AccessSpec::Fitted(AccessSet::Lte),
        Access::ThreeG => AccessSpec::Fitted(AccessSet::Hspa),
        Access::Fixed(rate) => AccessSpec::Fixed(*rate),
        Access::Trace { .. } => unreachable!("the reference reads no traces"),
    };
    AccessModel::new(spec, seed)
}
