//! Viewers who come home to a pathway that can carry less than it could.

use super::*;

/// What the region's viewers draw where nothing holds them back.
const DEMAND_KBPS: f64 = 1_000_000.0;

/// Links of a region whose true capacities are not what their contracts say.
struct Links {
    world: World,
    /// What they can carry, kbit/s.
    capacity: [f64; 2],
    /// What their contracts say, kbit/s.
    contract: [f64; 2],
    /// Below this part of what they ask for, viewers' segments come too late.
    least: f64,
    /// Where viewers are: they follow the table within a TTL.
    at: [f64; 2],
}

impl Links {
    /// A lost most of its 850 Mbit/s, and B carries 800: together enough for 1,000 and neither alone.
    fn new(least: f64) -> Self {
        let (capacity, contract) = ([300_000.0, 800_000.0], [850_000.0, 800_000.0]);
        Self { world: World::new(), capacity, contract, least, at: [0.6, 0.4] }
    }

    /// Steps in which both are alive.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 4 {
            for pathway in [A, B] {
                self.at[pathway] += (self.world.share(pathway) - self.at[pathway]) / 40.0;
                let asked = self.at[pathway] * DEMAND_KBPS;
                let load = asked.min(self.capacity[pathway]);
                let requests = (200.0 * self.at[pathway]) as u32;
                let late = 1.0 - load / (asked * self.least).max(load);
                let bad = (f64::from(requests) * late) as u32;
                self.world.outcomes(pathway, requests - bad, bad);
                self.world.samples[pathway].load = Kbps(load as u64);
                self.world.samples[pathway].spare = Kbps((self.contract[pathway] - load).max(0.0) as u64);
            }
            self.world.step(Probe::Passed);
        }
    }

    /// A is dead for a minute.
    fn outage(&mut self) {
        self.world.outcomes(A, 0, 100);
        self.world.samples[A].load = Kbps::ZERO;
        self.world.probed(60, [Probe::Failed, Probe::Passed]);
        self.at = [0.0, 1.0];
        assert!(self.world.share(A) < 1e-9, "left at once");
    }
}

#[test]
fn a_region_settles_at_the_split_that_both_can_carry() {
    // Players ask for less where a link is full, down to half.
    let mut links = Links::new(0.5);
    links.outage();
    links.run(600);
    let (share, events) = (links.world.share(A), links.world.events.len());
    assert!((0.25..=0.45).contains(&share), "{share}");
    for _ in 0..60 {
        links.run(30);
        assert!((links.world.share(A) - share).abs() < 1e-9, "{} after {share}", links.world.share(A));
    }
    assert_eq!(links.world.events.len(), events, "{:?}", links.world.events);
}

#[test]
fn a_region_whose_players_never_ask_for_less_goes_to_and_fro_by_two_tenths_at_most() {
    let mut links = Links::new(1.0);
    links.outage();
    links.run(600);
    for _ in 0..180 {
        links.run(10);
        let share = links.world.share(A);
        assert!((0.2 - 1e-9..=0.4 + 1e-9).contains(&share), "{share}: {:?}", links.world.events);
    }
}

#[test]
fn everybody_goes_home_when_the_capacity_is_back() {
    let mut links = Links::new(0.5);
    links.outage();
    links.run(600);
    links.capacity = links.contract;
    links.run(600);
    assert!((links.world.share(A) - 0.6).abs() < 1e-9, "{}", links.world.share(A));
}

/// A pathway that was out, and has got so much of the region back.
fn refilled(share: f64) -> World {
    let mut world = World::new();
    world.outcomes(A, 0, 100);
    world.run(20);
    world.outcomes(A, 100, 0);
    for _ in 0..3_000 {
        world.step(Probe::Passed);
        if world.share(A) >= share - 1e-9 {
            return world;
        }
    }
    panic!("{} of {share}: {:?}", world.share(A), world.events);
}

/// Viewers draw so much from both, kbit/s.
fn drawing(world: &mut World, loads: [u64; 2]) {
    for (sample, load) in world.samples.iter_mut().zip(loads) {
        sample.load = Kbps(load);
    }
}

#[test]
fn viewers_go_home_by_a_tenth_of_the_region_per_ttl_though_the_cache_is_warm() {
    let mut world = refilled(0.1);
    for tenths in 2..=6 {
        world.run(10);
        assert!((world.share(A) - f64::from(tenths) / 10.0).abs() < 1e-9, "{}", world.share(A));
    }
}

#[test]
fn nobody_goes_home_to_where_nothing_would_be_free() {
    let mut world = refilled(0.2);
    world.samples[A].spare = Kbps(50_000);
    world.run(300);
    assert!((world.share(A) - 0.2).abs() < 1e-9, "{}", world.share(A));
    // From where there is none either, they do.
    world.outcomes(B, 90, 10);
    world.run(15);
    assert!(world.share(A) > 0.2, "{}", world.share(A));
}

#[test]
fn nobody_goes_home_to_where_viewers_draw_less() {
    let mut world = refilled(0.2);
    drawing(&mut world, [80_000, 400_000]);
    world.run(300);
    assert!((world.share(A) - 0.2).abs() < 1e-9, "a fifth less per viewer: {}", world.share(A));
    world.samples[A].load = Kbps(95_000);
    world.run(10);
    assert!((world.share(A) - 0.3).abs() < 1e-9, "a twentieth is noise: {}", world.share(A));
}

#[test]
fn an_overfilled_pathway_loses_a_tenth_of_the_region_per_ttl_until_it_does_well() {
    let mut world = refilled(0.5);
    drawing(&mut world, [400_000, 500_000]);
    world.outcomes(A, 90, 10);
    world.run(20);
    assert!(world.is_out(A));
    assert!((0.3 - 1e-9..=0.4 + 1e-9).contains(&world.share(A)), "{}", world.share(A));
    world.outcomes(A, 97, 3);
    world.run(30);
    let kept = world.share(A);
    world.run(600);
    assert!(kept > 0.0 && (world.share(A) - kept).abs() < 1e-9, "{} of {kept}", world.share(A));
}

#[test]
fn a_pathway_that_dies_on_trial_is_left_within_two_ttls() {
    let mut world = refilled(0.4);
    world.outcomes(A, 0, 100);
    world.samples[A].load = Kbps::ZERO;
    world.probed(20, [Probe::Failed, Probe::Passed]);
    assert!(world.share(A) < 1e-9, "{}", world.share(A));
}

#[test]
fn what_a_pathway_on_trial_has_to_spare_by_its_contract_is_not_believed() {
    let mut world = refilled(0.2);
    drawing(&mut world, [80_000, 400_000]);
    world.run(60);
    world.outcomes(B, 80, 20);
    world.run(9);
    assert!(world.is_out(B));
    assert!(world.share(A) <= 0.3 + 1e-9, "{}", world.share(A));
}
