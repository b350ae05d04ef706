use platform_core::playback::health::{HealthChange, Outcomes, PathwaySample};
use platform_core::playback::load_policy::ERROR_PENALTY;

use super::*;

fn levers(choices: Choices) -> ArmLevers {
    arm_levers(&choices, HealthConfig::default(), &[vec![60, 40]])
}

#[test]
fn each_lever_follows_its_own_choice() {
    for &lever in Lever::all() {
        let arm = levers(Choices::NAIVE.with(lever, Choice::Modern));
        let modern = [
            (Lever::Steering, arm.steering.modern().is_some()),
            (Lever::LoadPolicy, arm.load_policy.modern().is_some()),
            (Lever::CacheKey, arm.cache_key.modern().is_some()),
            (Lever::Coalescing, arm.coalescing.modern().is_some()),
            (Lever::Shield, arm.shield.modern().is_some()),
        ];
        for (which, is_modern) in modern {
            assert_eq!(is_modern, which == lever, "{which} in the arm with modern {lever}");
        }
    }
}

#[test]
fn both_arms_start_every_viewer_on_the_same_pathway() {
    let (before, after) = (levers(Choices::NAIVE), levers(Choices::MODERN));
    for n in 0..1_000 {
        let draw = f64::from(n) / 1_000.0;
        assert_eq!(before.steering.order(RegionId(0), draw), after.steering.order(RegionId(0), draw));
    }
    assert_eq!(before.steering.ttl(), None);
    assert_eq!(after.steering.ttl(), Some(Micros::from_secs(10)));
}

#[test]
fn only_the_modern_arm_acts_on_an_outage() {
    let dead = PathwaySample { outcomes: Outcomes { good: 0, bad: 100 }, ..PathwaySample::default() };
    let well = PathwaySample { outcomes: Outcomes { good: 100, bad: 0 }, ..PathwaySample::default() };
    let samples = [dead, well];
    for (choices, expected) in [(Choices::NAIVE, 0), (Choices::MODERN, 1)] {
        let mut arm = levers(choices);
        let mut ejected = 0;
        for step in 0..100 {
            arm.steering.observe(Timestamp(step * 250_000), &Observation { samples: &samples }, |event| {
                ejected += u32::from(event.change == HealthChange::EjectedByRequests);
            });
        }
        assert_eq!(ejected, expected);
        // The viewer at the end of the first pathway's interval is the first to move.
        let first = arm.steering.order(RegionId(0), 0.59).first();
        assert_eq!(first.index(), usize::from(expected == 1));
    }
}

#[test]
fn the_platforms_load_policy_is_stricter_than_the_players() {
    let (before, after) = (levers(Choices::NAIVE), levers(Choices::MODERN));
    let (before, after) = (before.load_policy.load_policy(), after.load_policy.load_policy());
    assert!(after.segment.first_byte < before.segment.first_byte);
    assert!(after.segment.timeout_retries.max < before.segment.timeout_retries.max);
    assert!(after.segment.error_retries.max < before.segment.error_retries.max);
    assert_eq!((before.error_penalty, after.error_penalty), (None, Some(ERROR_PENALTY)));
    // The multivariant playlist names the pathways: before it is there, giving up early helps nobody.
    assert_eq!(after.multivariant.timeout_retries, before.multivariant.timeout_retries);
    assert_eq!(after.steering, before.steering);
}
