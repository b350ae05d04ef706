//! Tests of the rules of hls.js: published numbers, and oddities that must stay.

use units::{Kbps, Micros};

use super::choice::default_estimate;
use super::*;
use crate::player::{Ladder, Variant};

fn ladder(rates: &[u64]) -> Ladder {
    let rung = |&rate: &u64| Variant { average: Kbps(rate), peak: Kbps(rate) };
    Ladder { variants: rates.iter().map(rung).collect(), segment: Micros::from_secs(4) }
}

fn view<'a>(ladder: &'a Ladder, estimator: &'a Estimator, buffer_s: u64) -> NetworkView<'a> {
    NetworkView {
        ladder,
        estimator,
        buffer: Micros::from_secs(buffer_s),
        base: Some(0),
        faulty: 0,
        listed: u16::MAX,
        playlist_load: Micros::ZERO,
        live: false,
    }
}

/// A textbook EWMA with zero-bias correction: what the estimator must equal.
fn textbook(half_life: f64, samples: &[(f64, f64)]) -> f64 {
    let (mut mean, mut weight) = (0.0, 0.0);
    for &(duration_s, rate) in samples {
        let kept = libm::pow(0.5, duration_s / half_life);
        mean = rate * (1.0 - kept) + kept * mean;
        weight += duration_s;
    }
    mean / (1.0 - libm::pow(0.5, weight / half_life))
}

#[test]
fn the_estimate_is_the_lower_of_two_corrected_means() {
    let samples = [(0.5, 8e6), (1.3, 7.5e6), (2.6, 7.9e6), (6.0, 3.3e6), (0.2, 9e6)];
    let mut estimator = Estimator::new(1e6);
    for (count, &(duration_s, rate)) in samples.iter().enumerate() {
        estimator.sample(duration_s * 1e3, rate * duration_s);
        let expected = textbook(3.0, &samples[..=count]).min(textbook(9.0, &samples[..=count]));
        assert!((estimator.bandwidth() / expected - 1.0).abs() < 1e-9, "after {count}");
    }
}

#[test]
fn before_a_sample_the_estimate_is_the_default_and_the_first_byte_100_ms() {
    let estimator = Estimator::new(default_estimate(&ladder(&[1_000, 2_500])));
    assert!(!estimator.is_trusted());
    assert_eq!((estimator.bandwidth(), estimator.first_byte_ms()), (1e6, 100.0));
    assert_eq!(default_estimate(&ladder(&[8_000])), DEFAULT_ESTIMATE_MAX);
}

#[test]
fn a_hang_hardly_moves_the_first_byte_estimate() {
    let mut estimator = Estimator::new(1e6);
    estimator.sample_first_byte(10_000.0);
    assert_eq!(estimator.first_byte_ms(), 100.0);
    estimator.sample_first_byte(40.0);
    estimator.sample_first_byte(4_800.0);
    assert!((estimator.first_byte_ms() - 40.0).abs() < 1.0);
}

#[test]
fn a_higher_variant_needs_its_bitrate_within_70_percent_of_the_estimate() {
    // The recorded run `abr-step`: 3.345 Mbit/s × 0.7 is below 2.5 Mbit/s.
    let ladder = ladder(&[1_000, 2_500, 5_000]);
    let check = |kbps: u64, base: u8, expected: u8| {
        let estimator = Estimator::settled(kbps as f64 * 1e3, 40.0);
        let view = NetworkView { base: Some(base), ..view(&ladder, &estimator, 60) };
        assert_eq!(next_variant(&view), expected, "{kbps} kbit/s from {base}");
    };
    check(3_345, 0, 0);
    check(3_600, 0, 1);
    check(3_345, 1, 1);
    check(2_600, 1, 0);
    check(2_700, 1, 1);
    check(9_000, 0, 2);
}

#[test]
fn a_low_buffer_excludes_what_would_not_arrive_in_time() {
    let ladder = ladder(&[1_000, 2_500, 5_000]);
    let estimator = Estimator::settled(7.5e6, 40.0);
    // At 70 % a top segment takes 3.85 s.
    assert_eq!(next_variant(&view(&ladder, &estimator, 4)), 2);
    assert_eq!(next_variant(&view(&ladder, &estimator, 3)), 1);
    assert_eq!(next_variant(&NetworkView { live: true, ..view(&ladder, &estimator, 3) }), 2);
}

#[test]
fn a_variant_with_an_error_is_chosen_only_if_it_is_the_current_one() {
    let ladder = ladder(&[1_000, 2_500, 5_000]);
    let estimator = Estimator::settled(20e6, 40.0);
    let top_failed = NetworkView { faulty: 0b100, ..view(&ladder, &estimator, 30) };
    assert_eq!(next_variant(&top_failed), 1);
    assert_eq!(next_variant(&NetworkView { base: Some(2), ..top_failed }), 2);
}

fn hanging(variant: u8, age_ms: f64) -> Download {
    Download { variant, age_ms, first_byte_ms: None, received: 0.0, size: 20e6 }
}

#[test]
fn a_hanging_download_is_given_up_when_the_buffer_does_not_last() {
    let ladder = ladder(&[1_000, 2_500, 5_000]);
    let estimator = Estimator::settled(7.9e6, 40.0);
    assert_eq!(abandon(&view(&ladder, &estimator, 3), &hanging(2, 5_000.0)), None);
    // Variant 1 would arrive in time at the old estimate, but not at its own bitrate, to which the estimate is reset.
    let (lower, after) = abandon(&view(&ladder, &estimator, 2), &hanging(2, 5_000.0)).expect("given up");
    assert_eq!((lower, after.bandwidth()), (0, 2.5e6));
    assert!(!after.is_trusted());
    let (lower, after) = abandon(&view(&ladder, &estimator, 0), &hanging(2, 5_000.0)).expect("given up");
    assert_eq!((lower, after.bandwidth()), (0, 1e6));
}

#[test]
fn nothing_is_given_up_in_its_first_half_segment_nor_from_the_two_lowest_variants() {
    let ladder = ladder(&[1_000, 2_500, 5_000]);
    let estimator = Estimator::settled(7.9e6, 40.0);
    assert_eq!(abandon(&view(&ladder, &estimator, 0), &hanging(2, 2_000.0)), None);
    assert!(abandon(&view(&ladder, &estimator, 0), &hanging(2, 2_100.0)).is_some());
    assert_eq!(abandon(&view(&ladder, &estimator, 0), &hanging(1, 9_000.0)), None);
    assert_eq!(abandon(&view(&ladder, &estimator, 0), &hanging(0, 9_000.0)), None);
}

#[test]
fn a_crawling_download_is_kept_when_a_lower_one_would_take_ten_segments() {
    let ladder = ladder(&[1_000, 2_500, 5_000]);
    let estimator = Estimator::settled(7.9e6, 40.0);
    let crawling = |kbps: f64| Download {
        variant: 2,
        age_ms: 3_000.0,
        first_byte_ms: Some(20.0),
        received: kbps * 2_980.0,
        size: 20e6,
    };
    assert!(abandon(&view(&ladder, &estimator, 10), &crawling(300.0)).is_some());
    assert_eq!(abandon(&view(&ladder, &estimator, 10), &crawling(200.0)), None);
}
