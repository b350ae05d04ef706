use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> Zone {
    Zone::named(name).expect("known zone")
}

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn at(text: &str) -> Timestamp {
    from_jiff(text.parse().expect("an instant")).expect("after 1970")
}

fn check_starts(anchor: &str, interval: Interval, expected: &[(u32, &str)]) {
    for (k, start) in expected {
        assert_eq!(civil_start(day(anchor), interval, *k), Ok(day(start)), "{anchor} + {k} x {interval}");
    }
}

#[test]
fn a_short_month_clamps_its_own_start_and_no_other() {
    check_starts(
        "2027-08-31",
        Interval::Months(1),
        &[(1, "2027-09-30"), (2, "2027-10-31"), (6, "2028-02-29"), (7, "2028-03-31")],
    );
    check_starts("2027-08-30", Interval::Months(6), &[(1, "2028-02-29"), (2, "2028-08-30")]);
}

#[test]
fn a_leap_day_comes_back_after_four_years() {
    check_starts(
        "2028-02-29",
        Interval::Years(1),
        &[(1, "2029-02-28"), (3, "2031-02-28"), (4, "2032-02-29")],
    );
    check_starts("2028-02-29", Interval::Days(7), &[(1, "2028-03-07")]);
}

#[test]
fn local_time_of_day_survives_the_change_of_clocks() {
    // Berlin leaves winter time on 28 March 2027 at 02:00 and returns on 31 October 2027 at 03:00.
    let calendar =
        Calendar::new(at("2027-02-28T01:30:00Z"), Interval::Months(1), zone("Europe/Berlin")).expect("valid");
    assert_eq!(calendar.start(1), Ok(at("2027-03-28T01:30:00Z")), "02:30 is skipped and becomes 03:30");
    assert_eq!(calendar.start(2), Ok(at("2027-04-28T00:30:00Z")));
    let autumn =
        Calendar::new(at("2027-09-30T22:30:00Z"), Interval::Days(30), zone("Europe/Berlin")).expect("valid");
    assert_eq!(autumn.start(1), Ok(at("2027-10-30T22:30:00Z")));
    assert_eq!(
        zone("Europe/Berlin").instant(day("2027-10-31").at(2, 30, 0, 0)),
        Ok(at("2027-10-31T00:30:00Z"))
    );
    assert!(zone("Europe/Berlin").skips(day("2027-03-28").at(2, 30, 0, 0)));
}

#[test]
fn an_anchor_in_the_second_pass_of_an_hour_stays_there() {
    let second_pass = at("2027-10-31T01:30:00Z");
    let calendar = Calendar::new(second_pass, Interval::Months(1), zone("Europe/Berlin")).expect("valid");
    assert_eq!(calendar.start(0), Ok(second_pass));
    assert_eq!(calendar.ordinal_at(second_pass), Ok(0));
}

#[test]
fn nonsense_is_refused_by_name() {
    assert_eq!(Zone::named("Mars/Olympus"), Err(CalendarError::UnknownZone("Mars/Olympus".into())));
    let empty = Calendar::new(at("2027-01-01T00:00:00Z"), Interval::Months(0), Zone::UTC);
    assert_eq!(empty, Err(CalendarError::EmptyInterval(Interval::Months(0))));
    assert_eq!(
        civil_ordinal(day("2027-01-01"), Interval::Days(0), day("2027-01-02")),
        Err(CalendarError::EmptyInterval(Interval::Days(0)))
    );
    let calendar = Calendar::new(at("2027-01-01T00:00:00Z"), Interval::Months(1), Zone::UTC).expect("valid");
    assert!(matches!(
        calendar.ordinal_at(at("2026-12-31T23:59:59Z")),
        Err(CalendarError::BeforeAnchor { .. })
    ));
    assert_eq!(calendar.start(u32::MAX), Err(CalendarError::OutOfRange));
    assert_eq!(next_anchor_day(0, day("2027-01-01")), Err(CalendarError::OutOfRange));
    assert_eq!(next_anchor_day(32, day("2027-01-01")), Err(CalendarError::OutOfRange));
}

#[test]
fn an_anchor_day_is_the_first_at_or_after_the_proposed_day() {
    for (anchor_day, proposed, expected) in [
        (30, "2027-02-27", "2027-02-28"),
        (30, "2027-02-28", "2027-02-28"),
        (5, "2027-12-06", "2028-01-05"),
        (31, "2027-04-30", "2027-04-30"),
        (12, "2027-04-12", "2027-04-12"),
    ] {
        assert_eq!(
            next_anchor_day(anchor_day, day(proposed)),
            Ok(day(expected)),
            "{anchor_day} from {proposed}"
        );
    }
}

fn intervals() -> impl Strategy<Value = Interval> {
    prop_oneof![
        (1_u16..90).prop_map(Interval::Days),
        (1_u16..25).prop_map(Interval::Months),
        (1_u16..4).prop_map(Interval::Years),
    ]
}

/// Zones with whole-hour, half-hour and midnight changes of the clock, and one that lost a whole day.
const ZONES_TRIED: [&str; 6] =
    ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Asuncion", "Pacific/Apia"];

proptest! {
    #[test]
    fn periods_tile_time_and_every_instant_is_in_its_own(
        anchor_s in 946_684_800_u64..1_900_000_000,
        interval in intervals(),
        zone_at in 0..ZONES_TRIED.len(),
        later_s in 0_u64..400_000_000,
    ) {
        let anchor = Timestamp(anchor_s * 1_000_000);
        let calendar = Calendar::new(anchor, interval, zone(ZONES_TRIED[zone_at])).expect("valid");
        let asked = Timestamp(anchor.0 + later_s * 1_000_000);
        let k = calendar.ordinal_at(asked).expect("in range");
        let period = calendar.period(k).expect("in range");
        prop_assert!(period.holds(asked), "{period:?} does not hold {asked:?}");
        prop_assert_eq!(calendar.ordinal_at(period.start), Ok(k));
        prop_assert_eq!(calendar.period(k + 1).expect("in range").start, period.end);
    }

    #[test]
    fn the_ordinal_of_a_date_inverts_the_start(anchor_day in 0_i32..12_000, k in 0_u32..500, interval in intervals(), into in 0_i32..40) {
        let anchor = day("2000-01-01").checked_add(anchor_day.days()).expect("in range");
        let start = civil_start(anchor, interval, k).expect("in range");
        prop_assert_eq!(civil_ordinal(anchor, interval, start), Ok(k));
        let next = civil_start(anchor, interval, k + 1).expect("in range");
        let inside = start.checked_add(into.days()).expect("in range");
        prop_assert_eq!(civil_ordinal(anchor, interval, inside).expect("after the anchor") == k, inside < next);
    }
}
