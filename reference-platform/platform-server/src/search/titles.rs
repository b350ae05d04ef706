//! What is kept in memory of every title: its words as numbers, for judging candidates without touching the disk.

use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use indexmap::IndexSet;
use platform_core::catalog::normalise;
use platform_core::catalog::record::{Kind, RecordId, TitleRecord};

use super::schema;

/// Number of a word in the vocabulary.
pub(super) type WordId = u32;

/// The same hashes in every run.
pub(super) type Fixed = BuildHasherDefault<DefaultHasher>;

/// One way to write a title, in words of type `W`: text while it is made, numbers once it is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Form<W> {
    /// Whole titles that count as equal to it.
    pub(super) keys: Vec<String>,
    /// Comparable words, articles included.
    pub(super) words: Vec<W>,
    /// The same as written, where each has a counterpart; else `words` again.
    pub(super) written: Vec<W>,
    /// Neighbours joined: one fewer than words.
    pub(super) pairs: Vec<W>,
    /// All words joined, with and without article, comparable and as written.
    pub(super) wholes: Vec<W>,
    /// Whether it begins with an article.
    pub(super) has_article: bool,
}

impl Form<String> {
    /// All that a title may be compared as.
    pub(super) fn of(title: &str) -> Self {
        let words = normalise::tokens(title);
        let written = normalise::plain_tokens(title);
        let bare = normalise::without_article(&words);
        let bare_written = normalise::without_article(&written);
        let has_article = bare.len() < words.len();
        let mut keys = vec![bare.join(" "), bare_written.join(" "), written.join(" "), words.join(" ")];
        let mut wholes = vec![bare.concat(), words.concat(), bare_written.concat(), written.concat()];
        for list in [&mut keys, &mut wholes] {
            list.sort_unstable();
            list.dedup();
        }
        let written = if written.len() == words.len() { written } else { words.clone() };
        let pairs = words.windows(2).map(<[String]>::concat).collect();
        Self { keys, words, written, pairs, wholes, has_article }
    }
}

/// All forms of a record's names.
pub(super) fn forms(record: &TitleRecord) -> Vec<Form<String>> {
    let names = std::iter::once(&record.title).chain(&record.alternative_titles);
    names.map(|name| Form::of(name)).collect()
}

/// A title in memory.
#[derive(Debug, Clone)]
pub(super) struct Title {
    pub(super) id: RecordId,
    pub(super) kind: Kind,
    pub(super) shown: String,
    pub(super) year: Option<u16>,
    pub(super) popularity: f32,
    pub(super) forms: Vec<Form<WordId>>,
    /// Words of all names.
    pub(super) people: Vec<WordId>,
}

/// Words by number, and who has them.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// In the order in which they came, which gives them their numbers.
    words: IndexSet<String, Fixed>,
    /// In how many titles, earlier versions apart, a word stands in the title or in a name; by number.
    seen: Vec<u32>,
    /// Words of titles by stem and by sound.
    by_stem: BTreeMap<String, Vec<WordId>>,
    by_sound: BTreeMap<String, Vec<WordId>>,
}

impl Vocabulary {
    pub(super) fn id(&self, word: &str) -> Option<WordId> {
        self.words.get_index_of(word).map(number)
    }

    pub(super) fn text(&self, id: WordId) -> &str {
        &self.words[id as usize]
    }

    pub(super) fn seen(&self, id: WordId) -> u32 {
        self.seen[id as usize]
    }

    /// Words of titles with this stem.
    pub(super) fn with_stem(&self, stem: &str) -> impl Iterator<Item = WordId> {
        self.living(self.by_stem.get(stem))
    }

    /// Words of titles with this sound.
    pub(super) fn with_sound(&self, sound: &str) -> impl Iterator<Item = WordId> {
        self.living(self.by_sound.get(sound))
    }

    /// Those that some title still has.
    fn living(&self, words: Option<&Vec<WordId>>) -> impl Iterator<Item = WordId> {
        words.into_iter().flatten().copied().filter(|id| self.seen(*id) > 0)
    }

