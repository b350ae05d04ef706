//! What Sabre prints at the end of a session.

use super::playback::Playback;

/// Sabre's result lines; times in seconds, bitrates in kbit/s.
///
/// "Time average" is a total divided by [`Summary::play_time_segments`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Summary {
    /// Sum of `ln(b / b_0)` over played segments.
    pub utility: f64,
    /// The same per segment duration of session time.
    pub utility_average: f64,
    /// Sum of the bitrates of played segments.
    pub bitrate_kbps: f64,
    /// The same per segment duration of session time.
    pub bitrate_average_kbps: f64,
    /// Session time: first download, playing and stalling.
    pub play_time_s: f64,
    /// The same in segment durations.
    pub play_time_segments: f64,
    /// Time stalled.
    pub rebuffer_s: f64,
    /// Time stalled over session time.
    pub rebuffer_ratio: f64,
    /// Time stalled per segment duration of session time.
    pub rebuffer_average_s: f64,
    /// Number of times that the buffer ran dry.
    pub rebuffer_events: u32,
    /// The same per segment duration of session time.
    pub rebuffer_events_average: f64,
    /// Sum of bitrate steps between neighbours.
    pub bitrate_change_kbps: f64,
    /// The same per segment duration of session time.
    pub bitrate_change_average_kbps: f64,
    /// Sum of logarithmic bitrate steps.
    pub log_bitrate_change: f64,
    /// The same per segment duration of session time.
    pub log_bitrate_change_average: f64,
    /// Utility less γp times stalled segment durations, per segment duration of session time.
    pub score_average: f64,
    /// Downloads that were slower than estimated, and by how much on average.
    pub estimates_over: (u32, f64),
    /// Downloads that were as fast or faster, and by how much on average.
    pub estimates_not_over: (u32, f64),
    /// Mean of estimate less outcome.
    pub estimate_error_kbps: f64,
    /// Session time until a variant that the network carries was played; the title's length if that never happened.
    pub rampup_s: f64,
    /// Sum of the times until a better network was made use of.
    pub reaction_s: f64,
}

impl Summary {
    pub(super) fn new(playback: &Playback, errors: &EstimateErrors, scale: Scale) -> Self {
        let totals = &playback.totals;
        let per_segment = 1.0 / (totals.time_ms / playback.segment_ms);
        let rebuffer_s = totals.stalled_ms / 1e3;
        let lost = scale.gamma_p * totals.stalled_ms / playback.segment_ms;
        Self {
            utility: totals.utility,
            utility_average: totals.utility * per_segment,
            bitrate_kbps: totals.bitrate_kbps,
            bitrate_average_kbps: totals.bitrate_kbps * per_segment,
            play_time_s: totals.time_ms / 1e3,
            play_time_segments: totals.time_ms / playback.segment_ms,
            rebuffer_s,
            rebuffer_ratio: totals.stalled_ms / totals.time_ms,
            rebuffer_average_s: rebuffer_s * per_segment,
            rebuffer_events: totals.stalls,
            rebuffer_events_average: f64::from(totals.stalls) * per_segment,
            bitrate_change_kbps: totals.bitrate_change_kbps,
            bitrate_change_average_kbps: totals.bitrate_change_kbps * per_segment,
            log_bitrate_change: totals.log_bitrate_change,
            log_bitrate_change_average: totals.log_bitrate_change * per_segment,
            score_average: per_segment * (totals.utility - lost),
            estimates_over: errors.over,
            estimates_not_over: errors.not_over,
            estimate_error_kbps: errors.mean_kbps,
            rampup_s: totals.rampup_ms.unwrap_or(scale.title_ms) / 1e3,
            reaction_s: totals.reaction_ms / 1e3,
        }
    }

    /// All columns under the names that Sabre prints, in its order.
    #[must_use]
    pub fn columns(&self) -> [(&'static str, f64); 23] {
        [
            ("total played utility", self.utility),
            ("time average played utility", self.utility_average),
            ("total played bitrate", self.bitrate_kbps),
            ("time average played bitrate", self.bitrate_average_kbps),
            ("total play time", self.play_time_s),
            ("total play time chunks", self.play_time_segments),
            ("total rebuffer", self.rebuffer_s),
            ("rebuffer ratio", self.rebuffer_ratio),
            ("time average rebuffer", self.rebuffer_average_s),
            ("total rebuffer events", f64::from(self.rebuffer_events)),
            ("time average rebuffer events", self.rebuffer_events_average),
            ("total bitrate change", self.bitrate_change_kbps),
            ("time average bitrate change", self.bitrate_change_average_kbps),
            ("total log bitrate change", self.log_bitrate_change),
            ("time average log bitrate change", self.log_bitrate_change_average),
            ("time average score", self.score_average),
            ("over estimate count", f64::from(self.estimates_over.0)),
            ("over estimate", self.estimates_over.1),
            ("leq estimate count", f64::from(self.estimates_not_over.0)),
            ("leq estimate", self.estimates_not_over.1),
            ("estimate", self.estimate_error_kbps),
            ("rampup time", self.rampup_s),
            ("total reaction time", self.reaction_s),
        ]
    }
}

/// What turns totals into a score and bounds ramp-up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) gamma_p: f64,
    pub(super) title_ms: f64,
}

/// How far throughput estimates were off.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EstimateErrors {
    over: (u32, f64),
    not_over: (u32, f64),
    mean_kbps: f64,
}

impl EstimateErrors {
    /// An estimate and what the download showed.
    pub(super) fn count(&mut self, estimate_kbps: f64, actual_kbps: f64) {
        let error_kbps = estimate_kbps - actual_kbps;
        let group = if estimate_kbps > actual_kbps { &mut self.over } else { &mut self.not_over };
        group.0 += 1;
        group.1 += (error_kbps.abs() - group.1) / f64::from(group.0);
        self.mean_kbps += (error_kbps - self.mean_kbps) / f64::from(self.over.0 + self.not_over.0);
    }
}
