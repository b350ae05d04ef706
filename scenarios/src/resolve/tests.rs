use units::{Micros, Ppm, RegionId, Timestamp};

use crate::document::Document;
use crate::loader::NoFiles;
use crate::world::{CurvePoint, World};

/// The first arm's world of `smoke` with overlays.
fn smoke(sets: &[(&str, &str)]) -> World {
    let mut document = Document::open("smoke", &NoFiles).unwrap();
    for (key, value) in sets {
        document.set(key, value).unwrap();
    }
    let resolved = document.resolve(&NoFiles).unwrap_or_else(|error| panic!("{error}"));
    resolved.arms.into_iter().next().unwrap().world
}

#[test]
fn a_step_holds_the_number_before_until_it_begins() {
    let live = smoke(&[]).audience.live.unwrap();
    let corner = |second: u64, viewers| CurvePoint { at: Timestamp(second * 1_000_000), viewers };
    assert_eq!(live.curve, [corner(0, 800), corner(60, 800), corner(80, 1_200)]);
}

#[test]
fn scaling_the_audience_scales_everything_that_serves_it() {
    let (one, ten) = (smoke(&[]), smoke(&[("scale.audience", "10")]));
    assert_eq!(ten.peak_viewers(), 10 * one.peak_viewers());
    assert_eq!(ten.catalogue.titles, 10 * one.catalogue.titles);
    assert_eq!(ten.pops[0].capacity, one.pops[0].capacity * 10);
    assert_eq!(ten.pops[0].cache, one.pops[0].cache * 10);
    assert_eq!(ten.origin.capacity, one.origin.capacity * 10);
    // Square-root staffing: 0.7 x 30 x 10 busy and 0.3 x 30 x sqrt(10) in reserve.
    assert_eq!((one.origin.servers, ten.origin.servers), (30, 238));
}

#[test]
fn scaling_viewers_alone_leaves_the_platform_as_it_is() {
    let (one, two) = (smoke(&[]), smoke(&[("scale.viewers", "2")]));
    assert_eq!(two.peak_viewers(), 2 * one.peak_viewers());
    assert_eq!((&two.pops, two.catalogue), (&one.pops, one.catalogue));
}

#[test]
fn a_larger_mobile_share_takes_from_the_others_in_proportion() {
    let world = smoke(&[("scale.mobile_share", "1.5")]);
    let shares: Vec<u32> = world.audience.cohorts.iter().map(|cohort| cohort.share.0).collect();
    assert_eq!(shares, [437_500, 262_500, 300_000]);
}

#[test]
fn round_trips_scale_everywhere() {
    let world = smoke(&[("scale.rtt", "2")]);
    assert_eq!(world.pops[0].rtt_to(RegionId(1)), Some(Micros::from_millis(28)));
    assert_eq!(world.pops[0].rtt_to_shield, Micros::from_millis(40));
    assert_eq!(world.shield.unwrap().rtt_to_origin, Micros::from_millis(80));
}

#[test]
fn regions_use_the_nearest_pop_and_have_the_next_to_fall_back_to() {
    let world = smoke(&[]);
    let names = |cdn: usize, region: u8| -> Vec<&str> {
        let route = world.route(units::PathwayId(u8::try_from(cdn).unwrap()), RegionId(region));
        route.into_iter().map(|(pop, _)| world.pops[pop.index()].id.as_str()).collect()
    };
    assert_eq!((names(0, 0), names(1, 1)), (vec!["ams", "fra"], vec!["fra", "ams"]));
}

#[test]
fn thirds_are_a_whole() {
    let world = smoke(&[(
        "audience.cohort",
        "[{ id = \"a\", share = 0.333333, device = \"tv\", access = \"3g\", region = { fra = 0.333333, ams = 0.666667 } }, \
          { id = \"b\", share = 0.333333, device = \"tv\", access = { fixed = \"8Mbps\" }, region = { fra = 1.0 } }, \
          { id = \"c\", share = 0.333333, device = \"web\", access = \"4g\", region = { ams = 1 } }]",
    )]);
    assert_eq!(world.audience.cohorts.iter().map(|cohort| cohort.share.0).sum::<u32>(), 1_000_000);
    let regions: u32 = world.region_ids().map(|region| world.region_share(region).0).sum();
    assert!((999_990..=1_000_000).contains(&regions), "{regions}");
}

