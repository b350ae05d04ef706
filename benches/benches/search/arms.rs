//! The two that are compared: our search, and the index library's query parser.

use platform_core::catalog::record::TitleRecord;
use platform_core::search::query::Query;
use platform_server::search::SearchIndex;
use tantivy::collector::TopDocs;
use tantivy::indexer::NoMergePolicy;
use tantivy::query::QueryParser;
use tantivy::schema::{Field, STORED, STRING, Schema, TEXT, Value};
use tantivy::{Index, Searcher, TantivyDocument};

/// Results of one search.
const RESULTS: usize = 10;
/// Memory of the peer's writer.
const WRITER_BYTES: usize = 64 << 20;

/// A search over the catalogue.
pub(crate) trait Arm {
    /// Ids of the best titles, best first.
    fn search(&self, text: &str) -> Vec<String>;
}

/// Ours.
pub(crate) struct Ours(SearchIndex);

impl Ours {
    pub(crate) fn new(records: &[TitleRecord]) -> Self {
        Self(SearchIndex::build(records).expect("an index in memory can be built"))
    }
}

impl Arm for Ours {
    fn search(&self, text: &str) -> Vec<String> {
        let hits = self.0.search(&Query::parse(text), RESULTS).expect("an index in memory can be read");
        hits.into_iter().map(|hit| hit.id.0).collect()
    }
}

/// The index library with its defaults: any word may match, scores add up.
pub(crate) struct Parser {
    searcher: Searcher,
    parser: QueryParser,
    id: Field,
}

impl Parser {
    pub(crate) fn new(records: &[TitleRecord]) -> Self {
        let mut schema = Schema::builder();
        let id = schema.add_text_field("id", STRING | STORED);
        let title = schema.add_text_field("title", TEXT | STORED);
        let [people, genres, description] =
            ["people", "genres", "description"].map(|name| schema.add_text_field(name, TEXT));
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, WRITER_BYTES).expect("the memory is there");
        // At a million titles, merges in the background would take segments away from the one at the end.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for record in records {
            let mut document = TantivyDocument::default();
            document.add_text(id, &record.id.0);
            document.add_text(title, &record.title);
            record.cast.iter().chain(&record.directors).for_each(|name| document.add_text(people, name));
            record.genres.iter().for_each(|genre| document.add_text(genres, genre));
            document.add_text(description, &record.description);
            writer.add_document(document).expect("the writer runs");
        }
        writer.commit().expect("memory takes it");
        let segments = index.searchable_segment_ids().expect("memory can be read");
        if segments.len() > 1 {
            writer.merge(&segments).wait().expect("memory takes it");
        }
        writer.wait_merging_threads().expect("the writer ends");
        let searcher = index.reader().expect("memory can be read").searcher();
        let parser = QueryParser::for_index(&index, vec![title, people, genres, description]);
        Self { searcher, parser, id }
    }
}

impl Arm for Parser {
    fn search(&self, text: &str) -> Vec<String> {
        let (query, _) = self.parser.parse_query_lenient(text);
        let top = TopDocs::with_limit(RESULTS).order_by_score();
        let found = self.searcher.search(&query, &top).expect("memory can be read");
        let id = |address| {
            let document: TantivyDocument = self.searcher.doc(address).expect("a stored document");
            document
                .get_first(self.id)
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        found.into_iter().map(|(_, address)| id(address)).collect()
    }
}
