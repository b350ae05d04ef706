//! The index at one moment: its segments, and which title every document is of.

use std::collections::BTreeMap;
use std::sync::Arc;

use tantivy::index::SegmentId;
use tantivy::termdict::TermDictionary;
use tantivy::{InvertedIndexReader, Searcher, SegmentReader};

use super::SearchError;
use super::schema::{self, Fields, Place};

/// The index at one moment.
pub struct View {
    pub(super) searcher: Searcher,
    pub(super) segments: Vec<Segment>,
}

/// A segment with what every query reads of it.
pub(super) struct Segment {
    reader: SegmentReader,
    /// By place.
    inverted: [Arc<InvertedIndexReader>; Place::ALL.len()],
    /// Of whole titles.
    pub(super) keys: Arc<InvertedIndexReader>,
    /// The title of every document: read for every posting, so not from the index's packed column.
    pub(super) ordinals: Arc<[u32]>,
    /// Whether titles come in the order of their documents; a change may put the document of a late title before others.
    pub(super) is_rising: bool,
}

impl Segment {
    fn open(reader: &SegmentReader, fields: Fields, ordinals: Arc<[u32]>) -> Result<Self, SearchError> {
        let open = |field| reader.inverted_index(field);
        let [title, joined, people, genre, summary] = Place::ALL.map(|place| open(fields.of(place)));
        Ok(Self {
            reader: reader.clone(),
            inverted: [title?, joined?, people?, genre?, summary?],
            keys: open(fields.key)?,
            is_rising: ordinals.is_sorted(),
            ordinals,
        })
    }

    pub(super) fn inverted(&self, place: Place) -> &InvertedIndexReader {
        &self.inverted[place as usize]
    }

    pub(super) fn terms(&self, place: Place) -> &TermDictionary {
        self.inverted(place).terms()
    }

    /// Whether no document from this one on is of a title below a number.
    pub(super) fn is_closed(&self, titles_below: u32, document: u32) -> bool {
        titles_below == 0 || (self.is_rising && self.ordinals[document as usize] >= titles_below)
    }

    pub(super) fn is_alive(&self, document: u32) -> bool {
        self.reader.alive_bitset().is_none_or(|alive| alive.is_alive(document))
    }
}

impl View {
    /// A view with the places of its documents; those of segments that were there before are known.
    pub(super) fn of(
        searcher: Searcher,
        fields: Fields,
        latest: &BTreeMap<u64, u32>,
        before: Option<&Self>,
    ) -> Result<Self, SearchError> {
        let mut known: BTreeMap<SegmentId, &Arc<[u32]>> = BTreeMap::new();
        if let Some(before) = before {
            known.extend(before.segments.iter().map(|one| (one.reader.segment_id(), &one.ordinals)));
        }
        let mut segments = Vec::new();
        for reader in searcher.segment_readers() {
            let ordinals = match known.get(&reader.segment_id()) {
                Some(ordinals) => Arc::clone(ordinals),
                None => ordinals(reader, latest)?,
            };
            segments.push(Segment::open(reader, fields, ordinals)?);
        }
        Ok(Self { searcher, segments })
    }
}

fn ordinals(segment: &SegmentReader, latest: &BTreeMap<u64, u32>) -> Result<Arc<[u32]>, SearchError> {
    let column = segment.fast_fields().u64(schema::NUMBER)?.first_or_default_col(u64::MAX);
    let mut places = Vec::with_capacity(segment.max_doc() as usize);
    let mut last = 0;
    for document in 0..segment.max_doc() {
        // What is deleted is read by nobody; it must only not break the order.
        if !segment.is_deleted(document) {
            last = *latest.get(&column.get_val(document)).ok_or(SearchError::OtherTitles)?;
        }
        places.push(last);
    }
    Ok(places.into())
}
