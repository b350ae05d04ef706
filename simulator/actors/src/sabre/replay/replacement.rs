//! Fast switching (`-r`): a buffered segment of a lower variant is loaded again in the variant chosen now.

use std::collections::VecDeque;

/// Whether, and from which end, buffered segments are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// Never.
    None,
    /// The earliest replaceable one first (`-r left`).
    Earliest,
    /// The latest one first (`-r right`).
    Latest,
}

/// Segments from the play head that stay as they are, on top of the share of the current one that was played.
///
/// Rounded up together: two segments in the first half of the current one, three in the second.
const KEPT_SEGMENTS: f64 = 1.5;

impl Replacement {
    /// How many places from the end of the buffer the segment to replace by `variant` lies (1 is the last), if any.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "two or three")]
    pub(super) fn find(self, buffer: &VecDeque<u8>, played_share: f64, variant: u8) -> Option<usize> {
        let skip = libm::ceil(KEPT_SEGMENTS + played_share) as usize;
        let lower = |&index: &usize| buffer[index] < variant;
        let index = match self {
            Self::None => None,
            Self::Earliest => (skip..buffer.len()).find(lower),
            Self::Latest => (skip..buffer.len()).rev().find(lower),
        };
        index.map(|index| buffer.len() - index)
    }
}
