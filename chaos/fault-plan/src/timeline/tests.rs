use units::{PathwayId, Ppm};

use super::*;
use crate::fault::{Action, Failure, Scope, Target};

fn fault(id: &str, at_s: u64, for_s: u64, ramp_s: u64) -> Fault {
    Fault {
        id: id.into(),
        at: Timestamp(at_s * 1_000_000),
        duration: Micros::from_secs(for_s),
        ramp: Micros::from_secs(ramp_s),
        action: Action::Outage { failure: Failure::Hang, share: Ppm::ONE },
        target: Target { cdn: PathwayId(0), pops: Scope::All, regions: Scope::All },
        blast: None,
    }
}

#[test]
fn overlapping_faults_get_rows_of_their_own_and_rows_are_used_again() {
    let end = Timestamp(1_000_000_000);
    let all = bands(&[fault("late", 50, 10, 0), fault("first", 10, 20, 5), fault("over", 20, 20, 0)], end);
    let seen: Vec<(&str, u16)> = all.iter().map(|band| (band.id.as_str(), band.row)).collect();
    assert_eq!(seen, [("first", 0), ("over", 1), ("late", 0)]);
    assert_eq!(all[0].full_from, Timestamp(15_000_000));
}

#[test]
fn a_span_with_its_tail_is_cut_at_the_end_of_the_run() {
    let span = fault("a", 10, 20, 0).span(Micros::from_mins(2), Timestamp(60_000_000));
    assert_eq!(span, Span { from: Timestamp(10_000_000), to: Timestamp(60_000_000) });
    assert!(span.contains(Timestamp(59_999_999)) && !span.contains(span.to));
    assert_eq!(span.length(), Micros::from_secs(50));
}
