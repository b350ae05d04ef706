use super::*;

#[test]
fn a_code_belongs_to_one_class() {
    let mut codes: Vec<&str> = CLASSES.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    let listed = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), listed);
}

#[test]
fn a_code_never_seen_before_is_soft() {
    assert_eq!(DeclineClass::of_code("some_new_code"), DeclineClass::GenericSoft);
    assert_eq!(DeclineClass::of_code(""), DeclineClass::GenericSoft);
}

#[test]
fn a_card_that_is_gone_is_not_tried_again() {
    for code in
        ["stolen_card", "expired_card", "authentication_required", "duplicate_transaction", "invalid_amount"]
    {
        assert!(!DeclineClass::of_code(code).may_retry(), "{code}");
    }
    for code in ["insufficient_funds", "processing_error", "do_not_honor"] {
        assert!(DeclineClass::of_code(code).may_retry(), "{code}");
    }
}