#[test]
fn an_arm_may_overlay_its_faults_and_epoch() {
    let mut document = Document::open("smoke", &NoFiles).unwrap();
    document.set("arm.before.set", "{ 'fault' = [], 'run.epoch' = \"125ms\" }").unwrap();
    let resolved = document.resolve(&NoFiles).unwrap();
    assert!(resolved.arms[0].world.faults.is_empty());
    assert_eq!(resolved.arms[0].world.clock.epoch, Micros::from_millis(125));
    assert_eq!(resolved.arms[1].world.faults.len(), 1);
}

#[test]
fn a_single_cdn_arm_is_a_weight_of_zero() {
    let world = smoke(&[("cdn.cdn-b.weight", "0"), ("fault", "[]")]);
    assert_eq!(
        (world.weight_share(units::PathwayId(0)), world.weight_share(units::PathwayId(1))),
        (Ppm::ONE, Ppm::ZERO)
    );
}

#[test]
fn a_gate_span_is_the_fault_with_its_tail_after_the_warm_up() {
    let mut document = Document::open("smoke", &NoFiles).unwrap();
    document.set("gate.buffer-rate.during", "fault:cdn-a-fra-dies + 30s").unwrap();
    let gate = document.resolve(&NoFiles).unwrap().gates.into_iter().next().unwrap();
    let span = gate.span.unwrap();
    assert_eq!((span.from.as_secs_f64(), span.to.as_secs_f64()), (90.0, 195.0));
}

/// What is said of `smoke` with overlays that it cannot hold.
fn refused(sets: &[(&str, &str)]) -> String {
    let mut document = Document::open("smoke", &NoFiles).unwrap();
    for (key, value) in sets {
        document.set(key, value).unwrap();
    }
    document.resolve(&NoFiles).expect_err("an impossible scenario").to_string()
}

/// Each of these once passed `check` and then panicked, or went on with numbers that had wrapped.
#[test]
fn what_the_engine_cannot_count_is_refused_where_it_stands() {
    for (key, value, said) in [
        ("run.duration", "19h", "duration of `19h` is out of range"),
        ("encoding.ladder", "[\"1Mbps\", \"2Gbps\"]", "a rung is out of range"),
        ("cdn.cdn-a.pops.fra.capacity", "2000Tbps", "capacity is out of range"),
        ("origin.capacity", "2000Tbps", "capacity is out of range"),
        ("player.tv_buffer", "4s", "tv_buffer holds no more than one segment"),
        ("player.calm_buffer", "3s", "calm_buffer holds no more than one segment"),
    ] {
        let error = refused(&[(key, value)]);
        assert!(error.contains(said) && error.contains(key), "{error}");
    }
    let error = refused(&[("cdn.cdn-a.pops.fra.capacity", "900Tbps"), ("scale.pop_capacity", "1000")]);
    assert!(error.contains("a capacity is out of range once scaled"), "{error}");
    let pop = r#"{ id = "p", capacity = "1Gbps", cache = "1GB", serves = { fra = "9ms", ams = "9ms" } }"#;
    let cdns: Vec<String> =
        (0..5).map(|cdn| format!(r#"{{ id = "c{cdn}", weight = 1, pops = [{pop}] }}"#)).collect();
    let error = refused(&[("cdn", &format!("[{}]", cdns.join(", ")))]);
    assert!(error.contains("5 of cdn are too many"), "{error}");
    assert_eq!(
        smoke(&[("player.tv_buffer", "5s"), ("run.duration", "18h")]).clock.duration.0,
        64_800_000_000
    );
}
