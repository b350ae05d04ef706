//! Our hls.js against recordings of the real one in a browser.

mod harness;
mod record;

use actors::hlsjs::{self, Estimator, NetworkView};
use actors::player::{EndReason, Profile};
use harness::{Outcome, play};
use record::Run;
use units::Micros;

use crate::support::reference_data;

fn runs() -> Option<Vec<Run>> {
    reference_data("abr/hlsjs-golden").map(|folder| record::read_all(&folder))
}

/// Feeds the recorded timings to the estimator and the choice of variants: how many choices there were, how many
/// differ, and how far the estimate was off at most.
///
/// The browser's sample ends when the segment is parsed, so the time from its last byte to its buffering is part of
/// it.
fn open_loop(run: &Run) -> (usize, usize, f64) {
    let ladder = harness::ladder();
    let mut estimator = Estimator::new(hlsjs::choice::default_estimate(&ladder));
    let (mut chosen, mut differ, mut worst) = (0, 0, 0.0_f64);
    let mut listed = 0b001;
    let fragments = &run.fragments[..run.undisturbed];
    for pair in fragments.windows(2) {
        let (last, next) = (&pair[0], &pair[1]);
        estimator.sample_segment(last.first_byte_ms, last.parsed_ms, last.bytes * 8.0);
        if last.sequence >= 2 {
            worst = worst.max((estimator.bandwidth() / next.estimate - 1.0).abs());
        }
        let view = NetworkView {
            ladder: &ladder,
            estimator: &estimator,
            buffer: Micros::from_secs_f64(last.buffer_s),
            base: Some(last.variant),
            faulty: 0,
            listed,
            playlist_load: Micros::from_millis(1),
            live: false,
        };
        chosen += 1;
        differ += usize::from(hlsjs::next_variant(&view) != next.variant);
        listed |= 1 << next.variant;
    }
    (chosen, differ, worst)
}

#[test]
fn recorded_timings_lead_to_the_recorded_levels() {
    let Some(runs) = runs() else { return };
    for run in &runs {
        let (chosen, differ, worst) = open_loop(run);
        println!("{:18} {chosen:3} levels, {differ} differ, estimate within {:.1} %", run.id, worst * 100.0);
        let allowed = (chosen / 20).max(1);
        assert!(differ <= allowed, "{}: {differ} of {chosen} levels differ", run.id);
    }
}

fn switch_delay_s(outcome: &Outcome) -> Option<f64> {
    Some(outcome.switched?.since(outcome.fault_seen?).as_secs_f64())
}

fn text(delay_s: Option<f64>) -> String {
    delay_s.map_or_else(|| "never".to_owned(), |s| format!("{s:.1} s"))
}

#[test]
fn faults_move_our_player_as_they_moved_the_real_one() {
    let Some(runs) = runs() else { return };
    let mut missed = Vec::new();
    for run in &runs {
        let ours = play(run, &Profile::web(run.loading));
        let recorded_s = run.switched_s.zip(run.fault_seen_s).map(|(switched, seen)| switched - seen);
        let ours_s = switch_delay_s(&ours);
        let stall_s = ours.stall.as_secs_f64();
        println!(
            "{:18} switch {:>8} / {:>8}   stall {:6.1} / {:6.1} s in {:2} / {:2}",
            run.id,
            text(recorded_s),
            text(ours_s),
            run.stall_s,
            stall_s,
            run.stalls,
            ours.stalls
        );
        let moved_alike = match (recorded_s, ours_s) {
            (None, None) => true,
            (Some(recorded), Some(ours)) => (recorded - ours).abs() <= 1.0,
            _ => false,
        };
        let tolerance_s = (0.15 * run.stall_s).max(1.0);
        if !moved_alike || (run.stall_s - stall_s).abs() > tolerance_s {
            missed.push(run.id.clone());
        }
        assert_ne!(ours.ended, Some(EndReason::Fatal), "{}", run.id);
    }
    assert!(missed.is_empty(), "these runs differ: {missed:?}");
}
