use super::*;

const SEGMENT: Micros = Micros::from_secs(4);

#[test]
fn cache_control_per_kind_is_as_published() {
    let mut table = String::new();
    for kind in ObjectKind::ALL {
        for status in [200, 404, 503] {
            table += &format!("{kind:?} {status}: {}\n", storage(kind, status, SEGMENT));
        }
    }
    let expected = "\
Multivariant 200: public, max-age=60, stale-while-revalidate=300
Multivariant 404: no-store
Multivariant 503: no-store
VodPlaylist 200: public, max-age=60, stale-while-revalidate=300
VodPlaylist 404: no-store
VodPlaylist 503: no-store
LivePlaylist 200: public, max-age=2, stale-while-revalidate=4
LivePlaylist 404: no-store
LivePlaylist 503: no-store
Init 200: public, max-age=1209600, stale-if-error=1209600, immutable
Init 404: no-store
Init 503: no-store
Segment 200: public, max-age=1209600, stale-if-error=1209600, immutable
Segment 404: no-store
Segment 503: no-store
LiveSegment 200: public, max-age=1209600, stale-if-error=1209600, immutable
LiveSegment 404: public, max-age=1
LiveSegment 503: no-store
SteeringManifest 200: no-store
SteeringManifest 404: no-store
SteeringManifest 503: no-store
";
    assert_eq!(table, expected);
}

#[test]
fn an_absent_live_segment_is_never_remembered_longer_than_half_a_segment() {
    for segment_ms in [200, 1_000, 1_999, 2_000, 2_001, 6_000] {
        let segment = Micros::from_millis(segment_ms);
        let Storage::Store(kept) = storage(ObjectKind::LiveSegment, 404, segment) else { panic!("stored") };
        assert_eq!(kept.fresh, Micros(segment_ms * 500).min(Micros::from_secs(1)));
        assert_eq!(kept.at_age(kept.fresh), Use::Fetch);
    }
}

#[test]
fn no_error_of_ours_is_ever_stored() {
    for kind in ObjectKind::ALL {
        for status in 500..600 {
            assert_eq!(storage(kind, status, SEGMENT), Storage::NoStore);
        }
    }
}

#[test]
fn a_stored_response_ages_from_fresh_to_useless() {
    let at = |kind, age_s| match storage(kind, 200, SEGMENT) {
        Storage::Store(kept) => kept.at_age(Micros::from_secs(age_s)),
        Storage::NoStore => panic!("stored"),
    };
    let playlist = [0, 1, 2, 5, 6].map(|age_s| at(ObjectKind::LivePlaylist, age_s));
    assert_eq!(
        playlist,
        [Use::Serve, Use::Serve, Use::ServeAndRevalidate, Use::ServeAndRevalidate, Use::Fetch]
    );
    let day = 86_400;
    let segment = [13 * day, 14 * day, 28 * day].map(|age_s| at(ObjectKind::Segment, age_s));
    assert_eq!(segment, [Use::Serve, Use::FetchElseServe, Use::Fetch]);
}
