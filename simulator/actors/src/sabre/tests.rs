use proptest::prelude::*;
use units::{Bits, Kbps, Micros, Timestamp};

use super::curve::Curve;
use super::rate::{Conditions, Rates};
use super::*;
use crate::player::{self, Ladder, Variant};

const SEGMENT_MS: f64 = 3_000.0;

fn ladder(bitrates_kbps: &[u64]) -> Ladder {
    let variants = bitrates_kbps.iter().map(|rate| Variant { average: Kbps(*rate), peak: Kbps(*rate) });
    Ladder { variants: variants.collect(), segment: Micros::from_secs(3) }
}

fn bitrates_of(steps: &[u32]) -> Vec<f64> {
    let mut below = 0.0;
    steps
        .iter()
        .map(|step| {
            below += f64::from(*step);
            below
        })
        .collect()
}

/// A configuration with the usual 25 s buffer on a usual ladder.
fn rules(rule: Rule) -> SabreRules {
    let config = SabreConfig::new(rule, Micros::from_secs(25)).avoiding_oscillation();
    SabreRules::new(&config, &ladder(&[230, 477, 991, 2_056, 6_000])).unwrap()
}

fn download(variant: u8, throughput_kbps: f64, buffer_ms: f64) -> Download {
    let received_bits = 3e6;
    let elapsed_ms = 40.0 + received_bits / throughput_kbps;
    Download { variant, received_bits, latency_ms: 40.0, elapsed_ms, buffer_ms, outcome: Outcome::Appended }
}

fn situation(buffer_ms: f64) -> Situation {
    Situation { buffer_ms, segments_since_seek: 100, segments_left: None }
}

proptest! {
    #[test]
    fn thresholds_choose_as_the_direct_comparison(
        steps in prop::collection::vec(1_u32..5_000, 1..=16),
        gamma_p in 0.1_f64..20.0,
        vp in 1.0_f64..50_000.0,
        level in -0.1_f64..2.0,
        pick in 0_usize..16,
    ) {
        let bitrates = bitrates_of(&steps);
        let curve = Curve::new(&bitrates, 0.0, |_| gamma_p);
        let anywhere_ms = level * vp * curve.reach_of_top();
        prop_assert_eq!(curve.best(vp, anywhere_ms), curve.best_directly(vp, anywhere_ms));
        // And where rounding decides: at a crossing, one step above and one below.
        let lower = u8::try_from(pick % bitrates.len().max(2)).unwrap().min(curve_top(&bitrates).saturating_sub(1));
        if bitrates.len() > 1 {
            let crossing_ms = curve.takeover_ms(vp, lower);
            for level_ms in [crossing_ms, crossing_ms.next_up(), crossing_ms.next_down()] {
                prop_assert_eq!(curve.best(vp, level_ms), curve.best_directly(vp, level_ms));
            }
        }
    }

    #[test]
    fn sizes_choose_as_the_division_does(
        steps in prop::collection::vec(1_u32..5_000, 1..=16),
        throughput in 0.0_f64..100_000.0,
        latency in 0.0_f64..4_000.0,
        pick in 0_usize..16,
    ) {
        let bitrates = bitrates_of(&steps);
        let rates = Rates::new(&bitrates, SEGMENT_MS);
        let exact = bitrates[pick % bitrates.len()];
        for (throughput_kbps, latency_ms) in [(throughput, latency), (exact, 0.0), (exact.next_down(), 0.0), (exact, 1e-13)] {
            let conditions = Conditions { buffer_ms: 0.0, throughput_kbps, latency_ms };
            prop_assert_eq!(rates.carried(conditions), rates.carried_directly(conditions));
        }
    }

    #[test]
    fn a_short_buffer_caps_at_the_highest_variant_that_fits(
        steps in prop::collection::vec(1_u32..5_000, 1..=16),
        throughput_kbps in 0.0_f64..100_000.0,
        buffer_ms in 0.0_f64..30_000.0,
        wanted in 0_u8..16,
    ) {
        let bitrates = bitrates_of(&steps);
        let wanted = wanted.min(curve_top(&bitrates));
        let conditions = Conditions { buffer_ms, throughput_kbps, latency_ms: 40.0 };
        let safe_bits = 0.9 * (buffer_ms - 40.0) * throughput_kbps;
        let highest = bitrates.iter().rposition(|bitrate| SEGMENT_MS * bitrate <= safe_bits).unwrap_or(0);
        let capped = Rates::new(&bitrates, SEGMENT_MS).within_buffer(wanted, conditions, &mut 0);
        prop_assert_eq!(usize::from(capped), usize::from(wanted).min(highest));
    }

    #[test]
    fn any_rule_answers_within_the_ladder_and_waits_no_longer_than_the_buffer(
        rule in prop::sample::select(vec![
            Rule::Bola(BolaWindow::Basic), Rule::Bola(BolaWindow::Tracking), Rule::BolaE,
            Rule::Throughput, Rule::Dynamic(BolaWindow::Tracking), Rule::DynamicDash,
        ]),
        steps in prop::collection::vec((0.0_f64..25_000.0, 1.0_f64..50_000.0, 0_u32..300), 1..60),
    ) {
        let rules = rules(rule);
        let (mut state, mut twin) = (rules.start(), rules.start());
        for (buffer_ms, throughput_kbps, segments) in steps {
            let situation = Situation { buffer_ms, segments_since_seek: segments, segments_left: None };
            let choice = rules.next_variant(&mut state, &situation);
            let end_far_away = Situation { segments_left: Some(u32::MAX), ..situation };
            prop_assert_eq!(choice, rules.next_variant(&mut twin, &end_far_away));
            prop_assert!(choice.variant < 5);
            prop_assert!(choice.delay_ms >= 0.0 && choice.delay_ms <= buffer_ms + 25_000.0);
            let download = download(choice.variant, throughput_kbps, buffer_ms);
            rules.downloaded(&mut state, &download);
            rules.downloaded(&mut twin, &download);
            prop_assert_eq!(state, twin);
        }
    }
}

