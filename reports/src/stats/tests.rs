use units::sample::normal;
use units::{Draws, Purpose, Seed};

use super::*;

#[test]
fn t_quantiles_agree_with_the_printed_table() {
    // Two-sided 95 %, 99 % and 98.75 % points; the first two from any printed table, to its digits.
    for (p, df, expected) in [
        (0.975, 1.0, 12.706_204_74),
        (0.975, 2.0, 4.302_652_73),
        (0.975, 4.0, 2.776_445_11),
        (0.975, 9.0, 2.262_157_16),
        (0.975, 19.0, 2.093_024_05),
        (0.975, 29.0, 2.045_229_64),
        (0.975, 120.0, 1.979_930_41),
        (0.995, 1.0, 63.656_741_16),
        (0.995, 4.0, 4.604_094_87),
        (0.995, 29.0, 2.756_385_90),
        (0.9, 4.0, 1.533_206_27),
        (0.5, 7.0, 0.0),
        (0.025, 4.0, -2.776_445_11),
    ] {
        let found = t_quantile(p, df);
        assert!((found - expected).abs() < 1e-7, "p {p}, df {df}: {found}");
        assert!((t_cdf(found, df) - p).abs() < 1e-10, "p {p}, df {df}");
    }
    assert!((t_quantile(0.975, 1e7) - 1.959_964).abs() < 1e-5);
    assert_eq!(t_quantile(0.975, 0.0), f64::INFINITY);
}

#[test]
fn looks_double_and_pay_for_themselves() {
    assert_eq!(looks(5, 30), [5, 10, 20, 30]);
    assert_eq!(looks(5, 5), [5]);
    assert_eq!(looks(3, 1), [3]);
    assert_eq!(looks(0, 0), [1]);
    assert!((confidence_per_look(0.95, 4) - 0.9875).abs() < 1e-15);
}

#[test]
fn interval_of_a_known_sample_is_the_textbook_one() {
    // Mean 3, sample deviation sqrt(2.5), half-width 2.776 * sqrt(2.5 / 5).
    let estimate = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
    let (low, high) = estimate.interval.unwrap();
    assert_eq!(estimate.value, 3.0);
    assert!((high - 3.0 - 1.963_243_16).abs() < 1e-7 && (3.0 - low - 1.963_243_16).abs() < 1e-7);
    assert_eq!(mean_interval(&[], 0.95), None);
    assert_eq!(mean_interval(&[4.0], 0.95), Some(Estimate { value: 4.0, interval: None }));
    assert_eq!(mean_interval(&[0.1; 5], 0.95), Some(Estimate { value: 0.1, interval: Some((0.1, 0.1)) }));
}

#[test]
fn a_platform_against_itself_has_not_changed_at_all() {
    let none = Some(Estimate { value: 0.0, interval: Some((0.0, 0.0)) });
    assert_eq!(paired_change(&[(0.013, 0.013), (0.017, 0.017)], 0.95), none);
    assert_eq!(paired_change(&[(0.0, 0.0), (0.017, 0.017)], 0.95), none);
    assert_eq!(paired_change(&[(0.0, 0.0); 3], 0.95), none);
    assert_eq!(paired_change(&[], 0.95), None);
}

#[test]
fn a_common_factor_is_found_through_the_noise_that_both_arms_share() {
    let pairs: Vec<(f64, f64)> = [0.01, 0.03, 0.002, 0.05, 0.011].iter().map(|&b| (b, b * 0.37)).collect();
    let estimate = paired_change(&pairs, 0.95).unwrap();
    let (low, high) = estimate.interval.unwrap();
    assert!((estimate.value + 0.63).abs() < 1e-12 && (high - low) < 1e-9, "{estimate:?}");
}

#[test]
fn zeros_go_through_the_bootstrap_and_stay_repeatable() {
    let pairs = [(0.0, 0.001), (0.02, 0.01), (0.03, 0.02), (0.01, 0.0), (0.02, 0.011)];
    let estimate = paired_change(&pairs, 0.95).unwrap();
    assert_eq!(Some(estimate), paired_change(&pairs, 0.95));
    assert!((estimate.value - (0.042 / 0.08 - 1.0)).abs() < 1e-12);
    let (low, high) = estimate.interval.unwrap();
    assert!(low < estimate.value && estimate.value < high && high < 0.2, "{estimate:?}");

    let from_nothing = paired_change(&[(0.0, 0.1), (0.0, 0.2)], 0.95).unwrap();
    assert_eq!(from_nothing.value, f64::INFINITY);
    let to_nothing = paired_change(&[(0.1, 0.0), (0.2, 0.0)], 0.95).unwrap();
    assert_eq!(to_nothing, Estimate { value: -1.0, interval: Some((-1.0, -1.0)) });
    let unpaired = unpaired_change(&[0.0, 0.1, 0.2], &[0.1, 0.1], 0.95).unwrap();
    assert!((unpaired.value - (0.2 / 0.3 - 1.0)).abs() < 0.4);
}

#[test]
fn welch_agrees_with_a_worked_example() {
    // Two samples of five: means 3 and 6, variances 2.5 and 10; df = 5.882, standard error sqrt(2.5).
    let estimate = welch(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 6.0, 8.0, 10.0], 0.95).unwrap();
    let (low, high) = estimate.interval.unwrap();
    let half = t_quantile(0.975, 5.882_352_941) * libm::sqrt(2.5);
    assert!((estimate.value - 3.0).abs() < 1e-12);
    assert!((high - 3.0 - half).abs() < 1e-6 && (3.0 - low - half).abs() < 1e-6);
    let same = unpaired_change(&[2.0, 2.0], &[1.0, 1.0, 1.0], 0.95).unwrap();
    assert!((same.value + 0.5).abs() < 1e-12);
    assert_eq!(unpaired_change(&[], &[1.0], 0.95), None);
}

#[test]
fn ninety_five_per_cent_intervals_hold_the_truth_ninety_five_times_in_a_hundred() {
    const ROUNDS: u64 = 4_000;
    let draws = Draws::new(Seed(20_261_120), Purpose::Test);
    for n in [3_u64, 5, 10] {
        let held = (0..ROUNDS).filter(|&round| {
            let values: Vec<f64> =
                (0..n).map(|at| 7.0 + 2.0 * normal(draws.bits(round, n << 8 | at))).collect();
            let (low, high) = mean_interval(&values, 0.95).unwrap().interval.unwrap();
            low <= 7.0 && 7.0 <= high
        });
        let share = held.count() as f64 / ROUNDS as f64;
        assert!((share - 0.95).abs() < 0.012, "n = {n}: {share}");
    }
}

#[test]
fn paired_intervals_hold_a_true_reduction() {
    const ROUNDS: u64 = 2_000;
    let draws = Draws::new(Seed(7), Purpose::Test);
    let held = (0..ROUNDS).filter(|&round| {
        let pairs: Vec<(f64, f64)> = (0..5_u64)
            .map(|at| {
                let before = libm::exp(-4.0 + 0.5 * normal(draws.bits(round, at)));
                (before, before * 0.4 * libm::exp(0.1 * normal(draws.bits(round, 100 + at))))
            })
            .collect();
        let (low, high) = paired_change(&pairs, 0.95).unwrap().interval.unwrap();
        low <= -0.6 && -0.6 <= high
    });
    let share = held.count() as f64 / ROUNDS as f64;
    assert!((share - 0.95).abs() < 0.016, "{share}");
}
