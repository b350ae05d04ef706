//! `validate sequences`: stories of our own and from outside pass; a wrong one fails, and a strange one is refused.

use serde_json::{Value, json};

use crate::program::Sandbox;
use crate::support::reference_data;

/// Stories that the outside ones do not tell, each by a policy or a rule of the field.
const STORIES: &str = include_str!("sequences/stories.json");

fn stories() -> Value {
    serde_json::from_str(STORIES).expect("own data")
}

#[test]
fn own_stories_pass() {
    let sandbox = Sandbox::new();
    sandbox.write("stories.json", STORIES);
    let finished = sandbox.run(&["validate", "sequences", "--data", "stories.json"]).expect(0);
    assert_eq!(finished.stdout.lines().last(), Some("26 passed, 0 failed"), "{}", finished.stdout);
}

#[test]
fn stories_from_outside_pass_and_what_is_not_built_is_counted() {
    let Some(folder) = reference_data("billing") else { return };
    let sandbox = Sandbox::new();
    let data = folder.join("public.json").display().to_string();
    let found = sandbox.run(&["validate", "sequences", "--data", &data, "--json"]).expect(0).json();
    assert_eq!((&found["failed"], &found["agrees"]), (&json!(0), &json!(true)), "{found}");
    assert!(found["passed"].as_u64() >= Some(73), "{found}");
}

#[test]
fn a_story_that_expects_something_else_fails_and_says_what() {
    let sandbox = Sandbox::new();
    for (key, wrong) in [
        ("captured", json!(2)),
        ("status", json!("active")),
        ("access_intervals", json!([])),
        ("invoice_states", json!({})),
        ("answers", json!({"c": {"4xx": 1}})),
        ("refunded_amount", json!({"USD": 0})),
    ] {
        let mut one = stories()["sequences"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|story| story["id"] == "cancel-during-charge")
            .expect("it is told")
            .clone();
        one["expect"][key] = wrong;
        sandbox.write("wrong.json", json!({ "sequences": [one] }).to_string());
        let finished = sandbox.run(&["validate", "sequences", "--data", "wrong.json"]).expect(99);
        assert!(finished.stdout.contains(&format!("`{key}` is")), "{}", finished.stdout);
        assert_eq!(finished.stdout.lines().last(), Some("0 passed, 1 failed"));
        assert!(finished.stderr.contains("repeat: "), "{}", finished.stderr);
    }
}

#[test]
fn an_unknown_verb_argument_key_or_name_is_refused_with_its_place() {
    let sandbox = Sandbox::new();
    let with = |change: fn(&mut Value)| {
        let mut all = stories();
        change(&mut all["sequences"][0]);
        serde_json::to_string_pretty(&all).expect("own data")
    };
    let cases: [fn(&mut Value); 7] = [
        |story| story["steps"][0]["do"] = json!("wait"),
        |story| story["steps"][0]["when"] = json!("now"),
        |story| story["given"]["mood"] = json!("good"),
        |story| story["given"]["status"] = json!("sleeping"),
        |story| story["expect"]["fee"] = json!(1),
        |story| story["steps"][1]["action"] = json!("complain"),
        |story| story["extra"] = json!(1),
    ];
    for change in cases {
        sandbox.write("strange.json", with(change));
        let finished = sandbox.run(&["validate", "sequences", "--data", "strange.json"]).expect(2);
        assert!(finished.stdout.is_empty(), "nothing was half run: {}", finished.stdout);
        assert!(finished.stderr.contains("strange.json"), "{}", finished.stderr);
        assert!(finished.stderr.contains("unknown"), "{}", finished.stderr);
    }
    sandbox.write("empty.json", "{}");
    sandbox.run(&["validate", "sequences", "--data", "empty.json"]).expect(2);
    sandbox.write("broken.json", "{\"sequences\": [");
    sandbox.run(&["validate", "sequences", "--data", "broken.json"]).expect(2);
}

#[test]
fn what_needs_a_part_that_is_not_built_is_skipped_and_named() {
    let sandbox = Sandbox::new();
    let mut all = stories();
    all["sequences"][0]["needs"] = json!(["reconcile"]);
    all["sequences"][1]["needs"] = json!(["app_stores"]);
    sandbox.write("some.json", all.to_string());
    let finished = sandbox.run(&["validate", "sequences", "--data", "some.json"]).expect(0);
    assert!(finished.stdout.contains("the reconciler: 1 skipped"), "{}", finished.stdout);
    assert_eq!(finished.stdout.lines().last(), Some("24 passed, 0 failed, 2 skipped"));
}
