//! Fields of the inverted index. All text is normalised before it comes here; tokens are split at spaces.

use platform_core::catalog::normalise;
use platform_core::catalog::record::TitleRecord;
use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

use super::titles::Form;

/// Version of these fields and of what stands in them: an index of another one is built anew.
pub(super) const VERSION: u32 = 1;
/// The field of the number.
pub(super) const NUMBER: &str = "number";

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// Number of the title in the catalogue, by which its document is found and replaced.
    pub(super) number: Field,
    /// Whole titles: comparable, as written, with and without article. One term each.
    pub(super) key: Field,
    /// Words of titles, comparable and as written.
    pub(super) title: Field,
    /// Neighbouring words of titles joined, and whole titles joined: `night train` as `nighttrain`.
    pub(super) joined: Field,
    /// Words of names.
    pub(super) people: Field,
    /// Stems of genres.
    pub(super) genre: Field,
    /// Stems of the summary.
    pub(super) summary: Field,
}

/// The fields that words are looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Title,
    Joined,
    People,
    Genre,
    Summary,
}

impl Place {
    pub(super) const ALL: [Self; 5] = [Self::Title, Self::Joined, Self::People, Self::Genre, Self::Summary];

    /// Whether what stands there is kept in memory too.
    pub(super) const fn is_of_titles(self) -> bool {
        matches!(self, Self::Title | Self::Joined | Self::People)
    }

    /// Whether mistyped words are looked up there.
    pub(super) const fn is_corrected(self) -> bool {
        !matches!(self, Self::Summary)
    }
}

impl Fields {
    pub(super) fn of(self, place: Place) -> Field {
        match place {
            Place::Title => self.title,
            Place::Joined => self.joined,
            Place::People => self.people,
            Place::Genre => self.genre,
            Place::Summary => self.summary,
        }
    }
}

pub(super) fn schema() -> (Schema, Fields) {
    let text = |tokenizer: &str| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut builder = Schema::builder();
    let fields = Fields {
        number: builder.add_u64_field(NUMBER, FAST | INDEXED),
        key: builder.add_text_field("key", text("raw")),
        title: builder.add_text_field("title", text("whitespace")),
        joined: builder.add_text_field("joined", text("whitespace")),
        people: builder.add_text_field("people", text("whitespace")),
        genre: builder.add_text_field("genre", text("whitespace")),
        summary: builder.add_text_field("summary", text("whitespace")),
    };
    (builder.build(), fields)
}

/// The document of a title whose forms have been made already.
pub(super) fn document(
    fields: Fields,
    number: u64,
    record: &TitleRecord,
    forms: &[Form<String>],
) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_u64(fields.number, number);
    for form in forms {
        for key in &form.keys {
            document.add_text(fields.key, key);
        }
        let words = form.words.iter().zip(&form.written);
        let words: Vec<&str> = words
            .flat_map(|(word, written)| [Some(word), Some(written).filter(|written| *written != word)])
            .flatten()
            .map(String::as_str)
            .collect();
        document.add_text(fields.title, words.join(" "));
        let joined: Vec<&str> = form.pairs.iter().chain(&form.wholes).map(String::as_str).collect();
        document.add_text(fields.joined, joined.join(" "));
    }
    for person in people(record) {
        document.add_text(fields.people, person);
    }
    document.add_text(fields.genre, genre_stems(record).join(" "));
    let summary: Vec<String> =
        normalise::plain_tokens(&record.description).iter().map(|word| normalise::stem(word)).collect();
    document.add_text(fields.summary, summary.join(" "));
    document
}

/// Comparable names of everyone credited.
pub(super) fn people(record: &TitleRecord) -> impl Iterator<Item = String> {
    record.cast.iter().chain(&record.directors).map(|name| normalise::person(name))
}

/// Stems of the genres' words.
pub(super) fn genre_stems(record: &TitleRecord) -> Vec<String> {
    let words = record.genres.iter().flat_map(|genre| normalise::tokens(genre));
    words.map(|word| normalise::stem(&word)).collect()
}
