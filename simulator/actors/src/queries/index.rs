//! Which titles share a word, a name, a beginning: what makes a query fair.

use std::collections::BTreeMap;

use super::facts::TitleFacts;
use super::{Split, fold};

/// A title as words.
pub(super) struct Folded {
    pub(super) words: Vec<String>,
    /// Words without the leading article, joined.
    pub(super) key: String,
    split: Split,
}

impl Folded {
    /// All words, joined.
    pub(super) fn full(&self) -> String {
        self.words.join(" ")
    }
}

/// Titles by word, in ascending order.
type Postings = BTreeMap<String, Vec<u32>>;

/// A catalogue, ready to make queries from.
pub(super) struct Index<'a> {
    pub(super) facts: &'a [TitleFacts],
    pub(super) titles: Vec<Folded>,
    by_key: Postings,
    by_word: Postings,
    by_name_word: Postings,
    by_plot_word: Postings,
    /// Distinct titles as words, sorted.
    distinct: Vec<String>,
}

/// A word of a description can point to a title if at most one in so many descriptions has it.
const PLOT_WORD_ONE_IN: usize = 200;
/// Shorter words of descriptions are seldom remembered.
const PLOT_WORD_LETTERS_MIN: usize = 5;

impl<'a> Index<'a> {
    pub(super) fn new(facts: &'a [TitleFacts]) -> Self {
        let titles: Vec<Folded> = facts
            .iter()
            .map(|facts| {
                let words = fold::words(&facts.title);
                let key = fold::without_article(&words).join(" ");
                Folded { words, key, split: Split::of(&facts.title) }
            })
            .collect();
        let mut distinct: Vec<String> = titles.iter().map(Folded::full).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let mut index = Self {
            facts,
            titles,
            by_key: Postings::new(),
            by_word: Postings::new(),
            by_name_word: Postings::new(),
            by_plot_word: Postings::new(),
            distinct,
        };
        index.post();
        index
    }

    fn post(&mut self) {
        for (title, (folded, facts)) in (0..).zip(self.titles.iter().zip(self.facts)) {
            note(&mut self.by_key, folded.key.clone(), title);
            folded.words.iter().for_each(|word| note(&mut self.by_word, word.clone(), title));
            for name in facts.cast.iter().chain(&facts.directors) {
                fold::words(name).into_iter().for_each(|word| note(&mut self.by_name_word, word, title));
            }
            let plot = fold::words(&facts.description).into_iter();
            let plot = plot.filter(|word| word.len() >= PLOT_WORD_LETTERS_MIN);
            plot.for_each(|word| note(&mut self.by_plot_word, word, title));
        }
    }

    /// Whether queries may ask for it: in the right half, readable, and no single episode.
    pub(super) fn may_be_target(&self, title: usize, split: Split) -> bool {
        let folded = &self.titles[title];
        folded.split == split && !folded.key.is_empty() && self.facts[title].kind != "episode"
    }

    /// All titles with the same key, itself among them.
    pub(super) fn namesakes(&self, title: usize) -> &[u32] {
        self.by_key.get(&self.titles[title].key).map_or(&[], Vec::as_slice)
    }

    /// Whether what is typed is the whole name of other titles than the target's.
    pub(super) fn is_another_title(&self, query: &str, target: usize) -> bool {
        let key = fold::key(query);
        key != self.titles[target].key && self.by_key.contains_key(&key)
    }

    /// How many distinct titles start so.
    pub(super) fn starting(&self, prefix: &str) -> usize {
        let from = self.distinct.partition_point(|title| title.as_str() < prefix);
        self.distinct[from..].iter().take_while(|title| title.starts_with(prefix)).count()
    }

    /// Titles that hold all of some words.
    pub(super) fn with_words(&self, words: &[&str]) -> Vec<u32> {
        let lists = words.iter().map(|word| self.by_word.get(*word).map_or(&[][..], Vec::as_slice));
        in_all(lists.collect())
    }

    /// Titles with a credit, or several, that hold all these words of a name.
    pub(super) fn with_name(&self, name: &[String]) -> Vec<u32> {
        let lists = name.iter().map(|word| self.by_name_word.get(word).map_or(&[][..], Vec::as_slice));
        in_all(lists.collect())
    }

    /// Titles whose descriptions hold all of some words.
    pub(super) fn with_plot(&self, words: &[&str]) -> Vec<u32> {
        let lists = words.iter().map(|word| self.by_plot_word.get(*word).map_or(&[][..], Vec::as_slice));
        in_all(lists.collect())
    }

    /// Whether a word of a description is rare enough to point to a title.
    pub(super) fn is_telling(&self, word: &str) -> bool {
        let most = (self.facts.len() / PLOT_WORD_ONE_IN).max(2);
        self.by_plot_word.get(word).is_some_and(|titles| titles.len() <= most)
    }
}

/// Titles are posted in order, so a repeat can only be the last.
fn note(postings: &mut Postings, word: String, title: u32) {
    let titles = postings.entry(word).or_default();
    if titles.last() != Some(&title) {
        titles.push(title);
    }
}

/// What all ascending lists hold.
fn in_all(mut lists: Vec<&[u32]>) -> Vec<u32> {
    lists.sort_unstable_by_key(|list| list.len());
    let Some((shortest, others)) = lists.split_first() else { return Vec::new() };
    let everywhere = |title: &u32| others.iter().all(|list| list.binary_search(title).is_ok());
    shortest.iter().copied().filter(everywhere).collect()
}
