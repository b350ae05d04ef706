use proptest::prelude::*;
use units::{Bits, Kbps, Micros};

use super::*;
use crate::player::{Ladder, Variant};
use crate::sabre::{BolaWindow, Rule};

const SEGMENTS: usize = 60;
const BITRATES: [u64; 4] = [300, 800, 2_000, 5_000];

/// Sizes exactly at the bitrate.
fn manifest() -> Manifest {
    let variants = BITRATES.map(|rate| Variant { average: Kbps(rate), peak: Kbps(rate) }).to_vec();
    let sizes = vec![BITRATES.map(|rate| Bits(rate * 3_000)).to_vec(); SEGMENTS];
    Manifest::new(Ladder { variants, segment: Micros::from_secs(3) }, sizes).unwrap()
}

fn trace(periods: &[[f64; 3]]) -> Trace {
    let periods = periods.iter().map(|&[duration_ms, bandwidth_kbps, latency_ms]| Period {
        duration_ms,
        bandwidth_kbps,
        latency_ms,
    });
    Trace::new(periods.collect()).unwrap()
}

fn replay(rule: Rule) -> Replay {
    Replay::new(SabreConfig::new(rule, Micros::from_secs(25)).avoiding_oscillation())
}

fn downloads(log: &[Record]) -> impl Iterator<Item = (usize, u8, [f64; 3], Fate)> {
    log.iter().filter_map(|record| match *record {
        Record::Download { segment, variant, buffer_ms, fate, .. } => {
            Some((segment, variant, buffer_ms, fate))
        }
        _ => None,
    })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    prop::sample::select(vec![
        Rule::Bola(BolaWindow::Basic),
        Rule::Bola(BolaWindow::Tracking),
        Rule::BolaE,
        Rule::Throughput,
        Rule::Dynamic(BolaWindow::Tracking),
        Rule::DynamicDash,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_the_network_does_the_whole_title_is_played_within_the_buffer(
        rule in any_rule(),
        replacement in prop::sample::select(vec![Replacement::None, Replacement::Earliest, Replacement::Latest]),
        after_abandon in prop::sample::select(vec![AfterAbandon::AskAgain, AfterAbandon::TakeAdvice]),
        mut periods in prop::collection::vec((1.0_f64..20_000.0, 0.0_f64..10_000.0, 0.0_f64..500.0), 1..12),
    ) {
        // Some periods carry nothing at all.
        for period in periods.iter_mut().filter(|period| period.1 < 1_000.0) {
            period.1 = 0.0;
        }
        periods.push((5_000.0, 1_500.0, 50.0));
        let periods: Vec<[f64; 3]> = periods.iter().map(|period| [period.0, period.1, period.2]).collect();
        let replay = Replay { replacement, after_abandon, ..replay(rule) };
        let (summary, log) = replay.run_logged(&manifest(), &trace(&periods)).unwrap();
        prop_assert_eq!(replay.run(&manifest(), &trace(&periods)).unwrap(), summary);

        let mut appended = 0;
        for (segment, variant, buffer_ms, fate) in downloads(&log) {
            prop_assert!(buffer_ms.iter().all(|level_ms| (0.0..=25_000.0 + 1e-6).contains(level_ms)), "{:?}", buffer_ms);
            prop_assert!(usize::from(variant) < BITRATES.len());
            if fate == Fate::Appended {
                prop_assert_eq!(segment, appended);
                appended += 1;
            }
        }
        prop_assert_eq!(appended, SEGMENTS);
        // Session time is the first download, playing and stalling.
        let title_s = 3.0 * 60.0;
        let first_s = summary.play_time_s - summary.rebuffer_s - title_s;
        prop_assert!(first_s > 0.0, "{:?}", summary);
        prop_assert!(summary.score_average <= summary.utility_average);
    }
}

#[test]
fn a_fast_steady_network_never_stalls_and_reaches_the_top() {
    for rule in [Rule::BolaE, Rule::Throughput, Rule::Dynamic(BolaWindow::Tracking)] {
        let (summary, log) =
            replay(rule).run_logged(&manifest(), &trace(&[[1_000.0, 20_000.0, 20.0]])).unwrap();
        assert_eq!((summary.rebuffer_s, summary.rebuffer_events), (0.0, 0), "{rule:?}");
        assert_eq!(downloads(&log).last().unwrap().1, 3, "{rule:?}");
    }
}

#[test]
fn an_outage_longer_than_the_buffer_is_one_stall_of_the_difference() {
    // 10 Mbit/s for 60 s, then nothing for 40 s: 18 s to 25 s were buffered.
    let trace = trace(&[[60_000.0, 10_000.0, 0.0], [40_000.0, 0.0, 0.0], [1e9, 10_000.0, 0.0]]);
    let summary = replay(Rule::Dynamic(BolaWindow::Tracking)).run(&manifest(), &trace).unwrap();
    assert_eq!(summary.rebuffer_events, 1);
    assert!((15.0..=22.0).contains(&summary.rebuffer_s), "{}", summary.rebuffer_s);
}

#[test]
fn the_first_download_pays_latency_once_even_across_a_change() {
    // Half of the latency passes in the first period (50 of 100 ms), the other half at 40 ms: 20 ms more.
    let trace = trace(&[[50.0, 1_000.0, 100.0], [1e9, 1_000.0, 40.0]]);
    let (_, log) = replay(Rule::Throughput).run_logged(&manifest(), &trace).unwrap();
    let Some(Record::Download { times_ms, .. }) =
        log.iter().find(|record| matches!(record, Record::Download { .. }))
    else {
        panic!("no download")
    };
    assert!((times_ms[0] - 70.0).abs() < 1e-9, "{times_ms:?}");
    assert!((times_ms[1] - 970.0).abs() < 1e-9, "{times_ms:?}");
}

#[test]
fn advice_after_abandoning_is_taken_only_without_the_slip() {
    let trace = trace(&[[40_000.0, 5_000.0, 40.0], [20_000.0, 400.0, 40.0], [5_000.0, 0.0, 40.0]]);
    let next_after = |after_abandon| {
        let replay = Replay { after_abandon, ..replay(Rule::Throughput) };
        let (_, log) = replay.run_logged(&manifest(), &trace).unwrap();
        let all: Vec<_> = downloads(&log).collect();
        let pairs: Vec<(u8, u8)> = all
            .windows(2)
            .filter_map(|pair| match pair[0].3 {
                Fate::Abandoned(to) => Some((to, pair[1].1)),
                _ => None,
            })
            .collect();
        assert!(!pairs.is_empty(), "nothing was abandoned");
        pairs
    };
    assert!(next_after(AfterAbandon::TakeAdvice).iter().all(|(advised, taken)| advised == taken));
    assert!(next_after(AfterAbandon::AskAgain).iter().any(|(advised, taken)| advised != taken));
}

#[test]
fn fast_switching_replaces_lower_segments_after_a_rise() {
    let trace = trace(&[[30_000.0, 1_000.0, 20.0], [1e9, 20_000.0, 20.0]]);
    for (replacement, is_earlier) in [(Replacement::Earliest, true), (Replacement::Latest, false)] {
        let replay = Replay { replacement, ..replay(Rule::Dynamic(BolaWindow::Tracking)) };
        let (_, log) = replay.run_logged(&manifest(), &trace).unwrap();
        let replaced: Vec<usize> = downloads(&log)
            .filter(|(.., fate)| *fate == Fate::Replacement)
            .map(|(segment, ..)| segment)
            .collect();
        assert!(replaced.len() >= 2, "{replacement:?} {replaced:?}");
        assert_eq!(replaced[0] < replaced[1], is_earlier, "{replacement:?} {replaced:?}");
    }
}

#[test]
fn a_seek_empties_the_buffer_and_goes_on_elsewhere() {
    let seek = Seek { when: Micros::from_secs(30), to: Micros::from_secs(120) };
    let replay = Replay { seek: Some(seek), ..replay(Rule::BolaE) };
    let (_, log) = replay.run_logged(&manifest(), &trace(&[[1_000.0, 20_000.0, 20.0]])).unwrap();
    let order: Vec<usize> = downloads(&log).map(|(segment, ..)| segment).collect();
    assert_eq!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(order[10], 40);
    let after = downloads(&log).nth(10).unwrap();
    assert_eq!(after.2[0], 0.0);

    let beyond = Seek { to: Micros::from_mins(60), ..seek };
    let replay = Replay { seek: Some(beyond), ..replay };
    let refused = replay.run(&manifest(), &trace(&[[1_000.0, 20_000.0, 20.0]])).unwrap_err();
    assert_eq!(refused, SabreError::Seek { segment: 1_200, last: 59 });
}

#[test]
fn a_longer_title_repeats_and_a_shorter_one_is_cut() {
    assert_eq!(manifest().with_length(Micros::from_secs(100)).segments(), 34);
    assert_eq!(manifest().with_length(Micros::from_secs(600)).segments(), 200);
}

#[test]
fn input_that_would_never_end_is_refused() {
    let refused = |periods: &[[f64; 3]]| {
        let periods = periods.iter().map(|&[duration_ms, bandwidth_kbps, latency_ms]| Period {
            duration_ms,
            bandwidth_kbps,
            latency_ms,
        });
        Trace::new(periods.collect()).is_err()
    };
    assert!(refused(&[]));
    assert!(refused(&[[1_000.0, 0.0, 10.0]]));
    assert!(refused(&[[0.0, 1_000.0, 10.0]]));
    assert!(refused(&[[1_000.0, f64::NAN, 10.0]]));
    assert!(refused(&[[1_000.0, 1_000.0, -1.0]]));
    assert!(refused(&[[1_000.0, 1_000.0, 1e9]]));
    let ladder = manifest().ladder().clone();
    assert!(Manifest::new(ladder.clone(), Vec::new()).is_err());
    assert!(Manifest::new(ladder.clone(), vec![vec![Bits(1); 3]]).is_err());
    assert!(Manifest::new(ladder, vec![vec![Bits(0); 4]]).is_err());
}
