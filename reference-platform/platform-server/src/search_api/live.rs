//! The catalogue behind a search, changed while searches run.
//!
//! Availability changes at once: it is one table in memory (`windows`). Text is gathered, and becomes visible with the next
//! commit of the index. Between the two, the old text of a title is shown only to those who may see both the old and the
//! new version, and a title that is gone to nobody: a viewer never sees a text through a window that was opened for another.
//!
//! Versions of titles stand one behind the other in the same order in the index, in the table of records and in that of gates;
//! a search that began before a commit finds everything that it refers to.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use platform_core::catalog::normalise;
use platform_core::catalog::record::{Availability, RecordId, TitleRecord};

use super::indexed::{IndexedCatalogue, Table};
use super::windows::{Change as GateChange, Gate};
use crate::catalog::store::feed::{Change, Numbered, Seq};
use crate::search::build::Edit;
use crate::search::{SearchError, SearchIndex};

/// A new version of a title, or its end, on the way into the index.
#[derive(Debug, Clone)]
enum Coming {
    Title {
        record: Arc<TitleRecord>,
        windows: Vec<Availability>,
        /// Its place, once it has one.
        place: Option<u32>,
    },
    Gone,
}

/// What is being changed.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// The place of the version that searches see, by number.
    shown: BTreeMap<u64, u32>,
    numbers: BTreeMap<RecordId, u64>,
    /// Gathered for the next commit.
    staged: BTreeMap<u64, Coming>,
    /// In the commit that is under way.
    flying: BTreeMap<u64, Coming>,
    /// Whether a commit failed: then the index and the tables may count differently, and there is none after it.
    has_failed: bool,
}

impl Edits {
    pub(super) fn new<'a>(titles: impl Iterator<Item = (u64, &'a RecordId)>) -> Self {
        let mut edits = Self::default();
        for (place, (number, id)) in (0..).zip(titles) {
            edits.shown.insert(number, place);
            edits.numbers.insert(id.clone(), number);
        }
        edits
    }

    /// Other windows for a title: of its latest version, and as a limit for those before it.
    fn windows(&mut self, number: u64, windows: Vec<Availability>) -> Vec<(u32, GateChange)> {
        let mut changes = Vec::new();
        let mut is_latest = true;
        for coming in [self.staged.get_mut(&number), self.flying.get_mut(&number)].into_iter().flatten() {
            match coming {
                Coming::Gone => {}
                Coming::Title { place: Some(place), .. } => changes.push((*place, is_latest)),
                Coming::Title { windows: own, .. } if is_latest => own.clone_from(&windows),
                Coming::Title { .. } => {}
            }
            is_latest = false;
        }
        changes.extend(self.shown.get(&number).map(|place| (*place, is_latest)));
        let change = |(place, is_latest)| {
            let windows = windows.clone();
            (place, if is_latest { GateChange::Windows(windows) } else { GateChange::Narrow(0, windows) })
        };
        changes.into_iter().map(change).collect()
    }

    /// A new text: limits all versions before it.
    fn title(
        &mut self,
        number: u64,
        record: TitleRecord,
        windows: Vec<Availability>,
    ) -> Vec<(u32, GateChange)> {
        let age_min = record.maturity.age_min;
        let changes = self.places(number).map(|place| (place, GateChange::Narrow(age_min, windows.clone())));
        let changes = changes.collect();
        self.numbers.insert(record.id.clone(), number);
        self.staged.insert(number, Coming::Title { record: Arc::new(record), windows, place: None });
        changes
    }

    fn gone(&mut self, number: u64) -> Vec<(u32, GateChange)> {
        let changes = self.places(number).map(|place| (place, GateChange::Close)).collect();
        if self.shown.contains_key(&number) || self.flying.contains_key(&number) {
            self.staged.insert(number, Coming::Gone);
        } else {
            self.staged.remove(&number);
        }
        changes
    }

    /// Places of the versions that are, or are about to be, seen.
    fn places(&self, number: u64) -> impl Iterator<Item = u32> {
        let flying = match self.flying.get(&number) {
            Some(Coming::Title { place, .. }) => *place,
            _ => None,
        };
        self.shown.get(&number).copied().into_iter().chain(flying)
    }

    /// The gate of a version that comes into being: narrowed if it has a successor already.
    fn gate(&self, number: u64, record: &TitleRecord, windows: &[Availability]) -> Gate {
        let age_min = record.maturity.age_min;
        let mut gate = Gate::of(age_min, windows);
        match self.staged.get(&number) {
            Some(Coming::Title { record, windows, .. }) => {
                gate.narrow(record.maturity.age_min, windows);
            }
            Some(Coming::Gone) => gate.close(),
            None => {}
        }
        gate
    }
}

