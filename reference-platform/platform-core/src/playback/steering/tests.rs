use proptest::prelude::*;

use super::*;

const DRAWS: u32 = 10_000;

fn draws() -> impl Iterator<Item = f64> {
    (0..DRAWS).map(|n| (f64::from(n) + 0.5) / f64::from(DRAWS))
}

fn counts(table: &RegionTable) -> Vec<u32> {
    let mut counts = vec![0; table.len()];
    for draw in draws() {
        counts[table.first(draw).index()] += 1;
    }
    counts
}

#[test]
fn viewers_are_split_by_weight() {
    assert_eq!(counts(&RegionTable::new(&[60, 40])), [6_000, 4_000]);
    assert_eq!(counts(&RegionTable::new(&[1, 0, 3])), [2_500, 0, 7_500]);
    assert_eq!(counts(&RegionTable::new(&[7])), [10_000]);
}

#[test]
fn an_order_names_every_pathway_once_and_ejected_ones_last() {
    let mut table = RegionTable::new(&[20, 50, 30]);
    let ids = |draw| table.order(draw).as_slice().iter().map(|id| id.0).collect::<Vec<_>>();
    assert_eq!(ids(0.1), [0, 1, 2]);
    assert_eq!(ids(0.5), [1, 2, 0]);
    assert_eq!(ids(0.9), [2, 1, 0]);
    table.set_ejected(1, true);
    let ids = |draw| table.order(draw).as_slice().iter().map(|id| id.0).collect::<Vec<_>>();
    assert_eq!(ids(0.1), [0, 2, 1]);
    // Not yet moved: first stays first until the traffic's turn comes.
    assert_eq!(ids(0.5), [1, 2, 0]);
    assert_eq!(table.order(0.1).first(), PathwayId(0));
}

#[test]
fn a_moved_share_is_what_the_weights_say_and_comes_back_in_reverse_order() {
    let mut table = RegionTable::new(&[60, 40]);
    table.shift(0, 0, 1, 0.15);
    assert_eq!(counts(&table), [4_500, 5_500]);
    assert_eq!([0, 1].map(|id| table.weight(PathwayId(id))), [Ppm(450_000), Ppm(550_000)]);
    // With two pathways the boundary itself has moved, from 0.6 to 0.45.
    assert_eq!(table.first(0.4499), PathwayId(0));
    assert_eq!(table.first(0.4501), PathwayId(1));
    table.shift(0, 1, 0, 0.15);
    assert_eq!(table, RegionTable::new(&[60, 40]));
}

proptest! {
    #[test]
    fn a_viewer_moves_only_when_a_boundary_crosses_its_draw(
        weights in prop::collection::vec(1_u32..100, 2..6),
        home in 0_usize..6, to in 0_usize..6, steps in prop::collection::vec(0.0_f64..0.3, 1..8),
    ) {
        let (home, to) = (home % weights.len(), to % weights.len());
        prop_assume!(home != to);
        let mut table = RegionTable::new(&weights);
        let mut before: Vec<PathwayId> = draws().map(|draw| table.first(draw)).collect();
        for step in steps {
            let amount = step.min(table.standing(home, home));
            table.shift(home, home, to, amount);
            let after: Vec<PathwayId> = draws().map(|draw| table.first(draw)).collect();
            let moved = before.iter().zip(&after).filter(|(old, new)| old != new).count();
            let allowed = |(old, new): (&PathwayId, &PathwayId)| {
                old == new || (*old == pathway_id(home) && *new == pathway_id(to))
            };
            let all_allowed = before.iter().zip(&after).all(allowed);
            prop_assert!(all_allowed);
            // As many as the boundary passed, give or take one draw at each end.
            prop_assert!((moved as f64 - amount * f64::from(DRAWS)).abs() <= 2.0, "{} moved for {}", moved, amount);
            before = after;
        }
        let total: f64 = (0..table.len()).map(|pathway| table.share(pathway)).sum();
        prop_assert!((total - 1.0).abs() < 1e-9);
    }

    #[test]
    fn every_draw_has_a_pathway_with_weight(
        weights in prop::collection::vec(0_u32..5, 1..8), draw in 0.0_f64..1.0,
    ) {
        prop_assume!(weights.iter().any(|&weight| weight > 0));
        let table = RegionTable::new(&weights);
        prop_assert!(weights[table.first(draw).index()] > 0);
    }
}

#[test]
fn the_manifest_is_json_with_the_names_of_the_draft() {
    let names = ["cdn-a", "cdn-b"].map(str::to_owned);
    let order = RegionTable::new(&[60, 40]).order(0.7);
    let manifest = SteeringManifest::new(&order, &names, Micros::from_secs(10));
    let json = serde_json::to_string(&manifest).expect("a manifest is valid JSON");
    assert_eq!(json, r#"{"VERSION":1,"TTL":10,"PATHWAY-PRIORITY":["cdn-b","cdn-a"]}"#);
    let other = r#"{"VERSION":1,"TTL":30,"RELOAD-URI":"https://s/x","PATHWAY-PRIORITY":[]}"#;
    let read: SteeringManifest = serde_json::from_str(other).expect("valid");
    assert_eq!(read.reload_uri.as_deref(), Some("https://s/x"));
    assert_eq!(SteeringManifest::new(&order, &names, Micros::ZERO).ttl_s, 1);
}

#[test]
fn a_steering_server_never_says_too_many_requests() {
    let order = RegionTable::new(&[1]).order(0.0);
    let manifest = SteeringManifest::new(&order, &["a".to_owned()], Micros::from_secs(10));
    assert_eq!(SteeringAnswer::Manifest(manifest).status(), 200);
    assert_eq!(SteeringAnswer::Gone.status(), 410);
}
