//! From pairs to works: the surest pairs first, and never two records in one work that contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::evidence::{Contradiction, Facts, Features, contradictions};
use super::{Pair, State};
use crate::catalog::record::RecordId;

/// A work with more than one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Its title, as its first record writes it.
    pub title: String,
    /// Its editions; first that which no record calls an edition, then by name.
    pub editions: Vec<Edition>,
    /// Points of the least sure pair that holds it together.
    pub points_min: i32,
}

/// Records of one edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edition {
    /// Its name in comparable words; `None` for the work as it was released.
    pub name: Option<String>,
    /// The records, by id.
    pub records: Vec<RecordId>,
}

/// Two records with what was found; places are those in the list of facts.
#[derive(Debug, Clone)]
pub(super) struct Compared {
    pub(super) at: (usize, usize),
    pub(super) features: Features,
    pub(super) contradictions: Vec<Contradiction>,
    pub(super) state: State,
}

/// Records joined to works.
pub(super) struct Clusters {
    /// For each record the first record of its work.
    first: Vec<usize>,
    /// The records of each work, by the first one.
    members: BTreeMap<usize, Vec<usize>>,
    points_min: BTreeMap<usize, i32>,
    vetoed: BTreeSet<(usize, usize)>,
}

impl Clusters {
    /// Joins all pairs that are to merge; the surest first, equal ones in the order of their ids.
    pub(super) fn join(facts: &[Facts], compared: &[Compared]) -> Self {
        let mut clusters = Self {
            first: (0..facts.len()).collect(),
            members: BTreeMap::new(),
            points_min: BTreeMap::new(),
            vetoed: BTreeSet::new(),
        };
        let mut sure: Vec<&Compared> = compared.iter().filter(|pair| pair.state == State::Merge).collect();
        sure.sort_by_key(|pair| (-pair.features.points(), pair.at));
        for pair in sure {
            let (a, b) = (clusters.first[pair.at.0], clusters.first[pair.at.1]);
            if a == b {
                continue;
            }
            let (left, right) = (clusters.members_of(a), clusters.members_of(b));
            let fits = |x: &usize| right.iter().all(|y| contradictions(&facts[*x], &facts[*y]).is_empty());
            if left.iter().all(fits) {
                clusters.unite((a, left), (b, right), pair.features.points());
            } else {
                clusters.vetoed.insert(pair.at);
            }
        }
        clusters
    }

    fn members_of(&self, first: usize) -> Vec<usize> {
        self.members.get(&first).cloned().unwrap_or_else(|| vec![first])
    }

    fn unite(&mut self, (a, left): (usize, Vec<usize>), (b, right): (usize, Vec<usize>), points: i32) {
        let first = a.min(b);
        let mut all = [left, right].concat();
        all.sort_unstable();
        for &at in &all {
            self.first[at] = first;
        }
        let points = [a, b].iter().filter_map(|old| self.points_min.remove(old)).fold(points, i32::min);
        self.members.remove(&a.max(b));
        self.members.insert(first, all);
        self.points_min.insert(first, points);
    }

    /// A pair as the report shows it. Two records of one work are to merge, though that pair alone was not sure.
    pub(super) fn pair(&self, facts: &[Facts], compared: &Compared) -> Pair {
        let (a, b) = compared.at;
        let vetoed = self.vetoed.contains(&compared.at) && self.first[a] != self.first[b];
        let state = match compared.state {
            _ if self.first[a] == self.first[b] => State::Merge,
            _ if vetoed => State::Review,
            state => state,
        };
        let terms = compared.features.terms();
        let those = |keep: fn(i32) -> bool| terms.into_iter().filter(|(_, points)| keep(*points)).collect();
        Pair {
            records: [facts[a].id.clone(), facts[b].id.clone()],
            state,
            points: compared.features.points(),
            spoke_for: those(|points| points > 0),
            spoke_against: those(|points| points < 0),
            contradictions: compared.contradictions.clone(),
            vetoed,
        }
    }

    /// All works with more than one record, by their first record.
    pub(super) fn works(&self, facts: &[Facts]) -> Vec<Work> {
        let work = |(first, members): (&usize, &Vec<usize>)| {
            let mut editions: BTreeMap<Option<String>, Vec<RecordId>> = BTreeMap::new();
            for &at in members {
                editions.entry(facts[at].edition.clone()).or_default().push(facts[at].id.clone());
            }
            let editions = editions.into_iter().map(|(name, records)| Edition { name, records }).collect();
            let points_min = self.points_min.get(first).copied().unwrap_or(0);
            Work { title: facts[*first].work.clone(), editions, points_min }
        };
        self.members.iter().map(work).collect()
    }
}
