//! What was played: accounted for lazily, from call to call.

use units::{Micros, Timestamp};

use super::{Context, Flags, Playback, Played, Player};

impl Player {
    /// Accounts for playback up to `now` without deciding anything.
    ///
    /// The intervals of successive calls are contiguous from the first frame on.
    pub fn settle(&mut self, now: Timestamp) -> Played {
        let from = self.settled_at.min(now);
        self.settled_at = now;
        let buffer = Micros(u64::from(self.buffer_us));
        match self.playback {
            Playback::NotStarted => {
                Played { from: now, stalled_from: now, to: now, stall_began: false, first_frame: false }
            }
            Playback::Stalled => {
                Played { from, stalled_from: from, to: now, stall_began: false, first_frame: false }
            }
            Playback::Playing => {
                let empty_at = from + buffer;
                if now <= empty_at {
                    self.hold(empty_at.since(now));
                    return Played {
                        from,
                        stalled_from: now,
                        to: now,
                        stall_began: false,
                        first_frame: false,
                    };
                }
                self.hold(Micros::ZERO);
                if self.flags.has(Flags::COMPLETE) {
                    // The title ended at `empty_at`; what follows is neither play nor stall.
                    return Played { from, stalled_from: empty_at, to: empty_at, ..Played::default() };
                }
                self.playback = Playback::Stalled;
                Played { from, stalled_from: empty_at, to: now, stall_began: true, first_frame: false }
            }
        }
    }

    /// How much is buffered at `now`, not earlier than the last call.
    #[must_use]
    pub fn buffer(&self, now: Timestamp) -> Micros {
        let held = Micros(u64::from(self.buffer_us));
        match self.playback {
            Playback::Playing => held.saturating_sub(now.since(self.settled_at)),
            Playback::NotStarted | Playback::Stalled => held,
        }
    }

    /// When the buffer runs dry if nothing more arrives; `None` if nothing is playing.
    #[must_use]
    pub fn empty_at(&self) -> Option<Timestamp> {
        (self.playback == Playback::Playing).then(|| self.settled_at + Micros(u64::from(self.buffer_us)))
    }

    /// Sets the buffer, accounted up to `settled_at`.
    pub(super) fn hold(&mut self, buffer: Micros) {
        self.buffer_us = u32::try_from(buffer.0).unwrap_or(u32::MAX);
    }

    /// Adds a segment to the buffer and starts or resumes playback where the thresholds allow.
    pub(super) fn append(&mut self, ctx: &Context<'_>, played: &mut Played) {
        self.hold(Micros(u64::from(self.buffer_us)) + ctx.ladder.segment);
        let threshold = match self.playback {
            Playback::Playing => return,
            Playback::NotStarted => ctx.profile.start_threshold,
            Playback::Stalled => ctx.profile.resume_threshold,
        };
        if self.buffer_us as u64 >= threshold.0 || self.flags.has(Flags::COMPLETE) {
            played.first_frame = self.playback == Playback::NotStarted;
            self.playback = Playback::Playing;
        }
    }
}