fn curve_top(bitrates: &[f64]) -> u8 {
    u8::try_from(bitrates.len() - 1).unwrap()
}

#[test]
fn a_live_player_fits_into_one_cache_line() {
    assert!(size_of::<SabreState>() <= 64, "{}", size_of::<SabreState>());
}

#[test]
fn the_first_estimate_is_the_first_sample() {
    let rules = rules(Rule::Throughput);
    let mut state = rules.start();
    assert_eq!(rules.throughput_kbps(&state), 0.0);
    assert_eq!(rules.latency_ms(&state), 0.0);
    rules.downloaded(&mut state, &download(0, 2_500.0, 3_000.0));
    assert!((rules.throughput_kbps(&state) - 2_500.0).abs() < 1e-9);
    assert!((rules.latency_ms(&state) - 40.0).abs() < 1e-9);
}

#[test]
fn the_estimate_falls_with_the_short_half_life_and_rises_with_the_long_one() {
    let rules = rules(Rule::Throughput);
    let after = |then_kbps: f64| {
        let mut state = rules.start();
        for _ in 0..100 {
            rules.downloaded(&mut state, &download(0, 1_000.0, 3_000.0));
        }
        // One download of exactly the short half-life.
        let elapsed_ms = 3_040.0;
        let received_bits = 3_000.0 * then_kbps;
        let last = Download { received_bits, elapsed_ms, ..download(0, 1_000.0, 3_000.0) };
        rules.downloaded(&mut state, &last);
        rules.throughput_kbps(&state)
    };
    assert!((after(500.0) - 750.0).abs() < 1.0, "{}", after(500.0));
    assert!(after(2_000.0) < 1_250.0, "{}", after(2_000.0));
}

#[test]
fn an_abandoned_download_does_not_feed_the_estimate() {
    let rules = rules(Rule::Dynamic(BolaWindow::Tracking));
    let mut state = rules.start();
    rules.downloaded(&mut state, &download(0, 4_000.0, 3_000.0));
    let before = state;
    let progress = Progress {
        variant: 4,
        size_bits: 18e6,
        received_bits: 100_000.0,
        elapsed_ms: 1_000.0,
        first_byte_ms: Some(40.0),
        buffer_ms: 2_000.0,
    };
    let to = rules.check_abandon(&mut state, &progress).expect("far too slow");
    assert_eq!(to, 0);
    rules.downloaded(&mut state, &Download::abandoned(&progress, to));
    assert_eq!(state, before);
}

#[test]
fn a_download_is_given_half_a_second_before_throughput_abandons_it() {
    let rules = rules(Rule::Throughput);
    let mut state = rules.start();
    rules.downloaded(&mut state, &download(0, 4_000.0, 3_000.0));
    let slow = |elapsed_ms| Progress {
        variant: 4,
        size_bits: 18e6,
        received_bits: 12_000.0,
        elapsed_ms,
        first_byte_ms: Some(40.0),
        buffer_ms: 2_000.0,
    };
    assert_eq!(rules.check_abandon(&mut state, &slow(499.0)), None);
    assert_eq!(rules.check_abandon(&mut state, &slow(500.0)), Some(0));
    assert_eq!(rules.abandons_after(), Some(Micros::from_millis(500)));
    let silent = Progress { received_bits: 0.0, first_byte_ms: None, ..slow(5_000.0) };
    assert_eq!(rules.check_abandon(&mut state, &silent), None);
}

