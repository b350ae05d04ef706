//! Which variant hls.js asks for next, and when it gives up a running download for a lower one.

use units::{Kbps, Micros};

use super::{DEFAULT_ESTIMATE_MAX, DOWN_FACTOR, Estimator, STARVATION_MAX_S, UP_FACTOR};
use crate::player::content::Ladder;

/// What a choice sees of the player.
#[derive(Debug, Clone, Copy)]
pub struct NetworkView<'a> {
    /// The variants.
    pub ladder: &'a Ladder,
    /// The network estimate.
    pub estimator: &'a Estimator,
    /// How much is buffered.
    pub buffer: Micros,
    /// The variant that choices are relative to: that of the last segment loaded. `None` before the first.
    pub base: Option<u8>,
    /// Bit per variant: it has an error that no buffered segment has cleared since.
    pub faulty: u16,
    /// Bit per variant: its media playlist is loaded.
    pub listed: u16,
    /// How long the body of the last media playlist took.
    pub playlist_load: Micros,
    /// Live streams do not ask whether a segment arrives in time, lest they drop quality at the edge.
    pub live: bool,
}

/// A download in flight, as the rule for giving up sees it.
#[derive(Debug, Clone, Copy)]
pub struct Download {
    /// Its variant.
    pub variant: u8,
    /// Time since the request, in ms.
    pub age_ms: f64,
    /// Time to the first byte in ms; `None` before it.
    pub first_byte_ms: Option<f64>,
    /// Bits received.
    pub received: f64,
    /// Bits expected.
    pub size: f64,
}

/// Least and greatest variant and how much time a choice may take.
#[derive(Debug, Clone, Copy)]
struct Search {
    bandwidth: f64,
    top: u8,
    starvation_s: f64,
    rebuffering_s: f64,
    down_factor: f64,
    up_factor: f64,
}

#[expect(clippy::cast_precision_loss, reason = "bit rates are far below 2^53")]
fn bits_per_s(rate: Kbps) -> f64 {
    rate.0 as f64 * 1e3
}

impl NetworkView<'_> {
    fn has(mask: u16, variant: u8) -> bool {
        mask >> variant & 1 == 1
    }

    /// Expected seconds to load `bits`, and the variant's playlist before it if that is missing.
    fn load_s(&self, bandwidth: f64, bits: f64, needs_playlist: bool) -> f64 {
        let first_byte_s = self.estimator.first_byte_ms() / 1e3;
        let playlist_s = if needs_playlist { first_byte_s + self.playlist_load.as_secs_f64() } else { 0.0 };
        first_byte_s + bits / bandwidth + playlist_s
    }

    fn find_best(&self, search: &Search) -> Option<u8> {
        let segment_s = self.ladder.segment.as_secs_f64();
        let base = self.base.unwrap_or(0);
        // With two segments buffered and no rebuffering accepted the mean rate decides, else the peak.
        let by_average = search.starvation_s >= 2.0 * segment_s && search.rebuffering_s == 0.0;
        let first_byte_s = self.estimator.first_byte_ms() / 1e3;
        // What is left for the body, with and without the variant's playlist before it.
        let listed_s = search.starvation_s + search.rebuffering_s - first_byte_s;
        let unlisted_s = listed_s - first_byte_s - self.playlist_load.as_secs_f64();
        let (down, up) = (search.down_factor * search.bandwidth, search.up_factor * search.bandwidth);
        (0..=search.top).rev().find(|&variant| {
            let rates = self.ladder.variants[usize::from(variant)];
            let bandwidth = if variant > base { up } else { down };
            let bitrate = bits_per_s(if by_average { rates.average } else { rates.peak });
            if bandwidth < bitrate || (self.base != Some(variant) && Self::has(self.faulty, variant)) {
                return false;
            }
            let body_s = if Self::has(self.listed, variant) { listed_s } else { unlisted_s };
            self.live || bitrate * segment_s < body_s * bandwidth
        })
    }
}

/// The estimate before the first sample, in bit/s: the first variant's bitrate, at most 5 Mbit/s.
#[must_use]
pub fn default_estimate(ladder: &Ladder) -> f64 {
    bits_per_s(ladder.variants[0].peak).min(DEFAULT_ESTIMATE_MAX)
}

/// The variant to start with (and to use after a reset of the estimate).
#[must_use]
pub fn first_variant(view: &NetworkView<'_>) -> u8 {
    let search = Search {
        bandwidth: view.estimator.bandwidth(),
        top: view.ladder.top(),
        starvation_s: 0.0,
        rebuffering_s: STARVATION_MAX_S,
        down_factor: 1.0,
        up_factor: 1.0,
    };
    view.find_best(&search).unwrap_or(0)
}

