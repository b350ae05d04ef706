//! `validate calendar`: every form of vector, and forms that are none.

use std::fs;

use rehearsal::failure::Failure;
use rehearsal::validate::{Validation, calendar};
use serde_json::{Value, json};

use crate::support::reference_data;

fn validate(document: &Value) -> Result<Validation, Failure> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("vectors.json");
    fs::write(&file, document.to_string()).expect("a temporary file");
    calendar::run(&file)
}

fn agrees(document: &Value) -> bool {
    let found = validate(document).unwrap_or_else(|failure| panic!("{document}: {failure}"));
    assert_eq!((found.passed + found.failed, found.agrees), (1, found.failed == 0));
    found.agrees
}

#[test]
fn every_reference_vector_agrees() {
    let Some(file) = reference_data("billing/public.json") else { return };
    let found = calendar::run(&file).expect("readable");
    assert!(found.agrees, "{:#?}", found.first_failures);
    let kinds: Vec<(&str, u64)> = found.kinds.iter().map(|count| (count.kind, count.passed)).collect();
    assert_eq!(kinds, [("calendar", 10), ("dst", 3), ("proration", 3), ("currency_exponents", 8)]);
}

#[test]
fn each_form_agrees_when_right_and_differs_when_wrong() {
    let starts = |last: &str| json!({"calendar": [{"anchor": "2027-08-31", "interval_months": 1, "expect_starts": ["2027-08-31", "2027-09-30", last]}]});
    assert!(agrees(&starts("2027-10-31")) && !agrees(&starts("2027-10-30")));
    let current = |start: &str| json!({"calendar": [{"anchor": "2027-08-31", "billing_date": "2027-10-01", "expect_current_start": start}]});
    assert!(agrees(&current("2027-09-30")) && !agrees(&current("2027-10-01")));
    let next =
        |day: &str| json!({"calendar": [{"anchor_day": 30, "proposed": "2027-02-03", "expect_next": day}]});
    assert!(agrees(&next("2027-02-28")) && !agrees(&next("2027-03-30")));
    let dst = |gap: bool| json!({"dst": [{"local": "2027-03-28T02:30:00", "tz": "Europe/Berlin", "expect_utc": "2027-03-28T01:30:00Z", "gap": gap}]});
    assert!(agrees(&dst(true)) && !agrees(&dst(false)));
    let proration = |used: u32| {
        let period = ["2027-04-10", "2027-05-10"];
        json!({"proration": [{"mode": "days", "period": period, "change": "2027-04-12", "used_days": used, "total_days": 30}]})
    };
    assert!(agrees(&proration(2)) && !agrees(&proration(3)));
    assert!(
        agrees(&json!({"currency_exponents": {"BHD": 3}}))
            && !agrees(&json!({"currency_exponents": {"BHD": 2}}))
    );
}

#[test]
fn what_we_cannot_compute_is_a_difference_and_not_a_crash() {
    for document in [
        json!({"calendar": [{"anchor": "2027-08-31", "billing_date": "2027-08-30", "expect_current_start": "2027-08-30"}]}),
        json!({"calendar": [{"anchor_day": 32, "proposed": "2027-02-03", "expect_next": "2027-02-28"}]}),
        json!({"dst": [{"local": "2027-03-28T02:30:00", "tz": "Mars/Olympus", "expect_utc": "2027-03-28T01:30:00Z", "gap": true}]}),
        json!({"proration": [{"mode": "days", "period": ["2027-04-10", "2027-04-10"], "change": "2027-04-10", "used_days": 0, "total_days": 0}]}),
        json!({"currency_exponents": {"XAU": 0}}),
    ] {
        assert!(!agrees(&document), "{document}");
    }
}

#[test]
fn a_form_that_is_none_is_refused_with_its_position() {
    let both = json!({"anchor": "2027-08-31", "billing_date": "2027-10-01", "expect_next": "2027-10-01"});
    for (document, complaint) in [
        (json!({"calendar": [both]}), "no form of calendar"),
        (json!({"calendar": [{}]}), "no form of calendar"),
        (json!({"calendar": [{"anchor": "2027-02-30"}]}), "`2027-02-30`"),
        (json!({"dst": [{"local": "noon"}]}), "`noon`"),
        (json!({"proration": [{"mode": "hours"}]}), "unknown variant `hours`"),
        (json!({"currency_exponents": {"EUR": -2}}), "invalid value"),
        (json!({"calendars": []}), "unknown field `calendars`"),
        (json!({"calendar": []}), "has no vector to judge"),
    ] {
        let failure = validate(&document).expect_err("garbage is refused");
        assert_eq!(failure.code, 2, "{document}");
        assert!(failure.message.contains(complaint), "{document}: {failure}");
        assert!(failure.hint.is_some(), "{failure}");
        assert!(complaint.contains("no vector") || failure.message.contains("vectors.json:1:"), "{failure}");
    }
}
