use proptest::prelude::*;
use units::Currency;

use super::*;

fn money(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::from_code("CHF").expect("listed"))
}

fn check(price: i64, cuts: &[u32], total: u32, expected: &[i64]) {
    let borders: Vec<u32> = [0].into_iter().chain(cuts.iter().copied()).chain([total]).collect();
    let parts: Vec<i64> = borders
        .windows(2)
        .map(|pair| part(money(price), pair[0], pair[1], total).expect("inside").minor_units)
        .collect();
    assert_eq!(parts, expected, "{price} cut at {cuts:?} of {total}");
}

#[test]
fn halves_go_up_at_the_border_and_come_back_in_the_next_part() {
    check(1, &[15], 30, &[1, 0]);
    check(1, &[14], 30, &[0, 1]);
    check(1_000, &[10, 20], 30, &[333, 334, 333]);
    check(1_499, &[0, 31], 31, &[0, 1_499, 0]);
}

#[test]
fn the_day_of_the_change_belongs_to_the_new_plan() {
    let (start, end) = ("2027-04-10".parse().expect("date"), "2027-05-10".parse().expect("date"));
    let check = |change: &str, used_days| {
        assert_eq!(
            Split::at(start, end, change.parse().expect("date")),
            Ok(Split { used_days, total_days: 30 }),
            "{change}"
        );
    };
    check("2027-04-10", 0);
    check("2027-04-11", 1);
    check("2027-05-09", 29);
    check("2027-06-01", 30);
    check("2027-03-01", 0);
    assert!(matches!(Split::at(start, start, start), Err(ProrationError::EmptyPeriod { .. })));
    assert!(matches!(Split::at(end, start, start), Err(ProrationError::EmptyPeriod { .. })));
}

#[test]
fn a_part_that_is_none_has_no_price() {
    for (from, to, total) in [(2, 1, 3), (0, 4, 3), (0, 0, 0)] {
        assert_eq!(part(money(10), from, to, total), Err(ProrationError::Outside { from, to, total }));
    }
    assert_eq!(part(money(-1), 0, 1, 2), Err(ProrationError::NegativePrice(money(-1))));
}

proptest! {
    #[test]
    fn parts_add_up_to_the_price_whatever_the_cuts(
        price in prop_oneof![0_i64..100_000, Just(i64::MAX)],
        total in 1_u32..400,
        cuts in prop::collection::vec(0_u32..400, 0..8),
    ) {
        let mut borders: Vec<u32> = cuts.into_iter().map(|cut| cut.min(total)).chain([0, total]).collect();
        borders.sort_unstable();
        let mut sum = 0_i64;
        for pair in borders.windows(2) {
            let cost = part(money(price), pair[0], pair[1], total).expect("inside").minor_units;
            prop_assert!(cost >= 0);
            sum += cost;
        }
        prop_assert_eq!(sum, price);
    }
}
