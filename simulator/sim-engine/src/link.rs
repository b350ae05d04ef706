//! A POP's link over epochs: what it may send, what it sent, what it owes or has left.
//!
//! Flows that start within an epoch are not known at the barrier, so cells may send up to one epoch's capacity more than
//! the link has; that is repaid first. Flows that end within an epoch leave some of it unused, which others would have
//! taken had the shares been solved again at once; where the link held viewers back, that is theirs in the next epoch.
//! Over any time a link sends at most capacity × time + one epoch.

use units::{Kbps, Micros};

/// A link lends this part of an epoch's capacity.
const BORROWED_PART: u64 = 8;

/// The books of one link, in millibits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    capacity: u64,
    /// Sent too much so far, to be repaid.
    debt: u64,
    /// Left unused in the last epoch though viewers were held back.
    left: u64,
    overdraft_ppm_max: u64,
}

impl Link {
    /// What flows may send in an epoch at this capacity, debts repaid first.
    pub(crate) fn grant(&mut self, capacity: Kbps, epoch: Micros) -> u64 {
        self.capacity = capacity.millibits_in(epoch);
        (self.capacity + self.left).saturating_sub(self.debt)
    }

    /// The most that may be sent beyond the grant.
    ///
    /// A part of an epoch's capacity: enough for the flows that start while others end, and too little for a burst of live
    /// viewers to run ahead of its fair share, which would make results depend on the epoch.
    pub(crate) fn borrow_max(&self) -> u64 {
        (self.capacity / BORROWED_PART).saturating_sub(self.debt)
    }

    /// Notes what was sent in the epoch, and whether viewers were held back in it.
    pub(crate) fn account(&mut self, sent: u64, held_back: bool) {
        let (owed, allowed) = (self.debt + sent, self.capacity + self.left);
        self.debt = owed.saturating_sub(allowed);
        self.left = if held_back {
            allowed.saturating_sub(owed).min(self.capacity - self.capacity / BORROWED_PART)
        } else {
            0
        };
        if self.capacity > 0 {
            self.overdraft_ppm_max =
                self.overdraft_ppm_max.max(self.debt * 1_000 / (self.capacity / 1_000).max(1));
        }
    }

    /// The largest debt so far, in ppm of one epoch's capacity.
    pub(crate) fn overdraft_ppm_max(&self) -> u64 {
        self.overdraft_ppm_max
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EPOCH: Micros = Micros::from_millis(250);

    proptest! {
        #[test]
        fn a_link_sends_at_most_its_capacity_and_one_epoch(
            epochs in prop::collection::vec((0u64..1_000, 0u64..=100, 0u64..=100, any::<bool>()), 1..200)
        ) {
            let mut link = Link::default();
            let (mut sent_all, mut capacity_all, mut largest) = (0, 0, 0);
            for (capacity, use_of_grant, use_of_loan, held_back) in epochs {
                let capacity = Kbps(capacity);
                let grant = link.grant(capacity, EPOCH);
                let sent = grant * use_of_grant / 100 + link.borrow_max() * use_of_loan / 100;
                link.account(sent, held_back);
                sent_all += sent;
                capacity_all += capacity.millibits_in(EPOCH);
                largest = largest.max(capacity.millibits_in(EPOCH));
                prop_assert!(sent_all <= capacity_all + largest);
            }
        }
    }

    #[test]
    fn what_was_sent_too_much_is_repaid_first_and_what_was_left_is_used_next() {
        let (mut link, capacity) = (Link::default(), Kbps(1_000));
        let full = capacity.millibits_in(EPOCH);
        assert_eq!(link.grant(capacity, EPOCH), full);
        link.account(full + full / 4, true);
        assert_eq!(link.grant(capacity, EPOCH), full - full / 4);
        link.account(full / 2, true);
        assert_eq!(link.grant(capacity, EPOCH), full + full / 4);
        link.account(0, false);
        assert_eq!(link.grant(capacity, EPOCH), full);
    }
}