#[test]
fn bola_basic_never_abandons() {
    let rules = rules(Rule::Bola(BolaWindow::Basic));
    assert_eq!(rules.abandons_after(), None);
}

#[test]
fn dynamic_follows_throughput_below_ten_seconds_and_bola_above() {
    let rules = rules(Rule::Dynamic(BolaWindow::Tracking));
    let mut state = rules.start();
    rules.downloaded(&mut state, &download(0, 4_000.0, 3_000.0));
    // 3.6 Mbit/s carry 2,056 kbit/s, the buffer of 9 s leaves time for it, and BOLA would still take the lowest.
    assert_eq!(rules.next_variant(&mut state, &situation(9_000.0)).variant, 3);
    let full = rules.next_variant(&mut state, &situation(22_000.0));
    // BOLA would go to the top; what the network carries caps it, and it waits instead.
    assert_eq!(full.variant, 3);
    assert!(full.delay_ms > 0.0, "{full:?}");
}

#[test]
fn a_single_variant_needs_no_decision() {
    for rule in [Rule::Bola(BolaWindow::Tracking), Rule::BolaE, Rule::Throughput, Rule::DynamicDash] {
        let config = SabreConfig::new(rule, Micros::from_secs(25));
        let rules = SabreRules::new(&config, &ladder(&[800])).unwrap();
        let mut state = rules.start();
        for buffer_ms in [0.0, 3_000.0, 20_000.0] {
            rules.downloaded(&mut state, &download(0, 900.0, buffer_ms));
            let choice = rules.next_variant(&mut state, &situation(buffer_ms));
            assert_eq!(choice, Choice { variant: 0, delay_ms: 0.0 }, "{rule:?}");
        }
    }
}

#[test]
fn sliding_windows_take_the_least_mean_of_what_there_is() {
    let config = SabreConfig {
        average: Average::Sliding { windows: vec![2, 5] },
        ..SabreConfig::new(Rule::Throughput, Micros::from_secs(25))
    };
    let rules = SabreRules::<Sliding>::with_estimator(&config, &ladder(&[230, 6_000])).unwrap();
    let mut state = rules.start();
    for (throughput_kbps, expected) in [(1_000.0, 1_000.0), (3_000.0, 2_000.0), (5_000.0, 3_000.0)] {
        rules.downloaded(&mut state, &download(0, throughput_kbps, 3_000.0));
        assert!((rules.throughput_kbps(&state) - expected).abs() < 1e-6);
    }
    assert_eq!(SabreRules::new(&config, &ladder(&[230])).unwrap_err(), SabreError::WrongAverage);
}

#[test]
fn integers_of_the_event_path_become_milliseconds_and_bits() {
    let (requested_at, first_byte_at) = (Timestamp(1_000_000), Timestamp(1_040_000));
    let loaded = player::Loaded { requested_at, first_byte_at, size: Bits(3_000_000), newest_listed: None };
    let found = Download::loaded(&loaded, Timestamp(2_040_000), 1, Micros::from_secs(3));
    assert_eq!(found, download(1, 3_000.0, 3_000.0));
    assert_eq!(Choice { variant: 0, delay_ms: 1.5 }.delay(), Micros(1_500));
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    let refused =
        |config: SabreConfig, bitrates: &[u64]| SabreRules::new(&config, &ladder(bitrates)).unwrap_err();
    let config = |buffer_s| SabreConfig::dynamic_o(Micros::from_secs(buffer_s));
    assert_eq!(refused(config(25), &[]), SabreError::LadderLength { found: 0, limit: 16 });
    assert_eq!(refused(config(25), &[500, 500]), SabreError::LadderOrder { variant: 1 });
    assert_eq!(refused(config(3), &[500]), SabreError::Buffer { buffer_ms: 3e3, segment_ms: 3e3 });
    assert_eq!(refused(SabreConfig { gamma_p: 0.0, ..config(25) }, &[500]), SabreError::GammaP(0.0));
    let zero = SabreConfig { average: Average::Ewma { half_lives: [Micros::ZERO; 2] }, ..config(25) };
    assert_eq!(refused(zero, &[500]), SabreError::HalfLife { half_life_ms: 0.0, limit_ms: 3e6 });
}
