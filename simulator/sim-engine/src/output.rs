//! What a run leaves: sums by bucket, hashes, and the sums that must agree.

use units::{CohortId, Micros, RegionId};

use crate::backhaul::BackhaulSums;
use crate::ledger::Sums;

/// What a run left.
#[derive(Debug, Clone, Default)]
pub struct RunOutput {
    /// Sums by bucket, then by [`crate::ledger::Shape`] index; warm-up included.
    pub buckets: Vec<Vec<Sums>>,
    /// Counts of shield and origin by bucket.
    pub backhaul: Vec<BackhaulSums>,
    /// Body bits that POPs sent, by the links' own meters, by bucket and then by POP, in millibits.
    pub egress: Vec<Vec<u64>>,
    /// Sessions on at the end of each bucket, and the sum over its epochs (viewers × epochs).
    pub viewers: Vec<u64>,
    /// Sessions that began, by bucket.
    pub sessions: Vec<u64>,
    /// Startup times, by bucket.
    pub startups: Vec<Vec<(CohortId, RegionId, Micros)>>,
    /// Waits for the session store (queue and service), by bucket.
    pub store_waits: Vec<Vec<Micros>>,
    /// From a request's arrival at the origin to the first byte that leaves it, by bucket.
    pub origin_waits: Vec<Vec<Micros>>,
    /// Ejections and restorations by the steering service.
    pub steering_decisions: u64,
    /// One hash per epoch.
    pub epoch_hashes: Vec<u32>,
    /// One hash per cell and virtual minute: `[minute][cell]`.
    pub minute_hashes: Vec<Vec<u32>>,
    /// Events handled.
    pub events: u64,
    /// Seats allocated over all cells (each with its player's hot state).
    pub seats: usize,
    /// Sums that must agree.
    pub conservation: Conservation,
    /// Whether `on_bucket` stopped it before its end.
    pub stopped: bool,
}

/// Sums that must agree whatever happens; checked after every run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conservation {
    /// Body bits that POPs sent, by the links' own meters, in millibits.
    pub sent_millibits: u64,
    /// Body bits that players received, by theirs, those of bodies still in flight included.
    pub received_bits: u64,
    /// Segment requests that made an edge fetch.
    pub edge_misses: u64,
    /// Requests that reached shield or origin from an edge.
    pub backhaul_requests: u64,
    /// The most that any POP sent beyond capacity × time, as a share of one epoch's capacity in ppm (at most 1,000,000).
    pub overdraft_ppm_max: u64,
}
