//! The features of a candidate: what of the query is in it, and what of it is in the query.

use platform_core::search::query::{Query, Role, WORDS_MAX};
use platform_core::search::rank::{Features, year_nearness};

use super::expand::Meant;
use super::likely::{Likely, Row};
use super::near::Typed;
use super::pool::{Candidate, Found};
use super::titles::{Form, Scale, Title, Titles, WordId};

/// What it counts that the query is the title but for a year or noise, or is another name of it.
const EXACT_BUT_ONE: f64 = 0.96;
/// How much of a query is covered by a title that begins with it.
const STARTS_COVER: f64 = 0.96;
/// What beginning with the query but for its article counts.
const STARTS_WITHOUT_ARTICLE: f64 = 0.6;
/// From here on a word was found as typed, or with another ending.
const AS_TYPED: f32 = 0.75;
/// How well the last word is found where a title goes on with one that nearly begins so. Chosen: below a whole word with a slip.
const NEARLY_BEGINS: f32 = 0.62;
/// Shortest beginning that is taken for mistyped.
const BEGINNING_MIN: usize = 3;
/// The least likeness of a term that was not corrected: of a stem in the summary.
const ELSEWHERE_MIN: f32 = 0.5;

/// A query made ready for judging many candidates.
pub(super) struct Judge<'a> {
    titles: &'a Titles,
    query: &'a Query,
    /// How telling each word is.
    weights: Vec<f32>,
    scale: Scale,
    likely: Likely,
    /// The last word, where it may be a mistyped beginning.
    beginning: Option<Typed>,
    /// The whole query without spaces, comparable and as typed, where some title has such a word.
    joined: [Option<WordId>; 2],
}

/// Likeness by word of the query.
type Likenesses = [f32; WORDS_MAX];

/// What a form has of a query.
struct Fit {
    words: Likenesses,
    /// Where in the form each word of the query is.
    places: [Option<usize>; WORDS_MAX],
    title_covered: f64,
}

/// What a word of a form may be of the query: itself, as written, joined with the next.
type Rows<'a> = [Option<Row<'a>>; 3];

impl<'a> Judge<'a> {
    pub(super) fn new(titles: &'a Titles, query: &'a Query, weights: Vec<f32>, meant: &Meant<'_>) -> Self {
        let joined = |typed: &str| {
            let joined = typed.replace(' ', "");
            titles.vocabulary.id(&joined).filter(|_| !joined.is_empty())
        };
        let joined =
            if query.key.is_empty() { [None; 2] } else { [joined(&query.key), joined(&query.typed)] };
        let last = query.words.last().filter(|word| {
            let is_word = word.role == Role::Content && word.raw.chars().all(char::is_alphabetic);
            meant.is_loose && is_word && word.raw.chars().count() >= BEGINNING_MIN
        });
        let beginning = last.and_then(|word| Typed::of(&word.raw));
        Self { titles, query, weights, scale: titles.scale(), likely: Likely::of(meant), beginning, joined }
    }

    /// The features of a candidate under its best form, and how much of the query stands in title and names.
    pub(super) fn features(&self, candidate: &Candidate) -> Features {
        let title = &self.titles.list[candidate.ordinal as usize];
        let people = self.people(title);
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

    /// What the names have of the query.
    fn people(&self, title: &Title) -> Likenesses {
        let mut people = [0.0_f32; WORDS_MAX];
        for row in title.people.iter().filter_map(|word| self.likely.row(*word)) {
            for (at, best) in people.iter_mut().enumerate().take(self.query.words.len()) {
                *best = best.max(row.person(at));
            }
        }
        people
    }

    fn form(&self, title: &Title, form: &Form<WordId>, people: &Likenesses, found: &Found) -> Features {
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
    fn is_complete(&self, fit: &Fit, people: &Likenesses, found: &Found) -> bool {
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
        let is = |id: &WordId| self.joined.contains(&Some(*id));
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
        let mut fit = Fit { words: [0.0; WORDS_MAX], places: [None; WORDS_MAX], title_covered: 0.0 };
        let row = |word: Option<&WordId>| word.and_then(|word| self.likely.row(*word));
        let rows = (0..form.words.len())
            .map(|at| [&form.words, &form.written, &form.pairs].map(|words| row(words.get(at))));
        let rows: Vec<Rows<'_>> = rows.collect();
        let wholes: Vec<Row<'_>> = form.wholes.iter().filter_map(|id| self.likely.row(*id)).collect();
        let mut covered = vec![0.0_f32; form.words.len()];
        for at in 0..self.query.words.len() {
            for (place, rows) in rows.iter().enumerate() {
                fit.stand(at, place, rows, &mut covered);
            }
            let whole = wholes.iter().map(|row| row.joined(at)).fold(0.0, f32::max);
            if whole > fit.words[at] {
                fit.words[at] = whole;
                covered.iter_mut().for_each(|covered| *covered = covered.max(whole));
            }
        }
        self.note_beginning(form, &mut fit, &mut covered);
        let (mut part, mut total) = (0.0_f64, 0.0_f64);
        for (place, id) in form.words.iter().enumerate() {
            let weight = f64::from(self.scale.weight(self.titles.vocabulary.seen(*id)));
            total += weight;
            part += weight * f64::from(covered[place]);
        }
        fit.title_covered = if total > 0.0 { part / total } else { 0.0 };
        fit
    }

    /// Notes the last word where a title goes on, behind a word as typed, with one that nearly begins so. The dictionary is not asked for such words:
    /// of a few letters too many would do.
    fn note_beginning(&self, form: &Form<WordId>, fit: &mut Fit, covered: &mut [f32]) {
        let last = self.query.words.len() - 1;
        let Some(typed) = self.beginning.as_ref().filter(|_| fit.words[last] == 0.0) else { return };
        let nearly = |place: &usize| {
            covered[place - 1] >= AS_TYPED
                && covered[*place] == 0.0
                && typed.nearly_begins(self.titles.vocabulary.text(form.words[*place]))
        };
        if let Some(place) = (1..form.words.len()).find(nearly) {
            fit.note(last, place, NEARLY_BEGINS, covered);
        }
    }
}

impl Fit {
    /// Notes what a word of the form is of a word of the query.
    fn stand(&mut self, at: usize, place: usize, rows: &Rows<'_>, covered: &mut [f32]) {
        let [word, written, joined] = rows;
        let own = || [word, written].into_iter().flatten();
        let likeness = own().map(|row| row.title(at)).fold(0.0, f32::max);
        self.note(at, place, likeness, covered);
        let likeness = joined.map_or(0.0, |row| row.joined(at));
        if likeness > 0.0 {
            self.note(at, place, likeness, covered);
            covered[place + 1] = covered[place + 1].max(likeness);
        }
        let likeness = own().map(|row| row.pair(at)).fold(0.0, f32::max);
        if likeness > 0.0 {
            self.note(at, place, likeness, covered);
            self.note(at + 1, place, likeness, covered);
        }
    }

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
