use super::*;

#[test]
fn catalogue_is_sorted_and_complete() {
    for pair in all().windows(2) {
        assert!(pair[0].id < pair[1].id, "{} before {}", pair[0].id, pair[1].id);
    }
    for metric in all() {
        assert_eq!(lookup(metric.id), Some(metric));
        for text in [metric.label, metric.meaning, metric.formula, metric.source] {
            assert!(!text.is_empty(), "{}", metric.id);
        }
        let (group, name) = metric.id.split_once('.').expect("a group and a name");
        assert!(["playback", "delivery", "control", "audience"].contains(&group));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
    }
}

#[test]
fn buffer_rate_is_labelled_and_carries_its_formula() {
    let metric = known("playback.rebuffering_ratio");
    assert_eq!(metric.label, "Buffer rate");
    assert_eq!(metric.formula, "sum(stall) / sum(stall + play)");
}

#[test]
fn slips_are_answered_with_the_nearest_metric() {
    assert_eq!(did_you_mean("playback.rebufering_ratio"), Some("playback.rebuffering_ratio"));
    assert_eq!(did_you_mean("rebufering_ratio"), Some("playback.rebuffering_ratio"));
    assert_eq!(did_you_mean("origin_bytes"), Some("delivery.origin_bytes"));
    assert_eq!(did_you_mean("zzz"), None);
}

#[test]
fn values_are_written_with_their_unit() {
    let check = |unit: Unit, value: f64, text: &str| assert_eq!(unit.format(value), text);
    check(Unit::Share, 0.006, "0.60 %");
    check(Unit::Share, 0.951_234, "95.12 %");
    check(Unit::Share, 0.000_004, "0.0004 %");
    check(Unit::Share, 0.0, "0 %");
    check(Unit::Time, 2_500_000.0, "2.50 s");
    check(Unit::Time, 45_000.0, "45.0 ms");
    check(Unit::Time, 0.0, "0 s");
    check(Unit::Time, 7.2e12, "2,000 h");
    check(Unit::Bitrate, 4_321.0, "4.32 Mbit/s");
    check(Unit::Bitrate, 900.0, "900 kbit/s");
    check(Unit::Size, 5.2e12, "5.20 TB");
    check(Unit::Size, 12.0, "12 B");
    check(Unit::Number, 1_234_567.0, "1,234,567");
    check(Unit::Number, 0.25, "0.25");
    check(Unit::PerHour, 0.4, "0.40 /h");
    check(Unit::PerSecond, 12.0, "12.0 /s");
    check(Unit::SizePerSecond, 1.5e9, "1.50 GB/s");
    check(Unit::Share, f64::INFINITY, "unbounded");
}
