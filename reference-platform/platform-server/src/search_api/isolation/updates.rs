//! The same while titles are renamed, opened, closed and taken out, between commits and after them.

use std::collections::BTreeMap;

use platform_core::catalog::record::RecordId;
use proptest::prelude::*;

use super::super::filters::Offered;
use super::super::indexed::IndexedCatalogue;
use super::{Hidden, TYPED, ask, leaks, offered, sees, viewer};
use crate::catalog::store::Incoming;
use crate::catalog::store::feed::{Change, Numbered, Seq};

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// Another text, and windows with it.
    Text {
        number: usize,
        open: bool,
        name: usize,
    },
    /// Other windows.
    Windows {
        number: usize,
        open: bool,
    },
    Remove(usize),
    Commit,
}

/// How many titles are played with.
const TITLES: usize = 6;
/// Names of visible versions, and of hidden ones a slip or two away.
const NAMES: [[&str; 2]; 2] = [["Lantern Harbor", "Wellspring"], ["Lanterns Harbour", "Wellsprung"]];

fn step() -> impl Strategy<Value = Step> {
    let number = || 0..TITLES;
    prop_oneof![
        4 => (number(), any::<bool>(), 0..2_usize).prop_map(|(number, open, name)| Step::Text { number, open, name }),
        4 => (number(), any::<bool>()).prop_map(|(number, open)| Step::Windows { number, open }),
        1 => number().prop_map(Step::Remove),
        2 => Just(Step::Commit),
    ]
}

/// A title as it is searched, and as it is by now.
#[derive(Debug, Clone, Default)]
struct Versions {
    shown: Option<Offered>,
    latest: Option<Offered>,
}

impl Versions {
    /// What the viewer may see of it.
    fn visible(&self, now: u64) -> Option<&Offered> {
        let both = |shown: &&Offered| {
            sees(shown, &viewer(), now)
                && self.latest.as_ref().is_some_and(|latest| sees(latest, &viewer(), now))
        };
        self.shown.as_ref().filter(both)
    }
}

fn version(number: usize, open: bool, name: usize) -> Offered {
    let hidden = if open { Hidden::No } else { [Hidden::Elsewhere, Hidden::TooOld][number % 2] };
    offered(number, &format!("{} {number}", NAMES[usize::from(!open)][name]), hidden, 1_000)
}

/// Takes a step on both: the search, and what is expected of it.
fn take(step: &Step, index: &IndexedCatalogue, model: &mut [Versions]) {
    let number = |number: usize| number as u64;
    match *step {
        Step::Text { number: at, open, name } => {
            let Offered { title: record, windows } = version(at, open, name);
            let latest = Some(Offered { title: record.clone(), windows: windows.clone() });
            // The text that is searched already only has other windows, and those count at once.
            let Versions { shown, latest: before } = &mut model[at];
            if shown == before && shown.as_ref().is_some_and(|shown| shown.title == record) {
                shown.clone_from(&latest);
            }
            *before = latest;
            let title = Numbered { number: number(at), title: Incoming { record, windows } };
            index.apply([Change::Title(Box::new(title))]);
        }
        Step::Windows { number: at, open } => {
            let windows = version(at, open, 0).windows;
            let Versions { shown, latest } = &mut model[at];
            let Some(latest) = latest else { return };
            // A title whose text waits for no commit is searched as it is.
            if shown
                .as_ref()
                .is_some_and(|shown| shown.title == latest.title && shown.windows == latest.windows)
            {
                *shown = Some(Offered { title: latest.title.clone(), windows: windows.clone() });
            }
            latest.windows.clone_from(&windows);
            index.apply([Change::Windows { number: number(at), windows }]);
        }
        Step::Remove(at) => {
            model[at].latest = None;
            index.apply([Change::Gone { number: number(at) }]);
        }
        Step::Commit => {
            index.commit(Seq(0)).expect("memory takes it");
            model.iter_mut().for_each(|versions| versions.shown.clone_from(&versions.latest));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nothing_of_a_hidden_version_is_seen_while_titles_change(steps in proptest::collection::vec(step(), 1..20)) {
        let index = IndexedCatalogue::new(Vec::new(), 1).expect("an index");
        let mut model = vec![Versions::default(); TITLES];
        for at in 0..TITLES {
            take(&Step::Text { number: at, open: at % 3 > 0, name: at % 2 }, &index, &mut model);
        }
        let steps = [Step::Commit].into_iter().chain(steps).chain([Step::Commit]);
        for step in steps {
            take(&step, &index, &mut model);
            let visible = model.iter().filter_map(|versions| versions.visible(30));
            let visible: BTreeMap<&str, &Offered> =
                visible.map(|offered| (offered.title.id.0.as_str(), offered)).collect();
            for text in TYPED {
                let (answer, suggestions) = ask(&index, text, (viewer(), 30));
                let found = leaks(&answer, &suggestions, &visible);
                prop_assert!(found.is_empty(), "`{}` after {:?}: {:?}", text, step, found);
            }
            if matches!(step, Step::Commit) {
                for offered in visible.values() {
                    let (answer, _) = ask(&index, &offered.title.title, (viewer(), 30));
                    let is_found = answer.hits.iter().any(|hit| hit.id == offered.title.id.0);
                    prop_assert!(is_found, "{} after a commit", offered.title.title);
                }
            }
        }
    }
}

#[test]
fn windows_that_open_during_a_commit_belong_to_the_new_text_and_ones_that_close_to_both() {
    let index = IndexedCatalogue::new(vec![version(0, false, 0)], 1).expect("an index");
    let hits = |text: &str| ask(&index, text, (viewer(), 30)).0.hits.len();
    let number = 0;
    let text = |open: bool, windows: bool| {
        let record = version(0, open, 0).title;
        let title = Incoming { record, windows: version(0, windows, 0).windows };
        index.apply([Change::Title(Box::new(Numbered { number, title }))]);
    };
    text(true, false);
    index.apply([Change::Windows { number, windows: version(0, true, 0).windows }]);
    assert_eq!(hits("lanterns harbour"), 0, "the old text through a window of the new one");
    index.commit(Seq(0)).expect("memory takes it");
    assert_eq!(hits("lantern harbor"), 1);
    text(false, false);
    assert_eq!(hits("lantern harbor"), 0, "closed before the commit");
    assert!(index.set_windows(&RecordId("t000".to_owned()), version(0, true, 0).windows));
    assert_eq!(hits("lantern harbor"), 1, "open again: both texts may be seen");
}
