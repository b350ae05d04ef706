use proptest::prelude::*;

use super::*;

const T0: Timestamp = Timestamp(1_800_000_000_000_000);

fn incoming(id: &str, content: &str) -> Incoming {
    let key = EventKey { sender: Sender::Stripe, account: String::new(), event_id: id.to_owned() };
    let content = ContentHash::of(Sender::Stripe, &serde_json::Value::String(content.to_owned()));
    Incoming { key, content, event_type: "payment_intent.succeeded".into(), object: None, created_s: Some(7) }
}

fn put(row: Option<&InboxRow>, command: &InboxCommand, now: Timestamp) -> InboxRow {
    match decide(row, command, now) {
        Ok(InboxDecision::Put(row)) => row,
        other => panic!("{command:?} on {row:?}: {other:?}"),
    }
}

fn stored() -> InboxRow {
    put(None, &InboxCommand::Receive(incoming("evt_1", "a")), T0)
}

fn failed() -> InboxCommand {
    InboxCommand::Settle { worker: 1, outcome: Settled::Failed { reason: "object not found".into() } }
}

const CLAIM: InboxCommand = InboxCommand::Claim { worker: 1 };
const DONE: InboxCommand = InboxCommand::Settle { worker: 1, outcome: Settled::Processed };

#[test]
fn second_delivery_of_the_same_event_writes_nothing() {
    let row = stored();
    let again = |content| decide(Some(&row), &InboxCommand::Receive(incoming("evt_1", content)), T0);
    assert_eq!(again("a"), Ok(InboxDecision::Duplicate));
    assert_eq!(again("b"), Ok(InboxDecision::Conflict));
    let processed = put(Some(&put(Some(&row), &CLAIM, T0)), &DONE, T0);
    let late = decide(Some(&processed), &InboxCommand::Receive(incoming("evt_1", "a")), T0 + TRIED_FOR);
    assert_eq!(late, Ok(InboxDecision::Duplicate));
}

#[test]
fn a_row_is_held_by_one_worker_and_settled_by_that_one_alone() {
    let held = put(Some(&stored()), &CLAIM, T0);
    let other = |command| decide(Some(&held), &command, T0);
    assert_eq!(other(InboxCommand::Claim { worker: 2 }), Err(InboxRefusal::Held { worker: 1 }));
    let settle = InboxCommand::Settle { worker: 2, outcome: Settled::Processed };
    assert_eq!(other(settle), Err(InboxRefusal::NotHeld { worker: 2 }));
    assert_eq!(other(InboxCommand::Reprocess), Err(InboxRefusal::Held { worker: 1 }));
    assert_eq!(other(InboxCommand::Lapse), Err(InboxRefusal::Held { worker: 1 }));
    assert_eq!(put(Some(&held), &DONE, T0).state, InboxState::Processed);
}

#[test]
fn a_worker_that_comes_back_after_its_lease_settles_nothing() {
    let held = put(Some(&stored()), &CLAIM, T0);
    let late = T0 + CLAIM_LEASE;
    assert_eq!(decide(Some(&held), &DONE, late), Err(InboxRefusal::NotHeld { worker: 1 }));
    let lapsed = put(Some(&held), &InboxCommand::Lapse, late);
    assert_eq!(lapsed.failures, 1);
    assert_eq!(put(Some(&lapsed), &CLAIM, late + BACK_OFF[0]).failures, 1);
}

#[test]
fn what_keeps_failing_is_set_aside_within_a_day_and_not_before() {
    let (mut row, mut now) = (stored(), T0);
    while let InboxState::Stored { due } = row.state {
        now = due;
        row = put(Some(&put(Some(&row), &CLAIM, now)), &failed(), now);
    }
    assert!(
        matches!(&row.state, InboxState::Quarantined { reason } if reason.ends_with("object not found")),
        "{row:?}"
    );
    assert!(now <= T0 + TRIED_FOR && now > T0 + TRIED_FOR / 2, "{now:?}");
    assert!(row.failures >= 5);
    assert_eq!(decide(Some(&row), &CLAIM, now + TRIED_FOR), Err(InboxRefusal::NotDue));
}

