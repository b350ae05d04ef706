use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().expect("an instant");
    Timestamp(instant.as_microsecond().unsigned_abs())
}

/// All retries of a charge that keeps being declined with `class`.
fn check(class: DeclineClass, due: &str, zone: &str, expected: &[&str]) {
    let zone = Zone::named(zone).expect("known zone");
    let due = at(due);
    let (mut declined, mut retries) = (Declined { class, due, at: due }, Vec::new());
    while let NextStep::RetryAt(retry) = next_step(declined, &zone).expect("in range") {
        retries.push(retry);
        declined.at = retry;
    }
    let expected: Vec<Timestamp> = expected.iter().map(|retry| at(retry)).collect();
    assert_eq!(retries, expected, "{class:?}");
}

#[test]
fn a_soft_decline_is_spread_over_the_window() {
    check(
        DeclineClass::GenericSoft,
        "2027-06-10T07:30:00Z",
        "UTC",
        &[
            "2027-06-11T07:30:00Z",
            "2027-06-13T07:30:00Z",
            "2027-06-15T07:30:00Z",
            "2027-06-17T07:30:00Z",
            "2027-06-20T07:30:00Z",
            "2027-06-24T07:30:00Z",
        ],
    );
}

#[test]
fn lack_of_funds_waits_for_paydays_in_the_customers_morning() {
    // 31 July 2027 is a Saturday, so the last working day is the 30th; 1 August is just two days later.
    check(
        DeclineClass::Funds,
        "2027-07-19T00:00:00Z",
        "Europe/Berlin",
        &["2027-07-30T07:00:00Z", "2027-08-01T07:00:00Z"],
    );
    check(DeclineClass::Funds, "2027-02-02T00:00:00Z", "America/New_York", &["2027-02-15T14:00:00Z"]);
}

#[test]
fn lack_of_funds_without_a_payday_in_the_window_falls_back_to_days() {
    check(
        DeclineClass::Funds,
        "2027-06-15T10:00:00Z",
        "UTC",
        &["2027-06-18T10:00:00Z", "2027-06-22T10:00:00Z", "2027-06-29T10:00:00Z"],
    );
}

#[test]
fn a_technical_decline_is_tried_within_minutes_and_then_as_a_soft_one() {
    check(
        DeclineClass::Technical,
        "2027-06-10T00:00:00Z",
        "UTC",
        &[
            "2027-06-10T00:15:00Z",
            "2027-06-10T01:00:00Z",
            "2027-06-10T06:00:00Z",
            "2027-06-11T00:00:00Z",
            "2027-06-13T00:00:00Z",
            "2027-06-15T00:00:00Z",
            "2027-06-17T00:00:00Z",
            "2027-06-20T00:00:00Z",
            "2027-06-24T00:00:00Z",
        ],
    );
}

#[test]
fn a_decline_that_time_cannot_heal_is_not_tried_again() {
    let step = |class| next_step(Declined { class, due: Timestamp(0), at: Timestamp(0) }, &Zone::UTC);
    assert_eq!(step(DeclineClass::Hard), Ok(NextStep::AwaitCustomer));
    assert_eq!(step(DeclineClass::CustomerAction), Ok(NextStep::AwaitCustomer));
    assert_eq!(step(DeclineClass::Authentication), Ok(NextStep::AwaitCustomer));
    assert_eq!(step(DeclineClass::VerifyFirst), Ok(NextStep::LookUpFirst));
    assert_eq!(step(DeclineClass::OurBug), Ok(NextStep::AlertUs));
}

#[test]
fn a_month_ends_on_its_last_weekday() {
    for (month, expected) in
        [("2027-05-01", "2027-05-31"), ("2027-10-01", "2027-10-29"), ("2028-04-01", "2028-04-28")]
    {
        assert_eq!(last_working_day(month.parse().expect("date")), Ok(expected.parse().expect("date")));
    }
}

fn networks() -> impl Strategy<Value = Network> {
    prop::sample::select(vec![Network::Visa, Network::Mastercard, Network::Unknown])
}

proptest! {
    #[test]
    fn no_rolling_window_ever_exceeds_a_cap(network in networks(), gaps in prop::collection::vec(0_u64..40, 1..120)) {
        let mut tried: Vec<Timestamp> = Vec::new();
        let mut clock = Timestamp(0);
        for gap in gaps {
            clock = earliest_allowed(network, &tried, clock.saturating_add(HOUR * gap));
            tried.push(clock);
        }
        for cap in caps(network) {
            for (index, &last) in tried.iter().enumerate() {
                let counted = tried[..=index].iter().filter(|&&at| last.since(at) < cap.within).count();
                prop_assert!(counted <= cap.count, "{counted} within {:?}", cap.within);
            }
        }
    }

    #[test]
    fn a_retry_is_later_than_its_decline_and_inside_the_window(
        class in prop::sample::select(vec![DeclineClass::GenericSoft, DeclineClass::Funds, DeclineClass::Technical]),
        due_h in 0_u64..200_000,
        late_h in 0_u64..400,
    ) {
        let due = Timestamp(HOUR.0 * due_h);
        let declined = Declined { class, due, at: due + HOUR * late_h };
        match next_step(declined, &Zone::named("America/New_York").expect("known")).expect("in range") {
            NextStep::RetryAt(retry) => prop_assert!(retry > declined.at && retry <= window_end(due)),
            step => prop_assert_eq!(step, NextStep::NoneLeft),
        }
    }
}
