//! An arm's levers as the engine calls them: the platform's own decision code, never a copy of it.

use actors::player::{Ladder, LoadPolicies, LoadPolicy, Loaded, Profile, RetryPolicy};
use legacy::ArmLevers;
use platform_core::cache::CacheKey;
use platform_core::cache::policy::fill::{
    Coalescing, InFlight, OnMiss, ShieldState, Shielding, Tier, Upstream,
};
use platform_core::cache::policy::freshness::{ObjectKind, Storage, storage};
use platform_core::cache::policy::key::{CacheKeyPolicy, ObjectId, PlaybackToken};
use platform_core::levers::{Choice, Choices, Lever};
use platform_core::playback::health::{Finished, HealthConfig, is_bad};
use platform_core::playback::load_policy::{LoadLimits, LoadPolicySource, Retries};
use scenarios::levers::{
    CacheKey as KeyName, Levers, LoadPolicySource as PolicyName, Steering as SteeringName,
};
use scenarios::world::{Device, SteeringPolicy, World};
use units::{Micros, Ppm, Timestamp, TitleId};

/// The levers of one arm.
#[derive(Debug)]
pub(crate) struct LeverSet {
    pub(crate) arm: ArmLevers,
    choices: Choices,
    live_title: TitleId,
    bad_first_byte: Micros,
}

/// The choices that an arm's names stand for.
#[must_use]
pub fn choices(levers: Levers) -> Choices {
    let side = |modern: bool| if modern { Choice::Modern } else { Choice::Naive };
    Choices::NAIVE
        .with(Lever::Steering, side(levers.steering == SteeringName::HealthEwma))
        .with(Lever::LoadPolicy, side(levers.load_policy == PolicyName::Platform))
        .with(Lever::CacheKey, side(levers.cache_key == KeyName::Normalised))
        .with(Lever::Coalescing, side(levers.coalescing.is_on()))
        .with(Lever::Shield, side(levers.shield.is_on()))
}

/// Whether an arm with these levers cannot tell two worlds apart: they are equal but for settings of policies that it does
/// not use. A run in one is then the run in the other.
///
/// An arm that steers statically hears of telemetry and never acts on it; one that hands out no load policy reads none; one
/// whose cache keys hold no tokens does not care who shares one.
#[must_use]
pub fn reads_the_same(levers: Levers, one: &World, other: &World) -> bool {
    let mut other = other.clone();
    if levers.steering == SteeringName::Static {
        other.platform.steering = one.platform.steering;
    }
    if levers.load_policy == PolicyName::PlayerDefault {
        other.platform.load_policy = one.platform.load_policy;
    }
    if levers.cache_key == KeyName::Normalised {
        other.tokens = one.tokens;
    }
    other == *one
}

fn health_config(policy: &SteeringPolicy, step: Micros) -> HealthConfig {
    HealthConfig {
        step,
        ttl: policy.ttl,
        half_life: policy.half_life,
        eject_at: policy.eject_above,
        requests_min: policy.eject_min_requests,
        window: policy.eject_window,
        probes_failed: policy.probe_failures,
        restore_below: policy.restore_below,
        restore_after: policy.restore_after,
        spare_per_ttl: policy.move_per_ttl,
        ..HealthConfig::default()
    }
}

impl LeverSet {
    pub(crate) fn new(world: &World, levers: Levers) -> Self {
        let weights: Vec<u32> = world.cdns.iter().map(|cdn| cdn.weight).collect();
        let weights = vec![weights; world.regions.len()];
        let choices = choices(levers);
        let health = health_config(&world.platform.steering, world.clock.epoch);
        Self {
            arm: legacy::arm_levers(&choices, health, &weights),
            choices,
            live_title: TitleId(world.catalogue.titles),
            bad_first_byte: world.platform.steering.bad_first_byte,
        }
    }

    pub(crate) fn cache_key(&self, title: TitleId, variant: u8, index: u32, token: u32) -> CacheKey {
        let object = if title == self.live_title {
            ObjectId::live_segment(title, variant, index)
        } else {
            ObjectId::segment(title, variant, index)
        };
        self.arm.cache_key.key_of_object(object, PlaybackToken(token))
    }

