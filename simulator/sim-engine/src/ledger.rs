//! What is counted while the world runs: plain integer sums by (cohort, region, pathway), per time bucket.
//!
//! Sums of integers commute, so the order of cells and threads leaves no trace. Every metric of the report is computed
//! from these at the end.

use units::{CohortId, Micros, PathwayId, RegionId};

/// Why a viewer stalled; each stall has exactly one. The order breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Cause {
    /// Failed attempts, back-off and time-outs on a faulted pathway.
    OutageDetection = 0,
    /// Waiting for a fill from shield or origin.
    OriginOrMiss = 1,
    /// The POP's link gave less than the access network could carry.
    EdgeSaturation = 2,
    /// Playlists, steering, session store.
    ControlPlane = 3,
    /// The lowest variant at the viewer's access rate cannot keep up.
    AccessNetwork = 4,
    /// A lower variant would have come in time.
    AbrMisjudgement = 5,
    /// Thresholds and timers of the client.
    Client = 6,
}

impl Cause {
    /// All causes, in the order that breaks ties.
    pub const ALL: [Self; 7] = [
        Self::OutageDetection,
        Self::OriginOrMiss,
        Self::EdgeSaturation,
        Self::ControlPlane,
        Self::AccessNetwork,
        Self::AbrMisjudgement,
        Self::Client,
    ];

    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutageDetection => "cdn_outage_detect",
            Self::OriginOrMiss => "origin_or_miss",
            Self::EdgeSaturation => "edge_saturation",
            Self::ControlPlane => "control_plane",
            Self::AccessNetwork => "access_network",
            Self::AbrMisjudgement => "abr_misjudgement",
            Self::Client => "client",
        }
    }
}

/// The sums of one (cohort, region, pathway) in one bucket.
///
/// What nearly every segment counts into comes first, so that it lies in two cache lines: a world's ledgers are larger than
/// a second-level cache, and the fields in an order of meaning would lie in four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Sums {
    /// Time played, µs.
    pub played: u64,
    /// Requests made (all kinds).
    pub requests: u64,
    /// Changes of pathway between consecutive requests.
    pub moves: u64,
    /// Segment requests answered from an edge cache.
    pub edge_hits: u64,
    /// Bits of those.
    pub edge_hit_bits: u64,
    /// Segments received.
    pub segments: u64,
    /// Sum over those of segment milliseconds.
    pub segment_millis: u64,
    /// Sum over those of (average kbit/s of the variant × segment milliseconds).
    pub kbps_millis: u64,
    /// Changes of variant between consecutive segments.
    pub switches: u64,
    /// Requests answered in full (all kinds).
    pub answered: u64,
    /// Body bits received by players, counted when a body ends; aborted ones included.
    pub received_bits: u64,
    /// Sum of distances to the live edge at each live segment received, ms.
    pub live_distance_millis: u64,
    /// How many that sums.
    pub live_distances: u64,
    /// Segment requests that joined a fill in flight.
    pub edge_joins: u64,
    /// Segment requests that made the edge fetch.
    pub edge_misses: u64,
    /// Bits of joins and misses.
    pub edge_miss_bits: u64,
    /// Time stalled, µs.
    pub stalled: u64,
    /// The same by cause, counted when a stall ends (or the warm-up or the run does): the sum over causes and buckets
    /// equals the sum of `stalled`.
    pub caused: [u64; 7],
    /// Stalls that began.
    pub stalls: u64,
    /// Requests that failed.
    pub failures: u64,
    /// Sessions whose first frame came.
    pub started: u64,
    /// Sessions that failed before it.
    pub start_failures: u64,
    /// Sessions whose viewer gave up before it.
    pub exits_before_start: u64,
    /// Sessions that failed after it.
    pub fatal: u64,
    /// Sessions that had been started and ended: by failing, by leaving, with the title, or still on when the run ends.
    pub ended: u64,
    /// Those of them that stalled at least once; stalls that were over before the warm-up was do not count.
    pub ended_stalled: u64,
}

// One kind of field after the other: the hot ones end where the second cache line does.
const _: () = assert!(core::mem::offset_of!(Sums, stalled) == 128);

impl Sums {
    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.caused.iter_mut().zip(other.caused) {
            *mine += theirs;
        }
        macro_rules! add { ($($field:ident)*) => { $(self.$field += other.$field;)* } }
        add!(played stalled stalls segments kbps_millis segment_millis switches moves answered received_bits requests failures
             edge_hits edge_hit_bits edge_joins edge_misses edge_miss_bits started start_failures exits_before_start
             fatal ended ended_stalled live_distance_millis live_distances);
    }
}

/// How many of each there are, and where a combination stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of cohorts.
    pub cohorts: usize,
    /// Number of regions.
    pub regions: usize,
    /// Number of pathways.
    pub pathways: usize,
}

impl Shape {
    /// Number of combinations.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.cohorts * self.regions * self.pathways
    }

    /// Whether there is no combination at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a combination stands.
    #[must_use]
    pub const fn index(&self, cohort: CohortId, region: RegionId, pathway: PathwayId) -> usize {
        (cohort.index() * self.regions + region.index()) * self.pathways + pathway.index()
    }

    /// Where the combinations of a cohort and a region begin: one per pathway, in order.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "tables of a scenario have at most 255 rows")]
    pub(crate) const fn row(&self, cohort: CohortId, region: RegionId) -> u32 {
        self.index(cohort, region, PathwayId(0)) as u32
    }

    /// The combination that stands there.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "tables of a scenario have at most 255 rows")]
    pub const fn at(&self, index: usize) -> (CohortId, RegionId, PathwayId) {
        let pathway = index % self.pathways;
        let region = index / self.pathways % self.regions;
        let cohort = index / self.pathways / self.regions;
        (CohortId(cohort as u8), RegionId(region as u8), PathwayId(pathway as u8))
    }
}

/// Counts of a group of cells for the present bucket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    sums: Vec<Sums>,
    /// Startup times of sessions whose first frame came in this bucket.
    pub(crate) startups: Vec<(CohortId, RegionId, Micros)>,
}

impl Ledger {
    pub(crate) fn new(shape: Shape) -> Self {
        Self { sums: vec![Sums::default(); shape.len()], startups: Vec::new() }
    }

    /// The sums of a pathway in a row of [`Shape::row`].
    pub(crate) fn at(&mut self, row: u32, pathway: PathwayId) -> &mut Sums {
        &mut self.sums[row as usize + pathway.index()]
    }

    /// Adds the present bucket to `into` and starts the next.
    pub(crate) fn flush(&mut self, into: &mut [Sums], startups: &mut Vec<(CohortId, RegionId, Micros)>) {
        for (mine, total) in self.sums.iter_mut().zip(into) {
            total.add(mine);
            *mine = Sums::default();
        }
        startups.append(&mut self.startups);
    }
}
