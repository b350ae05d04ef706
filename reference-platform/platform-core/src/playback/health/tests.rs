use super::*;

mod shortage;
mod trial;

const A: usize = 0;
const B: usize = 1;

/// One region, two pathways at 60 : 40, fed step by step.
struct World {
    steering: HealthSteering,
    now: Timestamp,
    events: Vec<(u64, u8, HealthChange)>,
    samples: [PathwaySample; 2],
}

impl World {
    /// Both pathways carry 100 good requests a step and have much to spare behind warm caches.
    fn new() -> Self {
        let sample = PathwaySample {
            outcomes: Outcomes { good: 100, bad: 0 },
            probe: Probe::None,
            load: Kbps(600_000),
            spare: Kbps(10_000_000),
            hit_ratio: Ratio::new(99, 100),
        };
        let steering = HealthSteering::new(HealthConfig::default(), &[vec![60, 40]]);
        let samples = [sample, PathwaySample { load: Kbps(400_000), ..sample }];
        Self { steering, now: Timestamp(0), events: Vec::new(), samples }
    }

    fn step(&mut self, probe_a: Probe) {
        self.step_with([probe_a, Probe::Passed]);
    }

    /// One step of 250 ms; a probe of either pathway ends once a second, like this.
    fn step_with(&mut self, probes: [Probe; 2]) {
        let is_due = self.now.0.is_multiple_of(1_000_000);
        for (sample, probe) in self.samples.iter_mut().zip(probes) {
            sample.probe = if is_due { probe } else { Probe::None };
        }
        let events = &mut self.events;
        let seen = Observation { samples: &self.samples };
        self.steering.observe(self.now, &seen, |event| {
            events.push((event.at.0 / 1_000, event.pathway.0, event.change));
        });
        self.now += Micros::from_millis(250);
    }

    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 4 {
            self.step(Probe::Passed);
        }
    }

    fn outcomes(&mut self, pathway: usize, good: u32, bad: u32) {
        self.samples[pathway].outcomes = Outcomes { good, bad };
    }

    fn share(&self, pathway: usize) -> f64 {
        self.steering.state().table(RegionId(0)).share(pathway)
    }

    fn ejections(&self) -> usize {
        self.events.iter().filter(|(_, _, change)| *change != HealthChange::Restored).count()
    }
}

#[test]
fn five_percent_bad_is_ejected_within_ten_seconds() {
    let mut world = World::new();
    world.outcomes(A, 95, 5);
    world.run(10);
    assert_eq!(world.events.len(), 1, "{:?}", world.events);
    let (at_ms, pathway, change) = world.events[0];
    assert!(at_ms < 10_000 && pathway == 0 && change == HealthChange::EjectedByRequests);
}

#[test]
fn a_pathway_with_a_clean_past_is_ejected_within_ten_seconds_of_a_quarter_failing() {
    let mut world = World::new();
    world.run(300);
    world.outcomes(A, 75, 25);
    world.run(10);
    assert_eq!(world.ejections(), 1, "{:?}", world.events);
    assert!(world.events[0].0 < 310_000);
}

#[test]
fn four_percent_bad_is_never_ejected() {
    let mut world = World::new();
    world.outcomes(A, 96, 4);
    world.run(600);
    assert_eq!(world.events, []);
    assert!((world.steering.state().bad_share(RegionId(0), PathwayId(0)) - 0.04).abs() < 1e-9);
}

#[test]
fn forty_nine_requests_are_too_few_and_fifty_enough() {
    for (requests, ejections) in [(49, 0), (50, 1)] {
        let mut world = World::new();
        world.outcomes(A, 0, requests);
        world.step(Probe::Passed);
        world.outcomes(A, 0, 0);
        world.run(60);
        assert_eq!(world.ejections(), ejections, "{requests} requests");
    }
}

#[test]
fn requests_older_than_ten_seconds_do_not_count() {
    let mut world = World::new();
    // Four a second are 40 in the window, however long it goes on.
    world.outcomes(A, 0, 1);
    world.run(600);
    assert_eq!(world.events, []);
}

#[test]
fn three_failed_probes_in_a_row_eject_and_two_do_not() {
    let mut world = World::new();
    world.outcomes(A, 0, 0);
    let fail = |world: &mut World, probes: u32| {
        for _ in 0..probes * 4 {
            world.step(Probe::Failed);
        }
    };
    fail(&mut world, 2);
    world.run(1);
    fail(&mut world, 2);
    assert_eq!(world.events, []);
    fail(&mut world, 1);
    assert_eq!(world.events, [(5_000, 0, HealthChange::EjectedByProbes)]);
}

