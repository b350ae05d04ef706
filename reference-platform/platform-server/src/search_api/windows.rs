//! Who may see each title, edited while searches run.
//!
//! A search works on one snapshot from its start to its end, so that its results and its facets agree, and neither waits for the
//! other: an edit copies the small chunk it changes and the list of chunks, and leaves to searches what they hold.

use std::sync::{Arc, PoisonError, RwLock};

use platform_core::catalog::record::{Availability, Territory, Tier};
use units::Timestamp;

use super::viewer::Viewer;

/// Titles of a chunk: an edit of 44,000 titles then copies 64 gates and 690 pointers, some microseconds.
const CHUNK: usize = 64;

/// Where and when a title may be watched, and from which tier on: what is looked at for every candidate, so nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    territory: Territory,
    tier: Tier,
    start: Timestamp,
    /// [`Timestamp::NEVER`] for good.
    end: Timestamp,
}

impl From<&Availability> for Window {
    fn from(window: &Availability) -> Self {
        let Availability { territory, tier, start, end, .. } = *window;
        Self { territory, tier, start, end: end.unwrap_or(Timestamp::NEVER) }
    }
}

impl Window {
    /// Whether it is open to anybody there now.
    fn is_open_in(&self, territory: Territory, now: Timestamp) -> bool {
        self.territory == territory && self.start <= now && now < self.end
    }

    /// Whether it is open to a viewer now: the one rule for all searches.
    pub(super) fn is_open_to(&self, viewer: &Viewer, now: Timestamp) -> bool {
        self.is_open_in(viewer.region, now) && self.tier <= viewer.tier
    }
}

/// Who may see a version of a title.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Gate {
    /// From which age.
    age_min: u8,
    /// Where and when.
    windows: Box<[Window]>,
    /// Where and when its successor may be seen, until that is in the index: the old text is shown only to those who may see
    /// both.
    successor: Option<Box<[Window]>>,
    /// Nobody any more, and it does not count as a title that exists.
    is_gone: bool,
}

impl Gate {
    pub(super) fn of(age_min: u8, windows: &[Availability]) -> Self {
        Self { age_min, windows: kept(windows), ..Self::default() }
    }

    /// Whether a viewer may see it now.
    pub(super) fn is_open(&self, viewer: &Viewer, now: Timestamp) -> bool {
        let any = |windows: &[Window]| windows.iter().any(|window| window.is_open_to(viewer, now));
        self.is_fit(viewer) && any(&self.windows) && self.successor.as_deref().is_none_or(any)
    }

    /// Whether somebody there may watch it now, whatever they have paid for.
    pub(super) fn is_open_in(&self, territory: Territory, now: Timestamp) -> bool {
        self.windows.iter().any(|window| window.is_open_in(territory, now))
    }

    /// Whether a viewer is old enough for it, wherever it may be watched.
    pub(super) const fn is_fit(&self, viewer: &Viewer) -> bool {
        !self.is_gone && self.age_min <= viewer.age
    }

    /// Shows it only to those who may also see what comes after it.
    pub(super) fn narrow(&mut self, age_min: u8, windows: &[Availability]) {
        self.age_min = self.age_min.max(age_min);
        self.successor = Some(kept(windows));
    }

    /// Shows it to nobody any more.
    pub(super) fn close(&mut self) {
        *self = Self { is_gone: true, ..Self::default() };
    }
}

fn kept(windows: &[Availability]) -> Box<[Window]> {
    windows.iter().map(Window::from).collect()
}

/// The gates of some titles, one after the other; behind the last, titles that nobody may see.
#[derive(Debug, Clone)]
struct Chunk([Gate; CHUNK]);

/// All chunks, and how many titles are in them.
#[derive(Debug, Clone, Default)]
struct Chunks {
    chunks: Vec<Arc<Chunk>>,
    titles: usize,
}

/// The gates of all titles, by the title's place.
#[derive(Debug, Default)]
pub(super) struct Gates(RwLock<Arc<Chunks>>);

/// The gates as they were at one moment.
#[derive(Debug, Clone)]
pub(super) struct Snapshot(Arc<Chunks>);

impl Gates {
    pub(super) fn new(gates: impl IntoIterator<Item = Gate>) -> Self {
        let all = Self::default();
        all.extend(gates);
        all
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Adds titles behind all others.
    pub(super) fn extend(&self, gates: impl IntoIterator<Item = Gate>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let all = Arc::make_mut(&mut all);
        for gate in gates {
            if all.titles.is_multiple_of(CHUNK) {
                all.chunks.push(Arc::new(Chunk(std::array::from_fn(|_| Gate::default()))));
            }
            Arc::make_mut(&mut all.chunks[all.titles / CHUNK]).0[all.titles % CHUNK] = gate;
            all.titles += 1;
        }
    }

    /// Changes those of some titles, all at once.
    pub(super) fn change(&self, edits: impl IntoIterator<Item = (u32, Change)>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let all = Arc::make_mut(&mut all);
        for (title, change) in edits {
            let title = title as usize;
            let gate = &mut Arc::make_mut(&mut all.chunks[title / CHUNK]).0[title % CHUNK];
            match change {
                Change::Windows(windows) => gate.windows = kept(&windows),
                Change::Narrow(age_min, windows) => gate.narrow(age_min, &windows),
                Change::Close => gate.close(),
            }
        }
    }
}

/// What happens to a gate.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Other windows.
    Windows(Vec<Availability>),
    /// See [`Gate::narrow`].
    Narrow(u8, Vec<Availability>),
    /// See [`Gate::close`].
    Close,
}

impl Snapshot {
    pub(super) fn of(&self, title: u32) -> &Gate {
        let title = title as usize;
        &self.0.chunks[title / CHUNK].0[title % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use platform_core::catalog::record::RecordId;

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

    fn gate(number: usize) -> Gate {
        Gate::of(0, &[window(number)])
    }

    #[test]
    fn an_edit_is_seen_by_later_snapshots_and_not_by_earlier_ones() {
        let gates = Gates::new((0..CHUNK * 2 + 1).map(gate));
        let last = u32::try_from(CHUNK * 2).unwrap();
        for title in [0, last - 1, last] {
            let before = gates.snapshot();
            gates.change([(title, Change::Windows(Vec::new()))]);
            assert_eq!(before.of(title), &gate(title as usize));
            assert!(gates.snapshot().of(title).windows.is_empty());
        }
        gates.extend([gate(7)]);
        assert_eq!(gates.snapshot().of(last + 1), &gate(7));
        assert_eq!(gates.snapshot().of(1), &gate(1));
    }

    #[test]
    fn an_old_text_is_shown_only_to_those_who_may_see_the_new_one_too() {
        let viewer = |age| Viewer { region: "DE".parse().unwrap(), tier: Tier::Free, age };
        let mut gate = gate(1);
        assert!(gate.is_open(&viewer(0), Timestamp(1)));
        gate.narrow(12, &[window(1)]);
        assert!(!gate.is_open(&viewer(11), Timestamp(1)) && gate.is_open(&viewer(12), Timestamp(1)));
        gate.narrow(0, &[]);
        assert!(!gate.is_open(&viewer(99), Timestamp(1)), "windows of the latest successor count");
        let mut hidden = Gate::default();
        hidden.narrow(0, &[window(1)]);
        assert!(!hidden.is_open(&viewer(99), Timestamp(1)), "what was hidden stays so under its old text");
    }
}
