//! A POP's link over epochs: what it may send, what it sent, what it owes.
//!
//! Flows that start within an epoch are not known at the barrier, so cells may send up to one epoch's capacity more than
//! the link has. What was sent too much is repaid first, so that over any time a link sends at most
//! capacity × time + one epoch.

use units::{Kbps, Micros};

/// The books of one link, in millibits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    capacity: u64,
    debt: u64,
    overdraft_ppm_max: u64,
}

impl Link {
    /// What flows may send in an epoch at this capacity, debts repaid first.
    pub(crate) fn grant(&mut self, capacity: Kbps, epoch: Micros) -> u64 {
        self.capacity = capacity.millibits_in(epoch);
        self.capacity.saturating_sub(self.debt)
    }

    /// The most that may be sent beyond the grant: as much as fits one epoch's debt.
    pub(crate) fn borrow_max(&self) -> u64 {
        self.capacity.saturating_sub(self.debt)
    }

    /// Notes what was sent in the epoch.
    pub(crate) fn account(&mut self, sent: u64, _epoch: Micros) {
        self.debt = (self.debt + sent).saturating_sub(self.capacity);
        if self.capacity > 0 {
            self.overdraft_ppm_max = self.overdraft_ppm_max.max(self.debt * 1_000 / (self.capacity / 1_000).max(1));
        }
    }

    /// The largest debt so far, in ppm of one epoch's capacity.
    pub(crate) fn overdraft_ppm_max(&self) -> u64 {
        self.overdraft_ppm_max
    }
}
