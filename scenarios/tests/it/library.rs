//! The shipped library.

use scenarios::assumptions::{ASSUMPTIONS, End, cases};
use scenarios::estimate::estimate;
use scenarios::library::{DEFAULT, SHIPPED};
use scenarios::{Document, Levers, Resolved};
use units::{Ppm, Timestamp};

use crate::support::{open, resolve, shipped};

#[test]
fn every_shipped_scenario_resolves_under_its_own_name() {
    for scenario in SHIPPED {
        assert_eq!(shipped(scenario.name).name, scenario.name);
        assert!(scenario.text.starts_with("#:schema ../schemas/scenario-1.json\n"), "{}", scenario.name);
    }
}

#[test]
fn the_default_is_fifty_thousand_viewers_at_the_peak_on_two_platforms() {
    let resolved = shipped(DEFAULT);
    let arms: Vec<&str> = resolved.arms.iter().map(|arm| arm.id.as_str()).collect();
    assert_eq!(arms, ["before", "after"]);
    assert_eq!((resolved.arms[0].levers, resolved.arms[1].levers), (Levers::NAIVE, Levers::MODERN));
    assert_eq!(resolved.arms[0].world, resolved.arms[1].world, "the arms differ in nothing but levers");
    let world = &resolved.arms[0].world;
    assert_eq!(world.peak_viewers(), 50_000);
    assert_eq!(world.planned_viewers(Timestamp(990_000_000)), 50_000);
    assert_eq!(world.regions, ["ams", "fra", "mad"]);
}

#[test]
fn pops_of_the_default_are_planned_for_seventy_per_cent() {
    let resolved = shipped(DEFAULT);
    let plan = estimate(&resolved.arms[0].world);
    assert_eq!(plan.mean_bitrate.0, 4_670);
    for pop in &plan.pops {
        assert!((690_000..=705_000).contains(&pop.utilisation.0), "{pop:?}");
    }
}

#[test]
fn peak_hour_is_four_times_the_default() {
    let (peak, default) = (shipped("peak-hour"), shipped(DEFAULT));
    let (peak, default) = (&peak.arms[0].world, &default.arms[0].world);
    assert_eq!(peak.peak_viewers(), 4 * default.peak_viewers());
    assert_eq!(peak.pops[0].capacity, default.pops[0].capacity * 4);
    assert_eq!(peak.catalogue.titles, 4 * default.catalogue.titles);
    assert_eq!(peak.faults[0].action, default.faults[0].action);
    assert_ne!(peak.faults[0].at, default.faults[0].at);
}

#[test]
fn every_gate_of_the_library_can_be_read_again() {
    for scenario in SHIPPED {
        for gate in shipped(scenario.name).gates {
            let parsed = gate.parsed().unwrap();
            assert_eq!((parsed.id.as_str(), parsed.arm.as_str()), (gate.id.as_str(), "after"));
        }
    }
}

#[test]
fn a_resolved_scenario_survives_json_and_resolves_again_from_its_own_record() {
    for scenario in SHIPPED {
        let mut document = open(scenario.name);
        document.set("run.cells", "32").unwrap();
        let resolved = resolve(&document).unwrap();
        let json = serde_json::to_string(&resolved).unwrap();
        let read: Resolved = serde_json::from_str(&json).unwrap();
        assert_eq!(read, resolved);
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        let again = Document::from_record(&read).unwrap();
        assert_eq!(resolve(&again).unwrap(), resolved);
    }
}

#[test]
fn listed_assumptions_are_those_of_the_default_scenario() {
    let base = resolve(&open(DEFAULT)).unwrap();
    for assumption in ASSUMPTIONS {
        let mut document = open(DEFAULT);
        document.set(assumption.key, assumption.value).unwrap();
        let resolved = resolve(&document).unwrap_or_else(|error| panic!("{}: {error}", assumption.name));
        assert_eq!(resolved.arms, base.arms, "`{}` is not what before-after holds", assumption.name);
    }
}

#[test]
fn both_ends_of_every_assumption_change_the_world_and_stay_valid() {
    assert!(ASSUMPTIONS.len() >= 16);
    let base = resolve(&open(DEFAULT)).unwrap();
    let all = cases(&open(DEFAULT));
    assert_eq!(all.len(), 2 * ASSUMPTIONS.len());
    for case in all {
        let resolved =
            resolve(&case.document).unwrap_or_else(|error| panic!("{}: {error}", case.assumption.name));
        assert_ne!(resolved.arms, base.arms, "{} {:?}", case.assumption.name, case.end);
        assert_ne!(case.assumption.at(End::Low), case.assumption.at(End::High));
    }
}

#[test]
fn assumptions_about_what_a_scenario_has_not_got_are_left_out_of_its_table() {
    let keys: Vec<&str> = cases(&open("calm")).iter().map(|case| case.assumption.key).collect();
    assert!(!keys.contains(&"fault.*.do.capacity_factor"));
    assert!(keys.contains(&"catalogue.popularity.s"));
    for scenario in SHIPPED {
        for case in cases(&open(scenario.name)) {
            resolve(&case.document)
                .unwrap_or_else(|error| panic!("{}, {}: {error}", scenario.name, case.assumption.name));
        }
    }
}

#[test]
fn the_default_scaled_to_five_thousand_viewers_keeps_its_utilisation() {
    let mut document = open(DEFAULT);
    document.scale_audience_to(5_000, 50_000).unwrap();
    let resolved = resolve(&document).unwrap();
    let plan = estimate(&resolved.arms[0].world);
    assert_eq!(plan.peak_viewers, 5_000);
    assert!(plan.pops.iter().all(|pop| (690_000..=705_000).contains(&pop.utilisation.0)));
    assert_eq!(plan.titles_per_million_viewers, 12_000);
    assert_eq!(plan.blasts[0].viewers, Ppm(300_000));
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let generated = format!("{}\n", serde_json::to_string_pretty(&scenarios::schema()).unwrap());
    let committed = include_str!("../../schemas/scenario-1.json");
    assert!(generated == committed, "stale: run `rehearsal schema > scenarios/schemas/scenario-1.json`");
}
