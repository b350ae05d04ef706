//! A response body on its way to a player, and what one epoch does to it.
//!
//! Rates are constant within an epoch, so a body's end is known exactly in the epoch in which it falls; no event is ever
//! taken back except by an abort. Amounts are in millibits (kbit/s × µs), so nothing is rounded.
//!
//! Every epoch walks over all bodies of a POP, so a body here is half a cache line; the rest of what is known about it
//! is in its viewer's seat. Once a body is certain to end in the present epoch it leaves the list.

use actors::network::RateClass;
use units::{CohortId, Kbps, Micros, Timestamp};

use crate::sharing;

/// A body in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Body {
    /// What is still to come at the end of the present epoch, in millibits.
    pub(crate) remaining: u64,
    /// If it does not end before this (at its present rate), a limit of the player or its interest in the download is to
    /// be looked into.
    notice: u64,
    /// What it gets in the present epoch, in kbit/s.
    pub(crate) rate: u32,
    /// Time lost so far because the link gave less than the access network could carry, in µs.
    pub(crate) lost_to_link: u32,
    /// Slot of its player in the cell.
    pub(crate) slot: u32,
    /// The viewer's access rate now.
    pub(crate) class: RateClass,
    pub(crate) cohort: CohortId,
    state: u8,
}

const _: () = assert!(size_of::<Body>() == 32);

/// Its first bit flows in a later epoch.
const WAITING: u8 = 1;
/// The fault that is on stops it (a hanging CDN).
const BLOCKED: u8 = 2;
/// No bit flows.
const SILENT: u8 = 4;

/// Later than any run, and small enough to be multiplied with any rate.
const NO_NOTICE: u64 = 1 << 40;

/// What a stretch of time did to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// Bits flowed (or nothing did): this many millibits.
    Flowing(u64),
    /// The last bit flows at this time; until then, this many millibits do.
    Ends(u64, Timestamp),
}

impl Body {
    /// A body of which no bit has flowed; `notice_after` is the first time that something is to be looked into.
    pub(crate) fn new(
        slot: u32,
        (class, cohort): (RateClass, CohortId),
        size: u64,
        notice_after: Timestamp,
    ) -> Self {
        let notice = notice_after.0.saturating_add(1).min(NO_NOTICE);
        Self { remaining: size, notice, rate: 0, lost_to_link: 0, slot, class, cohort, state: WAITING }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.state & WAITING != 0
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.state & BLOCKED != 0
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.state & SILENT != 0
    }

    pub(crate) fn open(&mut self) {
        self.state &= !WAITING;
    }

    pub(crate) fn set_blocked(&mut self, blocked: bool) {
        self.state = if blocked { self.state | BLOCKED } else { self.state & !BLOCKED };
    }

    pub(crate) fn set_silent(&mut self, silent: bool) {
        self.state = if silent { self.state | SILENT } else { self.state & !SILENT };
    }

    /// What it adds to the demand on its link.
    pub(crate) fn demand(&self) -> u64 {
        if self.is_blocked() { 0 } else { self.class.rate().0 }
    }

    /// Moves a body that does nothing remarkable in an epoch through it; `None` (and nothing done) if it does.
    pub(crate) fn glide(&mut self, rates: &Rates, epoch: Micros, to: Timestamp) -> Option<u64> {
        let class = usize::from(self.class.0);
        let rate = rates.rate[class];
        let offered = u64::from(rate) * epoch.0;
        if self.state != 0 || rate == 0 || self.remaining <= offered {
            return None;
        }
        let remaining = self.remaining - offered;
        if remaining >= u64::from(rate) * self.notice.saturating_sub(to.0) {
            return None;
        }
        self.remaining = remaining;
        self.rate = rate;
        self.lost_to_link += rates.lost[class];
        Some(offered)
    }

    /// Delivers bits at `self.rate` over a stretch of time.
    pub(crate) fn advance(&mut self, from: Timestamp, to: Timestamp) -> Advance {
        let offered = u64::from(self.rate) * to.since(from).0;
        if self.remaining > offered {
            self.remaining -= offered;
            return Advance::Flowing(offered);
        }
        let flowed = std::mem::take(&mut self.remaining);
        Advance::Ends(flowed, from + Micros(flowed.div_ceil(u64::from(self.rate).max(1))))
    }

    /// Notes what the link takes from it over a stretch of time, if that is less than the access network could carry.
    pub(crate) fn note_held_back(&mut self, span: Micros) {
        let limit = self.class.rate();
        if u64::from(self.rate) < limit.0 {
            self.lost_to_link =
                self.lost_to_link.saturating_add(lost(span, limit, Kbps(u64::from(self.rate))));
        }
    }
}

