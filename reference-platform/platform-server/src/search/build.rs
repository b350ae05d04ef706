//! Making an index, and changing it while it is asked.
//!
//! A change is three steps: [`SearchIndex::prepare`] keeps the new version of each title behind all others and hands its
//! document to the writer, the caller makes ready what belongs to the new places, [`SearchIndex::publish`] lets searches see all of it
//! at once. Nothing merges in the background: which segments there are depends on the changes alone, and the files of
//! a commit stay as they are until the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use platform_core::catalog::record::TitleRecord;
use tantivy::index::SegmentId;
use tantivy::indexer::{LogMergePolicy, MergePolicy, NoMergePolicy};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Term};

use super::disk::Seal;
use super::index::{SearchError, SearchIndex};
use super::schema::{self, Fields};
use super::titles::{Titles, forms};
use super::view::View;

/// Memory that the one writer thread may fill before it writes a segment.
const WRITER_BYTES: usize = 64 << 20;
/// The same for changes, which are few at a time; the least that the library takes.
const CHANGES_BYTES: usize = 15 << 20;
/// So many segments of about one size are merged into one.
const SEGMENTS_OF_A_SIZE: usize = 4;
/// A segment of which more than this share is of earlier versions is written anew: until then the dictionary that typing slips
/// are looked up in still has, and counts, the words of those.
const RETIRED_SHARE_MAX: f32 = 0.25;

/// What changes the index; one at a time.
pub(super) struct Writing {
    index: Index,
    reader: IndexReader,
    /// Made when the first change comes.
    writer: Option<IndexWriter>,
    /// The place of the latest version of each title, by number.
    latest: BTreeMap<u64, u32>,
    /// Places of versions that the next commit takes away.
    retiring: Vec<u32>,
    /// For an index on disk.
    seal: Option<Seal>,
}

/// A change of one title, by its number in the catalogue.
#[derive(Debug, Clone)]
pub enum Edit {
    /// It is new, or has another text.
    Put(u64, Arc<TitleRecord>),
    /// It is gone.
    Remove(u64),
}

impl SearchIndex {
    /// Indexes all records in memory, numbered from 0.
    ///
    /// # Errors
    /// [`SearchError`] when the index library fails.
    pub fn build(records: &[TitleRecord]) -> Result<Self, SearchError> {
        Self::build_numbered((0..).zip(records))
    }

    /// Indexes numbered records in memory.
    ///
    /// # Errors
    /// [`SearchError`] when the index library fails.
    pub fn build_numbered<'a>(
        records: impl Iterator<Item = (u64, &'a TitleRecord)>,
    ) -> Result<Self, SearchError> {
        Self::build_in(Index::create_in_ram(schema::schema().0), records)
    }

    /// Indexes numbered records in an index that is empty.
    pub(super) fn build_in<'a>(
        index: Index,
        records: impl Iterator<Item = (u64, &'a TitleRecord)>,
    ) -> Result<Self, SearchError> {
        let (_, fields) = schema::schema();
        // One thread: with more, the order of segments and so of equal scores would change from run to run.
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let (mut titles, mut latest) = (Titles::default(), BTreeMap::new());
        for (number, record) in records {
            let forms = forms(record);
            latest.insert(number, titles.push(record, &forms));
            writer.add_document(schema::document(fields, number, record, &forms))?;
        }
        writer.commit()?;
        let segments = in_order(&index, &index.searchable_segment_ids()?, &latest)?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        writer.wait_merging_threads()?;
        Self::new(index, fields, titles, latest)
    }

    /// Reads an index of these titles; `stale` are those whose documents may be of another text, or of titles that are gone.
    pub(super) fn open_in<'a>(
        index: Index,
        records: impl Iterator<Item = (u64, &'a TitleRecord)>,
        stale: &BTreeSet<u64>,
    ) -> Result<Self, SearchError> {
        let (schema, fields) = schema::schema();
        if index.schema() != schema {
            return Err(SearchError::OtherTitles);
        }
        let (mut titles, mut latest, mut again) = (Titles::default(), BTreeMap::new(), BTreeMap::new());
        for (number, record) in records {
            let forms = forms(record);
            latest.insert(number, titles.push(record, &forms));
            if stale.contains(&number) {
                again.insert(number, schema::document(fields, number, record, &forms));
            }
        }
        if !stale.is_empty() {
            let mut writer = changes_writer(&index)?;
            for &number in stale {
                writer.delete_term(Term::from_field_u64(fields.number, number));
            }
            for document in again.into_values() {
                writer.add_document(document)?;
            }
            writer.commit()?;
            writer.wait_merging_threads()?;
        }
        Self::new(index, fields, titles, latest)
    }

