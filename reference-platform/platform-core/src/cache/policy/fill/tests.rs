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
