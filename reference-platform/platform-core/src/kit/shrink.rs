//! The least history that still breaks the same invariant.
//!
//! Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 2002): drop ever smaller
//! runs of steps as long as the rest still fails, then make what is left simpler: no interruption, fewer subscriptions.

use super::history::{History, Step};

/// Most histories that are tried: a bound on time, far above what histories of this length need.
const TRIES_MAX: usize = 3_000;

/// Shrinks `history`, which `breaks`.
pub(super) fn shrink(history: &History, mut breaks: impl FnMut(&History) -> bool) -> History {
    let mut tries = 0;
    let mut still_breaks = |tried: &History| {
        tries += 1;
        tries <= TRIES_MAX && breaks(tried)
    };
    let mut best = history.clone();
    loop {
        let length = best.steps.len();
        drop_steps(&mut best, &mut still_breaks);
        drop_subscriptions(&mut best, &mut still_breaks);
        drop_interruptions(&mut best, &mut still_breaks);
        if best.steps.len() == length {
            return best;
        }
    }
}

fn drop_steps(best: &mut History, still_breaks: &mut impl FnMut(&History) -> bool) {
    let mut run = best.steps.len().div_ceil(2);
    while run > 0 {
        let mut from = 0;
        while from < best.steps.len() {
            let mut steps = best.steps.clone();
            steps.drain(from..(from + run).min(steps.len()));
            let tried = best.with_steps(steps);
            if still_breaks(&tried) {
                *best = tried;
            } else {
                from += run;
            }
        }
        run /= 2;
    }
}

fn drop_subscriptions(best: &mut History, still_breaks: &mut impl FnMut(&History) -> bool) {
    for at in (0..best.given.anchors_s.len()).rev() {
        let mut tried = best.clone();
        tried.given.anchors_s.remove(at);
        if !tried.given.anchors_s.is_empty() && still_breaks(&tried) {
            *best = tried;
        }
    }
}

fn drop_interruptions(best: &mut History, still_breaks: &mut impl FnMut(&History) -> bool) {
    for at in 0..best.steps.len() {
        let mut tried = best.clone();
        if let Step::Tick { meanwhile, .. } = &mut tried.steps[at]
            && meanwhile.take().is_some()
            && still_breaks(&tried)
        {
            *best = tried;
        }
    }
}