    fn new(
        index: Index,
        fields: Fields,
        titles: Titles,
        latest: BTreeMap<u64, u32>,
    ) -> Result<Self, SearchError> {
        let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        reader.reload()?;
        let view = View::of(reader.searcher(), fields, &latest, None)?;
        if view.searcher.num_docs() != latest.len() as u64 {
            return Err(SearchError::OtherTitles);
        }
        let writing = Writing { index, reader, writer: None, latest, retiring: Vec::new(), seal: None };
        Ok(Self {
            fields,
            titles: RwLock::new(titles),
            view: RwLock::new(Arc::new(view)),
            writing: Mutex::new(writing),
            windows: Mutex::default(),
        })
    }

    /// Keeps new versions of titles and hands them to the writer; searches see nothing of it yet. Gives the place of
    /// each title that was put, in order.
    ///
    /// # Errors
    /// [`SearchError`] when the index library fails; then the index serves what it has, and is to be built anew.
    pub fn prepare(&self, edits: &[Edit]) -> Result<Vec<u32>, SearchError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Writing { index, writer, latest, retiring, .. } = &mut *writing;
        if writer.is_none() {
            *writer = Some(changes_writer(index)?);
        }
        let Some(writer) = writer else { return Ok(Vec::new()) };
        let mut places = Vec::new();
        for edit in edits {
            let (Edit::Put(number, _) | Edit::Remove(number)) = edit;
            writer.delete_term(Term::from_field_u64(self.fields.number, *number));
            retiring.extend(latest.remove(number));
            if let Edit::Put(number, record) = edit {
                let forms = forms(record);
                // Locked title by title: searches wait for one title at most.
                let place = self.titles.write().unwrap_or_else(PoisonError::into_inner).push(record, &forms);
                latest.insert(*number, place);
                places.push(place);
                writer.add_document(schema::document(self.fields, *number, record, &forms))?;
            }
        }
        Ok(places)
    }

    /// Commits what was prepared from the catalogue's feed up to a position, and lets searches see it.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub fn publish(&self, upto: u64) -> Result<(), SearchError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = &mut writing.writer {
            writer.commit()?;
        }
        self.show(&writing)?;
        for place in std::mem::take(&mut writing.retiring) {
            // Locked one by one, as above: what words weigh follows within the commit.
            self.titles.write().unwrap_or_else(PoisonError::into_inner).retire(place);
        }
        if writing.merge()? {
            self.show(&writing)?;
        }
        writing.seal(upto)
    }

    /// Seals the index now and behind every commit.
    pub(super) fn seal_with(&self, seal: Seal, upto: u64) -> Result<(), SearchError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        writing.seal = Some(seal);
        writing.seal(upto)
    }

    fn show(&self, writing: &Writing) -> Result<(), SearchError> {
        writing.reader.reload()?;
        let before = self.view();
        let after = View::of(writing.reader.searcher(), self.fields, &writing.latest, Some(&before))?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        Ok(())
    }
}

impl Writing {
    fn seal(&mut self, upto: u64) -> Result<(), SearchError> {
        let Self { index, seal, .. } = self;
        seal.as_mut().map_or(Ok(()), |seal| seal.write(index, upto))
    }

    /// Merges segments that are many of about one size; whether there were such.
    fn merge(&mut self) -> Result<bool, SearchError> {
        let Self { index, latest, writer: Some(writer), .. } = self else { return Ok(false) };
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(SEGMENTS_OF_A_SIZE);
        policy.set_del_docs_ratio_before_merge(RETIRED_SHARE_MAX);
        let candidates = policy.compute_merge_candidates(&index.searchable_segment_metas()?);
        for candidate in &candidates {
            writer.merge(&in_order(index, &candidate.0, latest)?).wait()?;
        }
        Ok(!candidates.is_empty())
    }
}

/// Segments in the order in which their titles came: the library gives them in any, and documents of one that is merged
/// stand in the order of what it is merged from. Retrieval passes over more where titles come in the order of documents.
fn in_order(
    index: &Index,
    segments: &[SegmentId],
    latest: &BTreeMap<u64, u32>,
) -> Result<Vec<SegmentId>, SearchError> {
    let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let mut ordered = Vec::with_capacity(segments.len());
    for segment in reader.searcher().segment_readers() {
        if segments.contains(&segment.segment_id()) {
            let numbers = segment.fast_fields().u64(schema::NUMBER)?.first_or_default_col(u64::MAX);
            let first = segment.doc_ids_alive().next().map(|document| numbers.get_val(document));
            ordered.push((first.and_then(|number| latest.get(&number)), segment.segment_id()));
        }
    }
    ordered.sort_unstable();
    Ok(ordered.into_iter().map(|(_, segment)| segment).collect())
}

fn changes_writer(index: &Index) -> Result<IndexWriter, SearchError> {
    let writer: IndexWriter = index.writer_with_num_threads(1, CHANGES_BYTES)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    Ok(writer)
}
