use proptest::prelude::*;

use super::*;

fn currency(code: &str) -> Currency {
    Currency::from_code(code).expect("listed")
}

fn check(text: &str, code: &str, expected: Option<i64>) {
    let read = Money::from_decimal(text, currency(code));
    assert_eq!(read.as_ref().ok().map(|money| money.minor_units), expected, "`{text}` {code}: {read:?}");
}

#[test]
fn decimals_come_from_the_standard_and_not_from_a_guess() {
    for (code, exponent) in [("CHF", 2), ("VND", 0), ("BHD", 3), ("UYW", 4), ("ISK", 0)] {
        assert_eq!(currency(code).exponent(), exponent, "{code}");
    }
    check("12", "CHF", Some(1_200));
    check("12.5", "CHF", Some(1_250));
    check("-0.05", "CHF", Some(-5));
    check("1500", "VND", Some(1_500));
    check("1.234", "BHD", Some(1_234));
}

#[test]
fn an_amount_that_is_not_exact_is_refused() {
    for text in ["", "-", ".5", "1.", "1.2.3", "1e3", "+1", " 1", "1,5", "0x1", "--1", "١"] {
        check(text, "CHF", None);
    }
    check("1.5", "VND", None);
    check("0.001", "CHF", None);
    check("92233720368547758.08", "CHF", None);
    check("92233720368547758.07", "CHF", Some(i64::MAX));
}

#[test]
fn what_has_no_minor_units_is_no_currency() {
    for code in ["XAU", "XDR", "XPT", "usd", "US", "USDX", "", "ZZZ"] {
        assert_eq!(Currency::from_code(code), Err(MoneyError::UnknownCurrency(code.to_owned())));
    }
}

#[test]
fn currencies_never_mix_and_sums_never_wrap() {
    let (franc, dong) = (currency("CHF"), currency("VND"));
    assert!(matches!(
        Money::new(1, franc).checked_add(Money::new(1, dong)),
        Err(MoneyError::CurrencyMismatch { .. })
    ));
    assert_eq!(Money::new(i64::MAX, franc).checked_add(Money::new(1, franc)), Err(MoneyError::Overflow));
    assert_eq!(Money::new(i64::MIN, franc).checked_neg(), Err(MoneyError::Overflow));
    assert_eq!(Money::new(7, franc).checked_share(1, 0), Err(MoneyError::Overflow));
}

#[test]
fn halves_round_away_from_zero() {
    for (amount, part, whole, expected) in
        [(5, 1, 2, 3), (-5, 1, 2, -3), (4, 1, 3, 1), (5, 1, 3, 2), (999, 13, 28, 464)]
    {
        assert_eq!(share_half_up(amount, part, whole), Some(expected), "{amount} x {part}/{whole}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(minor_units in any::<i64>(), code in prop::sample::select(vec!["CHF", "VND", "BHD"])) {
        let money = Money::new(minor_units, currency(code));
        let shown = money.to_string();
        let (amount, shown_code) = shown.split_once(' ').expect("amount and code");
        prop_assert_eq!(shown_code, code);
        prop_assert_eq!(Money::from_decimal(amount, money.currency), Ok(money));
        let json = serde_json::to_string(&money).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<Money>(&json).expect("own output"), money);
    }

    #[test]
    fn a_share_is_within_half_a_minor_unit(amount in -1_000_000_i64..1_000_000, part in 0_u64..400, whole in 1_u64..400) {
        let share = i128::from(share_half_up(amount, part, whole).expect("fits"));
        let exact_times_whole = i128::from(amount) * i128::from(part);
        prop_assert!((share * i128::from(whole) - exact_times_whole).abs() * 2 <= i128::from(whole));
    }
}
