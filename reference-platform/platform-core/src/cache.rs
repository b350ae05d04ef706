//! Edge caching: what is kept ([`eviction`]) and under which rules ([`policy`]).

pub mod eviction;
pub mod policy;

/// What an edge looks an object up by: the hash of a cache key.
///
/// 64 bits are enough to tell objects of one cache apart by chance, not against an attacker who searches for
/// collisions: an edge that serves strangers stores the normalised target beside the body and compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey(pub u64);
