//! The features of a candidate: what of the query is in it, and what of it is in the query.

use platform_core::search::query::{Query, Role};
use platform_core::search::rank::{Features, year_nearness};

use super::expand::Meanings;
use super::retrieve::{Candidate, Found};
use super::schema::Place;
use super::titles::{Form, Title, Titles, WordId};

/// What it counts that the query is the title but for a year or noise, or is another name of it.
const EXACT_BUT_ONE: f64 = 0.96;
/// How much of a query is covered by a title that begins with it.
const STARTS_COVER: f64 = 0.96;
/// What beginning with the query but for its article counts.
const STARTS_WITHOUT_ARTICLE: f64 = 0.6;
/// From here on a word was found as typed, or with another ending.
const AS_TYPED: f32 = 0.75;
/// The least likeness of a term that was not corrected: of a stem in the summary.
const ELSEWHERE_MIN: f32 = 0.5;

/// What one place may hold of a word: likeness by number of the term, sorted by number.
#[derive(Debug, Default)]
struct Likely(Vec<(WordId, f32)>);

impl Likely {
    fn of(titles: &Titles, meanings: &Meanings, place: Place) -> Self {
        let mut list: Vec<(WordId, f32)> = meanings
            .0
            .iter()
            .filter(|meaning| meaning.place == place)
            .filter_map(|meaning| Some((titles.vocabulary.id(&meaning.term)?, meaning.likeness)))
            .collect();
        list.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        list.dedup_by_key(|(id, _)| *id);
        Self(list)
    }

    fn get(&self, id: WordId) -> f32 {
        self.0.binary_search_by_key(&id, |(id, _)| *id).map_or(0.0, |at| self.0[at].1)
    }
}

/// A query made ready for judging many candidates.
pub(super) struct Judge<'a> {
    titles: &'a Titles,
    query: &'a Query,
    /// How telling each word is.
    weights: Vec<f32>,
    title: Vec<Likely>,
    joined: Vec<Likely>,
    people: Vec<Likely>,
    /// Words `i` and `i + 1` joined, in titles.
    pairs: Vec<Likely>,
    joined_query: String,
}

