//! A crash at every seam of a fixed month: each card is charged once, and nothing that was acknowledged is lost.
//!
//! A run without a crash counts how often a seam is passed. Then, for each passage, a run that dies there, starts again on the same
//! file and goes on to the end. The provider's books and the sender's log, which survive every crash, judge.
//!
//! Reading order:
//! - [`scene`]: seven subscriptions, the provider, the sender of webhooks, and the seams between them.
//! - [`judge`]: what must hold at the end.

mod judge;
mod scene;

use std::collections::BTreeSet;

use self::judge::complaints;
use self::scene::Scene;
use super::in_parallel;

/// Least number of passages: a month in which less happens proves less.
const PASSAGES_MIN: u64 = 150;

/// What a clean month passes: every transaction and call of the jobs, before and after, and the intake.
const KINDS: [&str; 18] = [
    "Commit(Intent)",
    "Commit(NotSent)",
    "Commit(Result)",
    "Commit(PickUp)",
    "Commit(LookUp)",
    "Commit(RefundResult)",
    "Commit(Claim)",
    "Commit(Settle)",
    "Commit(Posting)",
    "Commit(Posted)",
    "Commit(PutOff)",
    "Call(Charge)",
    "Call(LookUp)",
    "Call(Refund)",
    "Call(LookUpRefund)",
    "Call(Fetch)",
    "Call(Post)",
    "Receive",
];

fn clean() -> Scene {
    let scene = Scene::new(None);
    scene.play();
    scene
}

#[test]
fn a_crash_at_any_seam_charges_nobody_twice_and_loses_nothing_acknowledged() {
    let clean = clean();
    assert_eq!(complaints(&clean), [""; 0]);
    let passages = u64::try_from(clean.log().len()).expect("a month is short");
    assert!(passages >= PASSAGES_MIN, "only {passages} passages");
    let passed: BTreeSet<String> = clean.log().into_iter().collect();
    let expected = KINDS.iter().flat_map(|kind| [format!("Before{kind}"), format!("After{kind}")]);
    assert_eq!(passed, expected.collect::<BTreeSet<String>>());
    let all: Vec<u64> = (1..=passages).collect();
    let found: Vec<String> =
        in_parallel(&all, |share| share.iter().flat_map(|at| crash(*at)).collect::<Vec<_>>())
            .into_iter()
            .flatten()
            .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    println!("{passages} passages, one crash at each");
}

/// Plays the month with a crash at one passage.
fn crash(at: u64) -> Vec<String> {
    let scene = Scene::new(Some(at));
    scene.play();
    let place = usize::try_from(at - 1).ok().and_then(|at| scene.log().get(at).cloned());
    let place = place.unwrap_or_else(|| "never reached".to_owned());
    let mut found = complaints(&scene);
    if scene.crashes() != 1 {
        found.push(format!("the process died {} times", scene.crashes()));
    }
    found.into_iter().map(|what| format!("crash at passage {at}, {place}: {what}")).collect()
}

#[test]
fn a_charge_too_many_and_a_lost_event_are_found() {
    let scene = clean();
    let payment = scene.provider().books.captured().next().cloned().expect("a payment");
    scene
        .provider_mut()
        .books
        .payments
        .push(actors::provider::books::Payment { id: "pi_again".to_owned(), ..payment });
    scene.note_acknowledged("evt_lost");
    let found = complaints(&scene).join("\n");
    for words in ["captured 2 times", "`evt_lost` was acknowledged and is not stored", "ledger"] {
        assert!(found.contains(words), "{found}");
    }
}