    fn intern(&mut self, word: &str) -> WordId {
        if let Some(id) = self.id(word) {
            return id;
        }
        self.seen.push(0);
        number(self.words.insert_full(word.to_owned()).0)
    }

    fn intern_title_word(&mut self, word: &str) -> WordId {
        let before = self.words.len();
        let id = self.intern(word);
        let is_new = self.words.len() > before;
        let stem = normalise::stem(word);
        if is_new || self.by_stem.get(&stem).is_none_or(|known| !known.contains(&id)) {
            self.by_stem.entry(stem).or_default().push(id);
            self.by_sound.entry(normalise::phonetic(word)).or_default().push(id);
        }
        id
    }
}

fn number(place: usize) -> WordId {
    WordId::try_from(place).expect("fewer than four thousand million words")
}

/// How telling words are among so many titles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    all: f64,
    log: f64,
}

impl Scale {
    #[expect(clippy::cast_precision_loss, reason = "counts of titles are far below 2^53")]
    fn of(titles: usize) -> Self {
        let all = titles.max(2) as f64;
        Self { all, log: libm::log(1.0 + all) }
    }

    /// 1 for a word that no title has, towards 0 for one that all have.
    pub(super) fn weight(self, seen: u32) -> f32 {
        let weight = libm::log(1.0 + self.all / (1.0 + f64::from(seen))) / self.log;
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than single precision")]
        let weight = weight.max(0.08) as f32;
        weight
    }
}

/// All titles and their vocabulary.
#[derive(Debug, Default)]
pub(super) struct Titles {
    pub(super) vocabulary: Vocabulary,
    pub(super) list: Vec<Title>,
    /// How many of the list are earlier versions, or of titles that are gone.
    retired: usize,
}

impl Title {
    /// The words that it is counted under, each once.
    fn counted(&self) -> Vec<WordId> {
        let of_forms = self.forms.iter().flat_map(|form| form.words.iter().chain(&form.written));
        let mut words: Vec<WordId> = of_forms.chain(&self.people).copied().collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

impl Titles {
    /// Keeps a title whose forms have been made; returns its place.
    pub(super) fn push(&mut self, record: &TitleRecord, texts: &[Form<String>]) -> u32 {
        let vocabulary = &mut self.vocabulary;
        let mut forms = Vec::with_capacity(texts.len());
        for text in texts {
            let mut title_words = |words: &[String]| {
                words.iter().map(|word| vocabulary.intern_title_word(word)).collect::<Vec<_>>()
            };
            let (words, written) = (title_words(&text.words), title_words(&text.written));
            let mut others = |words: &[String]| words.iter().map(|word| vocabulary.intern(word)).collect();
            let (pairs, wholes) = (others(&text.pairs), others(&text.wholes));
            let keys = text.keys.clone();
            forms.push(Form { keys, words, written, pairs, wholes, has_article: text.has_article });
        }
        let mut people: Vec<WordId> = Vec::new();
        for person in schema::people(record) {
            people.extend(
                person.split(' ').filter(|word| !word.is_empty()).map(|word| vocabulary.intern(word)),
            );
        }
        people.sort_unstable();
        people.dedup();
        let ordinal = u32::try_from(self.list.len()).expect("fewer than four thousand million titles");
        #[expect(clippy::cast_possible_truncation, reason = "a share needs no more than single precision")]
        let popularity = record.popularity.as_f64() as f32;
        let title = Title {
            id: record.id.clone(),
            kind: record.kind,
            shown: record.title.clone(),
            year: record.year,
            popularity,
            forms,
            people,
        };
        for id in title.counted() {
            self.vocabulary.seen[id as usize] += 1;
        }
        self.list.push(title);
        ordinal
    }

    /// Takes a version that no search finds any more out of the counts, once: what is left weighs as if it had never been.
    pub(super) fn retire(&mut self, place: u32) {
        for id in self.list[place as usize].counted() {
            self.vocabulary.seen[id as usize] -= 1;
        }
        self.retired += 1;
    }

    /// How telling a word is here.
    pub(super) fn scale(&self) -> Scale {
        Scale::of(self.list.len() - self.retired)
    }
}