/// What a form has of a query.
struct Fit {
    /// Likeness by word of the query.
    words: Vec<f32>,
    /// Where in the form it is.
    places: Vec<Option<usize>>,
    title_covered: f64,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        titles: &'a Titles,
        query: &'a Query,
        weights: Vec<f32>,
        (meanings, pairs): (&[Meanings], &[Meanings]),
    ) -> Self {
        let all = |place| meanings.iter().map(|one| Likely::of(titles, one, place)).collect();
        Self {
            titles,
            query,
            weights,
            title: all(Place::Title),
            joined: all(Place::Joined),
            people: all(Place::People),
            pairs: pairs.iter().map(|one| Likely::of(titles, one, Place::Title)).collect(),
            joined_query: query.key.replace(' ', ""),
        }
    }

    /// The features of a candidate under its best form, and how much of the query stands in title and names.
    pub(super) fn features(&self, candidate: &Candidate) -> Features {
        let title = &self.titles.list[candidate.ordinal as usize];
        let people: Vec<f32> = self.people.iter().map(|likely| best(likely, &title.people)).collect();
        let judged = title.forms.iter().enumerate().map(|(at, form)| {
            let mut features = self.form(title, form, &people, &candidate.found);
            if at > 0 {
                // A title's own name comes before what it is also called.
                features.exact = features.exact.min(EXACT_BUT_ONE);
            }
            features
        });
        judged.max_by_key(Features::points).unwrap_or_default()
    }

    fn form(&self, title: &Title, form: &Form<WordId>, people: &[f32], found: &Found) -> Features {
        let fit = self.fit(form);
        let (mut covered, mut elsewhere, mut total) = (0.0, 0.0, 0.0);
        for (at, word) in self.query.words.iter().enumerate() {
            let weight = f64::from(self.weights[at]);
            let mut here = f64::from(fit.words[at].max(people[at]));
            if word.role == Role::Year && here == 0.0 {
                continue;
            }
            here = here.min(1.0);
            let anywhere = f64::from(found[at]) / 255.0;
            total += weight;
            covered += weight * here;
            elsewhere += weight * (anywhere - here).max(0.0);
        }
        let share = |part: f64| if total > 0.0 { part / total } else { 0.0 };
        let exact = self.exact(form);
        let starts = self.starts(form);
        // What the title begins with is covered, whatever the dictionary made of the half-typed last word.
        let covered = if starts > 0.0 { share(covered).max(STARTS_COVER) } else { share(covered) };
        Features {
            exact,
            exact_joined: self.exact_joined(form),
            starts,
            query_covered: covered,
            title_covered: if starts > 0.0 {
                fit.title_covered.max(self.typed_part(form))
            } else {
                fit.title_covered
            },
            elsewhere: share(elsewhere),
            complete: f64::from(u8::from(starts > 0.0 || self.is_complete(&fit, people, found))),
            order: order(&fit.places),
            year: year_nearness(self.query.year, title.year),
            article: f64::from(u8::from(self.same_article(form))),
            popularity: f64::from(title.popularity),
            recency: 0.0,
        }
    }

    /// Whether every word that names something is found as it was typed, or nearly so.
    fn is_complete(&self, fit: &Fit, people: &[f32], found: &Found) -> bool {
        let as_typed = |at: usize| {
            let stands = fit.words[at].max(people[at]) >= AS_TYPED;
            stands || elsewhere_as_typed(found[at])
        };
        let mut naming = self.query.words.iter().enumerate().filter(|(_, word)| word.role == Role::Content);
        naming.all(|(at, _)| as_typed(at))
    }

    fn exact(&self, form: &Form<WordId>) -> f64 {
        let is = |key: &str| !key.is_empty() && form.keys.iter().any(|known| known == key);
        if is(&self.query.key) || is(&self.query.typed) {
            1.0
        } else if self.query.shorter_keys.iter().any(|key| is(key)) {
            EXACT_BUT_ONE
        } else {
            0.0
        }
    }

    fn exact_joined(&self, form: &Form<WordId>) -> f64 {
        if self.joined_query.is_empty() {
            return 0.0;
        }
        let vocabulary = &self.titles.vocabulary;
        let typed = self.query.typed.replace(' ', "");
        let is = |id: &WordId| {
            let whole = vocabulary.text(*id);
            whole == self.joined_query || whole == typed
        };
        f64::from(u8::from(form.wholes.iter().any(is)))
    }

    /// Whether the form begins with what was typed; less if only without the article that was.
    fn starts(&self, form: &Form<WordId>) -> f64 {
        let begins = |typed: &str| !typed.is_empty() && form.keys.iter().any(|key| key.starts_with(typed));
        if begins(&self.query.typed) {
            1.0
        } else if begins(&self.query.key) {
            STARTS_WITHOUT_ARTICLE
        } else {
            0.0
        }
    }

    /// How much of the form has been typed, by characters.
    #[expect(clippy::cast_precision_loss, reason = "titles are short")]
    fn typed_part(&self, form: &Form<WordId>) -> f64 {
        let shortest = form.keys.iter().map(String::len).min().unwrap_or(0).max(1);
        (self.query.key.len() as f64 / shortest as f64).min(1.0)
    }

    fn same_article(&self, form: &Form<WordId>) -> bool {
        let typed_one = self.query.words.len() > 1
            && platform_core::catalog::normalise::ARTICLES.contains(&self.query.words[0].text.as_str());
        typed_one == form.has_article
    }

    /// Which word of the form each word of the query is.
    fn fit(&self, form: &Form<WordId>) -> Fit {
        let count = self.query.words.len();
        let mut fit = Fit { words: vec![0.0; count], places: vec![None; count], title_covered: 0.0 };
        let mut covered = vec![0.0_f32; form.words.len()];
        for at in 0..count {
            for place in 0..form.words.len() {
                let likely = &self.title[at];
                let likeness = likely.get(form.words[place]).max(likely.get(form.written[place]));
                fit.note(at, place, likeness, &mut covered);
                if let Some(pair) = form.pairs.get(place) {
                    let likeness = self.joined[at].get(*pair);
                    if likeness > 0.0 {
                        fit.note(at, place, likeness, &mut covered);
                        covered[place + 1] = covered[place + 1].max(likeness);
                    }
                }
                if let Some(pair) = self.pairs.get(at) {
                    let likeness = pair.get(form.words[place]).max(pair.get(form.written[place]));
                    fit.note(at, place, likeness, &mut covered);
                    fit.note(at + 1, place, likeness, &mut covered);
                }
            }
            let whole = form.wholes.iter().map(|id| self.joined[at].get(*id)).fold(0.0, f32::max);
            if whole > fit.words[at] {
                fit.words[at] = whole;
                covered.iter_mut().for_each(|covered| *covered = covered.max(whole));
            }
        }
        let (mut part, mut total) = (0.0_f64, 0.0_f64);
        for (place, id) in form.words.iter().enumerate() {
            let weight = f64::from(self.titles.weight(self.titles.vocabulary.seen(*id)));
            total += weight;
            part += weight * f64::from(covered[place]);
        }
        fit.title_covered = if total > 0.0 { part / total } else { 0.0 };
        fit
    }
}

impl Fit {
    fn note(&mut self, word: usize, place: usize, likeness: f32, covered: &mut [f32]) {
        if likeness > self.words[word] {
            self.words[word] = likeness;
            self.places[word] = Some(place);
        }
        covered[place] = covered[place].max(likeness);
    }
}

/// Whether a word was found in genre or summary, or better.
fn elsewhere_as_typed(found: u8) -> bool {
    f32::from(found) >= ELSEWHERE_MIN * 255.0 - 1.0
}

fn best(likely: &Likely, people: &[WordId]) -> f32 {
    // Few terms against many names: look the terms up among the names, which are sorted.
    let have = |(id, likeness): &(WordId, f32)| people.binary_search(id).ok().map(|_| *likeness);
    likely.0.iter().filter_map(have).fold(0.0, f32::max)
}

/// The share of neighbours in the query that stand in the same order in the title.
#[expect(clippy::cast_precision_loss, reason = "at most twelve words")]
fn order(places: &[Option<usize>]) -> f64 {
    let placed: Vec<usize> = places.iter().flatten().copied().collect();
    if placed.len() < 2 {
        return 1.0;
    }
    let kept = placed.windows(2).filter(|pair| pair[0] <= pair[1]).count();
    kept as f64 / (placed.len() - 1) as f64
}
