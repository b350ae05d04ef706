//! The index at one moment: its segments, and which title every document is of.

use std::collections::BTreeMap;
use std::sync::Arc;

use tantivy::index::SegmentId;
use tantivy::termdict::TermDictionary;
use tantivy::{InvertedIndexReader, Searcher, SegmentReader};

use super::SearchError;
use super::near::Table;
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
    /// By place, for looking words up that were mistyped; `None` where there are too many of them.
    tables: Arc<Tables>,
    /// Whether titles come in the order of their documents; a change may put the document of a late title before others.
    pub(super) is_rising: bool,
}

/// The words of a segment, by place.
type Tables = [Option<Table>; Place::ALL.len()];

/// What is made of a segment once: it stays as long as the segment does.
#[derive(Clone)]
struct Made {
    ordinals: Arc<[u32]>,
    tables: Arc<Tables>,
}

impl Made {
    fn of(reader: &SegmentReader, fields: Fields, latest: &BTreeMap<u64, u32>) -> Result<Self, SearchError> {
        let mut tables = Tables::default();
        for place in Place::ALL.into_iter().filter(|place| place.is_corrected()) {
            tables[place as usize] = Table::of(reader.inverted_index(fields.of(place))?.terms())?;
        }
        Ok(Self { ordinals: ordinals(reader, latest)?, tables: Arc::new(tables) })
    }
}

impl Segment {
    fn open(reader: &SegmentReader, fields: Fields, made: Made) -> Result<Self, SearchError> {
        let open = |field| reader.inverted_index(field);
        let [title, joined, people, genre, summary] = Place::ALL.map(|place| open(fields.of(place)));
        let Made { ordinals, tables } = made;
        Ok(Self {
            reader: reader.clone(),
            inverted: [title?, joined?, people?, genre?, summary?],
            keys: open(fields.key)?,
            is_rising: ordinals.is_sorted(),
            ordinals,
            tables,
        })
    }

    pub(super) fn inverted(&self, place: Place) -> &InvertedIndexReader {
        &self.inverted[place as usize]
    }

    pub(super) fn terms(&self, place: Place) -> &TermDictionary {
        self.inverted(place).terms()
    }

    /// All words of a place, if they are few enough.
    pub(super) fn table(&self, place: Place) -> Option<&Table> {
        self.tables[place as usize].as_ref()
    }

    /// Whether no document from this one on is of a title below a number.
    pub(super) fn is_closed(&self, titles_below: u32, document: u32) -> bool {
        titles_below == 0 || (self.is_rising && self.ordinals[document as usize] >= titles_below)
    }

    /// A number that no title of the documents from this one on is below.
    pub(super) fn least(&self, document: u32) -> u32 {
        if self.is_rising { self.ordinals[document as usize] } else { 0 }
    }

    pub(super) fn is_alive(&self, document: u32) -> bool {
        self.reader.alive_bitset().is_none_or(|alive| alive.is_alive(document))
    }
}

impl View {
    /// A view with the places of its documents and the tables of its words; those of segments that were there before are known.
    pub(super) fn of(
        searcher: Searcher,
        fields: Fields,
        latest: &BTreeMap<u64, u32>,
        before: Option<&Self>,
    ) -> Result<Self, SearchError> {
        let mut known: BTreeMap<SegmentId, Made> = BTreeMap::new();
        for one in before.map_or(&[][..], |before| &before.segments) {
            let made = Made { ordinals: Arc::clone(&one.ordinals), tables: Arc::clone(&one.tables) };
            known.insert(one.reader.segment_id(), made);
        }
        let mut segments = Vec::new();
        for reader in searcher.segment_readers() {
            let made = match known.remove(&reader.segment_id()) {
                Some(made) => made,
                None => Made::of(reader, fields, latest)?,
            };
            segments.push(Segment::open(reader, fields, made)?);
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
