use super::*;
use proptest::prelude::*;

#[test]
fn buckets_are_within_one_per_cent_and_in_order() {
    let mut last = 0;
    for value in (0..300).chain((8..LIMIT_BITS).flat_map(|bit| {
        let base = 1_u64 << bit;
        [base - 1, base, base + base / 3, base + base / 2 + 7]
    })) {
        let bucket = bucket_of(value);
        assert!(bucket >= last || value < 300, "{value}");
        last = bucket;
        let middle = middle_of(bucket);
        assert!(middle.abs_diff(value) * 200 <= value.max(1), "{value} -> {middle}");
        assert_eq!(bucket_of(middle), bucket);
    }
    assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
}

#[test]
fn quantiles_of_known_values_are_the_ranked_ones() {
    let mut histogram = Histogram::new();
    assert_eq!(histogram.quantile(500_000), None);
    for value in 1..=100 {
        histogram.record(value);
    }
    for (ppm, expected) in
        [(0, 1), (10_000, 1), (500_000, 50), (950_000, 95), (990_000, 99), (1_000_000, 100)]
    {
        assert_eq!(histogram.quantile(ppm), Some(expected), "{ppm}");
    }
    assert_eq!(histogram.mean(), Some(50.5));
}

#[test]
fn saturation_is_counted_and_the_greatest_value_kept() {
    let mut histogram = Histogram::new();
    histogram.record(5);
    histogram.record(u64::MAX);
    assert_eq!(histogram.saturated(), 1);
    assert_eq!(histogram.max(), Some(u64::MAX));
    assert_eq!(histogram.quantile(1_000_000), Some(u64::MAX));
}

#[test]
fn a_histogram_that_does_not_add_up_is_refused() {
    for text in [
        r#"{"count":2,"sum":"3","min":1,"max":2,"saturated":0,"buckets":[[1,1]]}"#,
        r#"{"count":1,"sum":"3","min":1,"max":2,"saturated":0,"buckets":[[999999999,1]]}"#,
        r#"{"count":2,"sum":"3","min":1,"max":2,"saturated":0,"buckets":[[2,1],[1,1]]}"#,
    ] {
        assert!(serde_json::from_str::<Histogram>(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn merge_is_commutative_and_equals_recording_all(left in prop::collection::vec(0_u64..1 << 41, 0..60),
                                                     right in prop::collection::vec(0_u64..1 << 20, 0..60)) {
        let of = |values: &[u64]| values.iter().fold(Histogram::new(), |mut h, &v| { h.record(v); h });
        let (a, b) = (of(&left), of(&right));
        let all: Vec<u64> = left.iter().chain(&right).copied().collect();
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        prop_assert_eq!(&ab, &ba);
        prop_assert_eq!(&ab, &of(&all));
        let back: Histogram = serde_json::from_str(&serde_json::to_string(&ab).unwrap()).unwrap();
        prop_assert_eq!(back, ab);
    }
}