#[test]
fn a_message_that_kills_its_worker_every_time_is_set_aside_too() {
    let (mut row, mut now) = (stored(), T0);
    while let InboxState::Stored { due } = row.state {
        let held = put(Some(&row), &CLAIM, now.max(due));
        now = now.max(due) + CLAIM_LEASE;
        row = put(Some(&held), &InboxCommand::Lapse, now);
    }
    assert!(matches!(row.state, InboxState::Quarantined { .. }));
    assert!(now <= T0 + TRIED_FOR + CLAIM_LEASE);
}

#[test]
fn a_crash_before_a_day_without_us_is_one_failure_and_not_the_last_try() {
    let held = put(Some(&stored()), &CLAIM, T0);
    let back = T0 + TRIED_FOR + TRIED_FOR;
    let lapsed = put(Some(&held), &InboxCommand::Lapse, back);
    assert_eq!(lapsed.state, InboxState::Stored { due: back + BACK_OFF[0] });
    let mut row = lapsed;
    while let InboxState::Stored { due } = row.state {
        row = put(Some(&put(Some(&row), &CLAIM, due)), &failed(), due);
    }
    assert_eq!(row.failures, FAILURES_MIN, "old and failing: set aside as soon as that is sure");
}

#[test]
fn a_person_may_have_a_settled_event_processed_again() {
    for outcome in
        [Settled::Processed, Settled::Ignored, Settled::Superseded, Settled::Unusable { reason: "x".into() }]
    {
        let settled =
            put(Some(&put(Some(&stored()), &CLAIM, T0)), &InboxCommand::Settle { worker: 1, outcome }, T0);
        assert!(settled.is_settled());
        let again = put(Some(&settled), &InboxCommand::Reprocess, T0 + TRIED_FOR);
        assert!(again.is_due(T0 + TRIED_FOR));
    }
    assert_eq!(decide(Some(&stored()), &InboxCommand::Reprocess, T0), Err(InboxRefusal::NotDue));
    assert_eq!(decide(None, &InboxCommand::Reprocess, T0), Err(InboxRefusal::Unknown));
}

#[test]
fn only_an_event_that_happened_earlier_is_superseded() {
    let row = stored();
    for (latest, superseded) in [(None, false), (Some(6), false), (Some(7), false), (Some(8), true)] {
        assert_eq!(row.is_superseded_by(latest), superseded, "{latest:?}");
    }
    let undated = InboxRow { created_s: None, ..row };
    assert!(!undated.is_superseded_by(Some(8)));
}

fn commands() -> impl Strategy<Value = InboxCommand> {
    let worker = 1_u32..4;
    let outcome = prop_oneof![
        Just(Settled::Processed),
        Just(Settled::Superseded),
        Just(Settled::Ignored),
        Just(Settled::Failed { reason: "x".into() }),
        Just(Settled::Unusable { reason: "x".into() }),
    ];
    prop_oneof![
        (0..4_usize, 0..2_usize).prop_map(|(id, content)| {
            InboxCommand::Receive(incoming(["evt_1", "evt_2", "evt_3", "evt_4"][id], ["a", "b"][content]))
        }),
        worker.clone().prop_map(|worker| InboxCommand::Claim { worker }),
        Just(InboxCommand::Lapse),
        (worker, outcome).prop_map(|(worker, outcome)| InboxCommand::Settle { worker, outcome }),
        Just(InboxCommand::Reprocess),
    ]
}

proptest! {
    /// Whatever workers do, and whatever our clock does: content never changes, and nothing stored is lost.
    #[test]
    fn no_history_loses_or_changes_an_event(steps in prop::collection::vec((commands(), 0..4_usize, -100_i64..40_000), 1..80)) {
        let (mut inbox, mut now, mut first) = (Inbox::default(), T0, BTreeMap::new());
        for (command, target, minutes) in steps {
            now = Timestamp(now.0.saturating_add_signed(minutes * 1_000_000));
            let key = match &command {
                InboxCommand::Receive(incoming) => incoming.key.clone(),
                _ => incoming(["evt_1", "evt_2", "evt_3", "evt_4"][target], "").key,
            };
            if let Ok(InboxDecision::Put(row)) = decide(inbox.rows.get(&key), &command, now) {
                prop_assert_eq!(&row.key, &key);
                first.entry(key).or_insert(row.content);
                apply(&mut inbox, &row);
            }
            prop_assert_eq!(inbox.rows.len(), first.len());
            for (key, content) in &first {
                prop_assert_eq!(inbox.rows.get(key).map(|row| row.content), Some(*content));
            }
        }
    }
}
