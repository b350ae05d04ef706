//! A response body on its way to a player, and what one epoch does to it.
//!
//! Rates are constant within an epoch, so a body's end is known exactly in the epoch in which it falls; no event is ever
//! taken back except by an abort. Amounts are in millibits (kbit/s × µs), so nothing is rounded.

use actors::network::RateClass;
use units::{Bits, Kbps, Micros, Timestamp};

/// A body in flight. What every epoch touches stands first, in one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Flow {
    /// What is still to come at `credited_to`, in millibits.
    pub(crate) remaining: u64,
    /// Up to when bits are counted as delivered; may lie ahead of now, to the end of the epoch. Never before
    /// `body_from`.
    pub(crate) credited_to: Timestamp,
    /// When the body is complete, once that is known; else never.
    pub(crate) finish_at: Timestamp,
    /// When the player's limit on the whole request passes.
    pub(crate) limit: Timestamp,
    /// If the body is expected to end later than this, the player looks at it every 100 ms.
    pub(crate) watch: Timestamp,
    /// What it gets in the present epoch.
    pub(crate) rate: Kbps,
    /// The edge itself has the last byte no earlier than this (a fill still running).
    pub(crate) filled_at: Timestamp,
    /// Slot of its player in the cell.
    pub(crate) slot: u32,
    /// The viewer's access rate now.
    pub(crate) class: RateClass,
    /// Whether the fault that is on stops it (a hanging CDN).
    pub(crate) blocked: bool,
    /// Longest pause that the player bears.
    pub(crate) idle: Micros,
    /// When the request was made.
    pub(crate) requested_at: Timestamp,
    /// When the first byte reaches the player.
    pub(crate) first_byte_at: Timestamp,
    /// When bits begin to flow at the full rate: the first byte, later by slow start.
    pub(crate) body_from: Timestamp,
    /// Size of the body, in millibits.
    pub(crate) size: u64,
    /// Since when no bit has flowed, if none does.
    pub(crate) silent_from: Timestamp,
    /// Time lost so far because the link gave less than the access network could carry, in µs.
    pub(crate) lost_to_link: u64,
}

/// What a stretch of time did to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// Bits flowed (or nothing did): this many millibits.
    Flowing(u64),
    /// The body's end is known: `finish_at` is set. This many millibits flowed.
    Ends(u64),
}

impl Flow {
    /// Delivers bits at `self.rate` from where the flow was credited to (or its body begins) up to `to`.
    pub(crate) fn advance(&mut self, to: Timestamp) -> Advance {
        let from = self.credited_to;
        if from >= to || self.finish_at != Timestamp::NEVER {
            return Advance::Flowing(0);
        }
        let span = to.since(from);
        let offered = self.rate.millibits_in(span);
        if self.remaining > offered {
            self.remaining -= offered;
            self.credited_to = to;
            return Advance::Flowing(offered);
        }
        let flowed = self.remaining;
        let last_bit = from + Micros(flowed.div_ceil(self.rate.0.max(1)));
        self.remaining = 0;
        self.credited_to = last_bit;
        self.finish_at = last_bit.max(self.filled_at);
        Advance::Ends(flowed)
    }

    /// Notes that the link gives less than the access network could carry, for a stretch that `advance` is to deliver.
    #[cold]
    pub(crate) fn note_held_back(&mut self, to: Timestamp) {
        let span = to.since(self.credited_to);
        let limit = self.class.rate();
        self.lost_to_link += span.0 * limit.0.saturating_sub(self.rate.0) / limit.0.max(1);
    }

    /// What the player has received by `now`.
    pub(crate) fn received(&self, now: Timestamp) -> Bits {
        Bits((self.size - self.remaining - self.ahead(now)) / 1_000)
    }

    /// Millibits credited for the time after `now`: to be given back when the flow is aborted.
    pub(crate) fn ahead(&self, now: Timestamp) -> u64 {
        let from = now.max(self.body_from);
        self.rate.millibits_in(self.credited_to.since(from)).min(self.size - self.remaining)
    }

    /// When the body would end if its rate stayed as it is.
    pub(crate) fn expected_end(&self) -> Timestamp {
        if self.finish_at != Timestamp::NEVER {
            return self.finish_at;
        }
        if self.rate == Kbps::ZERO {
            return Timestamp::NEVER;
        }
        self.credited_to.saturating_add(Micros(self.remaining / self.rate.0)).max(self.filled_at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flow(size_bits: u64, rate: u64, from: u64) -> Flow {
        let at = Timestamp(from);
        Flow {
            slot: 0,
            class: RateClass::of(Kbps(rate)),
            blocked: false,
            rate: Kbps(rate),
            requested_at: at,
            first_byte_at: at,
            body_from: at,
            size: size_bits * 1_000,
            remaining: size_bits * 1_000,
            credited_to: at,
            filled_at: Timestamp::ZERO,
            finish_at: Timestamp::NEVER,
            silent_from: at,
            limit: Timestamp::NEVER,
            watch: Timestamp::NEVER,
            idle: Micros::MAX,
            lost_to_link: 0,
        }
    }

    proptest! {
        #[test]
        fn epochs_of_any_length_deliver_every_bit_once(
            size in 1u64..50_000_000, rate in 1u64..200_000, from in 0u64..1_000_000, epoch in 1_000u64..2_000_000
        ) {
            let mut one = flow(size, rate, from);
            let mut flowed = 0;
            let mut to = from / epoch * epoch;
            for _ in 0..10_000 {
                to += epoch;
                match one.advance(Timestamp(to)) {
                    Advance::Flowing(bits) => flowed += bits,
                    Advance::Ends(bits) => { flowed += bits; break; }
                }
            }
            if one.finish_at != Timestamp::NEVER {
                prop_assert_eq!(flowed, size * 1_000);
                prop_assert_eq!(one.finish_at, Timestamp(from) + Kbps(rate).time_for(Bits(size)));
            }
        }
    }

    #[test]
    fn an_abort_gives_back_what_was_credited_ahead() {
        let mut one = flow(1_000_000, 1_000, 0);
        assert_eq!(one.advance(Timestamp(250_000)), Advance::Flowing(250_000_000));
        assert_eq!(one.received(Timestamp(100_000)), Bits(100_000));
        assert_eq!(one.ahead(Timestamp(100_000)), 150_000_000);
    }

    #[test]
    fn a_body_ends_no_earlier_than_the_fill_behind_it() {
        let mut one = flow(1_000, 1_000, 0);
        one.filled_at = Timestamp(90_000);
        assert_eq!(one.advance(Timestamp(250_000)), Advance::Ends(1_000_000));
        assert_eq!(one.finish_at, Timestamp(90_000));
    }
}
