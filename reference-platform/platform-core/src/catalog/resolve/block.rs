//! Which records are compared at all: those that share a comparable form of a title, or a name elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Facts;

/// How many of its neighbours, by year and then by likeness, a record is compared with in a block.
///
/// Blocks of real catalogues are smaller (a common one-word title has some twenty namesakes), so this only bounds the work
/// that a file of equal titles can make.
pub(super) const NEIGHBOURS: usize = 64;

/// Pairs to compare, as places in `facts`, the lower one first; in order.
pub(super) fn candidates(facts: &[Facts]) -> BTreeSet<(usize, usize)> {
    let mut blocks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, facts) in facts.iter().enumerate() {
        for key in &facts.block_keys {
            blocks.entry(key).or_default().push(at);
        }
    }
    let mut pairs = BTreeSet::new();
    for block in blocks.values_mut() {
        block.sort_by(|&a, &b| facts[a].likeness(&facts[b]).then(a.cmp(&b)));
        for (place, &one) in block.iter().enumerate() {
            for &other in block.iter().skip(place + 1).take(NEIGHBOURS) {
                pairs.insert((one.min(other), one.max(other)));
            }
        }
    }
    pairs
}
