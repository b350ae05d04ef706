//! Walks a recorded network: latency, then bits, with a look at the download every so often.

use super::input::{Period, Trace};
use super::playback::Playback;
use super::record::Record;
use crate::sabre::calls::{Outcome, Progress};

/// A running download is looked at after this many bits and this much time, whichever takes longer.
const PROGRESS_MIN_BITS: f64 = 12_000.0;
const PROGRESS_MIN_MS: f64 = 50.0;

/// Where on the trace we are.
#[derive(Debug)]
pub(super) struct Network<'a> {
    periods: &'a [Period],
    index: usize,
    /// What is left of the current period.
    left_ms: f64,
    now_ms: f64,
}

/// What to download.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) segment: usize,
    pub(super) variant: u8,
    pub(super) size_bits: f64,
}

/// How a download went.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Transfer {
    pub(super) received_bits: f64,
    pub(super) latency_ms: f64,
    pub(super) elapsed_ms: f64,
    /// Why it was dropped, if it was.
    pub(super) dropped: Option<Outcome>,
}

impl<'a> Network<'a> {
    pub(super) fn new(trace: &'a Trace, playback: &mut Playback) -> Self {
        let mut network = Self { periods: trace.periods(), index: 0, left_ms: 0.0, now_ms: 0.0 };
        network.enter(0, playback);
        network
    }

    fn period(&self) -> Period {
        self.periods[self.index]
    }

    fn enter(&mut self, index: usize, playback: &mut Playback) {
        self.index = index;
        let Period { duration_ms, bandwidth_kbps, latency_ms } = self.period();
        self.left_ms = duration_ms;
        let effective_kbps = bandwidth_kbps * (1.0 - latency_ms / playback.segment_ms);
        let carried = (0..).zip(&playback.bitrates_kbps).skip(1);
        let sustainable =
            carried.take_while(|(_, bitrate)| **bitrate <= effective_kbps).last().map_or(0, |(q, _)| q);
        playback.network_carries(sustainable, self.now_ms);
        let at_ms = self.now_ms;
        playback.log.push(|| Record::Network { at_ms, bandwidth_kbps, latency_ms, sustainable });
    }

    /// Part of the current period passes.
    fn advance(&mut self, span_ms: f64) {
        self.now_ms += span_ms;
        self.left_ms -= span_ms;
    }

    /// The current period passes to its end; returns what that took.
    fn finish_period(&mut self, playback: &mut Playback) -> f64 {
        let span_ms = self.left_ms;
        self.now_ms += span_ms;
        self.enter((self.index + 1) % self.periods.len(), playback);
        span_ms
    }

    /// Nothing is downloaded for a while.
    pub(super) fn idle(&mut self, mut span_ms: f64, playback: &mut Playback) {
        while span_ms > self.left_ms {
            span_ms -= self.finish_period(playback);
        }
        self.advance(span_ms);
    }

    /// One latency passes; where it changes on the way, the rest shrinks or grows in proportion.
    fn latency(&mut self, playback: &mut Playback) -> f64 {
        let mut share = 1.0;
        let mut total_ms = 0.0;
        loop {
            let latency_ms = self.period().latency_ms;
            let span_ms = share * latency_ms;
            if span_ms <= self.left_ms {
                self.advance(span_ms);
                return total_ms + span_ms;
            }
            let passed_ms = self.finish_period(playback);
            total_ms += passed_ms;
            share -= passed_ms / latency_ms;
            if share <= 0.0 {
                return total_ms;
            }
        }
    }

    /// A whole download that nobody looks at before its end.
    pub(super) fn download_whole(&mut self, size_bits: f64, playback: &mut Playback) -> Transfer {
        let latency_ms = self.latency(playback);
        let mut left_bits = size_bits;
        let mut transfer_ms = 0.0;
        while left_bits > 0.0 {
            let bandwidth_kbps = self.period().bandwidth_kbps;
            if left_bits <= self.left_ms * bandwidth_kbps {
                let span_ms = left_bits / bandwidth_kbps;
                self.advance(span_ms);
                transfer_ms += span_ms;
                break;
            }
            left_bits -= self.left_ms * bandwidth_kbps;
            transfer_ms += self.finish_period(playback);
        }
        Transfer { received_bits: size_bits, latency_ms, elapsed_ms: latency_ms + transfer_ms, dropped: None }
    }

    /// A download that `look` may drop.
    pub(super) fn download(
        &mut self,
        request: &Request,
        playback: &mut Playback,
        mut look: impl FnMut(&Progress) -> Option<Outcome>,
    ) -> Transfer {
        let buffer_ms = playback.level_ms();
        let latency_ms = self.latency(playback);
        let mut transfer = Transfer { latency_ms, elapsed_ms: latency_ms, ..Transfer::default() };
        let mut least_ms = PROGRESS_MIN_MS - latency_ms;
        while transfer.received_bits < request.size_bits && transfer.dropped.is_none() {
            let left_bits = request.size_bits - transfer.received_bits;
            let (received_bits, span_ms) = self.stretch(left_bits, least_ms, playback);
            least_ms = PROGRESS_MIN_MS;
            transfer.elapsed_ms += span_ms;
            transfer.received_bits += received_bits;
            if transfer.received_bits < request.size_bits {
                transfer.dropped = look(&Progress {
                    variant: request.variant,
                    size_bits: request.size_bits,
                    received_bits: transfer.received_bits,
                    elapsed_ms: transfer.elapsed_ms,
                    first_byte_ms: Some(latency_ms),
                    buffer_ms: (buffer_ms - transfer.elapsed_ms).max(0.0),
                });
            }
        }
        if let Some(outcome) = transfer.dropped {
            let to = if let Outcome::Abandoned { to } = outcome { Some(to) } else { None };
            let Request { segment, variant: from, .. } = *request;
            playback.log.push(|| Record::Abandoning { segment, from, to });
        }
        transfer
    }

    /// Receives until the next look at the download, or its end; returns bits and time.
    fn stretch(&mut self, mut left_bits: f64, mut least_ms: f64, playback: &mut Playback) -> (f64, f64) {
        let mut least_bits = PROGRESS_MIN_BITS;
        let (mut total_bits, mut total_ms) = (0.0, 0.0);
        while left_bits > 0.0 && (least_bits > 0.0 || least_ms > 0.0) {
            let bandwidth_kbps = self.period().bandwidth_kbps;
            let (mut bits, span_ms);
            if bandwidth_kbps > 0.0 {
                let enough_bits = least_bits.max(least_ms * bandwidth_kbps);
                bits = self.left_ms * bandwidth_kbps;
                if left_bits.min(enough_bits) <= bits {
                    bits = left_bits.min(enough_bits);
                    span_ms = bits / bandwidth_kbps;
                    self.advance(span_ms);
                    if bits < left_bits {
                        (least_bits, least_ms) = (0.0, 0.0);
                    }
                } else {
                    span_ms = self.finish_period(playback);
                }
            } else {
                bits = 0.0;
                if least_bits > 0.0 || least_ms > self.left_ms {
                    span_ms = self.finish_period(playback);
                } else {
                    span_ms = least_ms;
                    self.advance(span_ms);
                }
            }
            total_bits += bits;
            total_ms += span_ms;
            left_bits -= bits;
            least_bits -= bits;
            least_ms -= span_ms;
        }
        (total_bits, total_ms)
    }
}
