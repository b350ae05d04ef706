//! The candidates of one query, of which only the best are kept.
//!
//! Whether the viewer may see a title is asked when it is about to count: among those whose score sets the bar for others, and
//! among those that are kept. Nearly all titles that a list names are out before.

use platform_core::search::query::WORDS_MAX;

/// How well a title has each word, in 255ths.
pub(super) type Found = [u8; WORDS_MAX];

/// A title that has something of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) ordinal: u32,
    pub(super) found: Found,
}

/// The best candidates.
#[derive(Debug)]
pub(super) struct Kept {
    /// Best first, ties by number.
    pub(super) candidates: Vec<Candidate>,
    /// The last of them, if there are as many as were to be kept.
    pub(super) floor: Option<Floor>,
}

/// A score and the title that has it. Equal scores are ordered by number.
type Scored = (f32, u32);

/// A score that a title must reach to be kept; with just this one, its number must be below that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor(Scored);

impl Kept {
    /// What titles must reach where the lists of some words are read no more, or only some of them, and of all others at least those
    /// that were: what was kept has that much still.
    pub(super) fn floor_without(&self, cut: &[bool; WORDS_MAX], weights: &[f32]) -> Option<Floor> {
        if !cut.contains(&true) {
            return self.floor;
        }
        self.floor?;
        let left = |one: &Candidate| {
            let found = std::array::from_fn(|word| if cut[word] { 0 } else { one.found[word] });
            score(&found, weights)
        };
        let least = self.candidates.iter().map(left).min_by(f32::total_cmp);
        least.map(|score| Floor((score, u32::MAX)))
    }
}

/// The least score that a document of a window needs for its title to be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needed(f32);

impl Needed {
    pub(super) fn is_met(self, score: f32) -> bool {
        score >= self.0
    }
}

/// Candidates while lists are read.
pub(super) struct Pool<'a> {
    weights: &'a [f32],
    keep: usize,
    allowed: &'a dyn Fn(u32) -> bool,
    /// The best of the windows that have been read.
    best: Vec<Entry>,
    /// The last of the best so far, once there are enough, or what is known beforehand: it can only be replaced by a better one.
    floor: Option<Scored>,
}

/// A candidate with what it is ordered by.
#[derive(Debug, Clone, Copy)]
struct Entry {
    scored: Scored,
    candidate: Candidate,
    is_allowed: bool,
}

impl<'a> Pool<'a> {
    pub(super) fn new(
        weights: &'a [f32],
        (keep, floor): (usize, Option<Floor>),
        allowed: &'a dyn Fn(u32) -> bool,
    ) -> Self {
        Self { weights, keep, allowed, best: Vec::new(), floor: floor.map(|Floor(floor)| floor) }
    }

    /// How telling each word is.
    pub(super) const fn weights(&self) -> &'a [f32] {
        self.weights
    }

    /// What titles need whose numbers are not below this one; `None` if nothing yet.
    pub(super) fn needed(&self, from: u32) -> Option<Needed> {
        let (score, ordinal) = self.floor?;
        // Of equal scores, the first titles are kept.
        Some(Needed(if from <= ordinal { score } else { score.next_up() }))
    }

    /// The weight of what was found. Rounding keeps its order: more of any word is never worth less. Added up as in
    /// [`super::window::Window::narrow`], to the last bit.
    pub(super) fn score(&self, found: &Found) -> f32 {
        score(found, self.weights)
    }

    /// Titles below this number may come in with no more than `rest`.
    pub(super) fn newcomers(&self, rest: &Found) -> u32 {
        let Some((floor, ordinal)) = self.floor else { return u32::MAX };
        let most = self.score(rest);
        if most > floor {
            u32::MAX
        } else if most == floor {
            ordinal
        } else {
            0
        }
    }

    /// Whether a title with this found is no worse than what is known to be needed.
    pub(super) fn reaches(&self, found: &Found, ordinal: u32) -> bool {
        self.floor.is_none_or(|floor| better(&(self.score(found), ordinal), &floor).is_le())
    }

    /// Takes candidates of a window that has been read to its end: no title of it comes again. Only those are kept that the
    /// viewer may see; the last of them is the floor if there are as many as are kept.
    pub(super) fn take(&mut self, candidates: impl Iterator<Item = Candidate>) {
        let mut all = std::mem::take(&mut self.best);
        let known = all.len();
        all.extend(candidates.filter(|one| self.reaches(&one.found, one.ordinal)).map(|candidate| {
            let scored = (self.score(&candidate.found), candidate.ordinal);
            Entry { scored, candidate, is_allowed: false }
        }));
        if all.len() == known {
            self.best = all;
            return;
        }
        let (mut best, mut asked) = (Vec::with_capacity(self.keep), 0);
        while best.len() < self.keep && asked < all.len() {
            // Twice as many each time: behind a filter that lets few through, the steps stay few.
            let next = &mut all[asked..];
            let step = (self.keep - best.len()).max(asked).min(next.len());
            if step < next.len() {
                next.select_nth_unstable_by(step - 1, by_score);
            }
            let seen =
                next[..step].iter().filter(|one| one.is_allowed || (self.allowed)(one.candidate.ordinal));
            best.extend(seen.map(|one| Entry { is_allowed: true, ..*one }));
            asked += step;
        }
        if best.len() >= self.keep {
            let (_, floor, _) = best.select_nth_unstable_by(self.keep - 1, by_score);
            self.floor = Some(floor.scored);
            best.truncate(self.keep);
        }
        self.best = best;
    }

    /// The best of all windows, best first.
    pub(super) fn best(self) -> Kept {
        let mut best = self.best;
        best.sort_unstable_by(by_score);
        let last = best.len().checked_sub(self.keep).and_then(|_| best.last());
        // One beyond the last: it must be let in again itself.
        let floor = last.map(|Entry { scored: (score, title), .. }| Floor((*score, title.saturating_add(1))));
        Kept { candidates: best.into_iter().map(|one| one.candidate).collect(), floor }
    }
}

fn score(found: &Found, weights: &[f32]) -> f32 {
    found.iter().zip(weights).map(|(found, weight)| f32::from(*found) * weight).sum()
}

fn by_score(a: &Entry, b: &Entry) -> std::cmp::Ordering {
    better(&a.scored, &b.scored)
}

fn better(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
