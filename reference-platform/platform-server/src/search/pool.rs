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

/// What is known of whether the viewer may see a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    NotAsked,
    Allowed,
    Refused,
}

/// A candidate and its document.
#[derive(Debug)]
struct Entry {
    candidate: Candidate,
    document: u32,
    seen: Seen,
}

/// The best candidates.
#[derive(Debug)]
pub(super) struct Kept {
    /// Best first, ties by number.
    pub(super) candidates: Vec<Candidate>,
    /// The last of them, if there are as many as were to be kept.
    pub(super) floor: Option<Floor>,
}

/// Memory that queries use in turn: what each title is to the query that has it now.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Turn, and candidate; side by side, since both are read for every posting.
    slots: Vec<(u32, u32)>,
    turn: u32,
}

impl Scratch {
    pub(super) fn begin(&mut self, titles: usize) {
        if self.slots.len() < titles {
            self.slots.resize(titles, (0, 0));
        }
        self.turn = self.turn.wrapping_add(1);
        if self.turn == 0 {
            self.slots.fill((0, 0));
            self.turn = 1;
        }
    }

    /// The number of a title in the pool, if it is there.
    pub(super) fn candidate(&self, ordinal: u32) -> Option<u32> {
        let (turn, candidate) = self.slots[ordinal as usize];
        (turn == self.turn).then_some(candidate)
    }

    pub(super) fn set(&mut self, ordinal: u32, candidate: u32) {
        self.slots[ordinal as usize] = (self.turn, candidate);
    }
}

/// A score and the title that has it. Equal scores are ordered by number.
type Scored = (f32, u32);

/// A score that a title must reach to be kept; with just this one, its number must be below that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor(Scored);

fn is_behind(one: Scored, other: Scored) -> bool {
    one.0 < other.0 || (one.0 == other.0 && one.1 > other.1)
}

/// Candidates while lists are read.
pub(super) struct Pool<'a> {
    weights: &'a [f32],
    keep: usize,
    allowed: &'a dyn Fn(u32) -> bool,
    /// The best of the windows that are complete.
    done: Vec<(Scored, Candidate)>,
    /// Those of the window that is being read.
    entries: Vec<Entry>,
    /// Those of them that may still be among the best.
    live: Vec<u32>,
    /// The last of the best so far, once there are enough, or what is known beforehand: it can only be replaced by a better one.
    floor: Option<Scored>,
    /// How many may be live until the floor is looked for again.
    due: usize,
}

/// Stands for one of those that are done.
const DONE: u32 = u32::MAX;