/// Time that a flow at `rate` loses in `span` against one at its limit.
#[expect(clippy::cast_possible_truncation, reason = "spans are a few epochs")]
fn lost(span: Micros, limit: Kbps, rate: Kbps) -> u32 {
    (span.0 * limit.0.saturating_sub(rate.0) / limit.0.max(1)) as u32
}

/// What one POP's link gives to each access class in an epoch.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    /// In kbit/s.
    pub(crate) rate: [u32; sharing::CLASSES],
    /// Time lost to the link in the epoch, in µs.
    lost: [u32; sharing::CLASSES],
    /// The share that this is for.
    share: Kbps,
}

impl Rates {
    /// Of a link that holds nobody back.
    #[expect(clippy::cast_possible_truncation, reason = "the highest class is 1 Gbit/s")]
    pub(crate) fn unshared() -> Self {
        let limits = sharing::limits();
        let rate = std::array::from_fn(|class| limits[class].0 as u32);
        Self { rate, lost: [0; sharing::CLASSES], share: Kbps(u64::MAX) }
    }

    /// Sets the fair share for the epochs to come.
    #[expect(clippy::cast_possible_truncation, reason = "at most the class's own rate, 1 Gbit/s")]
    pub(crate) fn set_share(&mut self, share: Kbps, epoch: Micros) {
        if share == self.share {
            return;
        }
        self.share = share;
        let limits = sharing::limits().iter().zip(&mut self.rate).zip(&mut self.lost);
        for ((&limit, rate), held_back) in limits {
            *rate = limit.min(share).0 as u32;
            *held_back = lost(epoch, limit, limit.min(share));
        }
    }

    /// What a class gets.
    pub(crate) fn of(&self, class: RateClass) -> u32 {
        self.rate[usize::from(class.0)]
    }

    /// The fair share; `u64::MAX` where the link holds nobody back.
    pub(crate) fn share(&self) -> Kbps {
        self.share
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use units::Bits;

    use super::*;

    fn body(size_bits: u64, rate: u32) -> Body {
        let class = (RateClass::of(Kbps(u64::from(rate))), CohortId(0));
        let mut body = Body::new(0, class, size_bits * 1_000, Timestamp::NEVER);
        body.open();
        body.rate = rate;
        body
    }

    proptest! {
        #[test]
        fn epochs_of_any_length_deliver_every_bit_once(
            size in 1u64..50_000_000, rate in 1u32..200_000, from in 0u64..1_000_000, epoch in 1_000u64..2_000_000
        ) {
            let mut one = body(size, rate);
            let (mut flowed, mut at) = (0, Timestamp(from));
            let mut to = from / epoch * epoch;
            for _ in 0..10_000 {
                to += epoch;
                match one.advance(at, Timestamp(to)) {
                    Advance::Flowing(bits) => flowed += bits,
                    Advance::Ends(bits, last_bit) => {
                        prop_assert_eq!(flowed + bits, size * 1_000);
                        prop_assert_eq!(last_bit, Timestamp(from) + Kbps(u64::from(rate)).time_for(Bits(size)));
                        break;
                    }
                }
                at = Timestamp(to);
            }
        }

        #[test]
        fn gliding_is_advancing(size in 1u64..50_000_000, rate in 8u32..200_000, share in 1u64..200_000) {
            let epoch = Micros::from_millis(250);
            let mut rates = Rates::unshared();
            rates.set_share(Kbps(share), epoch);
            let mut glided = body(size, rate);
            let mut advanced = glided;
            advanced.rate = rates.of(advanced.class);
            advanced.note_held_back(epoch);
            if let Some(bits) = glided.glide(&rates, epoch, Timestamp(500_000)) {
                prop_assert_eq!(advanced.advance(Timestamp(250_000), Timestamp(500_000)), Advance::Flowing(bits));
                prop_assert_eq!(glided, advanced);
            }
        }
    }

    #[test]
    fn a_body_that_may_miss_its_notice_does_not_glide() {
        let class = (RateClass::of(Kbps(1_000)), CohortId(0));
        let epoch = Micros::from_millis(250);
        let glides = |notice_ms| {
            let mut body = Body::new(0, class, 1_000_000_000, Timestamp(notice_ms * 1_000));
            body.open();
            body.glide(&Rates::unshared(), epoch, Timestamp(250_000)).is_some()
        };
        let ends_ms = 1_000_000 / class.0.rate().0;
        assert!(glides(ends_ms + 2));
        assert!(!glides(ends_ms - 2));
    }
}
