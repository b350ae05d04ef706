//! Max-min fair sharing of one link between flows with individual limits, in integers.
//!
//! Flows of one access class have the same limit, so the solution is one number, the fair share: a flow gets the lesser
//! of its limit and the share. Progressive filling (Bertsekas and Gallager, Data Networks, 6.5.2) from the largest class
//! down visits only the classes that the link holds back.

use actors::network::RateClass;
use units::Kbps;

/// How many flows there are in each access class.
pub const CLASSES: usize = 256;

/// The rates of the access classes.
#[must_use]
pub fn limits() -> &'static [Kbps; CLASSES] {
    static LIMITS: std::sync::LazyLock<[Kbps; CLASSES]> =
        std::sync::LazyLock::new(|| std::array::from_fn(|class| RateClass(class as u8).rate()));
    &LIMITS
}

/// The fair share of a link.
///
/// `flows[c]` counts the flows whose limit is `limits[c]` (limits rise with `c`). Returns `None` where the limits fit the
/// capacity, so that nobody is held back; else the largest whole kbit/s `f` with
/// `sum(flows[c] × min(limits[c], f)) <= capacity`.
#[must_use]
pub fn fair_share(capacity: Kbps, flows: &[u32; CLASSES], limits: &[Kbps; CLASSES]) -> Option<Kbps> {
    let demand: u64 = flows.iter().zip(limits).map(|(&n, limit)| u64::from(n) * limit.0).sum();
    if demand <= capacity.0 {
        return None;
    }
    let mut held_back = 0u64;
    let mut free = demand;
    for class in (0..CLASSES).rev() {
        if flows[class] == 0 {
            continue;
        }
        held_back += u64::from(flows[class]);
        free -= u64::from(flows[class]) * limits[class].0;
        let share = capacity.0.saturating_sub(free) / held_back;
        let next_lower = (0..class).rev().find(|&lower| flows[lower] != 0).map_or(0, |lower| limits[lower].0);
        if free <= capacity.0 && share >= next_lower {
            return Some(Kbps(share));
        }
    }
    Some(Kbps(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spaced() -> [Kbps; CLASSES] {
        std::array::from_fn(|class| Kbps(class as u64 * 37))
    }

    /// The definition: raise every flow by one kbit/s in turn until nothing can rise.
    fn brute_force(capacity: u64, flows: &[u32; CLASSES]) -> u64 {
        let used = |share: u64| {
            flows.iter().zip(spaced()).map(|(&n, limit)| u64::from(n) * limit.0.min(share)).sum::<u64>()
        };
        let mut share = 0;
        while used(share + 1) <= capacity {
            share += 1;
        }
        share
    }

    fn some_flows() -> impl Strategy<Value = [u32; CLASSES]> {
        prop::collection::vec((0usize..CLASSES, 1u32..9), 1..12).prop_map(|pairs| {
            let mut flows = [0; CLASSES];
            for (class, n) in pairs {
                flows[class] += n;
            }
            flows
        })
    }

    proptest! {
        #[test]
        fn equals_the_definition(capacity in 0u64..60_000, flows in some_flows()) {
            let demand: u64 = flows.iter().zip(spaced()).map(|(&n, limit)| u64::from(n) * limit.0).sum();
            match fair_share(Kbps(capacity), &flows, &spaced()) {
                None => prop_assert!(demand <= capacity),
                Some(share) => {
                    prop_assert!(demand > capacity);
                    prop_assert_eq!(share.0, brute_force(capacity, &flows));
                }
            }
        }

        #[test]
        fn nobody_gains_without_hurting_a_smaller(capacity in 1u64..60_000, flows in some_flows()) {
            if let Some(share) = fair_share(Kbps(capacity), &flows, &spaced()) {
                let used: u64 = flows.iter().zip(spaced()).map(|(&n, limit)| u64::from(n) * limit.0.min(share.0)).sum();
                let held_back: u64 = flows.iter().zip(spaced()).filter(|(_, limit)| limit.0 > share.0).map(|(&n, _)| u64::from(n)).sum();
                prop_assert!(used <= capacity);
                prop_assert!(capacity - used < held_back, "what is left over is less than one kbit/s each");
            }
        }
    }
}
