//! Which of seven causes a stall has.
//!
//! Each request leaves behind how much longer it took than it had to, by component. When a stall ends, the largest
//! component since the buffer was last comfortable is its primary cause; if even the lowest variant could not have kept
//! up at the viewer's own access rate, the access network is. Chosen.

use units::Micros;

use crate::ledger::Cause;

/// Time lost since the buffer was last comfortable, by component, in µs. Saturating, because a component counts to 71
/// minutes and only the largest matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    lost: [u32; 7],
    /// Media received since then.
    media: u32,
    /// Time in which the lowest variant would have brought it at the access rate alone.
    lowest: u32,
}

/// A segment that arrived, as the attribution sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived {
    /// Segment duration.
    pub(crate) media: Micros,
    /// First byte later than an edge hit without faults would have had it.
    pub(crate) fill_wait: Micros,
    /// Part of it (and of the transfer) that a fault added.
    pub(crate) fault_wait: Micros,
    /// Transfer time lost to the POP's link.
    pub(crate) lost_to_link: Micros,
    /// Whether that link is faulted (a brown-out).
    pub(crate) link_faulted: bool,
    /// Transfer time at the access rate alone.
    pub(crate) at_access_rate: Micros,
    /// Bitrate of the variant, and of the lowest one.
    pub(crate) variant_kbps: u64,
    /// See `variant_kbps`.
    pub(crate) lowest_kbps: u64,
}

fn saturate(span: u64) -> u32 {
    u32::try_from(span).unwrap_or(u32::MAX)
}

impl Losses {
    pub(crate) fn add(&mut self, cause: Cause, span: Micros) {
        let lost = &mut self.lost[cause as usize];
        *lost = lost.saturating_add(saturate(span.0));
    }

    pub(crate) fn arrived(&mut self, segment: &Arrived) {
        let lowest = segment.at_access_rate.0 * segment.lowest_kbps / segment.variant_kbps.max(1);
        self.media = self.media.saturating_add(saturate(segment.media.0));
        self.lowest = self.lowest.saturating_add(saturate(lowest));
        self.add(Cause::OutageDetection, segment.fault_wait);
        self.add(Cause::OriginOrMiss, segment.fill_wait);
        let link = if segment.link_faulted { Cause::OutageDetection } else { Cause::EdgeSaturation };
        self.add(link, segment.lost_to_link);
        let avoidable = segment.at_access_rate.0.saturating_sub(lowest.max(segment.media.0));
        self.add(Cause::AbrMisjudgement, Micros(avoidable));
    }

    /// The primary cause of a stall that these losses led to.
    pub(crate) fn primary(&self) -> Cause {
        if self.lowest > self.media {
            return Cause::AccessNetwork;
        }
        self.largest()
    }

    /// The largest loss; the client's own rules where nothing was lost.
    pub(crate) fn largest(&self) -> Cause {
        let mut primary = Cause::Client;
        let mut most = 0;
        for cause in Cause::ALL {
            if self.lost[cause as usize] > most {
                most = self.lost[cause as usize];
                primary = cause;
            }
        }
        primary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment() -> Arrived {
        Arrived {
            media: Micros::from_secs(4),
            fill_wait: Micros::ZERO,
            fault_wait: Micros::ZERO,
            lost_to_link: Micros::ZERO,
            link_faulted: false,
            at_access_rate: Micros::from_secs(1),
            variant_kbps: 3_000,
            lowest_kbps: 400,
        }
    }

    fn check(arrived: Arrived, expected: Cause) {
        let mut losses = Losses::default();
        losses.arrived(&arrived);
        assert_eq!(losses.primary(), expected);
    }

    #[test]
    fn the_largest_loss_is_the_cause() {
        let second = Micros::from_secs(1);
        check(Arrived { fill_wait: second, ..segment() }, Cause::OriginOrMiss);
        check(Arrived { lost_to_link: second, ..segment() }, Cause::EdgeSaturation);
        check(Arrived { lost_to_link: second, link_faulted: true, ..segment() }, Cause::OutageDetection);
        check(Arrived { at_access_rate: second * 9, ..segment() }, Cause::AbrMisjudgement);
        check(segment(), Cause::Client);
    }

    #[test]
    fn nothing_helps_a_viewer_whose_access_cannot_carry_the_lowest_variant() {
        let slow = Arrived {
            at_access_rate: Micros::from_secs(60),
            lost_to_link: Micros::from_secs(9),
            ..segment()
        };
        check(slow, Cause::AccessNetwork);
    }

    #[test]
    fn the_largest_loss_of_a_session_that_failed_is_its_cause_whatever_its_access() {
        let mut losses = Losses::default();
        losses.arrived(&Arrived { at_access_rate: Micros::from_secs(60), ..segment() });
        losses.add(Cause::OriginOrMiss, Micros::from_secs(70));
        assert_eq!(losses.primary(), Cause::AccessNetwork);
        assert_eq!(losses.largest(), Cause::OriginOrMiss);
    }

    #[test]
    fn ties_go_to_the_lower_number() {
        let mut losses = Losses::default();
        losses.add(Cause::EdgeSaturation, Micros(5));
        losses.add(Cause::OriginOrMiss, Micros(5));
        assert_eq!(losses.primary(), Cause::OriginOrMiss);
    }
}
