use proptest::prelude::*;

use super::*;

fn normalised(target: &str) -> String {
    let mut out = String::new();
    NormalisedKey.normalise(target, &mut out);
    out
}

#[test]
fn only_path_and_delivery_directives_stay() {
    let check = |target: &str, expected: &str| assert_eq!(normalised(target), expected, "{target}");
    check("/v1/7/vod/3/41.m4s?token=00c0ffee", "/v1/7/vod/3/41.m4s");
    check("/v1/7/vod/3/41.m4s", "/v1/7/vod/3/41.m4s");
    check("/live/2.m3u8?_HLS_part=1&token=a&_HLS_msn=273", "/live/2.m3u8?_HLS_msn=273&_HLS_part=1");
    check("/live/2.m3u8?_HLS_skip=YES&session=9", "/live/2.m3u8?_HLS_skip=YES");
    check("/a.m4s?x_HLS_msn=1&_HLS_msnx=2&_hls_msn=3", "/a.m4s");
    check("/a.m3u8?_HLS_msn=1&_HLS_msn=2", "/a.m3u8?_HLS_msn=1&_HLS_msn=2");
    check("/a.m4s?#t=10?_HLS_msn=1", "/a.m4s");
    check("/a.m4s?", "/a.m4s");
    check("", "");
}

fn parameter() -> impl Strategy<Value = String> {
    prop_oneof![
        "token=[a-f0-9]{0,8}",
        "_HLS_(msn|part)=[0-9]{1,4}",
        "_HLS_skip=(YES|v2)",
        "_HLS_(pathway|throughput)=[0-9A-Z]{1,4}",
        "[a-z_]{0,6}(=[a-z0-9%]{0,5})?",
    ]
}

fn target() -> impl Strategy<Value = String> {
    ("(/[a-z0-9.]{0,6}){1,4}", prop::collection::vec(parameter(), 0..6)).prop_map(|(path, parameters)| {
        if parameters.is_empty() { path } else { format!("{path}?{}", parameters.join("&")) }
    })
}

fn object() -> impl Strategy<Value = ObjectId> {
    (0_u32..6, 0_u8..4, 0_u32..6, 0_u8..6).prop_map(|(title, variant, index, kind)| {
        let title = TitleId(title);
        match kind {
            0 => ObjectId::multivariant(title),
            1 => ObjectId::vod_playlist(title, variant),
            2 => ObjectId::live_playlist(title, variant),
            3 => ObjectId::init(title, variant),
            4 => ObjectId::segment(title, variant, index),
            _ => ObjectId::live_segment(title, variant, index),
        }
    })
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(target in target()) {
        let once = normalised(&target);
        prop_assert_eq!(&normalised(&once), &once);
        prop_assert_eq!(NormalisedKey.key_of_target(&target), NormalisedKey.key_of_target(&once));
    }

    #[test]
    fn neither_token_nor_place_of_parameters_changes_the_key(
        path in "(/[a-z0-9]{1,6}){1,3}", token in "[a-f0-9]{1,8}", msn in 0_u32..1_000, part in 0_u32..9,
    ) {
        let key = NormalisedKey.key_of_target(&format!("{path}?_HLS_msn={msn}&_HLS_part={part}"));
        for same in [
            format!("{path}?token={token}&_HLS_msn={msn}&_HLS_part={part}"),
            format!("{path}?_HLS_part={part}&token={token}&_HLS_msn={msn}"),
        ] {
            prop_assert_eq!(NormalisedKey.key_of_target(&same), key, "{}", same);
        }
        let next = format!("{path}?_HLS_msn={}&_HLS_part={part}", msn + 1);
        prop_assert_ne!(NormalisedKey.key_of_target(&next), key);
        let bare = normalised(&format!("{path}?token={token}"));
        prop_assert_eq!(bare, path);
    }

    #[test]
    fn the_key_is_the_hash_of_the_normalised_target(target in target()) {
        let mut hasher = KeyHasher::new();
        hasher.write(normalised(&target).as_bytes());
        prop_assert_eq!(NormalisedKey.key_of_target(&target), hasher.finish());
    }

    #[test]
    fn urls_and_object_ids_lead_to_the_same_decision(
        a in object(), b in object(), tokens in (0_u32..3, 0_u32..3),
    ) {
        let (a_token, b_token) = (PlaybackToken(tokens.0), PlaybackToken(tokens.1));
        let by_target = NormalisedKey.key_of_target(&a.target(a_token)) == NormalisedKey.key_of_target(&b.target(b_token));
        let by_object = NormalisedKey.key_of_object(a, a_token) == NormalisedKey.key_of_object(b, b_token);
        prop_assert_eq!(by_target, a == b);
        prop_assert_eq!(by_object, a == b);
    }
}
