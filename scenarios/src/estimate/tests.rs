use super::*;
use crate::document::Document;
use crate::loader::NoFiles;

fn plan(name: &str, sets: &[(&str, &str)]) -> Estimate {
    let mut document = Document::open(name, &NoFiles).unwrap();
    for (key, value) in sets {
        document.set(key, value).unwrap();
    }
    estimate(&document.resolve(&NoFiles).unwrap().arms[0].world)
}

#[test]
fn viewer_seconds_are_the_area_under_the_curves() {
    // 1,200 x 240 of VOD; live: 800 x 60, then 1,000 x 20 on average, then 1,200 x 160.
    assert_eq!(plan("smoke", &[]).viewer_seconds, 288_000 + 48_000 + 20_000 + 192_000);
}

#[test]
fn a_fault_on_the_nearest_pop_hits_its_weight_times_its_region() {
    let blasts = plan("before-after", &[]).blasts;
    assert_eq!((blasts[0].viewers, blasts[0].limit), (Ppm(300_000), Some(Ppm(350_000))));
    assert_eq!((blasts[1].viewers, blasts[1].limit), (Ppm(480_000), Some(Ppm(500_000))));
}

#[test]
fn a_fault_on_one_region_spares_the_others() {
    let on = "{ cdn = \"cdn-a\", region = \"mad\" }";
    assert_eq!(plan("before-after", &[("fault.cdn-a-fra-dies.on", on)]).blasts[0].viewers, Ppm(120_000));
}

#[test]
fn twice_the_viewers_are_twice_the_use_of_every_pop() {
    let (one, two) = (plan("before-after", &[]), plan("before-after", &[("scale.viewers", "2")]));
    for (one, two) in one.pops.iter().zip(&two.pops) {
        assert!(two.utilisation.0.abs_diff(2 * one.utilisation.0) < 10, "{one:?} {two:?}");
    }
}

#[test]
fn the_default_run_is_tens_of_millions_of_events_and_megabytes() {
    let plan = plan("before-after", &[]);
    assert!((40_000_000..120_000_000).contains(&plan.events), "{}", plan.events);
    assert!((10_000_000..400_000_000).contains(&plan.memory.0), "{}", plan.memory.0);
    assert!((50_000..200_000).contains(&plan.sessions), "{}", plan.sessions);
}

#[test]
fn a_huge_catalogue_costs_time_however_few_watch() {
    let (usual, huge) = (plan("smoke", &[]), plan("smoke", &[("catalogue.titles", "1000000")]));
    let cold = plan("smoke", &[("catalogue.titles", "1000000"), ("run.cold_cache", "true")]);
    assert_eq!(huge.warmed, 1_000_000 * 675 * 4 * 5);
    assert!(usual.time_at(800).0 < 1_000_000 && huge.time_at(800).0 > 60_000_000);
    assert_eq!((cold.warmed, cold.time_at(800)), (0, Micros(cold.segments * 800 / 1_000)));
}
