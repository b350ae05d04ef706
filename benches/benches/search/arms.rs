//! The two that are compared: our search, and the index library's query parser. Both get the same texts, show a viewer only what
//! that viewer may see, and give ten results with all that a page shows of them, matches marked in title and names.

use platform_core::catalog::record::Tier;
use platform_core::search::query::Query;
use platform_server::search_api::filters::Offered;
use platform_server::search_api::indexed::IndexedCatalogue;
use platform_server::search_api::parameters::SearchRequest;
use platform_server::search_api::searcher::{Answer, Searcher as _};
use platform_server::search_api::viewer::Viewer;
use tantivy::collector::TopDocs;
use tantivy::indexer::NoMergePolicy;
use tantivy::query::{
    BooleanQuery, BoostQuery, Occur, Query as TantivyQuery, QueryParser, RangeQuery, TermQuery,
};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TEXT, Value};
use tantivy::snippet::SnippetGenerator;
use tantivy::{DocAddress, Index, Searcher, TantivyDocument, Term};
use units::Timestamp;

/// Results of one search.
const RESULTS: usize = 10;
/// Memory of the peer's writer.
const WRITER_BYTES: usize = 64 << 20;
/// Where the viewer is.
const REGION: &str = "DE";
/// What they have paid for; titles of the cheaper tiers are theirs too.
const TIER: Tier = Tier::Basic;
/// Titles for viewers up to this age are shown.
const AGE: u8 = 16;
/// When they ask: in the middle of 2024, where most windows of the synthetic catalogue are open.
pub(crate) const NOW: Timestamp = Timestamp(1_719_792_000_000_000);

/// A search over the catalogue.
pub(crate) trait Arm {
    /// Does what a page of results takes: filters, results, marks.
    fn page(&self, text: &str);

    /// Ids of the best titles of all, best first.
    fn search(&self, text: &str) -> Vec<String>;
}

fn viewer() -> Viewer {
    Viewer { region: REGION.parse().expect("a region"), tier: TIER, age: AGE }
}

/// Ours.
pub(crate) struct Ours(IndexedCatalogue);

impl Ours {
    pub(crate) fn new(offered: Vec<Offered>) -> Self {
        Self(IndexedCatalogue::new(offered, 1).expect("an index in memory can be built"))
    }

    pub(crate) fn answer(&self, text: &str, facets: bool) -> Answer {
        let request = SearchRequest {
            text: text.to_owned(),
            viewer: viewer(),
            kinds: Vec::new(),
            genres: Vec::new(),
            languages: Vec::new(),
            year_from: None,
            year_to: None,
            limit: RESULTS,
            cursor: None,
            explain: false,
            facets,
        };
        self.0.search(&request, NOW).expect("an index in memory can be read")
    }
}

impl Arm for Ours {
    fn page(&self, text: &str) {
        std::hint::black_box(self.answer(text, false));
    }

    fn search(&self, text: &str) -> Vec<String> {
        let hits =
            self.0.index().search(&Query::parse(text), RESULTS).expect("an index in memory can be read");
        hits.into_iter().map(|hit| hit.id.0).collect()
    }
}

/// The index library with its defaults: any word may match, scores add up. The viewer's filter is a clause that must match
/// and adds nothing. A document holds a token for each (region, tier) that a window is open to at [`NOW`], which is less work than the
/// windows themselves would be: the peer is given what is cheapest for it.
pub(crate) struct Parser {
    searcher: Searcher,
    parser: QueryParser,
    fields: Fields,
}

/// Fields of the peer's index.
#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    kind: Field,
    year: Field,
    title: Field,
    people: Field,
    genres: Field,
    description: Field,
    open_to: Field,
    age_min: Field,
}

impl Fields {
    fn document(self, offered: &Offered) -> TantivyDocument {
        let record = &offered.title;
        let mut document = TantivyDocument::default();
        document.add_text(self.id, &record.id.0);
        document.add_text(self.kind, record.kind.name());
        record.year.into_iter().for_each(|year| document.add_u64(self.year, u64::from(year)));
        document.add_text(self.title, &record.title);
        record.cast.iter().chain(&record.directors).for_each(|name| document.add_text(self.people, name));
        record.genres.iter().for_each(|genre| document.add_text(self.genres, genre));
        document.add_text(self.description, &record.description);
        document.add_u64(self.age_min, u64::from(record.maturity.age_min));
        for window in offered.windows.iter().filter(|window| window.is_open(NOW)) {
            document.add_text(self.open_to, token(&window.territory.to_string(), window.tier));
        }
        document
    }
}

fn token(region: &str, tier: Tier) -> String {
    format!("{region}{tier:?}")
}

