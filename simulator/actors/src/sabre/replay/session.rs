//! One viewer from the first request to the last frame.

use super::input::{Manifest, Trace};
use super::network::{Network, Request, Transfer};
use super::playback::Playback;
use super::record::{Fate, Log, Record};
use super::summary::{EstimateErrors, Scale, Summary};
use super::{AfterAbandon, Replay, Seek};
use crate::sabre::calls::{Choice, Download, Outcome, Situation};
use crate::sabre::config::SabreError;
use crate::sabre::estimator::Estimator;
use crate::sabre::rules::{SabreRules, SabreState};

/// A replay under way.
pub(super) struct Session<'a, E: Estimator> {
    replay: &'a Replay,
    manifest: &'a Manifest,
    rules: SabreRules<E>,
    state: SabreState<E>,
    network: Network<'a>,
    playback: Playback,
    errors: EstimateErrors,
    /// The segment to append next.
    next: usize,
    /// Where [`Situation::segments_since_seek`] counts from.
    counted_from: usize,
    seek: Option<Seek>,
    /// What to restart with after an abandoned download, where the advice is taken.
    advised: Option<u8>,
}

/// What a download is for.
#[derive(Debug, Clone, Copy)]
enum Target {
    Append,
    /// The segment this many places from the end of the buffer.
    Replace(usize),
}

impl<'a, E: Estimator> Session<'a, E> {
    pub(super) fn new(
        replay: &'a Replay,
        manifest: &'a Manifest,
        trace: &'a Trace,
        log: Log,
    ) -> Result<Self, SabreError> {
        let rules = SabreRules::<E>::with_estimator(&replay.config, manifest.ladder())?;
        let last = manifest.segments() - 1;
        if let Some(seek) = replay.seek
            && segment_at(manifest, seek) > last
        {
            return Err(SabreError::Seek { segment: segment_at(manifest, seek), last });
        }
        let mut playback = Playback::new(manifest.ladder(), replay.config.buffer_max.as_millis_f64(), log);
        for (variant, (maximum_ms, takeover_ms)) in (0..).zip(rules.levels_ms()) {
            playback.log.push(|| Record::Level { variant, maximum_ms, takeover_ms });
        }
        let network = Network::new(trace, &mut playback);
        let state = rules.start();
        Ok(Self {
            replay,
            manifest,
            rules,
            state,
            network,
            playback,
            errors: EstimateErrors::default(),
            next: 0,
            counted_from: 0,
            seek: replay.seek,
            advised: None,
        })
    }

    /// Plays to the end.
    pub(super) fn run(mut self) -> (Summary, Vec<Record>) {
        self.first_segment();
        while self.next < self.manifest.segments() {
            self.seek_if_due();
            self.wait_for_room();
            self.load_one();
        }
        self.playback.play_out();
        let scale = Scale {
            gamma_p: self.replay.config.gamma_p,
            title_ms: segments_ms(self.manifest.segments(), self.playback.segment_ms),
        };
        let summary = Summary::new(&self.playback, &self.errors, scale);
        (summary, self.playback.log.into_records())
    }

    /// The first download cannot be abandoned, and its time counts as session time but not as a stall.
    fn first_segment(&mut self) {
        let variant = self.rules.first_variant();
        let size_bits = self.manifest.size_bits(0, variant);
        let transfer = self.network.download_whole(size_bits, &mut self.playback);
        self.playback.buffer.push_back(variant);
        self.playback.totals.time_ms += transfer.elapsed_ms;
        let buffer_ms = [0.0, 0.0, self.playback.level_ms()];
        let download = self.download(transfer, variant, Outcome::Appended);
        self.rules.downloaded(&mut self.state, &download);
        self.next = 1;
        let times_ms = [transfer.latency_ms, transfer.elapsed_ms];
        self.playback.log.push(|| Record::Download {
            from_ms: 0.0,
            segment: 0,
            variant,
            bits: [size_bits; 2],
            times_ms,
            buffer_ms,
            fate: Fate::Appended,
        });
    }

    fn seek_if_due(&mut self) {
        let segment = self.manifest.ladder().segment;
        let Some(seek) = self.seek.filter(|seek| segment.0 * self.next as u64 >= seek.when.0) else { return };
        self.seek = None;
        self.next = segment_at(self.manifest, seek);
        self.playback.jump();
        self.rules.seeked(&mut self.state);
        if self.rules.counts_from_seek() {
            self.counted_from = self.next;
        }
    }

    /// Playback goes on until one more segment fits.
    fn wait_for_room(&mut self) {
        let waited_ms = self.playback.level_ms() + self.playback.segment_ms - self.playback.buffer_max_ms;
        if waited_ms <= 0.0 {
            return;
        }
        self.playback.pass(waited_ms);
        self.network.idle(waited_ms, &mut self.playback);
        self.rules.waited_on_full_buffer(&mut self.state, waited_ms);
        let buffer_ms = self.playback.level_ms();
        self.playback.log.push(|| Record::FullBuffer { waited_ms, buffer_ms });
    }

