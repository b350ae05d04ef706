//! The viewer: a buffer of whole segments, what was played from it, and how fast it followed the network upwards.

use std::collections::VecDeque;

use super::record::Log;
use crate::player::Ladder;

/// The buffer and everything that Sabre sums up while it is played.
#[derive(Debug)]
pub(super) struct Playback {
    pub(super) segment_ms: f64,
    pub(super) buffer_max_ms: f64,
    pub(super) bitrates_kbps: Vec<f64>,
    /// `ln(b / b_0)`.
    utilities: Vec<f64>,
    /// Variants of the buffered segments, the one being played first.
    pub(super) buffer: VecDeque<u8>,
    /// How much of the first one has been played.
    pub(super) played_ms: f64,
    pub(super) log: Log,
    pub(super) totals: Totals,
    last_played: Option<u8>,
    rampup_from_ms: f64,
    /// Highest variant that the network carries now.
    sustainable: Option<u8>,
    rises: VecDeque<Rise>,
}

/// What is summed up while playing; times in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) time_ms: f64,
    pub(super) stalled_ms: f64,
    pub(super) stalls: u32,
    pub(super) utility: f64,
    pub(super) bitrate_kbps: f64,
    pub(super) bitrate_change_kbps: f64,
    pub(super) log_bitrate_change: f64,
    pub(super) rampup_ms: Option<f64>,
    pub(super) reaction_ms: f64,
}

/// The network came to carry a better variant than any in the buffer.
#[derive(Debug, Clone, Copy)]
struct Rise {
    at_ms: f64,
    variant: u8,
    /// When it was played, or the network fell below it again.
    done_ms: Option<f64>,
}

impl Playback {
    #[expect(clippy::cast_precision_loss, reason = "a bitrate is far smaller than 2^53 kbit/s")]
    pub(super) fn new(ladder: &Ladder, buffer_max_ms: f64, log: Log) -> Self {
        let bitrates_kbps: Vec<f64> =
            ladder.variants.iter().map(|variant| variant.average.0 as f64).collect();
        let offset = -libm::log(bitrates_kbps[0]);
        Self {
            segment_ms: ladder.segment.as_millis_f64(),
            buffer_max_ms,
            utilities: bitrates_kbps.iter().map(|bitrate| libm::log(*bitrate) + offset).collect(),
            bitrates_kbps,
            buffer: VecDeque::new(),
            played_ms: 0.0,
            log,
            totals: Totals::default(),
            last_played: None,
            rampup_from_ms: 0.0,
            sustainable: None,
            rises: VecDeque::new(),
        }
    }

    /// Buffer level.
    #[expect(clippy::cast_precision_loss, reason = "a buffer holds few segments")]
    pub(super) fn level_ms(&self) -> f64 {
        self.segment_ms * self.buffer.len() as f64 - self.played_ms
    }

    /// Time passes: what is buffered is played, the rest is stalled.
    pub(super) fn pass(&mut self, mut span_ms: f64) {
        if self.buffer.is_empty() {
            self.totals.stalled_ms += span_ms;
            self.totals.time_ms += span_ms;
            return;
        }
        if self.played_ms > 0.0 {
            if span_ms + self.played_ms < self.segment_ms {
                self.played_ms += span_ms;
                self.totals.time_ms += span_ms;
                return;
            }
            let rest_ms = self.segment_ms - self.played_ms;
            span_ms -= rest_ms;
            self.totals.time_ms += rest_ms;
            self.buffer.pop_front();
            self.played_ms = 0.0;
        }
        while span_ms > 0.0
            && let Some(&variant) = self.buffer.front()
        {
            self.begin_segment(variant);
            if span_ms >= self.segment_ms {
                self.buffer.pop_front();
                self.totals.time_ms += self.segment_ms;
                span_ms -= self.segment_ms;
            } else {
                self.played_ms = span_ms;
                self.totals.time_ms += span_ms;
                span_ms = 0.0;
            }
        }
        if span_ms > 0.0 {
            self.totals.stalled_ms += span_ms;
            self.totals.time_ms += span_ms;
            self.totals.stalls += 1;
        }
        self.settle_rises(self.totals.time_ms);
    }

    /// A segment counts in full when it starts.
    fn begin_segment(&mut self, variant: u8) {
        let bitrate_kbps = self.bitrates_kbps[usize::from(variant)];
        let totals = &mut self.totals;
        totals.utility += self.utilities[usize::from(variant)];
        totals.bitrate_kbps += bitrate_kbps;
        if let Some(last) = self.last_played.filter(|last| *last != variant) {
            let last_kbps = self.bitrates_kbps[usize::from(last)];
            totals.bitrate_change_kbps += (bitrate_kbps - last_kbps).abs();
            totals.log_bitrate_change += libm::log(bitrate_kbps / last_kbps).abs();
        }
        self.last_played = Some(variant);
        if totals.rampup_ms.is_none() && Some(variant) >= self.sustainable {
            totals.rampup_ms = Some(totals.time_ms - self.rampup_from_ms);
        }
        for rise in &mut self.rises {
            if rise.done_ms.is_none() && variant >= rise.variant {
                rise.done_ms = Some(totals.time_ms);
            }
        }
    }

    /// Plays to the end of the buffer.
    pub(super) fn play_out(&mut self) {
        self.pass(self.level_ms());
        self.empty();
    }

    /// A jump elsewhere: the buffer is lost and ramp-up counts from here.
    pub(super) fn jump(&mut self) {
        self.empty();
        self.rampup_from_ms = self.totals.time_ms;
        self.totals.rampup_ms = None;
    }

    fn empty(&mut self) {
        self.buffer.clear();
        self.played_ms = 0.0;
    }

    /// The network carries `sustainable` from `now_ms` (network time) on.
    pub(super) fn network_carries(&mut self, sustainable: u8, now_ms: f64) {
        let before = self.sustainable.replace(sustainable);
        let Some(before) = before.filter(|before| *before != sustainable) else { return };
        self.settle_rises(now_ms);
        for rise in &mut self.rises {
            if rise.done_ms.is_none() && rise.variant > sustainable {
                rise.done_ms = Some(now_ms);
            }
        }
        let is_new = sustainable > before
            && self.buffer.iter().all(|buffered| sustainable > *buffered)
            && self.rises.iter().all(|rise| sustainable > rise.variant);
        if is_new {
            self.rises.push_back(Rise { at_ms: now_ms, variant: sustainable, done_ms: None });
        }
    }

    /// Counts rises older than a whole buffer; a reaction takes at most that long.
    fn settle_rises(&mut self, now_ms: f64) {
        while let Some(rise) = self.rises.front().copied() {
            if rise.at_ms >= now_ms - self.buffer_max_ms {
                break;
            }
            self.rises.pop_front();
            let reaction_ms = rise
                .done_ms
                .map_or(self.buffer_max_ms, |done_ms| self.buffer_max_ms.min(done_ms - rise.at_ms));
            self.totals.reaction_ms += reaction_ms;
        }
    }
}
