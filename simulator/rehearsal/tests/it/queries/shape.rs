//! What a row of each kind must look like, said over the query and its target alone: true of published rows and of ours.

use std::collections::{BTreeMap, BTreeSet};

use actors::queries::{Kind, Row, TitleFacts, fold};

/// A catalogue by id, by key and by beginning.
pub(crate) struct Catalogue<'a> {
    by_id: BTreeMap<&'a str, &'a TitleFacts>,
    by_key: BTreeMap<String, Vec<&'a TitleFacts>>,
    distinct: BTreeSet<String>,
}

impl<'a> Catalogue<'a> {
    pub(crate) fn new(facts: &'a [TitleFacts]) -> Self {
        let mut by_key: BTreeMap<String, Vec<&TitleFacts>> = BTreeMap::new();
        for title in facts {
            by_key.entry(fold::key(&title.title)).or_default().push(title);
        }
        let by_id = facts.iter().map(|title| (title.id.as_str(), title)).collect();
        Self { by_id, by_key, distinct: facts.iter().map(|title| fold::plain(&title.title)).collect() }
    }

    fn starting(&self, prefix: &str) -> usize {
        self.distinct.range(prefix.to_owned()..).take_while(|title| title.starts_with(prefix)).count()
    }

    /// Whether the query can have come from the target in the way its kind says, and the answers are all that there are.
    pub(crate) fn has_shape(&self, row: &Row) -> bool {
        let target = self.by_id[row.expected[0].doc_id.as_str()];
        self.is_made_from(row, target) && self.answers(row, target)
    }

    fn answers(&self, row: &Row, target: &TitleFacts) -> bool {
        let given: BTreeSet<&str> = row.expected.iter().map(|title| title.doc_id.as_str()).collect();
        let namesakes = self.by_key[&fold::key(&target.title)].iter();
        let all: BTreeSet<&str> = match row.kind {
            Kind::ActorTitle
            | Kind::ActorGenre
            | Kind::HardAmbiguous
            | Kind::HardPeopleTypo
            | Kind::HardPlot => BTreeSet::from([target.id.as_str()]),
            Kind::TitleYear => {
                namesakes.filter(|title| title.year == target.year).map(|title| title.id.as_str()).collect()
            }
            // A namesake of the year typed is a better answer than the target; those further off are none.
            Kind::HardYearOff => return given.contains(target.id.as_str()),
            _ => namesakes.map(|title| title.id.as_str()).collect(),
        };
        given == all
    }

    fn is_made_from(&self, row: &Row, target: &TitleFacts) -> bool {
        let (query, title) = (row.query.as_str(), fold::plain(&target.title));
        let typed = fold::words(query);
        let words = fold::words(&target.title);
        let year = target.year.unwrap_or_default();
        match row.kind {
            Kind::Exact => query == target.title.trim(),
            Kind::ExactPlain | Kind::Diacritics | Kind::HardAmbiguous => query == title,
            Kind::Prefix => self.is_shortest_beginning(query, &title),
            Kind::Typo1 => edits(query, &title) == 1,
            Kind::Typo2 => (1..=2).contains(&edits(query, &title)),
            Kind::PrefixTypo => is_beginning_with_slip(query, &title) && self.starting(&title) <= 3,
            Kind::Article => query == fold::key(&target.title) || is_turned(query, target),
            Kind::Number => one_place_differs(&typed, &words),
            Kind::TitleYear => query == format!("{title} {year}") || query == format!("{title} ({year})"),
            Kind::ActorTitle => {
                words.contains(typed.last().expect("a word"))
                    && is_credited(&typed[..typed.len() - 1], target)
            }
            Kind::ActorGenre => is_name_and_genre(query, target),
            Kind::AltSpelling => {
                edits(&typed.concat(), &words.concat()) <= 2 && query.to_lowercase() == query
            }
            Kind::MissingWords => is_part(&typed, &words),
            Kind::CasePunct => fold::key(query) == fold::key(&target.title) && query != target.title,
            Kind::HardNoise => query.contains(&title) && query.len() > title.len(),
            Kind::HardConcat => query == words.concat(),
            Kind::HardYearOff => {
                query == format!("{title} {}", year + 1) || query == format!("{title} {}", year - 1)
            }
            Kind::HardInflect => one_place_differs(&typed, &words) && edits(query, &title) <= 4,
            Kind::HardPhonetic => typed.len() == words.len() && (1..=6).contains(&edits(query, &title)),
            Kind::HardPeopleTypo => is_credited_nearly(&typed[0], target) && words.contains(&typed[1]),
            Kind::HardPlot => {
                let plot = fold::words(&target.description);
                typed.len() == 3 && typed.iter().all(|word| plot.contains(word) && !words.contains(word))
            }
            Kind::HardFirstChar => {
                one_place_differs(&typed, &words) && query.len() == title.len() && edits(query, &title) == 1
            }
        }
    }

    fn is_shortest_beginning(&self, query: &str, title: &str) -> bool {
        let shorter: String = query.chars().take(query.chars().count() - 1).collect();
        let shorter_would_do = !shorter.ends_with(' ') && shorter.len() > 3 && self.starting(&shorter) <= 3;
        title.starts_with(query)
            && query.len() < title.len()
            && self.starting(query) <= 3
            && !shorter_would_do
    }
}

/// Edits between two texts: a letter missed, added, exchanged, or two neighbours turned round (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let exchanged = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = exchanged.min(row[j - 1] + 1).min(rows[i - 1][j] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

fn is_beginning_with_slip(query: &str, title: &str) -> bool {
    let typed = query.chars().count();
    let letters: Vec<char> = title.chars().collect();
    (typed.saturating_sub(1)..=(typed + 1).min(letters.len()))
        .any(|kept| edits(query, &letters[..kept].iter().collect::<String>()) <= 1)
        && typed * 10 >= letters.len() * 7
}

fn is_turned(query: &str, target: &TitleFacts) -> bool {
    query.rsplit_once(", ").is_some_and(|(rest, article)| {
        fold::plain(&format!("{article} {rest}")) == fold::plain(&target.title)
    })
}

/// Whether all of the title but one word is typed, before and after it.
fn one_place_differs(typed: &[String], words: &[String]) -> bool {
    let before = typed.iter().zip(words).take_while(|(a, b)| a == b).count();
    let after = typed.iter().rev().zip(words.iter().rev()).take_while(|(a, b)| a == b).count();
    typed != words && before + after >= words.len() - 1
}

fn is_part(typed: &[String], words: &[String]) -> bool {
    let mut rest = words.iter();
    typed.len() < words.len() && typed.iter().all(|word| rest.any(|other| other == word))
}

fn is_credited(name: &[String], target: &TitleFacts) -> bool {
    !name.is_empty() && target.cast.iter().any(|credit| fold::words(credit).ends_with(name))
}

fn is_credited_nearly(word: &str, target: &TitleFacts) -> bool {
    let mut surnames = target.cast.iter().filter_map(|credit| fold::words(credit).pop());
    surnames.any(|surname| edits(&surname, word) == 1)
}

fn is_name_and_genre(query: &str, target: &TitleFacts) -> bool {
    target.cast.iter().any(|credit| {
        let rest = query.strip_prefix(&fold::plain(credit)).unwrap_or_default().trim_start();
        let year = target.year.map(|year| format!(" {year}")).unwrap_or_default();
        target
            .genres
            .iter()
            .map(|genre| genre.to_lowercase())
            .any(|genre| rest.strip_prefix(&genre).is_some_and(|after| after.is_empty() || after == year))
    })
}
