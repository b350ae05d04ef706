//! One link, shared max-min at every instant.
//!
//! Flows with equal limits get equal rates, so they stand in one lane and only the lane's clock runs: what each of its
//! flows has been served since the lane opened. A flow is done when that reaches its target. Nothing is rounded but a
//! share to whole bit/s and an end to the next microsecond.

use std::collections::{BTreeMap, BTreeSet};

use units::{Kbps, Micros, Timestamp};

/// Bit/s × µs: a millionth of a bit.
pub(super) const PARTS_PER_BIT: u64 = 1_000_000;

/// Where a flow stands in its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its limit, in bit/s: the lane.
    pub(super) limit: u64,
    /// What the lane must have served for the flow to be done, in parts.
    target: u64,
}

/// Flows of one limit.
#[derive(Debug, Clone, Default)]
struct Lane {
    /// What each flow of the lane has been served since it opened, in parts.
    served: u64,
    /// What each gets now, in bit/s.
    rate: u64,
    /// (target, flow).
    flows: BTreeSet<(u64, u32)>,
}

/// One link.
#[derive(Debug, Clone)]
pub(super) struct Link {
    capacity: u64,
    now: Timestamp,
    lanes: BTreeMap<u64, Lane>,
    /// Counts changes of rates, so that a planned end can be told from one that is out of date.
    pub(super) version: u64,
    /// Parts served to all flows.
    pub(super) served: u128,
}

impl Link {
    pub(super) fn new(capacity: Kbps) -> Self {
        Self {
            capacity: capacity.0 * 1_000,
            now: Timestamp::ZERO,
            lanes: BTreeMap::new(),
            version: 0,
            served: 0,
        }
    }

    /// Serves all flows up to `now`.
    pub(super) fn advance(&mut self, now: Timestamp) {
        let span = now.since(self.now).0;
        self.now = now;
        if span == 0 {
            return;
        }
        for lane in self.lanes.values_mut() {
            lane.served += lane.rate * span;
            self.served += u128::from(lane.rate * span) * lane.flows.len() as u128;
        }
    }

    /// A flow joins with `parts` to come and at most `limit`; call [`Link::share`] after all changes of an instant.
    pub(super) fn add(&mut self, flow: u32, limit: Kbps, parts: u64) -> Place {
        let limit = limit.0 * 1_000;
        let lane = self.lanes.entry(limit).or_default();
        let target = lane.served + parts;
        lane.flows.insert((target, flow));
        Place { limit, target }
    }

    /// A flow leaves; returns the parts that were still to come.
    pub(super) fn remove(&mut self, flow: u32, place: Place) -> u64 {
        let lane = self.lanes.get_mut(&place.limit).expect("a flow stands in a lane");
        assert!(lane.flows.remove(&(place.target, flow)), "a flow leaves once");
        let left = place.target.saturating_sub(lane.served);
        if lane.flows.is_empty() {
            self.lanes.remove(&place.limit);
        }
        left
    }

    /// What is still to come of a flow at `now`, in parts, if nothing changed since the link was served last.
    pub(super) fn left(&self, place: Place, now: Timestamp) -> u64 {
        let lane = &self.lanes[&place.limit];
        place.target.saturating_sub(lane.served + lane.rate * now.since(self.now).0)
    }

    pub(super) fn set_capacity(&mut self, capacity: Kbps) {
        self.capacity = capacity.0 * 1_000;
    }

    /// Max-min: from the smallest limit up, a lane gets its limit where that is no more than an equal part of what is
    /// left; from the first that cannot, all get that equal part.
    pub(super) fn share(&mut self) {
        let mut left = self.capacity;
        let mut flows: u64 = self.lanes.values().map(|lane| lane.flows.len() as u64).sum();
        for (&limit, lane) in &mut self.lanes {
            let equal = left / flows.max(1);
            lane.rate = limit.min(equal);
            left -= lane.rate * lane.flows.len() as u64;
            flows -= lane.flows.len() as u64;
        }
        self.version += 1;
    }

    /// When the next flow is done at the present rates.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        let ends = self.lanes.values().filter(|lane| lane.rate > 0).filter_map(|lane| {
            let &(target, _) = lane.flows.first()?;
            Some(self.now + Micros(target.saturating_sub(lane.served).div_ceil(lane.rate)))
        });
        ends.min()
    }

    /// A flow that is done, if there is one.
    pub(super) fn done(&self) -> Option<u32> {
        self.lanes.values().find_map(|lane| {
            let &(target, flow) = lane.flows.first()?;
            (target <= lane.served).then_some(flow)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rates(capacity: u64, limits: &[u64]) -> Vec<u64> {
        let mut link = Link::new(Kbps(capacity));
        let places: Vec<Place> =
            (0..).zip(limits).map(|(flow, &limit)| link.add(flow, Kbps(limit), PARTS_PER_BIT)).collect();
        link.share();
        places.iter().map(|place| link.lanes[&place.limit].rate).collect()
    }

    proptest! {
        /// The definition: nobody is above its limit or the capacity, and whoever is below its limit has at least
        /// what anybody else has.
        #[test]
        fn the_share_is_max_min(capacity in 0u64..50_000, limits in prop::collection::vec(0u64..4_000, 1..40)) {
            let rates = rates(capacity, &limits);
            let used: u64 = rates.iter().sum();
            prop_assert!(used <= capacity * 1_000);
            let most = rates.iter().copied().max().unwrap_or(0);
            let mut held_back = false;
            for (&rate, &limit) in rates.iter().zip(&limits) {
                prop_assert!(rate <= limit * 1_000);
                if rate < limit * 1_000 {
                    held_back = true;
                    prop_assert!(most <= rate + rates.len() as u64, "{rates:?} of {limits:?}");
                }
            }
            if held_back {
                prop_assert!(capacity * 1_000 - used <= rates.len() as u64, "nothing is left over");
            }
        }
    }

    #[test]
    fn two_flows_of_one_link_end_as_reckoned_by_hand() {
        let mut link = Link::new(Kbps(1_000));
        link.add(1, Kbps(10_000), 500_000 * PARTS_PER_BIT);
        link.share();
        link.advance(Timestamp(100_000));
        // 400 kbit of the first are left when the second, of 100 kbit, joins: each now has 500 kbit/s.
        link.add(2, Kbps(10_000), 100_000 * PARTS_PER_BIT);
        link.share();
        assert_eq!(link.next_end(), Some(Timestamp(300_000)));
        link.advance(Timestamp(300_000));
        assert_eq!(link.done(), Some(2));
    }
}
