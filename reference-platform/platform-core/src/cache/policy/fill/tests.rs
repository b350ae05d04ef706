use super::*;

#[test]
fn one_fill_serves_all_who_miss_unless_it_hangs() {
    let waiting = |age_ms| InFlight::Waiting { age: Micros::from_millis(age_ms) };
    for (in_flight, expected) in [
        (InFlight::No, OnMiss::Fetch),
        (InFlight::Streaming, OnMiss::Join),
        (waiting(0), OnMiss::Join),
        (waiting(3_999), OnMiss::Join),
        (waiting(4_000), OnMiss::Fetch),
    ] {
        assert_eq!(CoalesceFills.on_miss(in_flight), expected, "{in_flight:?}");
    }
}

#[test]
fn edges_fill_from_the_shield_and_around_a_dead_one() {
    assert_eq!(ShieldedFills.upstream(Tier::Edge, ShieldState::Up), Upstream::Shield);
    assert_eq!(ShieldedFills.upstream(Tier::Edge, ShieldState::Down), Upstream::Origin);
    assert_eq!(ShieldedFills.upstream(Tier::Shield, ShieldState::Up), Upstream::Origin);
}

#[test]
fn a_fill_waits_until_its_first_byte_and_streams_from_then_on() {
    let (asked_at, first_byte_at) = (Timestamp(1_000), Timestamp(5_000));
    let at = |now| InFlight::at(Timestamp(now), (asked_at, first_byte_at));
    assert_eq!(at(4_999), InFlight::Waiting { age: Micros(3_999) });
    assert_eq!(at(5_000), InFlight::Streaming);
}
