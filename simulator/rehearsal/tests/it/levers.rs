//! Levers have their names in `scenarios` and their meaning in `platform-core`: the two agree. And what a scenario lets
//! one turn, turns something.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use platform_core::levers::{Choice, Choices, Lever};
use rehearsal::reproduce::jobs;
use rehearsal::simulate::{Runner, Trace, Unwatched};
use scenarios::assumptions::{ASSUMPTIONS, cases};
use scenarios::levers::LEVERS;
use scenarios::{Document, Levers, NoFiles};
use serde_json::{Map, Value};
use units::Seed;

/// The levers of a scenario that asks for these choices, read as a scenario is.
fn written(choices: Choices) -> Levers {
    let settings =
        choices.iter().map(|(lever, choice)| (lever.name().to_owned(), Value::from(lever.setting(choice))));
    let settings: Map<String, Value> = settings.collect();
    serde_json::from_value(Value::Object(settings)).expect("names and settings that scenarios know")
}

#[test]
fn names_and_settings_are_those_of_the_platform() {
    let documented: Vec<_> = LEVERS.iter().map(|lever| (lever.name, lever.naive, lever.modern)).collect();
    let setting = |lever: Lever, choice| lever.setting(choice);
    let known: Vec<_> = Lever::all()
        .iter()
        .map(|&lever| (lever.name(), setting(lever, Choice::Naive), setting(lever, Choice::Modern)))
        .collect();
    assert_eq!(documented, known, "in the same order: that of the waterfall");
}

#[test]
fn every_combination_of_settings_means_the_same_to_scenario_and_platform() {
    let combinations = 1_u32 << Lever::all().len();
    for bits in 0..combinations {
        let choice = |place: usize| if bits >> place & 1 == 1 { Choice::Modern } else { Choice::Naive };
        let wanted = Lever::all().iter().enumerate();
        let wanted = wanted.fold(Choices::NAIVE, |all, (place, &lever)| all.with(lever, choice(place)));
        assert_eq!(sim_engine::choices(written(wanted)), wanted, "combination {bits:05b}");
    }
    assert_eq!(sim_engine::choices(Levers::NAIVE), Choices::NAIVE);
    assert_eq!(sim_engine::choices(Levers::MODERN), Choices::MODERN);
}

#[test]
fn a_setting_that_no_lever_has_is_refused() {
    for (lever, wrong) in [("steering", "on"), ("shield", "health-ewma"), ("colour", "on")] {
        let mut settings = serde_json::to_value(Levers::NAIVE).expect("levers are plain data");
        settings[lever] = Value::from(wrong);
        assert!(serde_json::from_value::<Levers>(settings).is_err(), "{lever} = {wrong}");
    }
}

/// The traces of all arms of a scenario with one seed.
fn traces(document: &Document) -> Vec<Trace> {
    let resolved = document.resolve(&NoFiles).expect("a valid scenario");
    let stop = AtomicBool::new(false);
    let runner = Runner { threads: 2, stop: &stop, watcher: &Unwatched, plant: None };
    let ran = runner.run(&jobs(&resolved, &[Seed(1)])).expect("it runs");
    ran.into_iter().flatten().map(|ran| ran.trace).collect()
}

#[test]
fn every_assumption_turns_something_in_the_world() {
    let mut document = Document::open("before-after", &NoFiles).expect("it ships");
    for (key, value) in [
        ("scale.audience", "0.005"),
        ("run.duration", "5m"),
        ("run.warmup", "30s"),
        ("run.cells", "4"),
        ("audience.vod.curve", r#"[{ at = "0s", viewers = 16_000 }]"#),
        ("audience.live.curve", r#"[{ at = "0s", viewers = 14_000 }, { at = "1m", viewers = 34_000 }]"#),
        ("session_store.servers", "200"),
        ("fault.cdn-a-fra-dies.at", "90s"),
        ("fault.cdn-a-fra-dies.for", "100s"),
        // Timers matter where nothing comes at all.
        ("fault.cdn-a-fra-dies.do", r#"{ kind = "outage", failure = "hang" }"#),
        ("fault.cdn-a-brownout.at", "3m30s"),
        ("fault.cdn-a-brownout.for", "80s"),
    ] {
        document.set(key, value).expect("a key of the scenario");
    }
    let assumed = traces(&document);
    // One end that makes a difference is enough; the other is not even tried.
    let mut heard = BTreeSet::new();
    for case in cases(&document) {
        if !heard.contains(case.assumption.name) && traces(&case.document) != assumed {
            heard.insert(case.assumption.name);
        }
    }
    let unheard: BTreeSet<&str> =
        ASSUMPTIONS.iter().map(|assumption| assumption.name).filter(|name| !heard.contains(name)).collect();
    assert_eq!(unheard, BTreeSet::new(), "assumptions that the engine does not listen to");
}
