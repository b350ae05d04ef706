use scenarios::{Document, NoFiles};

use super::*;

/// `smoke` with overlays.
fn smoke(sets: &[(&str, &str)]) -> Resolved {
    let mut document = Document::open("smoke", &NoFiles).expect("it ships");
    for (key, value) in sets {
        document.set(key, value).unwrap_or_else(|error| panic!("{error}"));
    }
    document.resolve(&NoFiles).unwrap_or_else(|error| panic!("{error}"))
}

fn headline(resolved: &Resolved) -> Option<(String, String)> {
    compared(resolved).map(|compared| (compared.before, compared.after))
}

fn pair(before: &str, after: &str) -> Option<(String, String)> {
    Some((before.to_owned(), after.to_owned()))
}

const STATIC: &str = r#"{ levers = { steering = "static", load_policy = "platform", cache_key = "normalised", coalescing = "on", shield = "on" } }"#;

#[test]
fn a_third_arm_is_never_the_headline() {
    let three = smoke(&[("arm.static", STATIC)]);
    assert_eq!(three.arms.len(), 3);
    assert_eq!(headline(&three), pair("before", "after"));
    let first = smoke(&[("arm", &format!("{{ aside = {STATIC}, before = {STATIC}, after = {STATIC} }}"))]);
    assert_eq!(headline(&first), pair("before", "after"));
}

#[test]
fn the_headline_is_of_the_arms_that_gates_compare() {
    let mut three = smoke(&[("arm.static", STATIC), ("gate.buffer-improves.vs", "arm:static")]);
    assert_eq!(headline(&three), pair("static", "after"));
    three.gates.clear();
    assert_eq!(headline(&three), pair("before", "after"));
    three.arms.retain(|arm| arm.id != "after");
    assert_eq!(headline(&three), pair("before", "static"));
}

#[test]
fn worlds_that_differ_are_not_compared() {
    let other = smoke(&[("arm.after.set", r#"{ "scale.pop_capacity" = 0.5 }"#)]);
    assert_eq!(headline(&other), None);
}

#[test]
fn the_description_says_how_many_viewers_there_are_at_this_scale() {
    let ends = |sets: &[(&str, &str)], words: &str| {
        let text = description(&smoke(sets));
        assert!(text.ends_with(words), "{text}");
    };
    ends(&[], " At most 2,400 viewers at once, as planned.");
    ends(&[("scale.audience", "0.5")], " At most 1,200 viewers at once, as planned.");
}