impl Parser {
    pub(crate) fn new(offered: &[Offered]) -> Self {
        let mut schema = Schema::builder();
        let fields = Fields {
            id: schema.add_text_field("id", STRING | STORED),
            kind: schema.add_text_field("kind", STRING | STORED),
            year: schema.add_u64_field("year", STORED),
            title: schema.add_text_field("title", TEXT | STORED),
            people: schema.add_text_field("people", TEXT | STORED),
            genres: schema.add_text_field("genres", TEXT | STORED),
            description: schema.add_text_field("description", TEXT | STORED),
            open_to: schema.add_text_field("open_to", STRING),
            age_min: schema.add_u64_field("age_min", INDEXED | FAST),
        };
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, WRITER_BYTES).expect("the memory is there");
        // At a million titles, merges in the background would take segments away from the one at the end.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for one in offered {
            writer.add_document(fields.document(one)).expect("the writer runs");
        }
        writer.commit().expect("memory takes it");
        let segments = index.searchable_segment_ids().expect("memory can be read");
        if segments.len() > 1 {
            writer.merge(&segments).wait().expect("memory takes it");
        }
        writer.wait_merging_threads().expect("the writer ends");
        let searcher = index.reader().expect("memory can be read").searcher();
        let Fields { title, people, genres, description, .. } = fields;
        let parser = QueryParser::for_index(&index, vec![title, people, genres, description]);
        Self { searcher, parser, fields }
    }

    /// What the viewer may see.
    fn filter(&self) -> BooleanQuery {
        let tiers = [Tier::Free, Tier::Basic, Tier::Premium].into_iter().filter(|tier| *tier <= TIER);
        let open = tiers.map(|tier| {
            let term = Term::from_field_text(self.fields.open_to, &token(REGION, tier));
            (Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn TantivyQuery>)
        });
        let most = Term::from_field_u64(self.fields.age_min, u64::from(AGE));
        let age = RangeQuery::new(std::ops::Bound::Unbounded, std::ops::Bound::Included(most));
        BooleanQuery::new(vec![
            (Occur::Must, Box::new(BooleanQuery::new(open.collect()))),
            (Occur::Must, Box::new(age)),
        ])
    }

    fn best(&self, query: &dyn TantivyQuery) -> Vec<DocAddress> {
        let top = TopDocs::with_limit(RESULTS).order_by_score();
        let found = self.searcher.search(query, &top).expect("memory can be read");
        found.into_iter().map(|(_, address)| address).collect()
    }

    fn texts(document: &TantivyDocument, field: Field) -> Vec<String> {
        document.get_all(field).filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }
}

/// What the peer shows of a title: as much as ours.
#[expect(dead_code, reason = "it is made for what making it costs")]
struct Shown {
    id: Vec<String>,
    kind: Vec<String>,
    year: Option<u64>,
    title: Vec<String>,
    genres: Vec<String>,
    description: Vec<String>,
    /// With matches marked.
    marked: Vec<String>,
}

impl Arm for Parser {
    fn page(&self, text: &str) {
        let (query, _) = self.parser.parse_query_lenient(text);
        let filter = BoostQuery::new(Box::new(self.filter()), 0.0);
        let filtered =
            BooleanQuery::new(vec![(Occur::Must, query.box_clone()), (Occur::Must, Box::new(filter))]);
        let found = self.best(&filtered);
        let marker = |field| SnippetGenerator::create(&self.searcher, &*query, field).expect("text fields");
        let (of_title, of_people) = (marker(self.fields.title), marker(self.fields.people));
        for address in found {
            let document: TantivyDocument = self.searcher.doc(address).expect("a stored document");
            let title = Self::texts(&document, self.fields.title);
            let mut marked: Vec<String> = title.iter().map(|text| of_title.snippet(text).to_html()).collect();
            let people = Self::texts(&document, self.fields.people);
            let people = people.iter().map(|name| of_people.snippet(name));
            marked.extend(people.filter(|name| !name.is_empty()).map(|name| name.to_html()));
            let year = document.get_first(self.fields.year).and_then(|value| value.as_u64());
            let [id, kind, genres, description] =
                [self.fields.id, self.fields.kind, self.fields.genres, self.fields.description]
                    .map(|field| Self::texts(&document, field));
            std::hint::black_box(Shown { id, kind, year, title, genres, description, marked });
        }
    }

    fn search(&self, text: &str) -> Vec<String> {
        let (query, _) = self.parser.parse_query_lenient(text);
        let id = |address| {
            let document: TantivyDocument = self.searcher.doc(address).expect("a stored document");
            Self::texts(&document, self.fields.id).remove(0)
        };
        self.best(&*query).into_iter().map(id).collect()
    }
}
