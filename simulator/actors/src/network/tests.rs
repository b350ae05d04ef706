use super::*;
use proptest::prelude::*;

const SETS: [AccessSet; 4] = [AccessSet::FccSd, AccessSet::FccHd, AccessSet::Lte, AccessSet::Hspa];

fn rates(spec: &AccessSpec, seed: u64, viewer: u32, slots: std::ops::Range<u64>) -> Vec<RateClass> {
    let model = AccessModel::new(spec.clone(), Seed(seed));
    let state = model.viewer(ViewerId(viewer));
    slots.map(|slot| model.rate_at(&state, ViewerId(viewer), slot)).collect()
}

#[test]
fn classes_rise_in_steps_of_at_most_five_percent_or_one_kbit() {
    let all: Vec<u64> = (0..=255).map(|class| RateClass(class).rate().0).collect();
    assert_eq!((all[0], all[1], all[255]), (0, 8, 1_000_000));
    for pair in all[1..].windows(2) {
        assert!(pair[1] > pair[0]);
        assert!(pair[1] * 10_000 <= pair[0] * 10_473 + 10_000, "a step of 4.73 %, rounded: {pair:?}");
    }
}

#[test]
fn class_of_a_rate_is_the_nearest() {
    let nearest = |rate: u64| {
        (1..=255).min_by_key(|&class| RateClass(class).rate().0.abs_diff(rate)).expect("255 classes")
    };
    for rate in (1..200_000).chain((200_000..1_200_000).step_by(97)) {
        let (got, want) = (RateClass::of(Kbps(rate)), RateClass(nearest(rate)));
        assert_eq!(got.rate().0.abs_diff(rate), want.rate().0.abs_diff(rate), "{rate}");
    }
    assert_eq!(RateClass::of(Kbps::ZERO), RateClass::ZERO);
    assert_eq!(RateClass::of(Kbps(u64::MAX)), RateClass(255));
    for class in 0..=255 {
        assert_eq!(RateClass::of(RateClass(class).rate()), RateClass(class));
    }
}

#[test]
fn a_state_fits_sixteen_bytes() {
    assert!(size_of::<AccessState>() <= 16);
}

#[test]
fn rates_are_pinned() {
    let spec = |set| AccessSpec::Fitted(set);
    let drawn: Vec<Vec<u8>> = SETS
        .iter()
        .map(|&set| rates(&spec(set), 20_261_120, 7, 0..12).iter().map(|class| class.0).collect())
        .collect();
    assert_eq!(drawn, PINNED);
}

const PINNED: [[u8; 12]; 4] = [
    [163, 155, 157, 95, 95, 95, 95, 95, 94, 95, 95, 94],
    [189, 180, 182, 114, 115, 115, 115, 116, 113, 115, 116, 112],
    [170, 148, 158, 161, 159, 161, 157, 162, 136, 151, 160, 132],
    [108, 79, 92, 96, 91, 93, 83, 88, 63, 73, 81, 59],
];

#[test]
fn fcc_links_are_low_for_a_third_of_the_time_and_not_all_at_once() {
    let spec = AccessSpec::Fitted(AccessSet::FccHd);
    let mut low_at = [0_u32; 36];
    for viewer in 0..2_000 {
        for (slot, class) in rates(&spec, 1, viewer, 0..36).into_iter().enumerate() {
            low_at[slot] += u32::from(class.rate() < Kbps(6_000));
        }
    }
    for low in low_at {
        assert!((600..740).contains(&low), "{low_at:?}");
    }
}

#[test]
fn latency_and_slot_are_those_of_the_set() {
    for (set, latency_ms, slot_ms) in [
        (AccessSet::FccSd, 20, 5_000),
        (AccessSet::FccHd, 20, 5_000),
        (AccessSet::Lte, 20, 1_000),
        (AccessSet::Hspa, 100, 1_000),
    ] {
        let model = AccessModel::new(AccessSpec::Fitted(set), Seed(1));
        assert_eq!(model.latency(), Micros::from_millis(latency_ms));
        assert_eq!(model.slot_length(), Micros::from_millis(slot_ms));
        assert_eq!(
            model.slot_start(model.slot_at(Timestamp(12_345_678))).0,
            12_345_678 / (slot_ms * 1_000) * slot_ms * 1_000
        );
    }
}

