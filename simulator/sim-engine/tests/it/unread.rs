//! What an arm does not use must not reach its run: the sensitivity table counts on it and makes such runs once.

use std::sync::Arc;

use scenarios::assumptions::{End, cases};
use scenarios::{Document, NoFiles, ResolvedArm};
use sim_engine::measure::seed_run;
use sim_engine::{RunOptions, Stage, reads_the_same};
use units::Seed;

/// All that a run leaves for a report.
fn left_by(arm: &ResolvedArm) -> (String, Vec<u32>) {
    let (sessions, _) = sim_engine::audience::sessions(&arm.world, Seed(7)).expect("a sound audience");
    let stage = Stage::new(&arm.world, arm.levers, Seed(7), Arc::clone(&sessions));
    let output = sim_engine::run(&stage, RunOptions::default());
    (format!("{:?}", seed_run(&stage, &arm.id, &output)), output.epoch_hashes)
}

#[test]
fn a_world_that_differs_where_an_arm_never_looks_gives_the_same_run() {
    let document = Document::open("smoke", &NoFiles).expect("a shipped scenario");
    let base = document.resolve(&NoFiles).expect("a shipped scenario");
    let expected: Vec<_> = base.arms.iter().map(left_by).collect();
    let mut unread = Vec::new();
    for case in cases(&document) {
        let resolved = case.document.resolve(&NoFiles).expect("an end of an assumption is a valid scenario");
        for ((arm, usual), expected) in resolved.arms.iter().zip(&base.arms).zip(&expected) {
            if reads_the_same(arm.levers, &usual.world, &arm.world) && arm.world != usual.world {
                assert_eq!(left_by(arm), *expected, "arm `{}`, {:?}", arm.id, case.assumption.name);
                if case.end == End::Low {
                    unread.push((arm.id.clone(), case.assumption.name));
                }
            }
        }
    }
    let unread: Vec<(&str, &str)> = unread.iter().map(|(arm, name)| (arm.as_str(), *name)).collect();
    assert_eq!(
        unread,
        [
            ("after", "token window"),
            ("before", "steering TTL"),
            ("before", "steering half-life"),
            ("before", "steering ejection"),
            ("before", "steering pace"),
            ("before", "platform first-byte time-out"),
            ("before", "platform error penalty"),
        ]
    );
}

/// The other way round: what an arm does use is told apart, or a row of the table would be made up.
#[test]
fn a_world_that_differs_where_an_arm_looks_is_told_apart() {
    let document = Document::open("smoke", &NoFiles).expect("a shipped scenario");
    let base = document.resolve(&NoFiles).expect("a shipped scenario");
    for case in cases(&document) {
        let resolved = case.document.resolve(&NoFiles).expect("an end of an assumption is a valid scenario");
        let told_apart = |at: usize| {
            let (usual, arm) = (&base.arms[at], &resolved.arms[at]);
            !reads_the_same(arm.levers, &usual.world, &arm.world)
        };
        let changed = base.arms.iter().zip(&resolved.arms).any(|(usual, arm)| usual.world != arm.world);
        assert_eq!((0..base.arms.len()).any(told_apart), changed, "{:?}", case.assumption.name);
    }
}