impl<'a> Pool<'a> {
    pub(super) fn new(
        weights: &'a [f32],
        (keep, floor): (usize, Option<Floor>),
        allowed: &'a dyn Fn(u32) -> bool,
    ) -> Self {
        let (done, entries, live) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            weights,
            keep,
            allowed,
            done,
            entries,
            live,
            floor: floor.map(|Floor(floor)| floor),
            due: keep,
        }
    }

    /// The weight of what was found. Rounding keeps its order: more of any word is never worth less.
    fn score(&self, found: &Found) -> f32 {
        found.iter().zip(self.weights).map(|(found, weight)| f32::from(*found) * weight).sum()
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

    /// How many of the window may still be among the best.
    pub(super) fn live(&self) -> usize {
        self.live.len()
    }

    /// Whether some candidate has less of a word than this.
    pub(super) fn gains(&self, word: usize, likeness: u8) -> bool {
        self.live.iter().any(|&at| self.entries[at as usize].candidate.found[word] < likeness)
    }

    /// Documents from `first` on of candidates that have less of a word than this, in order, and the candidates.
    pub(super) fn targets(&self, word: usize, likeness: u8, first: u32) -> Vec<(u32, u32)> {
        let targets = self.live.iter().filter_map(|&at| {
            let entry = &self.entries[at as usize];
            let is = entry.document >= first && entry.candidate.found[word] < likeness;
            is.then_some((entry.document, at))
        });
        let mut targets: Vec<(u32, u32)> = targets.collect();
        if !targets.is_sorted() {
            targets.sort_unstable();
        }
        targets
    }

    pub(super) fn add(&mut self, ordinal: u32, document: u32) -> u32 {
        let at = u32::try_from(self.entries.len()).expect("fewer candidates than postings may be visited");
        let candidate = Candidate { ordinal, found: [0; WORDS_MAX] };
        self.entries.push(Entry { candidate, document, seen: Seen::NotAsked });
        self.live.push(at);
        at
    }

    pub(super) fn note(&mut self, at: u32, word: usize, likeness: u8) {
        let found = &mut self.entries[at as usize].candidate.found[word];
        *found = (*found).max(likeness);
    }

    /// Settles if many have come since.
    pub(super) fn settle_if_due(&mut self, rest: &Found) {
        if self.live.len() >= self.due {
            self.settle(rest);
        }
    }

    /// Settles if no more than so many are live.
    pub(super) fn settle_if_fewer(&mut self, most: usize, rest: &Found) {
        if (self.keep..=most).contains(&self.live.len()) {
            self.settle(rest);
        }
    }

    /// Finds the floor anew, and leaves out those that cannot reach it with `rest`, or that the viewer may not see.
    fn settle(&mut self, rest: &Found) {
        self.best_allowed();
        let mut live = std::mem::take(&mut self.live);
        live.retain(|&at| {
            let Entry { candidate: Candidate { ordinal, found }, seen, .. } = &self.entries[at as usize];
            let most = || -> Found { std::array::from_fn(|word| found[word].max(rest[word])) };
            *seen != Seen::Refused
                && self.floor.is_none_or(|floor| !is_behind((self.score(&most()), *ordinal), floor))
        });
        self.due = self.keep.max(2 * live.len());
        self.live = live;
    }

    /// The window has been read to its end: no title of it comes again.
    pub(super) fn complete(&mut self) {
        if self.live.is_empty() {
            self.entries.clear();
            return;
        }
        let best = self.best_allowed();
        let candidate = |(scored, at): (Scored, u32)| match at {
            DONE => self.done.iter().copied().find(|(known, _)| *known == scored),
            at => Some((scored, self.entries[at as usize].candidate)),
        };
        self.done = best.into_iter().filter_map(candidate).collect();
        self.live.clear();
        self.entries.clear();
        self.due = self.keep;
    }

    /// The best that the viewer may see and that the floor lets through, with what is known of them by now, in no order; the
    /// last of them is the floor if there are as many as are kept.
    fn best_allowed(&mut self) -> Vec<(Scored, u32)> {
        let scored = |at: &u32| {
            let Candidate { ordinal, found } = &self.entries[*at as usize].candidate;
            ((self.score(found), *ordinal), *at)
        };
        let of_live = self.live.iter().map(scored);
        let of_done = self.done.iter().map(|(scored, _)| (*scored, DONE));
        let floor = self.floor;
        let reaches = |one: &(Scored, u32)| floor.is_none_or(|floor| !is_behind(one.0, floor));
        let mut all: Vec<(Scored, u32)> = of_live.chain(of_done).filter(reaches).collect();
        let by_score = |a: &(Scored, u32), b: &(Scored, u32)| better(&a.0, &b.0);
        let (mut best, mut asked) = (Vec::with_capacity(self.keep), 0);
        while best.len() < self.keep && asked < all.len() {
            // Twice as many each time: behind a filter that lets few through, the steps stay few.
            let next = &mut all[asked..];
            let step = (self.keep - best.len()).max(asked).min(next.len());
            if step < next.len() {
                next.select_nth_unstable_by(step - 1, by_score);
            }
            for one in &next[..step] {
                if one.1 == DONE || self.may_be_seen(one.1) {
                    best.push(*one);
                }
            }
            asked += step;
        }
        if best.len() >= self.keep {
            let (_, floor, _) = best.select_nth_unstable_by(self.keep - 1, by_score);
            self.floor = Some(floor.0);
            best.truncate(self.keep);
        }
        best
    }

    /// Whether the viewer may see a candidate; each is asked about once.
    fn may_be_seen(&mut self, at: u32) -> bool {
        let entry = &mut self.entries[at as usize];
        if entry.seen == Seen::NotAsked {
            let is_allowed = (self.allowed)(entry.candidate.ordinal);
            entry.seen = if is_allowed { Seen::Allowed } else { Seen::Refused };
        }
        entry.seen == Seen::Allowed
    }

    /// The best of all windows, best first.
    pub(super) fn best(self) -> Kept {
        let mut best = self.done;
        best.sort_unstable_by(|a, b| better(&a.0, &b.0));
        let last = best.len().checked_sub(self.keep).and_then(|_| best.last());
        // One beyond the last: it must be let in again itself.
        let floor = last.map(|((score, title), _)| Floor((*score, title.saturating_add(1))));
        Kept { candidates: best.into_iter().map(|(_, candidate)| candidate).collect(), floor }
    }
}

fn better(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
