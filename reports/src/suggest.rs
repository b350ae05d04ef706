//! "Did you mean": the nearest known word, by edit distance.

/// The candidate nearest to `word`, if it is near enough to be a likely slip: at most a third of the longer word's
/// letters differ. Ties go to the candidate that comes first.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let limit = word.chars().count().max(candidate.chars().count()) / 3;
        let distance = edit_distance(word, candidate);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edits between two words: insert, delete, replace, or swap two neighbours (optimal string alignment).
///
/// Words beyond 128 letters count as entirely different, so that the cost stays bounded.
fn edit_distance(left: &str, right: &str) -> usize {
    const LONGEST: usize = 128;
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if left.len() > LONGEST || right.len() > LONGEST {
        return usize::MAX;
    }
    let mut two_up = vec![0; right.len() + 1];
    let mut up: Vec<usize> = (0..=right.len()).collect();
    for i in 0..left.len() {
        let mut row = vec![i + 1; right.len() + 1];
        for j in 0..right.len() {
            let replaced = up[j] + usize::from(left[i] != right[j]);
            row[j + 1] = replaced.min(row[j] + 1).min(up[j + 1] + 1);
            if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                row[j + 1] = row[j + 1].min(two_up[j - 1] + 1);
            }
        }
        two_up = std::mem::replace(&mut up, row);
    }
    up[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let words = ["playback.rebuffering_ratio", "playback.startup_time", "delivery.origin_bytes"];
        assert_eq!(nearest("playback.rebufering_ratio", words), Some("playback.rebuffering_ratio"));
        assert_eq!(nearest("playback.start_time", words), Some("playback.startup_time"));
        assert_eq!(nearest("weather", words), None);
        assert_eq!(nearest("", words), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("maen", "mean"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }
}
