//! What the provider's books say: how often, how much, for which period and with which card was charged.

use std::collections::BTreeMap;

use units::Timestamp;

use super::super::provider::Arrival;
use super::{DAY, LATE, REATTEMPTS_MAX, Scene, at_most_one, shown};
use crate::subscription::decline::DeclineClass;

pub(super) fn one_capture(scene: &Scene<'_>) -> Result<(), String> {
    let books = scene.world.books();
    // What the provider takes twice under one key is its own doing: what becomes of it is judged at the end.
    let captured =
        books.payments.iter().filter(|payment| payment.captured && !books.doubles.contains(&payment.id));
    let periods = captured.map(|payment| (&payment.call.subscription, payment.call.period_start));
    at_most_one(periods, |(subscription, start)| format!("`{subscription}` paid twice for {}", shown(*start)))
}

pub(super) fn amount(scene: &Scene<'_>) -> Result<(), String> {
    let price = scene.model.start.price;
    let books = scene.world.books();
    let wrong = books.arrivals.iter().find(|arrival| arrival.call.amount != price);
    wrong.map_or(Ok(()), |arrival| Err(format!("charged {} for a price of {price}", arrival.call.amount)))
}

pub(super) fn right_period(scene: &Scene<'_>) -> Result<(), String> {
    for Arrival { call, at, .. } in &scene.world.books().arrivals {
        let period = scene.period(&call.subscription, call.period_start)?;
        let last = period.end.max(period.start.saturating_add(scene.model.start.grace));
        if period.start > scene.latest || *at > last.saturating_add(LATE) {
            return Err(format!("the period from {} was charged at {}", shown(period.start), shown(*at)));
        }
    }
    Ok(())
}

pub(super) fn retries(scene: &Scene<'_>) -> Result<(), String> {
    let books = scene.world.books();
    let changes = scene.world.card_changes.borrow();
    let mut reattempts: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for (position, arrival) in books.arrivals.iter().enumerate() {
        let call = &arrival.call;
        let earlier = books.arrivals[..position].iter().enumerate().filter(|(_, earlier)| {
            earlier.call.subscription == call.subscription && earlier.call.period_start == call.period_start
        });
        let hopeless = |code: &str| !DeclineClass::of_code(code).may_retry();
        for (at, earlier) in earlier.clone().filter(|(_, earlier)| earlier.call.card == call.card) {
            let changed = changes.iter().any(|(subscription, arrived)| {
                *subscription == call.subscription && (at + 1..=position).contains(arrived)
            });
            if earlier.declined.as_deref().is_some_and(hopeless) && !changed {
                return Err(format!(
                    "`{}` was tried again after `{}`",
                    call.card,
                    earlier.declined.as_deref().unwrap_or_default()
                ));
            }
        }
        if earlier.count() > 0 {
            reattempts.entry(&call.card).or_default().push(arrival.at);
        }
    }
    let month = DAY * 30;
    let most = |times: &Vec<Timestamp>| {
        times
            .iter()
            .map(|last| times.iter().filter(|at| **at <= *last && last.since(**at) < month).count())
            .max()
    };
    let over = reattempts.iter().find(|(_, times)| most(times) > Some(REATTEMPTS_MAX));
    over.map_or(Ok(()), |(card, _)| {
        Err(format!("`{card}` was tried again more than {REATTEMPTS_MAX} times in 30 days"))
    })
}
