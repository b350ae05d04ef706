//! Lines of the two files, and the records that are made of them, without their labels.

use std::collections::BTreeMap;

use platform_core::catalog::record::{Kind, RecordId, TitleRecord};
use serde::Deserialize;
use units::Ppm;

/// How ids of the other supplier's rows begin.
pub(super) const ROW: &str = "row:";

/// A line of the catalogue.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Line {
    pub(super) id: String,
    kind: String,
    title: String,
    #[serde(default)]
    year: Option<u16>,
    #[serde(default)]
    cast: Vec<String>,
    #[serde(default)]
    directors: Vec<String>,
    /// What the linked article begins with.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// A link to an encyclopedia's article: the label.
    #[serde(default)]
    pub(super) wiki: Option<String>,
    /// The other supplier's id: hidden too.
    #[serde(default)]
    pub(super) netflix: Option<String>,
}

impl Line {
    /// The record, without its labels.
    pub(super) fn record(&self) -> TitleRecord {
        TitleRecord {
            id: RecordId(self.id.clone()),
            kind: self.kind.parse().unwrap_or(Kind::Film),
            title: self.title.clone(),
            alternative_titles: Vec::new(),
            year: self.year,
            cast: self.cast.clone(),
            directors: self.directors.clone(),
            genres: Vec::new(),
            countries: Vec::new(),
            languages: Vec::new(),
            maturity: Default::default(),
            description: self.description.clone().unwrap_or_default(),
            runtime_min: None,
            added: None,
            popularity: Ppm(0),
            external_ids: BTreeMap::new(),
        }
    }

    /// The record as it was before the row was joined to it: that brought the directors.
    pub(super) fn without_row(&self) -> TitleRecord {
        TitleRecord { directors: Vec::new(), ..self.record() }
    }
}

/// A row of the other supplier, and the link of the record that it belongs to.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct LabelledPair {
    pub(super) netflix_id: String,
    netflix_title: String,
    netflix_year: Option<u16>,
    pub(super) wiki_href: String,
    /// How many actors the row and the record share.
    #[serde(default)]
    cast_overlap: usize,
}

impl LabelledPair {
    /// The row with title and year alone.
    pub(super) fn bare(&self, line: &Line) -> TitleRecord {
        TitleRecord {
            id: RecordId(format!("{ROW}{}", self.netflix_id)),
            title: self.netflix_title.clone(),
            year: self.netflix_year,
            cast: Vec::new(),
            directors: Vec::new(),
            description: String::new(),
            ..line.record()
        }
    }

    /// The row with its directors and as many of the record's actors as the two are said to share.
    ///
    /// The rest of the row's own cast is not in the files; which of the shared actors stand here makes no difference, because
    /// only their number counts.
    pub(super) fn with_people(&self, line: &Line) -> TitleRecord {
        let shared = line.cast.iter().take(self.cast_overlap).cloned().collect();
        TitleRecord { cast: shared, directors: line.directors.clone(), ..self.bare(line) }
    }
}
