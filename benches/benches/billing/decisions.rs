//! `decide` and `apply` on the mix of a billing day, with the invariants checked on what each write touches.

use std::collections::BTreeMap;

use benches::machine::thread_cpu_exact;
use benches::say::{say, whole};
use platform_core::subscription::account::{Account, Write};
use platform_core::subscription::calendar::{Interval, Zone};
use platform_core::subscription::command::{Answer, Command, Context, Effect, PaymentOutcome, PaymentSeen};
use platform_core::subscription::decide::begin::{TakenOver, take_over};
use platform_core::subscription::decide::decide;
use platform_core::subscription::invariants;
use platform_core::subscription::rows::{Customer, EndOfDunning, Owner, Plan};
use units::{Currency, Micros, Money, Timestamp};

/// What is asked for.
const PER_S: f64 = 1_000_000.0;

/// Renewals of one round.
const RENEWALS: [u32; 2] = [20_000, 500];

/// One renewal in so many is declined: 6.2 % of subscribers of a video service are at risk in a month.
const DECLINED_EVERY: u32 = 16;

const MONTH: Micros = Micros::from_mins(31 * 24 * 60);

pub(crate) fn run(quick: bool) {
    let renewals = RENEWALS[usize::from(quick)];
    let plan = Plan {
        name: "basic".to_owned(),
        price: Money::new(999, Currency::from_code("USD").expect("in ISO 4217")),
        interval: Interval::Months(1),
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    };
    let plans = BTreeMap::from([(plan.name.clone(), plan.clone())]);
    let start = Timestamp(1_800_000_000_000_000);
    let accounts: Vec<Account> = (0..renewals).map(|n| account(n, &plan, &plans, start)).collect();
    let context = Context { now: start.saturating_add(MONTH), plans: &plans };
    let began = thread_cpu_exact();
    let mut decisions = 0_u32;
    let mut writes = 0_usize;
    for (n, account) in (0_u32..).zip(accounts) {
        let (account, effects, written) = step(&account, &Command::Advance, context);
        writes += written;
        decisions += 1;
        for effect in effects {
            let Effect::Charge(request) = effect else { continue };
            let outcome = if n % DECLINED_EVERY == 0 {
                PaymentOutcome::Declined { code: "insufficient_funds".to_owned() }
            } else {
                PaymentOutcome::Captured
            };
            let payment = PaymentSeen { id: format!("pi_{n}"), amount: request.amount, outcome };
            let command = Command::Answered { attempt: request.key, answer: Answer::Payment(payment) };
            let (_, _, written) = step(&account, &command, context);
            writes += written;
            decisions += 1;
        }
    }
    let seconds = (thread_cpu_exact() - began).as_secs_f64();
    let rate = f64::from(decisions) / seconds;
    let word = if rate >= PER_S { "met" } else { "MISSED" };
    say(&format!(
        "decide + apply + invariants: {} a second of CPU, {:.1} rows each (at least {}: {word})",
        whole(rate),
        writes as f64 / f64::from(decisions),
        whole(PER_S)
    ));
}

fn step(account: &Account, command: &Command, context: Context<'_>) -> (Account, Vec<Effect>, usize) {
    let decision = decide(account, command, context).expect("nothing is refused on a billing day");
    let after = invariants::check(account, &decision.writes).expect("they hold");
    (after, decision.effects, decision.writes.len())
}

fn account(n: u32, plan: &Plan, plans: &BTreeMap<String, Plan>, now: Timestamp) -> Account {
    let customer = Customer { id: format!("c_{n}"), card: Some(format!("card_{n}")) };
    let taken = TakenOver {
        id: format!("sub_{n}"),
        customer: customer.clone(),
        owner: Owner::Platform,
        plan: plan.clone(),
        zone: Zone::UTC,
        anchor: now,
        trial_end: None,
    };
    let decision = take_over(taken, Context { now, plans }).expect("a plain subscription");
    let subscription = decision.writes.iter().find_map(|write| match write {
        Write::Subscription(row) => Some(row.clone()),
        _ => None,
    });
    let mut account = Account {
        subscription: subscription.expect("it was written"),
        customer,
        invoices: Vec::new(),
        attempts: Vec::new(),
        refunds: Vec::new(),
        disputes: Vec::new(),
        grants: Vec::new(),
        card_reattempts: Vec::new(),
    };
    decision.writes.iter().for_each(|write| platform_core::subscription::account::apply(&mut account, write));
    account
}
