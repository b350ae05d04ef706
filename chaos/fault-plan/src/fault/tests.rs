use proptest::prelude::*;

use super::*;

const MINUTE: u64 = 60_000_000;

fn outage(ramp_s: u64, share: u32) -> Fault {
    Fault {
        id: "cdn-a-fra-dies".into(),
        at: Timestamp(10 * MINUTE),
        duration: Micros::from_mins(9),
        ramp: Micros::from_secs(ramp_s),
        action: Action::Outage { failure: Failure::Status(503), share: Ppm(share) },
        target: Target {
            cdn: PathwayId(0),
            pops: Scope::only(vec![PopId(2), PopId(0)]),
            regions: Scope::All,
        },
        blast: Some(BlastLimit { viewers_max: Ppm(350_000) }),
    }
}

fn brown_out() -> Fault {
    let action = Action::SlowLink {
        capacity_factor: Ppm(300_000),
        added_latency: Micros::from_millis(180),
        share: Ppm::ONE,
    };
    Fault { action, ..outage(20, 0) }
}

#[test]
fn strength_is_zero_before_linear_in_the_ramp_full_then_zero_again() {
    let fault = outage(20, 1_000_000);
    let strength = |second: u64| fault.strength_at(Timestamp(10 * MINUTE + second * 1_000_000)).0;
    assert_eq!(fault.strength_at(Timestamp(10 * MINUTE - 1)), Ppm::ZERO);
    assert_eq!((strength(0), strength(5), strength(10), strength(20)), (0, 250_000, 500_000, 1_000_000));
    assert_eq!(strength(9 * 60 - 1), 1_000_000);
    assert_eq!(strength(9 * 60), 0);
}

#[test]
fn without_a_ramp_the_first_instant_is_full_strength() {
    let fault = outage(0, 1_000_000);
    assert_eq!(fault.strength_at(fault.at), Ppm::ONE);
}

#[test]
fn a_fault_reverts_itself_at_its_end() {
    let fault = outage(20, 1_000_000);
    assert!(fault.active(Timestamp(fault.ends().0 - 1)));
    assert!(!fault.active(fault.ends()));
    assert_eq!(fault.effect_at(fault.ends()), Effect::None);
}

#[test]
fn an_outage_hits_a_growing_share_and_a_brown_out_takes_a_growing_part_of_the_link() {
    let half_way = Timestamp(10 * MINUTE + 10_000_000);
    assert_eq!(
        outage(20, 400_000).effect_at(half_way),
        Effect::Fail { failure: Failure::Status(503), share: Ppm(200_000) }
    );
    assert_eq!(
        brown_out().effect_at(half_way),
        Effect::Slow {
            capacity_factor: Ppm(650_000),
            added_latency: Micros::from_millis(90),
            share: Ppm::ONE
        }
    );
}

#[test]
fn every_action_is_documented_under_its_own_word() {
    let words = [outage(0, 1).action.kind(), brown_out().action.kind()];
    assert_eq!(KINDS.map(|kind| kind.name), words);
}

#[test]
fn share_one_hits_every_draw_and_share_zero_none() {
    let at_full = Timestamp(15 * MINUTE);
    for draw in [0, 1, u64::MAX / 2, u64::MAX] {
        assert!(outage(20, 1_000_000).hits(at_full, draw));
        assert!(!outage(20, 0).hits(at_full, draw));
    }
}

#[test]
fn only_requests_that_match_cdn_pop_and_region_are_in_reach() {
    let mut target = outage(0, 1).target;
    assert!(target.matches(PathwayId(0), PopId(2), RegionId(1)));
    assert!(!target.matches(PathwayId(1), PopId(2), RegionId(1)));
    assert!(!target.matches(PathwayId(0), PopId(1), RegionId(1)));
    target.regions = Scope::only(vec![RegionId(0)]);
    assert!(!target.matches(PathwayId(0), PopId(2), RegionId(1)));
}

proptest! {
    #[test]
    fn strength_never_falls_while_a_fault_lasts(ramp in 0_u64..600, a in 0_u64..540_000_000, b in 0_u64..540_000_000) {
        let fault = outage(ramp, 1_000_000);
        let (early, late) = (a.min(b), a.max(b));
        let at = |offset| fault.strength_at(Timestamp(10 * MINUTE + offset));
        prop_assert!(at(early) <= at(late));
    }

    #[test]
    fn a_request_that_is_hit_early_in_the_ramp_is_hit_later(draw: u64, share in 0_u32..=1_000_000, second in 0_u64..20) {
        let fault = outage(20, share);
        let at = |second: u64| Timestamp(10 * MINUTE + second * 1_000_000);
        prop_assert!(!fault.hits(at(second), draw) || fault.hits(at(second + 1), draw));
    }
}
