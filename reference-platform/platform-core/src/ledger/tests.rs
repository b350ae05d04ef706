use proptest::prelude::*;

use super::*;

const AT: Timestamp = Timestamp(1);

fn currency(code: &str) -> Currency {
    Currency::from_code(code).expect("a currency")
}

fn euros(minor_units: i64) -> Money {
    Money::new(minor_units, currency("EUR"))
}

fn book(ledger: &mut Ledger, cause: Cause, amount: i64) -> Result<Booked, LedgerError> {
    ledger.book(Transaction::of(cause, AT, euros(amount))?)
}

fn balance(ledger: &Ledger, account: Account) -> i64 {
    ledger.balance(account, currency("EUR")).minor_units
}

fn id(text: &str) -> String {
    text.to_owned()
}

#[test]
fn a_paid_invoice_leaves_cash_and_revenue_and_nothing_owed() {
    let mut ledger = Ledger::default();
    book(&mut ledger, Cause::Invoice(id("inv_1").into()), 999).expect("issued");
    assert_eq!(balance(&ledger, Account::Receivable), 999);
    book(&mut ledger, Cause::Payment(id("pi_1").into()), 999).expect("paid");
    assert_eq!(balance(&ledger, Account::Receivable), 0);
    assert_eq!(balance(&ledger, Account::Cash), 999);
    assert_eq!(balance(&ledger, Account::Revenue), -999);
}

#[test]
fn a_payment_that_is_heard_of_twice_is_booked_once() {
    let mut ledger = Ledger::default();
    assert_eq!(book(&mut ledger, Cause::Payment(id("pi_1").into()), 999), Ok(Booked::Now));
    assert_eq!(book(&mut ledger, Cause::Payment(id("pi_1").into()), 999), Ok(Booked::Before));
    assert_eq!(balance(&ledger, Account::Cash), 999);
}

#[test]
fn one_payment_with_two_amounts_is_a_contradiction_and_changes_nothing() {
    let mut ledger = Ledger::default();
    book(&mut ledger, Cause::Payment(id("pi_1").into()), 999).expect("paid");
    let before = ledger.clone();
    let cause = Cause::Payment(id("pi_1").into());
    assert_eq!(book(&mut ledger, cause.clone(), 998), Err(LedgerError::Contradiction(cause)));
    assert_eq!(ledger, before);
}

#[test]
fn a_late_capture_is_owed_to_the_customer_until_it_is_refunded() {
    let mut ledger = Ledger::default();
    book(&mut ledger, Cause::UnexpectedPayment(id("pi_9").into()), 999).expect("booked");
    assert_eq!(balance(&ledger, Account::CustomerCredit), -999);
    book(&mut ledger, Cause::Refund(id("re_9").into()), 999).expect("booked");
    assert_eq!(balance(&ledger, Account::CustomerCredit), 0);
    assert_eq!(balance(&ledger, Account::Cash), 0);
}

#[test]
fn a_won_dispute_leaves_the_books_as_they_were_and_a_lost_one_takes_the_revenue() {
    let mut ledger = Ledger::default();
    book(&mut ledger, Cause::Invoice(id("inv_1").into()), 999).expect("issued");
    book(&mut ledger, Cause::Payment(id("pi_1").into()), 999).expect("paid");
    book(&mut ledger, Cause::DisputeWithdrawn(id("dp_1").into()), 999).expect("withdrawn");
    assert_eq!(balance(&ledger, Account::Cash), 0);
    let mut won = ledger.clone();
    book(&mut won, Cause::DisputeReinstated(id("dp_1").into()), 999).expect("reinstated");
    assert_eq!((balance(&won, Account::Cash), balance(&won, Account::Revenue)), (999, -999));
    book(&mut ledger, Cause::DisputeLost(id("dp_1").into()), 999).expect("lost");
    assert_eq!((balance(&ledger, Account::Disputed), balance(&ledger, Account::Revenue)), (0, 0));
}

#[test]
fn what_does_not_balance_in_each_currency_is_refused() {
    let yen = Money::new(-999, currency("JPY"));
    let crooked = Transaction {
        cause: Cause::Payment(id("pi_1").into()),
        at: AT,
        entries: vec![
            Entry { account: Account::Cash, amount: euros(999) },
            Entry { account: Account::Receivable, amount: yen },
        ],
    };
    let refused = Ledger::default().book(crooked);
    assert!(matches!(refused, Err(LedgerError::Unbalanced { .. })), "{refused:?}");
}

#[test]
fn a_movement_of_nothing_is_refused() {
    let refused = book(&mut Ledger::default(), Cause::Payment(id("pi_1").into()), 0);
    assert_eq!(refused, Err(LedgerError::Empty(Cause::Payment(id("pi_1").into()))));
}

#[test]
fn a_balance_that_would_overflow_refuses_the_whole_transaction() {
    let mut ledger = Ledger::default();
    book(&mut ledger, Cause::Payment(id("pi_1").into()), i64::MAX).expect("paid");
    let before = ledger.clone();
    let refused = book(&mut ledger, Cause::Payment(id("pi_2").into()), 1);
    assert!(matches!(refused, Err(LedgerError::Overflow { .. })), "{refused:?}");
    assert_eq!(ledger, before);
}

fn causes() -> impl Strategy<Value = Cause> {
    let number = (0_u8..6).prop_map(|number| format!("x{number}"));
    (0_usize..9, number).prop_map(|(kind, of)| match kind {
        0 => Cause::Invoice(of.into()),
        1 => Cause::WriteOff(of.into()),
        2 => Cause::Payment(of.into()),
        3 => Cause::UnexpectedPayment(of.into()),
        4 => Cause::Refund(of.into()),
        5 => Cause::DisputeWithdrawn(of.into()),
        6 => Cause::DisputeReinstated(of.into()),
        7 => Cause::DisputeLost(of.into()),
        _ => Cause::CreditUsed(of.into()),
    })
}

proptest! {
    #[test]
    fn all_balances_sum_to_zero_whatever_is_booked_in_whatever_order(
        movements in proptest::collection::vec((causes(), 1_i64..100_000), 0..60),
    ) {
        let mut ledger = Ledger::default();
        for (cause, amount) in &movements {
            // A contradiction is refused, and must leave no trace.
            if book(&mut ledger, cause.clone(), *amount).is_err() {
                prop_assert!(ledger.of(cause).is_some());
            }
        }
        let accounts =
            [Account::Cash, Account::Receivable, Account::Revenue, Account::CustomerCredit, Account::Disputed];
        prop_assert_eq!(accounts.iter().map(|account| balance(&ledger, *account)).sum::<i64>(), 0);
        // The same transactions from the last to the first make the same books.
        let mut backwards = Ledger::default();
        let all: Vec<Transaction> = ledger.transactions().cloned().collect();
        for transaction in all.into_iter().rev() {
            prop_assert_eq!(backwards.book(transaction), Ok(Booked::Now));
        }
        prop_assert_eq!(backwards, ledger);
    }
}