/// The variant for the next segment: the highest that keeps the buffer from running dry, else the one that lets it
/// run dry for less than a segment's duration or 4 s, else the lowest.
#[must_use]
pub fn next_variant(view: &NetworkView<'_>) -> u8 {
    if view.base.is_none() || !view.estimator.is_trusted() {
        return first_variant(view);
    }
    let mut search = Search {
        bandwidth: view.estimator.bandwidth(),
        top: view.ladder.top(),
        starvation_s: view.buffer.as_secs_f64(),
        rebuffering_s: 0.0,
        down_factor: DOWN_FACTOR,
        up_factor: UP_FACTOR,
    };
    if view.buffer > Micros::ZERO
        && let Some(variant) = view.find_best(&search)
    {
        return variant;
    }
    search.rebuffering_s = view.ladder.segment.as_secs_f64().min(STARVATION_MAX_S);
    view.find_best(&search).unwrap_or(0)
}

/// The age that a download must have before [`abandon`] can answer `Some`: half a segment's duration.
#[must_use]
pub fn gives_up_after(segment: Micros) -> Micros {
    segment / 2
}

/// Whether to give up `download`: the variant to load instead, and the estimator after it.
///
/// Fires when the rest is expected to take longer than the buffer lasts and a lower variant would be quicker.
#[must_use]
pub fn abandon(view: &NetworkView<'_>, download: &Download) -> Option<(u8, Estimator)> {
    let segment_s = view.ladder.segment.as_secs_f64();
    let first_byte_estimate = view.estimator.first_byte_ms();
    if download.variant == 0 || download.age_ms <= first_byte_estimate.max(500.0 * segment_s) {
        return None;
    }
    let buffer_s = view.buffer.as_secs_f64();
    let first_byte_ms = download.first_byte_ms.filter(|_| download.received > 0.0);
    let (bandwidth, remaining_s) = match first_byte_ms {
        Some(first_byte_ms) => {
            let rate = download.received * 1e3 / (download.age_ms - first_byte_ms).max(1.0);
            (rate, (download.size - download.received).max(0.0) / rate)
        }
        None => {
            let rate = view.estimator.bandwidth();
            (rate, download.size / rate + first_byte_estimate / 1e3)
        }
    };
    if remaining_s <= buffer_s {
        return None;
    }
    let (lower, lower_s) = largest_in_time(view, download.variant, bandwidth);
    if lower_s >= remaining_s || lower_s > 10.0 * segment_s {
        return None;
    }
    let mut estimator = *view.estimator;
    match first_byte_ms {
        Some(first_byte_ms) => {
            estimator.sample(download.age_ms - first_byte_ms.min(first_byte_estimate), download.received);
        }
        None => estimator.sample_first_byte(download.age_ms),
    }
    Some(settle_lower(view, estimator, lower))
}

/// The largest variant below `variant` and above the lowest that loads in time, else the lowest; with the expected
/// seconds of the last one looked at. The lowest itself is never looked at, so from variant 1 that is infinite.
fn largest_in_time(view: &NetworkView<'_>, variant: u8, bandwidth: f64) -> (u8, f64) {
    let segment_s = view.ladder.segment.as_secs_f64();
    let in_time_s = view.buffer.as_secs_f64().min(segment_s + view.estimator.first_byte_ms() / 1e3);
    let mut load_s = f64::INFINITY;
    for lower in (1..variant).rev() {
        let bits = bits_per_s(view.ladder.variants[usize::from(lower)].peak) * segment_s;
        load_s = view.load_s(bandwidth, bits, view.live || !NetworkView::has(view.listed, lower));
        if load_s < in_time_s {
            return (lower, load_s);
        }
    }
    (0, load_s)
}

/// After giving up: an estimate far above the new variant is thrown away; what would still be above the lowest
/// variant ends at the lowest, with the estimate reset to its bitrate.
fn settle_lower(view: &NetworkView<'_>, mut estimator: Estimator, lower: u8) -> (u8, Estimator) {
    let bitrate = |variant: u8| bits_per_s(view.ladder.variants[usize::from(variant)].peak);
    if estimator.bandwidth() * UP_FACTOR > bitrate(lower) {
        estimator = Estimator::new(bitrate(lower));
    }
    let within = Search {
        bandwidth: bitrate(lower),
        top: lower,
        starvation_s: 0.0,
        rebuffering_s: view.buffer.as_secs_f64(),
        down_factor: 1.0,
        up_factor: 1.0,
    };
    let after = NetworkView { estimator: &estimator, ..*view };
    if after.find_best(&within).unwrap_or(lower) > 0 {
        estimator = Estimator::new(bitrate(0));
    }
    (0, estimator)
}