#[test]
fn a_pathway_is_restored_after_sixty_good_seconds_and_not_before() {
    let mut world = World::new();
    world.outcomes(A, 0, 0);
    for _ in 0..3 * 4 {
        world.step(Probe::Failed);
    }
    assert_eq!(world.events, [(2_000, 0, HealthChange::EjectedByProbes)]);
    let mut well_since = None;
    while world.events.len() == 1 {
        world.step(Probe::Passed);
        let share = world.steering.state().bad_share(RegionId(0), PathwayId(0));
        if share < 0.01 && well_since.is_none() {
            well_since = Some(world.now.0 / 1_000 - 250);
        }
        assert!(world.now < Timestamp(600_000_000), "never restored");
    }
    let (at_ms, _, change) = world.events[1];
    assert_eq!(change, HealthChange::Restored);
    assert_eq!(at_ms - well_since.expect("it was below 1 %"), 60_000);
}

#[test]
fn a_single_failed_probe_starts_the_sixty_seconds_anew() {
    let mut world = World::new();
    world.outcomes(A, 0, 10);
    world.run(5);
    world.outcomes(A, 0, 0);
    assert_eq!(world.ejections(), 1);
    // A probe every second and one failure a minute: the share never stays below 1 % for 60 s.
    for minute in 0..10 {
        for second in 0..60 {
            for _ in 0..4 {
                world.step(if second == 30 { Probe::Failed } else { Probe::Passed });
            }
        }
        assert_eq!(world.events.len(), 1, "minute {minute}: {:?}", world.events);
    }
}

#[test]
fn traffic_moves_by_at_most_a_tenth_of_the_spare_capacity_per_ttl_while_the_cache_is_cold() {
    let mut world = World::new();
    world.samples[B] = PathwaySample {
        load: Kbps(400_000),
        spare: Kbps(1_000_000),
        hit_ratio: Ratio::new(50, 100),
        ..world.samples[B]
    };
    world.outcomes(A, 0, 100);
    let mut before = world.share(B);
    let mut moves: Vec<(u64, f64)> = Vec::new();
    for _ in 0..400 {
        world.step(Probe::Passed);
        let share = world.share(B);
        if share > before {
            moves.push((world.now.0 / 1_000, share - before));
        }
        before = share;
    }
    // A tenth of 1,000 Mbit/s is a tenth of the region's 1,000 Mbit/s: six moves for A's 60 %.
    assert_eq!(moves.len(), 6, "{moves:?}");
    for pair in moves.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= 10_000, "{moves:?}");
    }
    assert!(moves.iter().all(|&(_, moved)| moved <= 0.1 + 1e-9), "{moves:?}");
    assert!((world.share(B) - 1.0).abs() < 1e-12);
}

#[test]
fn a_dead_pathway_that_carries_nothing_does_not_make_the_region_look_smaller() {
    let mut world = World::new();
    world.outcomes(A, 0, 100);
    world.samples[A].load = Kbps::ZERO;
    world.samples[B] = PathwaySample {
        load: Kbps(400_000),
        spare: Kbps(1_000_000),
        hit_ratio: Ratio::new(50, 100),
        ..world.samples[B]
    };
    world.step(Probe::Passed);
    // B's 40 % of the viewers draw 400 Mbit/s, so a tenth of its 1,000 Mbit/s spare is a tenth of the viewers.
    assert!((world.share(B) - 0.5).abs() < 1e-9, "{}", world.share(B));
}

#[test]
fn a_warm_pathway_takes_all_it_has_room_for_at_once() {
    let mut world = World::new();
    world.samples[B].spare = Kbps(300_000);
    world.outcomes(A, 0, 100);
    world.step(Probe::Passed);
    // 300 of the region's 1,000 Mbit/s.
    assert!((world.share(B) - 0.7).abs() < 1e-9);
}

#[test]
fn after_an_outage_every_viewer_is_back_where_it_was() {
    let mut world = World::new();
    let firsts = |world: &World| -> Vec<PathwayId> {
        (0..1_000).map(|n| world.steering.order(RegionId(0), f64::from(n) / 1_000.0).first()).collect()
    };
    let before = firsts(&world);
    world.run(60);
    world.outcomes(A, 0, 100);
    for _ in 0..60 * 4 {
        world.step(Probe::Failed);
    }
    assert!(firsts(&world).iter().all(|first| *first == PathwayId(1)));
    world.outcomes(A, 0, 0);
    world.samples[A].hit_ratio = Ratio::default();
    world.run(600);
    assert_eq!(firsts(&world), before);
    let changes: Vec<HealthChange> = world.events.iter().map(|event| event.2).collect();
    assert_eq!(
        changes,
        [HealthChange::EjectedByRequests, HealthChange::Restored],
        "one outage, one ejection"
    );
}

