//! `decide` and `apply` on the mix of a billing day, with the invariants checked on what each write touches.
//!
//! A renewal is three decisions, as in production: what is due is invoiced and its charge intended, the provider answers, and the webhook
//! of that charge finds everything done already.

use std::collections::BTreeMap;
use std::time::Duration;

use benches::machine::thread_cpu_exact;
use benches::say::{say, whole};
use platform_core::subscription::account::{Account, Write, apply};
use platform_core::subscription::calendar::{Interval, Zone};
use platform_core::subscription::command::{Answer, Command, Context, Effect, PaymentOutcome, PaymentSeen};
use platform_core::subscription::decide::begin::{TakenOver, take_over};
use platform_core::subscription::decide::decide;
use platform_core::subscription::invariants;
use platform_core::subscription::rows::{Customer, EndOfDunning, Owner, Plan};
use smol_str::{SmolStr, format_smolstr};
use units::{Currency, Micros, Money, Timestamp};

/// What is asked for.
const PER_S: f64 = 1_000_000.0;

/// Renewals of one round.
const RENEWALS: [u32; 2] = [200_000, 500];

/// Subscriptions that are loaded at a time.
const BITE: usize = 500;

/// One renewal in so many is declined: 6.2 % of subscribers of a video service are at risk in a month.
const DECLINED_EVERY: u32 = 16;

const MONTH: Micros = Micros::from_mins(31 * 24 * 60);

pub(crate) fn run(quick: bool) {
    let renewals = RENEWALS[usize::from(quick)];
    let plan = Plan {
        name: "basic".into(),
        price: Money::new(999, Currency::from_code("USD").expect("in ISO 4217")),
        interval: Interval::Months(1),
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    };
    let plans = BTreeMap::from([(plan.name.clone(), plan.clone())]);
    let start = Timestamp(1_800_000_000_000_000);
    let context = Context { now: start.saturating_add(MONTH), plans: &plans };
    let mut spent = Duration::ZERO;
    let mut decisions = 0_u32;
    let mut writes = 0_usize;
    // As a job takes them: a bite of what is due is loaded, decided about and written, then the next.
    for first in (0..renewals).step_by(BITE) {
        let due = first..(first + BITE as u32).min(renewals);
        let mut accounts: Vec<(u32, Account)> = due.map(|n| (n, account(n, &plan, &plans, start))).collect();
        let began = thread_cpu_exact();
        for (n, account) in &mut accounts {
            let (made, written) = renew(*n, account, context);
            decisions += made;
            writes += written;
        }
        spent += thread_cpu_exact() - began;
    }
    let rate = f64::from(decisions) / spent.as_secs_f64();
    let word = if rate >= PER_S { "met" } else { "MISSED" };
    say(&format!(
        "decide + apply + invariants: {} a second of CPU, {:.1} rows each (at least {}: {word})",
        whole(rate),
        writes as f64 / f64::from(decisions),
        whole(PER_S)
    ));
}

/// Renews one subscription: its intent, what the provider answers, and the webhook about it. How many decisions, and how many rows.
fn renew(n: u32, account: &mut Account, context: Context<'_>) -> (u32, usize) {
    let (effects, mut writes) = step(account, &Command::Advance, context);
    let mut decisions = 1;
    for effect in effects {
        let Effect::Charge(request) = effect else { continue };
        let outcome = if n.is_multiple_of(DECLINED_EVERY) {
            PaymentOutcome::Declined { code: "insufficient_funds".into() }
        } else {
            PaymentOutcome::Captured
        };
        let payment = PaymentSeen { id: format_smolstr!("pi_{n}"), amount: request.amount, outcome };
        let attempt = request.key;
        let answered =
            Command::Answered { attempt: attempt.clone(), answer: Answer::Payment(payment.clone()) };
        let seen = Command::PaymentSeen { attempt, payment };
        writes += step(account, &answered, context).1 + step(account, &seen, context).1;
        decisions += 2;
    }
    (decisions, writes)
}

/// Decides, checks, and applies: the effects, and how many rows.
fn step(account: &mut Account, command: &Command, context: Context<'_>) -> (Vec<Effect>, usize) {
    let decision = decide(account, command, context).expect("nothing is refused on a billing day");
    invariants::check(account, &decision.writes).expect("they hold");
    let rows = decision.writes.len();
    decision.writes.into_iter().for_each(|write| apply(account, write));
    (decision.effects, rows)
}

fn account(n: u32, plan: &Plan, plans: &BTreeMap<SmolStr, Plan>, now: Timestamp) -> Account {
    let customer = Customer { id: format_smolstr!("c_{n}"), card: Some(format_smolstr!("card_{n}")) };
    let taken = TakenOver {
        id: format_smolstr!("sub_{n}"),
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
    let mut account = Account::new(subscription.expect("it was written"), customer);
    decision.writes.into_iter().for_each(|write| apply(&mut account, write));
    account
}
