//! Which records are about one work: duplicates of several suppliers, and editions of one film.
//!
//! Records that share a comparable title, or a name elsewhere, (`block`) are compared in pairs: named features with points for and against
//! ([`evidence`]), and contradictions that no points outweigh. Pairs that are sure enough are joined to works, unless a work
//! would then hold two records that contradict each other (`cluster`). What is likely but not sure is left to a person, so
//! the report shows for every pair what spoke for and against it. [`edition`] tells a work's title from its edition.
//!
//! The texts of summaries are not compared: two suppliers seldom share them, and those who copy from one article copy its
//! mistakes too. Where a record lists no director, who directed it is read from there (`summary`). The result does not depend on the order of the records.

use serde::Serialize;

use super::record::{RecordId, TitleRecord};

mod block;
mod cluster;
pub mod edition;
pub mod evidence;
mod summary;

pub use cluster::{Edition, Work};
pub use evidence::{Contradiction, Features};

/// What becomes of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// One work, without asking anybody.
    Merge,
    /// A person decides.
    Review,
    /// Two works.
    Apart,
}

/// Two records that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The records, in the order of their ids.
    pub records: [RecordId; 2],
    /// What is proposed.
    pub state: State,
    /// Sum of the points; [`evidence::MERGE_FROM`] and [`evidence::REVIEW_FROM`] are the bounds.
    pub points: i32,
    /// What spoke for one work, with its points.
    pub spoke_for: Vec<(&'static str, i32)>,
    /// What spoke against it, with its points (below zero).
    pub spoke_against: Vec<(&'static str, i32)>,
    /// What makes one work impossible, whatever the points.
    pub contradictions: Vec<Contradiction>,
    /// Sure enough by itself, but one of the two already belongs to a work with a record that contradicts the other.
    pub vetoed: bool,
}

/// What was found among the records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Resolution {
    /// Works with more than one record, by their first id.
    pub works: Vec<Work>,
    /// All pairs that were compared, by their ids.
    pub pairs: Vec<Pair>,
}

/// Finds the works among records. Pure; the order of `records` does not matter.
///
/// Each record is compared with at most 64 later ones for each form of its titles and each name elsewhere, so the work grows with the number of
/// records and not with its square.
#[must_use]
pub fn resolve(records: &[TitleRecord]) -> Resolution {
    let facts = evidence::Facts::of_all(records);
    let compared: Vec<cluster::Compared> = block::candidates(&facts)
        .into_iter()
        .map(|(a, b)| {
            let features = Features::of(&facts[a], &facts[b]);
            let contradictions = evidence::contradictions(&facts[a], &facts[b]);
            let state = evidence::state(&features, &contradictions);
            cluster::Compared { at: (a, b), features, contradictions, state }
        })
        .collect();
    let clusters = cluster::Clusters::join(&facts, &compared);
    let pairs = compared.iter().map(|pair| clusters.pair(&facts, pair)).collect();
    Resolution { works: clusters.works(&facts), pairs }
}

#[cfg(test)]
mod tests;
