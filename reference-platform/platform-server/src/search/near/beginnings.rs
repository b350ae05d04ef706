//! Words by how they begin, read off the order of a dictionary: those that begin alike stand together.
//!
//! Of a few letters most words have some beginning that looks like them, so that marks tell nothing of what may go on behind.
//! Here the slip is put at each letter in turn: before it the word is as typed, behind it too, and what stands between is read from
//! the dictionary, so that no letter is tried that no word has.

use std::ops::Range;

use super::table::{Table, place};

impl Table {
    /// Numbers of the words that begin with a text, so many at most.
    pub(in crate::search) fn beginning_with(&self, text: &str, most: usize) -> Range<u32> {
        let Range { start, end } = self.going_on(0..self.len(), 0, text);
        place(start)..place(end.min(start.saturating_add(most)))
    }

    /// Numbers of the words that begin with something that is a slip at most from what was typed, so many at most, in order.
    pub(in crate::search) fn beginning_near(&self, typed: &str, most: usize) -> Vec<u32> {
        let mut found: Vec<Range<usize>> = Vec::new();
        // Words that begin as typed, up to the letter that is looked at.
        let mut words = 0..self.len();
        for (at, letter) in typed.char_indices() {
            let rest = &typed[at + letter.len_utf8()..];
            let Some(next) = rest.chars().next() else { break };
            let turned = format!("{next}{letter}{}", &rest[next.len_utf8()..]);
            found.extend([rest, &turned].map(|rest| self.going_on(words.clone(), at, rest)));
            for (other, words) in self.letters(words.clone(), at) {
                let at_next = at + other.len_utf8();
                // In place of the letter, or before it.
                found.extend([rest, &typed[at..]].map(|rest| self.going_on(words.clone(), at_next, rest)));
            }
            words = self.going_on(words, at, &typed[at..at + letter.len_utf8()]);
        }
        // The last letter may be any, or none.
        found.push(words);
        found.sort_unstable_by_key(|words| words.start);
        let (mut numbers, mut seen) = (Vec::new(), 0);
        for Range { start, end } in found {
            numbers.extend((start.max(seen)..end).take(most - numbers.len()).map(place));
            seen = seen.max(end);
        }
        numbers
    }

    /// Of neighbouring words that begin alike up to a place in bytes, those that go on with a text there.
    fn going_on(&self, words: Range<usize>, at: usize, text: &str) -> Range<usize> {
        let (mut from, mut to) = (words.start, words.end);
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.behind(middle, at) < text { from = middle + 1 } else { to = middle }
        }
        from..self.end_of(from..words.end, |rest| rest.starts_with(text), at)
    }

    /// The letters that words go on with at a place, and those that do with each.
    fn letters(&self, mut words: Range<usize>, at: usize) -> impl Iterator<Item = (char, Range<usize>)> {
        std::iter::from_fn(move || {
            // Words that end there come first.
            let letter = words.by_ref().find_map(|word| Some((word, self.behind(word, at).chars().next()?)));
            let (first, letter) = letter?;
            words.start = self.end_of(first..words.end, |rest| rest.starts_with(letter), at);
            Some((letter, first..words.start))
        })
    }

    /// Where words end whose texts behind a place are as wanted; all that are stand first. Sought in steps that double, as they are mostly
    /// few.
    fn end_of(&self, words: Range<usize>, is: impl Fn(&str) -> bool, at: usize) -> usize {
        let (mut from, mut step) = (words.start, 1);
        let mut to = loop {
            let next = from + step - 1;
            if next >= words.end {
                break words.end;
            }
            if !is(self.behind(next, at)) {
                break next;
            }
            (from, step) = (next + 1, step * 2);
        };
        while from < to {
            let middle = usize::midpoint(from, to);
            if is(self.behind(middle, at)) { from = middle + 1 } else { to = middle }
        }
        from
    }

    fn behind(&self, word: usize, at: usize) -> &str {
        // Nothing, should a dictionary hold what is no text: that is not found.
        self.text(place(word)).get(at..).unwrap_or_default()
    }
}