#[test]
fn a_share_between_both_limits_neither_ejects_nor_restores() {
    let mut world = World::new();
    world.outcomes(A, 97, 3);
    world.run(300);
    assert_eq!(world.events, []);
    world.outcomes(A, 50, 50);
    world.run(20);
    world.outcomes(A, 97, 3);
    world.run(1_800);
    assert_eq!(world.ejections(), 1);
    assert_eq!(world.events.len(), 1, "not restored at 3 %: {:?}", world.events);
}

#[test]
fn the_last_healthy_pathway_stays() {
    let mut world = World::new();
    world.outcomes(A, 0, 100);
    world.outcomes(B, 50, 50);
    world.run(120);
    assert_eq!(world.ejections(), 1);
    let table = world.steering.state().table(RegionId(0));
    assert_eq!([0, 1].iter().filter(|&&id| table.is_ejected(PathwayId(id))).count(), 1);
}

#[test]
fn silence_is_not_health() {
    let mut world = World::new();
    world.outcomes(A, 0, 100);
    world.step(Probe::None);
    world.outcomes(A, 0, 0);
    for _ in 0..4_000 {
        world.step(Probe::None);
    }
    assert_eq!(world.events.len(), 1, "no probe, no request, no restoration: {:?}", world.events);
}

#[test]
fn viewers_of_a_healthy_third_pathway_stay_where_they_are() {
    let sample = PathwaySample {
        outcomes: Outcomes { good: 100, bad: 0 },
        load: Kbps(1_000),
        spare: Kbps(900),
        hit_ratio: Ratio::new(1, 2),
        ..PathwaySample::default()
    };
    let mut samples = [sample; 3];
    samples[1].outcomes = Outcomes { good: 0, bad: 100 };
    samples[2].spare = Kbps(1_800);
    let mut state = HealthState::new(HealthConfig::default(), &[vec![1, 1, 1]]);
    let draws = || (0..3_000).map(|n| f64::from(n) / 3_000.0);
    let before: Vec<PathwayId> = draws().map(|draw| state.table(RegionId(0)).first(draw)).collect();
    for step in 0..4_000 {
        state.observe(Timestamp(step * 250_000), &Observation { samples: &samples }, |_| {});
        let table = state.table(RegionId(0));
        for (draw, home) in draws().zip(&before) {
            let first = table.first(draw);
            assert!(*home == PathwayId(1) || first == *home, "a viewer of {home:?} was sent to {first:?}");
        }
    }
    let table = state.table(RegionId(0));
    assert_eq!(table.weight(PathwayId(1)), Ppm::ZERO);
    // One part to the first, two to the third, which had twice the room.
    assert!((table.share(0) - (1.0 / 3.0 + 1.0 / 9.0)).abs() < 1e-9, "{}", table.share(0));
}

#[test]
fn regions_are_judged_apart() {
    let sample = PathwaySample { outcomes: Outcomes { good: 100, bad: 0 }, ..PathwaySample::default() };
    let mut samples = [sample; 4];
    samples[3].outcomes = Outcomes { good: 0, bad: 100 };
    let mut state = HealthState::new(HealthConfig::default(), &[vec![1, 1], vec![1, 1]]);
    let mut events = Vec::new();
    state.observe(Timestamp(0), &Observation { samples: &samples }, |event| {
        events.push((event.region, event.pathway));
    });
    assert_eq!(events, [(RegionId(1), PathwayId(1))]);
    assert!(!state.table(RegionId(0)).is_ejected(PathwayId(1)));
}

#[test]
fn bad_means_failed_or_late_or_slower_than_it_plays() {
    let complete = |first_byte_ms, total_ms, media_ms: Option<u64>| Finished::Complete {
        first_byte: Micros::from_millis(first_byte_ms),
        total: Micros::from_millis(total_ms),
        media: media_ms.map(Micros::from_millis),
    };
    assert!(is_bad(&Finished::Failed, FIRST_BYTE_MAX));
    assert!(!is_bad(&complete(4_000, 4_000, Some(4_000)), FIRST_BYTE_MAX));
    assert!(is_bad(&complete(10, 4_001, Some(4_000)), FIRST_BYTE_MAX));
    assert!(is_bad(&complete(4_001, 4_002, None), FIRST_BYTE_MAX));
    assert!(!is_bad(&complete(10, 9_000, None), FIRST_BYTE_MAX));
}