#[test]
fn a_fixed_rate_never_changes() {
    let model = AccessModel::new(AccessSpec::Fixed(Kbps(5_000)), Seed(1));
    assert_eq!(model.slot_at(Timestamp(u64::MAX - 1)), 0);
    assert_eq!(model.slot_start(1), Timestamp::NEVER);
    assert_eq!(rates(&AccessSpec::Fixed(Kbps(5_000)), 1, 3, 0..3), [RateClass::of(Kbps(5_000)); 3]);
}

const TWO_TRACES: &str =
    r#"{"b": [[1000, 1000, 30], [1010, 0, 30], [990, 4000, 30]], "a": [[600, 2000, 50], [1400, 1000, 50]]}"#;

#[test]
fn a_slot_has_the_rate_of_its_middle() {
    let set = TraceSet::from_json(TWO_TRACES.as_bytes()).expect("a set");
    assert_eq!(
        (set.len(), set.slot_length(), set.latency()),
        (2, Micros::from_secs(1), Micros::from_millis(30))
    );
    let laid = |trace, slots| (0..slots).map(|slot| set.rate(trace, slot)).collect::<Vec<_>>();
    let classes = |rates: &[u64]| rates.iter().map(|&rate| RateClass::of(Kbps(rate))).collect::<Vec<_>>();
    assert_eq!(laid(0, 4), classes(&[2_000, 1_000, 2_000, 1_000]), "looped");
    assert_eq!(laid(1, 4), classes(&[1_000, 0, 4_000, 1_000]));
}

#[test]
fn a_list_of_periods_is_a_set_of_one() {
    let one = r#"[{"duration_ms": 5000, "bandwidth_kbps": 320, "latency_ms": 20}, {"duration_ms": 5000.0, "bandwidth_kbps": 304.4, "latency_ms": 20}]"#;
    let set = TraceSet::from_json(one.as_bytes()).expect("a set");
    assert_eq!((set.len(), set.slots(0), set.slot_length()), (1, 2, Micros::from_secs(5)));
}

#[test]
fn bad_trace_files_are_refused_with_their_reason() {
    let reason = |bytes: &str| TraceSet::from_json(bytes.as_bytes()).expect_err("bad").to_string();
    assert!(reason("3").contains("neither"));
    assert!(reason("{}").contains("no trace"));
    assert!(reason("[]").contains("no trace"));
    assert!(
        reason(r#"{"long": [[1000, 1, 1], [1000, 1, 1]], "x": [[100, 1, 1]]}"#).contains("`x` lasts 100 ms")
    );
}

#[test]
fn viewers_of_a_trace_set_start_anywhere_in_any_trace() {
    let trace: Vec<String> = (1..=20).map(|second| format!("[1000, {}, 20]", second * 1_000)).collect();
    let json = format!(r#"{{"a": [{0}], "b": [{0}]}}"#, trace.join(","));
    let spec = AccessSpec::Trace(TraceSet::from_json(json.as_bytes()).expect("a set"));
    let mut seen = std::collections::BTreeSet::new();
    for viewer in 0..400 {
        let looped = rates(&spec, 5, viewer, 0..40);
        assert_eq!(looped[..20], looped[20..]);
        seen.insert(looped[0]);
    }
    assert_eq!(seen.len(), 20);
}

proptest! {
    #[test]
    fn a_rate_depends_on_seed_viewer_and_slot_alone(seed: u64, viewer: u32, slot in 0_u64..1 << 36, set in 0_usize..4) {
        let spec = AccessSpec::Fitted(SETS[set]);
        let alone = rates(&spec, seed, viewer, slot..slot + 1);
        let in_order = rates(&spec, seed, viewer, slot.saturating_sub(3)..slot + 1);
        prop_assert_eq!(alone.last(), in_order.last());
    }
}
