use super::*;

fn refused(outcome: Result<u64, Complaint>) -> (String, String) {
    let complaint = outcome.unwrap_err();
    let (message, hint) = complaint.split_once(HINT).unwrap();
    (message.to_owned(), hint.to_owned())
}

#[test]
fn quantities_are_exact() {
    assert_eq!(duration("250ms"), Ok(Micros(250_000)));
    assert_eq!(duration("1.5h"), Ok(Micros(5_400_000_000)));
    assert_eq!(duration("16m30s"), Ok(Micros(990_000_000)));
    assert_eq!(amount("1.2Mbps", &RATE_WORDS), Ok(1_200));
    assert_eq!(amount("40TB", &SIZE_WORDS), Ok(40_000_000_000_000));
    assert_eq!(amount("64KiB", &SIZE_WORDS), Ok(65_536));
    assert_eq!(amount("1_000kbps", &RATE_WORDS), Ok(1_000));
    assert_eq!(share("0.6%"), Ok(Ppm(6_000)));
    assert_eq!(duration("+180ms"), Ok(Micros(180_000)));
}

#[test]
fn a_number_without_unit_is_refused_with_an_example() {
    let (message, hint) = refused(amount("4", &DURATION_WORDS));
    assert_eq!(message, "duration `4` has no unit");
    assert_eq!(hint, "write it as a string with its unit, such as \"4s\"");
}

#[test]
fn a_wrong_unit_names_the_right_ones() {
    let (message, hint) = refused(amount("6MB", &RATE_WORDS));
    assert_eq!(message, "`MB` in `6MB` is not a unit of a data rate");
    assert_eq!(hint, "a data rate is given in kbps, Mbps, Gbps, Tbps");
    assert_eq!(refused(amount("6mbps", &RATE_WORDS)).1, "did you mean `6Mbps`?");
}

#[test]
fn what_would_have_to_be_rounded_is_refused() {
    assert_eq!(refused(amount("0.5us", &DURATION_WORDS)).1, "the smallest step is 1us");
    assert_eq!(refused(amount("1.23456kbps", &RATE_WORDS)).1, "the smallest step is 1kbps");
    assert!(refused(amount("99999999999999999999h", &DURATION_WORDS)).0.ends_with("is too large"));
}

#[test]
fn words_and_broken_numbers_are_refused() {
    for text in ["", "s", "-4s", "1.s", ".5s", "1.2.3s", "four seconds", "30s16m", "4s5s"] {
        assert!(duration(text).is_err(), "{text}");
    }
}
