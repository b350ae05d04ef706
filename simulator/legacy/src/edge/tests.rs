use platform_core::cache::policy::key::NormalisedKey;
use units::{Micros, TitleId};

use super::*;

#[test]
fn viewers_share_a_key_only_with_their_token() {
    let object = ObjectId::segment(TitleId(3), 2, 40);
    let (one, other) = (PlaybackToken(1), PlaybackToken(2));
    assert_ne!(FullUrlKey.key_of_object(object, one), FullUrlKey.key_of_object(object, other));
    assert_eq!(FullUrlKey.key_of_object(object, one), FullUrlKey.key_of_object(object, one));
    let [a, b] = [one, other].map(|token| FullUrlKey.key_of_target(&object.target(token)));
    assert_ne!(a, b);
    assert_eq!(NormalisedKey.key_of_object(object, one), NormalisedKey.key_of_object(object, other));
}

#[test]
fn with_one_token_for_all_it_tells_apart_what_the_modern_key_does() {
    let token = PlaybackToken(7);
    let mut keys = std::collections::BTreeSet::new();
    for title in 0..20 {
        for variant in 0..4 {
            for index in 0..20 {
                keys.insert(
                    FullUrlKey.key_of_object(ObjectId::segment(TitleId(title), variant, index), token),
                );
            }
        }
    }
    assert_eq!(keys.len(), 20 * 4 * 20);
}

#[test]
fn every_miss_asks_the_origin() {
    for in_flight in [InFlight::No, InFlight::Streaming, InFlight::Waiting { age: Micros::ZERO }] {
        assert_eq!(SeparateFills.on_miss(in_flight), OnMiss::Fetch);
    }
    assert_eq!(NoShield.upstream(Tier::Edge, ShieldState::Up), Upstream::Origin);
}