    /// Decides and downloads one segment, to the end of the buffer or into it.
    fn load_one(&mut self) {
        let (choice, target) = self.decide();
        let (variant, segment) = match target {
            Target::Append => (choice.variant, self.next),
            Target::Replace(from_end) => (choice.variant, self.next - from_end),
        };
        let size_bits = self.manifest.size_bits(segment, variant);
        if choice.delay_ms > 0.0 {
            self.playback.pass(choice.delay_ms);
            self.network.idle(choice.delay_ms, &mut self.playback);
            let (waited_ms, buffer_ms) = (choice.delay_ms, self.playback.level_ms());
            self.playback.log.push(|| Record::Delay { waited_ms, buffer_ms });
        }
        let requested_ms = self.playback.level_ms();
        let from_ms = self.playback.totals.time_ms;
        let transfer = self.transfer(&Request { segment, variant, size_bits }, target);
        self.playback.pass(transfer.elapsed_ms);
        let played_ms = self.playback.level_ms();
        let outcome = self.store(&transfer, variant, target);
        let download = self.download(transfer, variant, outcome);
        self.playback.log.push(|| Record::Download {
            from_ms,
            segment,
            variant,
            bits: [transfer.received_bits, size_bits],
            times_ms: [transfer.latency_ms, transfer.elapsed_ms],
            buffer_ms: [requested_ms, played_ms, download.buffer_ms],
            fate: fate(outcome),
        });
        let actual_kbps = transfer.received_bits / (transfer.elapsed_ms - transfer.latency_ms);
        self.errors.count(self.rules.throughput_kbps(&self.state), actual_kbps);
        self.rules.downloaded(&mut self.state, &download);
    }

    /// What to load next, and where to.
    fn decide(&mut self) -> (Choice, Target) {
        if let Some(variant) = self.advised.take() {
            return (Choice::now(variant), Target::Append);
        }
        let situation = Situation {
            buffer_ms: self.playback.level_ms(),
            segments_since_seek: count(self.next.saturating_sub(self.counted_from)),
            segments_left: Some(count(self.manifest.segments() - self.next)),
        };
        let mut choice = self.rules.next_variant(&mut self.state, &situation);
        let played_share = self.playback.played_ms / self.playback.segment_ms;
        match self.replay.replacement.find(&self.playback.buffer, played_share, choice.variant) {
            None => (choice, Target::Append),
            Some(from_end) => {
                choice.delay_ms = 0.0;
                (choice, Target::Replace(from_end))
            }
        }
    }

    fn transfer(&mut self, request: &Request, target: Target) -> Transfer {
        match target {
            Target::Append => {
                let (rules, state) = (&self.rules, &mut self.state);
                self.network.download(request, &mut self.playback, |progress| {
                    rules.check_abandon(state, progress).map(|to| Outcome::Abandoned { to })
                })
            }
            // Too late once the segment to replace begins to play.
            Target::Replace(from_end) => {
                let needed_ms = segments_ms(from_end, self.playback.segment_ms);
                self.network.download(request, &mut self.playback, |progress| {
                    (progress.buffer_ms - needed_ms <= 0.0).then_some(Outcome::ReplacementAbandoned)
                })
            }
        }
    }

    /// Puts what was downloaded where it belongs.
    fn store(&mut self, transfer: &Transfer, variant: u8, target: Target) -> Outcome {
        match (transfer.dropped, target) {
            (Some(outcome), _) => {
                if let (Outcome::Abandoned { to }, AfterAbandon::TakeAdvice) =
                    (outcome, self.replay.after_abandon)
                {
                    self.advised = Some(to);
                }
                outcome
            }
            (None, Target::Append) => {
                self.playback.buffer.push_back(variant);
                self.next += 1;
                Outcome::Appended
            }
            (None, Target::Replace(from_end)) => {
                // A replacement that came too late is thrown away, and counts as one all the same.
                if self.playback.level_ms() >= segments_ms(from_end, self.playback.segment_ms) {
                    let index = self.playback.buffer.len() - from_end;
                    self.playback.buffer[index] = variant;
                }
                Outcome::Replaced
            }
        }
    }

    fn download(&self, transfer: Transfer, variant: u8, outcome: Outcome) -> Download {
        Download {
            variant,
            received_bits: transfer.received_bits,
            latency_ms: transfer.latency_ms,
            elapsed_ms: transfer.elapsed_ms,
            buffer_ms: self.playback.level_ms(),
            outcome,
        }
    }
}

fn fate(outcome: Outcome) -> Fate {
    match outcome {
        Outcome::Appended => Fate::Appended,
        Outcome::Abandoned { to } => Fate::Abandoned(to),
        Outcome::Replaced => Fate::Replacement,
        Outcome::ReplacementAbandoned => Fate::ReplacementAbandoned,
    }
}

/// The segment that a seek leads to.
fn segment_at(manifest: &Manifest, seek: Seek) -> usize {
    usize::try_from(seek.to.0 / manifest.ladder().segment.0.max(1)).unwrap_or(usize::MAX)
}

fn count(segments: usize) -> u32 {
    u32::try_from(segments).expect("a title has fewer than 2^32 segments")
}

#[expect(clippy::cast_precision_loss, reason = "a title has far fewer than 2^53 segments")]
fn segments_ms(segments: usize, segment_ms: f64) -> f64 {
    segments as f64 * segment_ms
}
