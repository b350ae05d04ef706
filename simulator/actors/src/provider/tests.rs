//! The provider keeps its promises: keys, scripts, books.

use super::api::{Outcome, Request, Response};
use super::script::{Behaviour, Reply, ReplyKind, Script};
use super::webhooks::{Fate, Shares};
use super::{KEY_LIFE, Provider};
use units::draws::{Draws, Purpose, Seed};
use units::{Micros, Timestamp};

fn params(amount: &str) -> Vec<(String, String)> {
    [
        ("amount", amount),
        ("currency", "usd"),
        ("customer", "c_1"),
        ("payment_method", "card_1"),
        ("metadata[subscription]", "sub_1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn charge(provider: &mut Provider, key: &str, amount: &str, now: Timestamp) -> Outcome {
    let params = params(amount);
    let request =
        Request { method: "POST", path: "/v1/payment_intents", params: &params, idempotency_key: Some(key) };
    provider.handle(request, now)
}

fn status(outcome: &Outcome) -> Option<u16> {
    match outcome {
        Outcome::Answered { response: Response { status, .. }, .. } => Some(*status),
        Outcome::TimedOut => None,
    }
}

#[test]
fn a_key_gives_its_first_answer_again_for_a_day() {
    let mut provider = Provider::default();
    let first = charge(&mut provider, "k", "999", Timestamp(0));
    assert_eq!(charge(&mut provider, "k", "999", Timestamp(KEY_LIFE.0 - 1)), first);
    assert_eq!(provider.books.captured().count(), 1);
    assert_ne!(charge(&mut provider, "k", "999", Timestamp(KEY_LIFE.0)), first);
    assert_eq!(provider.books.captured().count(), 2, "a dead key protects nothing");
}

#[test]
fn a_key_for_another_amount_is_an_error_and_noted() {
    let mut provider = Provider::default();
    charge(&mut provider, "k", "999", Timestamp(0));
    assert_eq!(status(&charge(&mut provider, "k", "998", Timestamp(1))), Some(400));
    assert_eq!(provider.books.offences.len(), 1);
    assert_eq!(provider.books.captured().count(), 1);
}

#[test]
fn each_kind_of_reply_takes_money_or_not_and_is_kept_or_not() {
    let cases = [
        (ReplyKind::Ok, Some(200), true, Some(200)),
        (ReplyKind::Decline { code: "lost_card".to_owned() }, Some(402), false, Some(402)),
        (ReplyKind::TimeoutCharged, None, true, Some(200)),
        (ReplyKind::TimeoutNotCharged, None, false, Some(200)),
        (ReplyKind::KeyInUse, Some(409), false, Some(200)),
        (ReplyKind::Error { charged: true }, Some(500), true, Some(500)),
        (ReplyKind::Error { charged: false }, Some(500), false, Some(500)),
    ];
    for (kind, first, captured, second) in cases {
        let script = Script::new([Reply::now(kind.clone())], false);
        let mut provider = Provider { charges: script, ..Provider::default() };
        assert_eq!(status(&charge(&mut provider, "k", "999", Timestamp(0))), first, "{kind:?}");
        assert_eq!(provider.books.captured().count() == 1, captured, "{kind:?}");
        assert_eq!(status(&charge(&mut provider, "k", "999", Timestamp(1))), second, "{kind:?}");
        assert!(provider.books.captured().count() <= 1, "{kind:?}");
    }
}

#[test]
fn no_more_is_given_back_than_was_taken() {
    let mut provider = Provider::default();
    charge(&mut provider, "k", "999", Timestamp(0));
    let mut refund = |key: &str, amount: &str| {
        let params =
            vec![("payment_intent".to_owned(), "pi_1".to_owned()), ("amount".to_owned(), amount.to_owned())];
        let request =
            Request { method: "POST", path: "/v1/refunds", params: &params, idempotency_key: Some(key) };
        status(&provider.handle(request, Timestamp(1)))
    };
    assert_eq!(refund("r1", "900"), Some(200));
    assert_eq!(refund("r1", "900"), Some(200), "the same key gives nothing back again");
    assert_eq!(refund("r2", "100"), Some(400));
    assert_eq!(refund("r3", "99"), Some(200));
}

#[test]
fn a_provider_with_names_of_its_own_repeats_no_id() {
    let ids = |names: &str| {
        let mut provider = Provider::named(names.to_owned());
        charge(&mut provider, "k", "999", Timestamp(0));
        let payment = provider.books.payments[0].id.clone();
        let params = vec![("payment_intent".to_owned(), payment.clone())];
        let request =
            Request { method: "POST", path: "/v1/refunds", params: &params, idempotency_key: Some("r") };
        provider.handle(request, Timestamp(1));
        [payment, provider.books.refunds[0].id.clone()]
    };
    assert_eq!(ids(""), ["pi_1", "re_1"]);
    assert_eq!(ids("b7_"), ["pi_b7_1", "re_b7_1"]);
}

#[test]
fn fates_have_their_shares() {
    let shares =
        Shares { lost: 2, late: 4, late_by: Micros::ZERO, out_of_order: 10, forged: 10, duplicate: 20 };
    let count = |fate: Fate| (0..200).filter(|n| shares.fate(*n) == fate).count();
    assert_eq!(
        [Fate::Lost, Fate::Late, Fate::OutOfOrder, Fate::Forged, Fate::Duplicate, Fate::Once].map(count),
        [4, 8, 20, 20, 40, 108]
    );
}

#[test]
fn behaviour_by_seed_repeats_and_has_its_shares() {
    let behaviour = Behaviour::default();
    let draws = Draws::new(Seed(7), Purpose::PaymentProvider);
    let replies: Vec<Reply> = (0..20_000).map(|n| behaviour.reply(draws, n)).collect();
    assert_eq!(replies[77], behaviour.reply(draws, 77));
    let share = |of: fn(&ReplyKind) -> bool| replies.iter().filter(|reply| of(&reply.kind)).count();
    // Within five standard deviations of a binomial.
    let timeouts = share(|kind| matches!(kind, ReplyKind::TimeoutCharged | ReplyKind::TimeoutNotCharged));
    assert!((130..=270).contains(&timeouts), "{timeouts}");
    let declines = share(|kind| matches!(kind, ReplyKind::Decline { .. }));
    assert!((1_070..=1_410).contains(&declines), "{declines}");
    let mut delays: Vec<u64> = replies.iter().map(|reply| reply.delay.0).collect();
    delays.sort_unstable();
    assert!((77_000..=83_000).contains(&delays[10_000]), "{}", delays[10_000]);
}
