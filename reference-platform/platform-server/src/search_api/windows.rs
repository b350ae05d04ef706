//! Where each title may be watched, edited while searches run.
//!
//! A search works on one snapshot from its start to its end, so that its results and its facets agree, and neither waits for the
//! other: an edit copies the small chunk it changes and the list of chunks, and leaves to searches what they hold.

use std::sync::{Arc, PoisonError, RwLock};

use platform_core::catalog::record::Availability;

/// Titles of a chunk: an edit of 44,000 titles then copies 64 lists of windows and 690 pointers, some microseconds.
const CHUNK: usize = 64;

/// The windows of some titles, one after the other.
#[derive(Debug, Clone)]
struct Chunk([Vec<Availability>; CHUNK]);

/// All chunks.
#[derive(Debug, Clone)]
struct Chunks(Box<[Arc<Chunk>]>);

/// The windows of all titles, by the title's number.
#[derive(Debug)]
pub(super) struct Windows(RwLock<Arc<Chunks>>);

/// The windows as they were at one moment.
#[derive(Debug, Clone)]
pub(super) struct Snapshot(Arc<Chunks>);

impl Windows {
    pub(super) fn new(windows: Vec<Vec<Availability>>) -> Self {
        let mut left = windows.into_iter();
        let mut chunks = Vec::new();
        while left.len() > 0 {
            // The last chunk is filled up with titles that nobody may watch.
            chunks.push(Arc::new(Chunk(std::array::from_fn(|_| left.next().unwrap_or_default()))));
        }
        Self(RwLock::new(Arc::new(Chunks(chunks.into()))))
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Replaces those of one title.
    pub(super) fn set(&self, title: u32, windows: Vec<Availability>) {
        let title = title as usize;
        let mut chunks = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let chunk = &mut Arc::make_mut(&mut chunks).0[title / CHUNK];
        Arc::make_mut(chunk).0[title % CHUNK] = windows;
    }
}

impl Snapshot {
    pub(super) fn of(&self, title: u32) -> &[Availability] {
        let title = title as usize;
        &self.0.0[title / CHUNK].0[title % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use platform_core::catalog::record::{RecordId, Tier};
    use units::Timestamp;

    use super::*;

    fn window(number: usize) -> Availability {
        Availability {
            title: RecordId(number.to_string()),
            territory: "DE".parse().unwrap(),
            start: Timestamp(0),
            end: None,
            tier: Tier::Free,
        }
    }

    #[test]
    fn an_edit_is_seen_by_later_snapshots_and_not_by_earlier_ones() {
        let windows = Windows::new((0..CHUNK * 2 + 1).map(|number| vec![window(number)]).collect());
        let last = u32::try_from(CHUNK * 2).unwrap();
        for title in [0, last - 1, last] {
            let before = windows.snapshot();
            windows.set(title, Vec::new());
            assert_eq!(before.of(title), [window(title as usize)]);
            assert!(windows.snapshot().of(title).is_empty());
        }
        assert_eq!(windows.snapshot().of(1), [window(1)]);
    }
}
