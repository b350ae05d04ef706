//! Capacity that is short everywhere, and pathways from which nothing comes.

use super::*;

impl World {
    /// Steps with probes of both pathways that end like this.
    pub(super) fn probed(&mut self, seconds: u64, probes: [Probe; 2]) {
        (0..seconds * 4).for_each(|_| self.step_with(probes));
    }

    pub(super) fn is_out(&self, pathway: usize) -> bool {
        self.steering.state().table(RegionId(0)).is_ejected(pathway_id(pathway))
    }
}

#[test]
fn a_full_pathway_that_serves_well_takes_a_tenth_of_the_region_per_ttl() {
    let mut world = World::new();
    world.samples[B].spare = Kbps(0);
    world.outcomes(A, 0, 100);
    world.step(Probe::Passed);
    assert!((world.share(B) - 0.5).abs() < 1e-9);
    world.run(10);
    assert!((world.share(B) - 0.6).abs() < 1e-9);
    // Now it was too much.
    world.outcomes(B, 80, 20);
    world.run(9);
    assert!((world.share(B) - 0.6).abs() < 1e-9);
}

#[test]
fn a_cold_pathway_without_room_takes_nobody() {
    let mut world = World::new();
    world.samples[B].spare = Kbps(0);
    world.samples[B].hit_ratio = Ratio::new(50, 100);
    world.outcomes(A, 0, 100);
    world.run(60);
    assert!((world.share(B) - 0.4).abs() < 1e-9);
}

#[test]
fn a_pathway_that_does_badly_has_nothing_to_spare_whatever_its_contract_says() {
    let mut world = World::new();
    world.outcomes(A, 0, 100);
    // Bad, and less than half as bad.
    world.outcomes(B, 90, 10);
    world.run(5);
    assert!(world.is_out(A));
    assert!((world.share(B) - 0.4).abs() < 1e-9, "{}", world.share(B));
}

#[test]
fn where_all_are_as_bad_nobody_is_ejected() {
    let mut world = World::new();
    world.outcomes(A, 80, 20);
    world.outcomes(B, 85, 15);
    world.run(600);
    assert_eq!(world.events, []);
    // Probes that are late because the links are full say nothing more.
    world.probed(60, [Probe::Failed, Probe::Failed]);
    assert_eq!(world.events, []);
}

#[test]
fn when_all_get_as_bad_the_one_that_is_out_comes_back_and_viewers_go_home() {
    let mut world = World::new();
    world.outcomes(A, 50, 50);
    world.run(5);
    assert!(world.is_out(A) && world.share(A) < 1e-9);
    world.outcomes(A, 80, 20);
    world.outcomes(B, 80, 20);
    world.samples[A].spare = Kbps(0);
    world.samples[B].spare = Kbps(0);
    world.run(60);
    assert!(!world.is_out(A) && !world.is_out(B), "{:?}", world.events);
    world.run(60);
    assert!((world.share(A) - 0.6).abs() < 1e-9, "{}", world.share(A));
    assert_eq!(world.events.len(), 2, "one ejection, one return: {:?}", world.events);
}

#[test]
fn the_last_one_gives_way_when_it_dies_and_another_is_alive() {
    let mut world = World::new();
    world.outcomes(A, 60, 40);
    world.run(5);
    assert!(world.is_out(A));
    world.outcomes(B, 0, 100);
    world.probed(20, [Probe::Passed, Probe::Failed]);
    assert!(!world.is_out(A) && world.is_out(B), "{:?}", world.events);
    assert!((world.share(A) - 1.0).abs() < 1e-9, "nobody waits on a dead pathway for room elsewhere");
}

#[test]
fn nobody_waits_on_a_dead_pathway_for_room_elsewhere() {
    let mut world = World::new();
    world.samples[B].spare = Kbps(0);
    world.outcomes(A, 0, 100);
    world.probed(30, [Probe::Failed, Probe::Passed]);
    assert!((world.share(B) - 1.0).abs() < 1e-9);
}

#[test]
fn a_full_link_that_fails_its_probes_is_not_dead() {
    let mut world = World::new();
    world.samples[B].spare = Kbps(0);
    world.samples[B].hit_ratio = Ratio::new(50, 100);
    world.outcomes(A, 97, 3);
    world.probed(30, [Probe::Failed, Probe::Passed]);
    assert!(world.is_out(A));
    assert!((world.share(A) - 0.6).abs() < 1e-9, "it still serves, and there is no room elsewhere");
}

#[test]
fn a_pathway_that_nobody_asks_is_judged_by_its_probes() {
    let mut world = World::new();
    world.outcomes(A, 0, 100);
    world.run(3);
    world.outcomes(A, 0, 0);
    world.outcomes(B, 0, 100);
    // Both in again, or A alone: what A did before nobody asked it any more must not count for ever.
    world.probed(120, [Probe::Passed, Probe::Failed]);
    assert!(world.steering.state().bad_share(RegionId(0), PathwayId(0)) < 0.01);
    assert!(!world.is_out(A));
}
