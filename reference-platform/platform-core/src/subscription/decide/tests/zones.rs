//! Customers who move: what is paid for stays as it was sold, and the anchor stays.

use proptest::prelude::*;

use super::super::super::calendar::Calendar;
use super::*;

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp(instant.as_microsecond().try_into().unwrap())
}

fn moves(books: &mut Books, to: &str, now: Timestamp) {
    ask(books, CustomerRequest::SetZone { zone: zone(to) }, now).unwrap();
}

/// Renews at the end of the running period, and says when the new one ends.
fn renew(books: &mut Books) -> Timestamp {
    let due = books.accounts["sub_1"].subscription.period.end;
    let key = advance(books, due).unwrap();
    answer(books, &key, PaymentOutcome::Captured, due);
    let period = books.accounts["sub_1"].subscription.period;
    assert_eq!(period.start, due, "no gap and no overlap");
    period.end
}

#[test]
fn who_moves_keeps_the_running_period_and_the_anchor() {
    // 1 February 05:00 in Tokyo is 31 January 15:00 in New York.
    let anchor = at("2026-01-31T20:00:00Z");
    let mut books = books_in(zone("Asia/Tokyo"), anchor, |_| {});
    let sold_until = at("2026-02-28T20:00:00Z");
    assert_eq!(books.accounts["sub_1"].subscription.period.end, sold_until, "1 March 05:00 in Tokyo");
    moves(&mut books, "America/New_York", anchor.saturating_add(DAY));
    assert_eq!(books.accounts["sub_1"].subscription.period.end, sold_until);
    // From then on the end of the month at 15:00, with the change of clocks that New York has and Tokyo has not.
    for end in ["2026-03-31T19:00:00Z", "2026-04-30T19:00:00Z", "2026-05-31T19:00:00Z"] {
        assert_eq!(renew(&mut books), at(end));
    }
    let account = &books.accounts["sub_1"];
    assert_eq!((account.subscription.anchor, account.invoices.len()), (anchor, 3));
    assert_eq!(books.ledger.balance(Account::Cash, dollars(0).currency), dollars(3 * 999));
}

#[test]
fn who_comes_back_before_the_period_ends_has_not_moved() {
    let (mut books, mut stayed) = (books(), books());
    moves(&mut books, "Pacific/Auckland", ANCHOR.saturating_add(DAY));
    moves(&mut books, "UTC", ANCHOR.saturating_add(DAY * 2));
    for _ in 0..3 {
        assert_eq!(renew(&mut books), renew(&mut stayed));
    }
    assert_eq!(books.accounts["sub_1"].subscription, stayed.accounts["sub_1"].subscription);
}

#[test]
fn an_end_that_has_not_come_is_withdrawn() {
    let mut books = books();
    let keep = |books: &mut Books| ask(books, CustomerRequest::Keep, ANCHOR);
    assert!(matches!(keep(&mut books), Err(StoreError::Refused(Refusal::NotEnding))));
    let before = books.accounts["sub_1"].clone();
    ask(&mut books, CustomerRequest::CancelAtPeriodEnd, ANCHOR).unwrap();
    assert!(!has_access(&books.accounts["sub_1"], DUE), "no grace for who ends");
    keep(&mut books).unwrap();
    assert_eq!(books.accounts["sub_1"], before, "as if nothing had been asked, its grace included");
    assert!(has_access(&books.accounts["sub_1"], DUE));
    renew(&mut books);
    ask(&mut books, CustomerRequest::CancelNow, DUE).unwrap();
    assert!(matches!(keep(&mut books), Err(StoreError::Refused(Refusal::Ended))));
}

/// From one edge of the date to the other, with whole-hour and half-hour changes of clocks.
const PLACES: [&str; 6] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
];

fn intervals() -> impl Strategy<Value = Interval> {
    prop_oneof![
        Just(Interval::Days(1)),
        Just(Interval::Days(7)),
        Just(Interval::Months(1)),
        Just(Interval::Years(1))
    ]
}

proptest! {
    #[test]
    fn periods_tile_and_stay_near_the_calendar_wherever_somebody_moves(
        anchor_s in 1_750_000_000_u64..1_900_000_000,
        interval in intervals(),
        places in proptest::collection::vec(0..PLACES.len(), 12),
    ) {
        let anchor = Timestamp(anchor_s * 1_000_000);
        let mut books = books_in(zone(PLACES[places[0]]), anchor, |plan| {
            plan.interval = interval;
            plan.refund_on_cancel = true;
        });
        for place in &places {
            let row = books.accounts["sub_1"].subscription.clone();
            let inside = Timestamp(u64::midpoint(row.period.start.0, row.period.end.0));
            moves(&mut books, PLACES[*place], inside);
            let stayed = Calendar::new(row.anchor, interval, row.zone).unwrap();
            let end = renew(&mut books);
            let period = books.accounts["sub_1"].subscription.period;
            prop_assert!(period.start < period.end);
            // A date more or less on either side of the world, and what a short month cuts off.
            let off = stayed.nearest_start(end).unwrap().1.0.abs_diff(end.0);
            prop_assert!(off <= 4 * DAY.0, "{off} microseconds");
            prop_assert!(interval != Interval::Days(1) || off <= Micros::from_mins(120).0, "{off} microseconds");
            // Wherever it ends, its unused days have a price.
            let mut ended = books.clone();
            prop_assert!(ask(&mut ended, CustomerRequest::CancelNow, period.start).is_ok());
            let back: i64 = ended.accounts["sub_1"].refunds.iter().map(|row| row.amount.minor_units).sum();
            prop_assert_eq!(back, 999);
        }
    }
}
