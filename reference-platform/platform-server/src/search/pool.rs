//! The candidates of one query, of which only the best are kept.

use platform_core::search::query::WORDS_MAX;

/// How well a title has each word, in 255ths.
pub(super) type Found = [u8; WORDS_MAX];

/// A title that has something of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) ordinal: u32,
    pub(super) found: Found,
}

/// A candidate and its document.
#[derive(Debug)]
struct Entry {
    candidate: Candidate,
    segment: usize,
    document: u32,
}

/// What is known of a title in this query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Unknown,
    /// The viewer may not see it.
    Refused,
    /// By its number in the pool.
    Candidate(u32),
}

/// Memory that queries use in turn: what each title is to the query that has it now.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Turn, and candidate; side by side, since both are read for every posting.
    slots: Vec<(u32, u32)>,
    turn: u32,
}

/// Stands for a title that is refused; there are fewer candidates.
const REFUSED: u32 = u32::MAX;

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

    pub(super) fn slot(&self, ordinal: u32) -> Slot {
        match self.slots[ordinal as usize] {
            (turn, _) if turn != self.turn => Slot::Unknown,
            (_, REFUSED) => Slot::Refused,
            (_, candidate) => Slot::Candidate(candidate),
        }
    }

    pub(super) fn set(&mut self, ordinal: u32, slot: Slot) {
        self.slots[ordinal as usize] = match slot {
            Slot::Unknown => (0, 0),
            Slot::Refused => (self.turn, REFUSED),
            Slot::Candidate(candidate) => (self.turn, candidate),
        };
    }
}

/// A score and the title that has it. Equal scores are ordered by number.
type Scored = (f32, u32);

fn is_behind(one: Scored, other: Scored) -> bool {
    one.0 < other.0 || (one.0 == other.0 && one.1 > other.1)
}

/// Candidates while lists are read.
pub(super) struct Pool<'a> {
    weights: &'a [f32],
    keep: usize,
    entries: Vec<Entry>,
    /// Those that may still be among the best.
    live: Vec<u32>,
    /// The last of the best so far, once there are enough: it can only be replaced by a better one.
    floor: Option<Scored>,
    /// How many may be live until the floor is looked for again.
    due: usize,
}

impl<'a> Pool<'a> {
    pub(super) fn new(weights: &'a [f32], keep: usize) -> Self {
        Self { weights, keep, entries: Vec::new(), live: Vec::new(), floor: None, due: keep }
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

    /// How many may still be among the best.
    pub(super) fn live(&self) -> usize {
        self.live.len()
    }

    /// Whether some candidate has less of a word than this.
    pub(super) fn gains(&self, word: usize, likeness: u8) -> bool {
        self.live.iter().any(|&at| self.entries[at as usize].candidate.found[word] < likeness)
    }

    /// Documents from `first` on of candidates that have less of a word than this, in order, and the candidates.
    pub(super) fn targets(&self, segment: usize, word: usize, likeness: u8, first: u32) -> Vec<(u32, u32)> {
        let targets = self.live.iter().filter_map(|&at| {
            let entry = &self.entries[at as usize];
            let is =
                entry.segment == segment && entry.document >= first && entry.candidate.found[word] < likeness;
            is.then_some((entry.document, at))
        });
        let mut targets: Vec<(u32, u32)> = targets.collect();
        if !targets.is_sorted() {
            targets.sort_unstable();
        }
        targets
    }

    pub(super) fn add(&mut self, ordinal: u32, (segment, document): (usize, u32)) -> u32 {
        let at = u32::try_from(self.entries.len()).expect("fewer candidates than postings may be visited");
        let candidate = Candidate { ordinal, found: [0; WORDS_MAX] };
        self.entries.push(Entry { candidate, segment, document });
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

    /// Finds the floor anew, and leaves out those that cannot reach it with `rest`.
    fn settle(&mut self, rest: &Found) {
        let scored = |at: &u32| {
            let Candidate { ordinal, found } = &self.entries[*at as usize].candidate;
            (self.score(found), *ordinal)
        };
        let mut scores: Vec<Scored> = self.live.iter().map(scored).collect();
        let (_, floor, _) = scores.select_nth_unstable_by(self.keep - 1, better);
        let floor = *floor;
        let mut live = std::mem::take(&mut self.live);
        live.retain(|&at| {
            let Candidate { ordinal, found } = &self.entries[at as usize].candidate;
            let most: Found = std::array::from_fn(|word| found[word].max(rest[word]));
            !is_behind((self.score(&most), *ordinal), floor)
        });
        // Lists are read in this order.
        live.sort_unstable_by_key(|&at| self.entries[at as usize].document);
        self.due = 2 * live.len();
        self.live = live;
        self.floor = Some(floor);
    }

    /// The best, best first.
    pub(super) fn best(self) -> Vec<Candidate> {
        let candidate = |at: &u32| self.entries[*at as usize].candidate;
        let mut scored: Vec<(Scored, Candidate)> =
            self.live.iter().map(candidate).map(|one| ((self.score(&one.found), one.ordinal), one)).collect();
        if scored.len() > self.keep {
            scored.select_nth_unstable_by(self.keep, |a, b| better(&a.0, &b.0));
            scored.truncate(self.keep);
        }
        scored.sort_unstable_by(|a, b| better(&a.0, &b.0));
        scored.into_iter().map(|(_, one)| one).collect()
    }
}

fn better(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