    /// Whether keys tell the tokens apart, so that what was cached under old tokens is of no use.
    pub(crate) fn keys_hold_tokens(&self) -> bool {
        self.cache_key(TitleId(0), 0, 0, 1) != self.cache_key(TitleId(0), 0, 0, 2)
    }

    /// Whether a miss joins a fill in flight whose body has begun, or that was asked for just now.
    pub(crate) fn joins(&self, in_flight: InFlight) -> bool {
        self.arm.coalescing.on_miss(in_flight) == OnMiss::Join
    }

    /// Whether edges fill from the shield.
    pub(crate) fn shielded(&self) -> bool {
        self.arm.shield.upstream(Tier::Edge, ShieldState::Up) == Upstream::Shield
    }

    /// How old an edge's copy of a live playlist may get.
    pub(crate) fn live_playlist_ttl(segment: Micros) -> Micros {
        match storage(ObjectKind::LivePlaylist, 200, segment) {
            Storage::Store(freshness) => freshness.fresh,
            _ => Micros(1),
        }
    }

    /// Whether the platform's health checks count a finished request as bad.
    pub(crate) fn is_bad(&self, loaded: Option<&Loaded>, now: Timestamp, media: Option<Micros>) -> bool {
        let finished = match loaded {
            None => Finished::Failed,
            Some(loaded) => Finished::Complete {
                first_byte: loaded.first_byte_at.since(loaded.requested_at),
                total: now.since(loaded.requested_at),
                media,
            },
        };
        is_bad(&finished, self.bad_first_byte)
    }

    /// The player of a device: its own timers, or those that the platform hands out.
    pub(crate) fn profile(&self, device: Device, world: &World, ladder: &Ladder) -> Profile {
        let handed_out = self.choices.get(Lever::LoadPolicy) == Choice::Modern;
        let loading = |own: LoadPolicies| if handed_out { self.handed_out(own, world) } else { own };
        let profile = match device {
            Device::Web => Profile::web(loading(LoadPolicies::hlsjs())),
            Device::Phone => Profile::phone(loading(LoadPolicies::hlsjs()), world.players.phone_buffer),
            Device::Tv => Profile::tv(loading(LoadPolicies::shaka()), ladder, world.players.tv_buffer),
            Device::Calm => Profile::calm(loading(LoadPolicies::shaka()), ladder, world.players.calm_buffer),
        };
        let live = world.audience.live.as_ref();
        Profile {
            live_hold_back: live.map_or(profile.live_hold_back, |live| live.hold_back_segments),
            ..profile
        }
    }

    /// The platform's policy in the player's own words, with the scenario's limits. What it does not name (how long a body
    /// may pause) stays the player's own.
    fn handed_out(&self, own: LoadPolicies, world: &World) -> LoadPolicies {
        let policy = self.arm.load_policy.load_policy();
        let tuning = &world.platform.load_policy;
        let limits = |limits: LoadLimits| LoadLimits {
            first_byte: limits.first_byte.map(|_| tuning.first_byte_timeout),
            timeout_retries: Retries { max: saturate(tuning.timeout_retries), ..limits.timeout_retries },
            error_retries: Retries { max: saturate(tuning.error_retries), ..limits.error_retries },
            ..limits
        };
        LoadPolicies {
            multivariant: player_policy(policy.multivariant, own.multivariant),
            playlist: player_policy(limits(policy.media_playlist), own.playlist),
            segment: player_policy(limits(policy.segment), own.segment),
            error_penalty: policy.error_penalty.map_or(Micros::MAX, |_| tuning.error_penalty),
        }
    }
}

fn saturate(retries: u32) -> u8 {
    u8::try_from(retries).unwrap_or(u8::MAX)
}

fn player_policy(limits: LoadLimits, own: LoadPolicy) -> LoadPolicy {
    let retry = |retries: Retries| RetryPolicy {
        max: retries.max,
        base: retries.delay,
        cap: retries.delay_max,
        fuzz: Ppm::ZERO,
    };
    LoadPolicy {
        first_byte: limits.first_byte.unwrap_or(Micros::MAX),
        total: limits.total,
        idle: own.idle,
        timeout_retry: retry(limits.timeout_retries),
        error_retry: retry(limits.error_retries),
        retries_refusals: false,
    }
}