impl IndexedCatalogue {
    /// Indexes the titles of a store in memory, under their numbers.
    ///
    /// # Errors
    /// [`SearchError`] when the index library fails.
    pub fn of_stored(titles: Vec<Numbered>, generation: u64) -> Result<Self, SearchError> {
        let records = titles.iter().map(|one| (one.number, &one.title.record));
        let index = SearchIndex::build_numbered(records)?;
        Ok(Self::over(index, titles.into_iter().map(parts).collect(), generation))
    }

    /// Takes in changes: availability at once, text for the next [`Self::commit`]. All of them become visible together.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>) {
        let mut edits = self.edits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gates = Vec::new();
        for change in changes {
            gates.extend(match change {
                Change::Windows { number, windows } => edits.windows(number, windows),
                Change::Gone { number } => edits.gone(number),
                Change::Title(title) => {
                    let (record, windows) = (title.title.record, title.title.windows);
                    if self.is_shown(&edits, title.number, &record) {
                        edits.windows(title.number, windows)
                    } else {
                        edits.title(title.number, record, windows)
                    }
                }
            });
        }
        self.gates.change(gates);
    }

    /// Whether a text is that which searches see, and no other is on its way.
    fn is_shown(&self, edits: &Edits, number: u64, record: &TitleRecord) -> bool {
        let Some(&place) = edits.shown.get(&number) else { return false };
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        !edits.staged.contains_key(&number)
            && !edits.flying.contains_key(&number)
            && *table.titles[place as usize] == *record
    }

    /// Replaces the windows of a title; the next search obeys them. `false` if there is no such title.
    pub fn set_windows(&self, id: &RecordId, windows: Vec<Availability>) -> bool {
        let mut edits = self.edits.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(&number) = edits.numbers.get(id) else { return false };
        let changes = edits.windows(number, windows);
        self.gates.change(changes);
        true
    }

    /// Texts that wait for a commit.
    #[must_use]
    pub fn staged(&self) -> usize {
        self.edits.lock().unwrap_or_else(PoisonError::into_inner).staged.len()
    }

    /// Lets searches see the texts that were gathered from the feed up to a position; says how many. Availability goes on
    /// changing meanwhile.
    ///
    /// # Errors
    /// [`SearchError`] when the index cannot be written: searches go on as before, and the index is to be built anew.
    pub fn commit(&self, upto: Seq) -> Result<usize, SearchError> {
        let _one_at_a_time = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let committed = self.commit_alone(upto);
        if committed.is_err() {
            self.edits.lock().unwrap_or_else(PoisonError::into_inner).has_failed = true;
        }
        committed
    }

    fn commit_alone(&self, upto: Seq) -> Result<usize, SearchError> {
        let batch: Vec<Edit> = {
            let mut edits = self.edits.lock().unwrap_or_else(PoisonError::into_inner);
            if edits.has_failed {
                return Err(SearchError::Failed);
            }
            edits.flying = std::mem::take(&mut edits.staged);
            let edit = |(number, coming): (&u64, &Coming)| match coming {
                Coming::Title { record, .. } => Edit::Put(*number, Arc::clone(record)),
                Coming::Gone => Edit::Remove(*number),
            };
            edits.flying.iter().map(edit).collect()
        };
        if batch.is_empty() {
            return Ok(0);
        }
        let places = self.index.prepare(&batch)?;
        self.make_room(&batch, &places);
        self.index.publish(upto.0)?;
        self.settle();
        Ok(batch.len())
    }

    /// Gives new versions their places in the tables, before any search can come upon them.
    fn make_room(&self, batch: &[Edit], places: &[u32]) {
        let mut edits = self.edits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let puts = batch.iter().filter_map(|edit| match edit {
            Edit::Put(number, record) => Some((*number, record)),
            Edit::Remove(_) => None,
        });
        let mut gates = Vec::with_capacity(places.len());
        for ((number, record), &at) in puts.zip(places) {
            debug_assert_eq!(table.titles.len(), at as usize, "the index and the table count alike");
            table.titles.push(Arc::clone(record));
            let Some(Coming::Title { windows, .. }) = edits.flying.get(&number) else { continue };
            gates.push(edits.gate(number, record, windows));
            if let Some(Coming::Title { place, .. }) = edits.flying.get_mut(&number) {
                *place = Some(at);
            }
        }
        self.gates.extend(gates);
    }

    /// Makes the new versions the ones that count, and closes those before them.
    fn settle(&self) {
        let mut edits = self.edits.lock().unwrap_or_else(PoisonError::into_inner);
        let flying = std::mem::take(&mut edits.flying);
        let (mut closed, mut added) = (Vec::new(), Vec::new());
        for (number, coming) in flying {
            closed.extend(match coming {
                Coming::Title { place: Some(place), .. } => {
                    added.push(place);
                    edits.shown.insert(number, place)
                }
                _ => edits.shown.remove(&number),
            });
        }
        let Edits { numbers, shown, staged, .. } = &mut *edits;
        if closed.len() > added.len() {
            numbers.retain(|_, number| shown.contains_key(number) || staged.contains_key(number));
        }
        self.gates.change(closed.iter().map(|place| (*place, GateChange::Close)));
        let popular = {
            let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
            table.popular_after(&closed, &added)
        };
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.popular = popular;
        table.rename(&closed, &added);
        table.closed += closed.len();
    }
}

