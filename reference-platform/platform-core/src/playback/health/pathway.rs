//! The health of one pathway in one region.

use units::{Kbps, Timestamp};

use super::{HealthConfig, Outcomes, PathwaySample, Probe};

/// After so many silent steps (100 s at 250 ms: ten half-lives) what was seen before counts for nothing.
const SILENT_STEPS_MAX: u32 = 400;

/// A pathway with so many times the bad requests of another is worse than that, and not merely as short of capacity.
///
/// Chosen: two that share a shortage by their contracts differ by less, one that lost its capacity by far more.
const WORSE_BY: f64 = 2.0;

/// Below so many times the bad requests of another, a pathway is as short as that one and no worse.
///
/// Chosen: well below [`WORSE_BY`], so that none goes out and in at one border.
const AS_SHORT_WITHIN: f64 = 1.5;

/// At this share of bad requests a pathway is broken, whatever the cause; below, and while its probes pass, it serves.
///
/// Half: more goes badly than well.
const BROKEN_AT: f64 = 0.5;

/// Viewers on a pathway who draw less than this part of what those on another draw are held back by it.
///
/// Chosen: means over a few hundred viewers differ by a twentieth (one standard deviation), and nobody should be kept from home
/// for that.
const HELD_BACK_BELOW: f64 = 0.9;

/// What is known of a pathway.
#[derive(Debug, Clone)]
pub(super) struct Pathway {
    /// Decayed sum of the steps' bad shares, and of their weights: the quotient has no start-up bias.
    bad_weighted: f64,
    weight: f64,
    /// Requests of each step of the window.
    ring: Vec<Outcomes>,
    ring_at: usize,
    /// The ring's sum.
    lately: Outcomes,
    /// Probes that failed since the last one that passed.
    probes_failed: u32,
    /// Steps without evidence since the last one with it.
    silent_steps: u32,
    /// While ejected, or on trial with all viewers home: since when the share has been below the restore limit.
    pub(super) well_since: Option<Timestamp>,
    /// What the region's viewers draw from it.
    load: Kbps,
    /// From an ejection until all of its viewers are home again: what it can carry is no more known.
    pub(super) on_trial: bool,
    /// While ejected: it went out because more came home than it can carry, and still serves most of them.
    pub(super) overfilled: bool,
}

impl Pathway {
    /// One of which nothing is known, with a window of so many steps.
    pub(super) fn over(steps: usize) -> Self {
        Self {
            bad_weighted: 0.0,
            weight: 0.0,
            ring: vec![Outcomes::default(); steps],
            ring_at: 0,
            lately: Outcomes::default(),
            probes_failed: 0,
            silent_steps: 0,
            well_since: None,
            load: Kbps::ZERO,
            on_trial: false,
            overfilled: false,
        }
    }

    /// Adds one step's evidence. Probes count as requests while the pathway is out or nobody asks it for anything.
    pub(super) fn take_in(&mut self, sample: &PathwaySample, is_out: bool, decay: f64) {
        self.load = sample.load;
        match sample.probe {
            Probe::None => {}
            Probe::Passed => self.probes_failed = 0,
            Probe::Failed => self.probes_failed = self.probes_failed.saturating_add(1),
        }
        let Outcomes { good, bad } = sample.outcomes;
        let left = std::mem::replace(&mut self.ring[self.ring_at], sample.outcomes);
        self.ring_at = (self.ring_at + 1) % self.ring.len();
        self.lately.good = (self.lately.good - left.good).saturating_add(good);
        self.lately.bad = (self.lately.bad - left.bad).saturating_add(bad);

        let probed = is_out || self.lately == Outcomes::default();
        let probes = u32::from(probed && sample.probe != Probe::None);
        let probes_bad = u32::from(probed && sample.probe == Probe::Failed);
        let evidence = good.saturating_add(bad).saturating_add(probes);
        if evidence == 0 {
            self.silent_steps = self.silent_steps.saturating_add(1);
            return;
        }
        // The half-life is one of time: evidence that comes once a second (probes) weighs as much as time has passed.
        let decay = (0..self.silent_steps.min(SILENT_STEPS_MAX)).fold(decay, |power, _| power * decay);
        self.silent_steps = 0;
        let share = f64::from(bad.saturating_add(probes_bad)) / f64::from(evidence);
        self.bad_weighted = decay * self.bad_weighted + (1.0 - decay) * share;
        self.weight = decay * self.weight + (1.0 - decay);
    }

    /// The EWMA of the share of bad requests, 0..=1, zero before any evidence.
    pub(super) fn bad_share(&self) -> f64 {
        if self.weight > 0.0 { self.bad_weighted / self.weight } else { 0.0 }
    }

    /// Whether so many requests go badly that it may be ejected for it.
    pub(super) fn is_bad(&self, config: &HealthConfig) -> bool {
        self.bad_share() >= config.eject_at.as_f64()
    }

    /// Whether requests of late are enough to eject it for.
    pub(super) fn is_asked_enough(&self, config: &HealthConfig) -> bool {
        self.lately.good.saturating_add(self.lately.bad) >= config.requests_min
    }

    pub(super) fn fails_probes(&self, config: &HealthConfig) -> bool {
        self.probes_failed >= config.probes_failed
    }

    /// Whether nothing comes from it. A link that is merely full may fail its probes too, and still serves.
    pub(super) fn is_dead(&self, config: &HealthConfig) -> bool {
        self.fails_probes(config) && self.lately.good == 0
    }

    /// Whether it does so badly that nobody should wait on it.
    pub(super) fn is_broken(&self, config: &HealthConfig) -> bool {
        self.is_dead(config) || self.bad_share() >= BROKEN_AT
    }

    /// Whether it has nothing to spare, whatever its contract says.
    pub(super) fn is_strained(&self, config: &HealthConfig) -> bool {
        self.is_bad(config) || self.probes_failed > 0
    }

    /// Whether it does as well as it must to be restored.
    pub(super) fn is_well(&self, config: &HealthConfig) -> bool {
        self.bad_share() < config.restore_below.as_f64() && self.probes_failed == 0
    }

    /// Whether another one serves so much better that it is worth leaving this one for it.
    pub(super) fn is_worse_than(&self, other: &Self) -> bool {
        self.bad_share() >= WORSE_BY * other.bad_share()
    }

    /// Whether it would do as badly as another one that is in, and hardly worse.
    pub(super) fn is_as_short_as(&self, other: &Self) -> bool {
        self.bad_share() < AS_SHORT_WITHIN * other.bad_share()
    }

    /// Whether the viewers here (a share of the region) draw clearly less than those on another pathway.
    ///
    /// A link that is full, or has lost capacity, does not look bad once its players ask for less: this tells.
    #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53 kbit/s")]
    pub(super) fn is_held_back(&self, here: f64, (other, there): (&Self, f64)) -> bool {
        // Load per viewer against load per viewer, without a quotient: nobody may be there.
        here > 0.0 && self.load.0 as f64 * there < HELD_BACK_BELOW * other.load.0 as f64 * here
    }
}
