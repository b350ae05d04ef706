use std::collections::BTreeMap;
use std::sync::Arc;

use platform_core::catalog::record::TitleRecord;
use proptest::prelude::*;
use tantivy::DocSet;
use tantivy::TERMINATED;

use super::*;
use crate::search::SearchIndex;
use crate::search::build::Edit;
use crate::search::expand::Meaning;
use crate::search::pool::Candidate;
use crate::search::schema::Place;

/// The first are in nearly all titles, the last in few.
const WORDS: [&str; 8] = ["amber", "basin", "copper", "delta", "ember", "fjord", "garnet", "hollow"];

fn title(id: u64, number: u64) -> TitleRecord {
    let words =
        WORDS.iter().zip(2..).filter(|(_, step)| !number.is_multiple_of(*step) || number.is_multiple_of(7));
    let few = WORDS.iter().rev().zip(5..).filter(|(_, step)| number.is_multiple_of(*step));
    let words: Vec<&str> = if number.is_multiple_of(2) {
        words.map(|(word, _)| *word).collect()
    } else {
        few.map(|(word, _)| *word).collect()
    };
    serde_json::from_value(serde_json::json!({
        "id": format!("t{id}"), "kind": "film", "title": words.join(" "),
        "description": WORDS[usize::try_from(number % 8).expect("below 8")], "popularity": 0,
    }))
    .expect("a record")
}

/// Several segments, with titles that were changed and some that are gone.
fn index(titles: u64) -> SearchIndex {
    let records: Vec<TitleRecord> = (0..titles).map(|number| title(number, number)).collect();
    let index = SearchIndex::build(&records).expect("an index");
    let changed = (0..titles).step_by(3).map(|id| Edit::Put(id, Arc::new(title(id, id + 1))));
    let gone = (0..titles).step_by(11).map(Edit::Remove);
    for edits in [changed.collect::<Vec<_>>(), gone.collect()] {
        index.prepare(&edits).expect("room");
        index.publish(0).expect("a commit");
    }
    index
}

impl Retrieval<'_> {
    /// The same, with every list read to its end.
    fn in_full(&self, meanings: &[Meanings]) -> Vec<Candidate> {
        let mut found: BTreeMap<u32, Found> = BTreeMap::new();
        for visit in self.visits(meanings).0 {
            let segment = &self.lexicon.segments[visit.segment];
            let list = &self.lexicon.lists(visit.term)[visit.list].at;
            let inverted = segment.inverted(visit.term.place);
            let mut postings =
                inverted.read_postings_from_terminfo(list, IndexRecordOption::Basic).expect("postings");
            while postings.doc() != TERMINATED {
                let ordinal = segment.ordinals[postings.doc() as usize];
                if segment.is_alive(postings.doc()) && (self.allowed)(ordinal) {
                    let found = &mut found.entry(ordinal).or_default()[visit.word];
                    *found = (*found).max(visit.likeness);
                }
                postings.advance();
            }
        }
        let score = |found: &Found| -> f32 {
            found.iter().zip(self.weights).map(|(found, weight)| f32::from(*found) * weight).sum()
        };
        let mut all: Vec<Candidate> =
            found.into_iter().map(|(ordinal, found)| Candidate { ordinal, found }).collect();
        all.sort_by(|a, b| score(&b.found).total_cmp(&score(&a.found)).then(a.ordinal.cmp(&b.ordinal)));
        all.truncate(self.keep);
        all
    }
}

/// What three words mean: by each, a word of the list, where it stands, and how likely.
type Meant = Vec<Vec<(usize, bool, u8)>>;

fn check(index: &SearchIndex, meant: &Meant, weights: &[f32], (keep, step): (usize, u32)) {
    let (view, titles) = (index.view(), index.titles());
    let mut lexicon = Lexicon::new(&view.segments, &titles);
    let mut meanings = Vec::new();
    for word in meant {
        let mut list = Meanings::default();
        for &(term, is_title, likeness) in word {
            let place = if is_title { Place::Title } else { Place::Summary };
            let term = lexicon.look_up(place, WORDS[term]).expect("a dictionary");
            list.0.push(Meaning { term, likeness: f32::from(likeness) / 10.0 });
        }
        meanings.push(list);
    }
    let allowed = |ordinal: u32| ordinal.is_multiple_of(step);
    let all = Retrieval {
        lexicon: &lexicon,
        weights,
        allowed: &allowed,
        keep,
        reach: Reach::SHIPPED,
        before: None,
    };
    let mut window = Window::default();
    let mut run = |retrieval: &Retrieval<'_>, meanings: &[Meanings]| {
        let kept = retrieval.run(meanings, &mut window).expect("postings");
        assert_eq!(kept.candidates, retrieval.in_full(meanings));
        kept
    };
    // First with some of the meanings, then with all of them and what is known from before, also where not all of them can be read, and
    // whether short lists are read at once or never; then from the start.
    let some: Vec<Meanings> = meanings.iter().map(|one| Meanings(one.0[..1].to_vec())).collect();
    let kept = run(&all, &some);
    for postings_max in [Reach::SHIPPED.postings_max, 3_000, 700] {
        for postings_per_named in [0, 1, Reach::SHIPPED.postings_per_named] {
            let reach = Reach { postings_max, postings_per_named };
            run(&Retrieval { before: Some(&kept), reach, ..all }, &meanings);
        }
    }
    run(&all, &meanings);
}

#[test]
fn the_best_of_many_equals_are_the_first() {
    let index = index(3_000);
    check(&index, &vec![vec![(0, true, 9), (1, true, 9)]], &[0.5], (120, 1));
    check(&index, &vec![vec![(0, true, 9)], vec![(7, true, 10), (6, false, 5)]], &[0.3, 0.9], (120, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_kept_is_what_reading_every_list_keeps(
        meant in proptest::collection::vec(
            proptest::collection::vec((0..WORDS.len(), any::<bool>(), 1..=10_u8), 1..6), 1..4),
        weights in proptest::collection::vec(1..=10_u8, 3),
        keep in prop_oneof![Just(1_usize), Just(10), Just(120)],
        step in prop_oneof![Just(1_u32), Just(2), Just(50)],
    ) {
        static INDEX: std::sync::OnceLock<SearchIndex> = std::sync::OnceLock::new();
        let weights: Vec<f32> = weights.into_iter().map(|weight| f32::from(weight) / 10.0).collect();
        check(INDEX.get_or_init(|| index(4_000)), &meant, &weights, (keep, step));
    }
}