/// A title of the store in pieces.
pub(crate) fn parts(title: Numbered) -> (u64, TitleRecord, Vec<Availability>) {
    (title.number, title.title.record, title.title.windows)
}

impl Table {
    /// The most watched first, without some titles and with others.
    fn popular_after(&self, closed: &[u32], added: &[u32]) -> Vec<u32> {
        let mut closed = closed.to_vec();
        closed.sort_unstable();
        let mut new = added.to_vec();
        let rank = |place: u32| {
            let title = &self.titles[place as usize];
            (std::cmp::Reverse(title.popularity), &title.id)
        };
        new.sort_by(|&a, &b| rank(a).cmp(&rank(b)));
        let mut new = new.into_iter().peekable();
        let mut merged = Vec::with_capacity(self.popular.len() + added.len());
        for &place in self.popular.iter().filter(|place| closed.binary_search(place).is_err()) {
            while let Some(before) = new.next_if(|&before| rank(before) < rank(place)) {
                merged.push(before);
            }
            merged.push(place);
        }
        merged.extend(new);
        merged
    }

    /// The same for titles by what they read.
    fn rename(&mut self, closed: &[u32], added: &[u32]) {
        for &place in closed {
            let key = normalise::key(&self.titles[place as usize].title);
            if let Some(places) = self.by_key.get_mut(&key) {
                places.retain(|known| *known != place);
            }
        }
        for &place in added {
            let key = normalise::key(&self.titles[place as usize].title);
            self.by_key.entry(key).or_default().push(place);
        }
    }
}
