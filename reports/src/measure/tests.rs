use proptest::prelude::*;
use units::{Micros, Ratio, Seed, Timestamp};

use super::*;

fn axis() -> TimeAxis {
    TimeAxis { bucket: Micros::from_secs(10), from: Timestamp(20_000_000), to: Timestamp(100_000_000) }
}

fn ratio(part: u64, whole: u64) -> Tally {
    Tally::Ratio(Ratio::new(part, whole))
}

fn series() -> Measurement {
    let buckets = (0..10).map(|at| ratio(at, 100)).collect();
    Measurement { buckets, ..Measurement::total("playback.rebuffering_ratio", Split::All, ratio(44, 800)) }
}

fn span(from_s: u64, to_s: u64) -> Window {
    Window { from: Timestamp(from_s * 1_000_000), to: Timestamp(to_s * 1_000_000) }
}

#[test]
fn a_span_counts_whole_buckets_after_the_warm_up() {
    let check = |from, to, expected| assert_eq!(over_span(&series(), &axis(), span(from, to)), expected);
    check(30, 50, Some(ratio(3 + 4, 200)));
    check(35, 41, Some(ratio(3 + 4, 200)));
    check(0, 30, Some(ratio(2, 100)));
    check(0, 20, None);
    check(90, 900, Some(ratio(9, 100)));
    check(200, 300, None);
}

#[test]
fn sliding_windows_step_by_one_bucket() {
    let all = spans_of(&series(), &axis(), span(0, 1_000), Micros::from_secs(30));
    assert_eq!(all.len(), 6);
    assert_eq!(all[5], ratio(7 + 8 + 9, 300));
    let long = spans_of(&series(), &axis(), span(0, 1_000), Micros::from_mins(60));
    assert_eq!(long, vec![ratio(44, 800)]);
    let without = Measurement { buckets: Vec::new(), ..series() };
    assert!(spans_of(&without, &axis(), span(0, 1_000), Micros::from_secs(30)).is_empty());
}

#[test]
fn cells_join_into_one_sorted_run() {
    let part = |metric: &str, split: Split, n| Measurement::total(metric, split, Tally::Count(n));
    let mobile = || Split::Cohort("mobile".to_owned());
    let cells = vec![
        part("b.x", Split::All, 1),
        part("a.x", mobile(), 2),
        part("b.x", Split::All, 4),
        part("a.x", Split::All, 8),
        part("a.x", mobile(), 16),
    ];
    let run = SeedRun::new("after", Seed(1), axis(), cells);
    assert_eq!(run.measurements.len(), 3);
    assert_eq!(run.get("b.x", &Split::All).unwrap().total, Tally::Count(5));
    assert_eq!(run.get("a.x", &mobile()).unwrap().total, Tally::Count(18));
    assert_eq!(run.get("a.x", &Split::Cdn("mobile".to_owned())), None);
}

#[test]
fn measurements_have_a_stable_json_form() {
    let spread = |values: &[u64]| {
        let mut histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        Tally::Spread(histogram)
    };
    let measurements = vec![
        series(),
        Measurement::total(
            "playback.mean_bitrate",
            Split::Cdn("a".into()),
            Tally::Mean(Mean::of(u64::MAX, u64::MAX)),
        ),
        Measurement::total("playback.startup_time", Split::All, spread(&[1, 1, 900_000])),
    ];
    let run = SeedRun::new("after", Seed(7), axis(), measurements);
    let text = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<SeedRun>(&text).unwrap(), run);
    assert!(
        text.contains(r#""total":{"mean":{"sum":"340282366920938463426481119284349108225","weight":"#),
        "{text}"
    );
    assert!(text.contains(r#""split":{"cdn":"a"}"#), "{text}");
}

#[test]
#[should_panic(expected = "different kinds")]
fn tallies_of_different_kinds_do_not_merge() {
    ratio(1, 2).merge(&Tally::Count(1));
}

proptest! {
    #[test]
    fn merging_tallies_is_commutative(a in any::<(u64, u64)>(), b in any::<(u64, u64)>()) {
        for make in [
            |(x, y): (u64, u64)| Tally::Ratio(Ratio::new(x, y)),
            |(x, _)| Tally::Count(x),
            |(x, y)| Tally::Mean(Mean::of(x, y)),
        ] {
            let (mut ab, mut ba) = (make(a), make(b));
            ab.merge(&make(b));
            ba.merge(&make(a));
            prop_assert_eq!(ab, ba);
        }
    }
}
