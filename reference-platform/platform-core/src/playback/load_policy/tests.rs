use super::*;

#[test]
fn waits_double_up_to_the_longest() {
    let retries = Retries { max: 6, delay: Micros::from_secs(1), delay_max: Micros::from_secs(8) };
    let waits: Vec<Option<u64>> =
        (0..7).map(|number| retries.wait(number).map(|wait| wait.0 / 1_000_000)).collect();
    assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), Some(8), Some(8), None]);
    assert_eq!(Retries::at_once(2).wait(1), Some(Micros::ZERO));
    assert_eq!(Retries::NONE.wait(0), None);
    let many = Retries { max: u8::MAX, delay: Micros::from_secs(1), delay_max: Micros::from_secs(8) };
    assert_eq!(many.wait(200), Some(Micros::from_secs(8)));
}

#[test]
fn a_hanging_pathway_is_noticed_in_four_seconds_and_not_tried_again() {
    let policy = LoadPolicy::tuned();
    for limits in [policy.segment, policy.media_playlist] {
        assert_eq!(limits.first_byte, Some(Micros::from_secs(4)));
        assert_eq!(limits.timeout_retries.max, 0);
        assert_eq!(limits.error_retries.max, 1);
    }
}
