use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::Distribution;

use super::*;
use crate::draws::{Draws, Purpose, Seed};

const N: u64 = 200_000;

/// Largest distance between two empirical distributions of `N` numbers each (Kolmogorov and Smirnov).
fn distance(mut ours: Vec<f64>, mut theirs: Vec<f64>) -> f64 {
    ours.sort_by(f64::total_cmp);
    theirs.sort_by(f64::total_cmp);
    let (mut i, mut j, mut worst) = (0usize, 0usize, 0f64);
    while i < ours.len() && j < theirs.len() {
        let x = ours[i].min(theirs[j]);
        while i < ours.len() && ours[i] <= x {
            i += 1;
        }
        while j < theirs.len() && theirs[j] <= x {
            j += 1;
        }
        worst = worst.max((i as f64 / ours.len() as f64 - j as f64 / theirs.len() as f64).abs());
    }
    worst
}

/// Compares a sampler of ours with one of `rand_distr`; 1.95/sqrt(n/2) is the 0.1 % critical value for two samples.
fn check(ours: impl Fn(u64) -> f64, theirs: impl Distribution<f64>) {
    let stream = Draws::new(Seed(42), Purpose::Test);
    let mut rng = StdRng::seed_from_u64(7);
    let a = (0..N).map(|slot| ours(stream.bits(3, slot))).collect();
    let b = (0..N).map(|_| theirs.sample(&mut rng)).collect();
    let d = distance(a, b);
    assert!(d < 1.95 / libm::sqrt(N as f64 / 2.0), "distance {d}");
    assert_ne!(rng.next_u64(), 0);
}

#[test]
fn normal_agrees_with_rand_distr() {
    check(normal, rand_distr::StandardNormal);
}

#[test]
fn exponential_agrees_with_rand_distr() {
    check(exponential, rand_distr::Exp1);
}

#[test]
fn lognormal_agrees_with_rand_distr() {
    let ours = LogNormal { mu: 1.0, sigma: 0.5 };
    check(|bits| ours.sample(bits), rand_distr::LogNormal::new(1.0, 0.5).unwrap());
}

#[test]
fn zipf_agrees_with_rand_distr() {
    let ours = Zipf::new(1_000, 0.9);
    check(|bits| f64::from(ours.sample(bits) + 1), rand_distr::Zipf::new(1_000.0, 0.9).unwrap());
}

#[test]
fn quantile_table_agrees_with_its_distribution() {
    let exact = LogNormal::from_mean_and_cv(1e6, 0.25);
    let table = QuantileTable::new(|p| libm::exp(exact.mu + exact.sigma * normal_quantile(p)));
    check(|bits| f64::from(table.sample(bits)), rand_distr::LogNormal::new(exact.mu, exact.sigma).unwrap());
}

#[test]
fn normal_quantiles_match_printed_tables() {
    for (p, z) in [
        (0.5, 0.0),
        (0.975, 1.959_963_984_540_054),
        (0.9, 1.281_551_565_544_600_4),
        (1e-10, -6.361_340_902_404_056),
    ] {
        assert!((normal_quantile(p) - z).abs() < 1e-9, "{p}");
    }
}

#[test]
fn lognormal_keeps_the_quantiles_it_was_given() {
    let length = LogNormal::from_median_and_quantile(34.0, 0.9, 95.0);
    assert!((libm::exp(length.mu) - 34.0).abs() < 1e-9);
    assert!((libm::exp(length.mu + length.sigma * normal_quantile(0.9)) - 95.0).abs() < 1e-6);
}

#[test]
fn samples_are_pinned() {
    let stream = Draws::new(Seed(1), Purpose::Test);
    let sum = (0..1_000u64).fold(0u64, |sum, slot| {
        let bits = stream.bits(0, slot);
        sum.rotate_left(1)
            ^ normal(bits).to_bits()
            ^ exponential(bits).to_bits()
            ^ u64::from(Zipf::new(50, 0.8).sample(bits))
    });
    assert_eq!(sum, 7_476_264_717_339_770_277);
}
