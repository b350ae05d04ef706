//! Scenarios whose parts are right alone and wrong together: what could never be judged, or would be measured wrongly.

use scenarios::{Document, NoFiles, ScenarioError};

use crate::support::{Texts, open, resolve};

const EVENING: &str = include_str!("evening.toml");

/// Replaces one text of [`EVENING`]; `¦` in the new text marks the place that the error must name.
#[track_caller]
fn refused(from: &str, to: &str, message: &str, hint: &str) {
    assert!(EVENING.contains(from), "evening.toml has no `{from}`");
    let marked = EVENING.replacen(from, to, 1);
    let (before, after) = marked.split_once('¦').expect("a mark");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let text = format!("{before}{after}");
    let error = read(&text).expect_err("the scenario should be refused");
    assert_eq!(error.to_string(), format!("evening.toml:{line}:{column}: {message}"));
    assert_eq!(error.hint.as_deref().unwrap_or(""), hint);
}

fn read(text: &str) -> Result<scenarios::Resolved, ScenarioError> {
    Document::from_bytes("evening.toml", text.as_bytes(), &NoFiles)?.resolve(&NoFiles)
}

#[test]
fn measuring_begins_and_ends_between_two_buckets() {
    refused(
        "warmup   = \"30s\"",
        "warmup   = ¦\"35s\"",
        "warm-up of `35s` is not a multiple of the bucket",
        "the bucket is 10s: write \"30s\" or \"40s\"",
    );
    refused(
        "duration = \"4m\"",
        "duration = ¦\"4m1s\"",
        "duration of `241s` is not a multiple of the bucket",
        "the bucket is 10s: write \"4m\" or \"250s\"",
    );
}

#[test]
fn capacity_is_taken_from_whole_pops() {
    let from = "do    = { kind = \"outage\", failure = \"503\" }\non    = { cdn = \"cdn-a\", pop = \"fra\" }";
    let takes = "fault `cdn-a-fra-dies` takes capacity from POPs, and cannot do so for";
    refused(
        from,
        "do    = { kind = \"slow-link\", capacity_factor = \"30%\", share = ¦\"50%\" }\non    = { cdn = \"cdn-a\" }",
        &format!("{takes} a share of their requests"),
        "leave `share` out, or write capacity_factor = \"100%\" to add latency alone",
    );
    refused(
        from,
        "do    = { kind = \"slow-link\", capacity_factor = \"30%\" }\non    = { cdn = \"cdn-a\", region = ¦\"fra\" }",
        &format!("{takes} one region of viewers"),
        "name its POPs with `pop` instead, or write capacity_factor = \"100%\" to add latency alone",
    );
    let latency = EVENING.replacen(
        from,
        "do    = { kind = \"slow-link\", capacity_factor = \"100%\", added_latency = \"50ms\", share = \"50%\" }\n\
         on    = { cdn = \"cdn-a\", region = \"fra\" }",
        1,
    );
    assert!(read(&latency).is_ok());
}

#[test]
fn a_gate_asks_for_what_a_run_keeps() {
    let gate = "metric = \"playback.start_failure_ratio\"\npass   = \"<= 5%\"";
    refused(
        gate,
        "metric = \"playback.startup_time\"\npass   = \"p95 <= 5s\"\nduring = \"¦fault:cdn-a-fra-dies\"",
        "`playback.startup_time` is kept for the whole measured time only",
        "drop `during`",
    );
    refused(
        gate,
        "metric = \"delivery.origin_bytes\"\npass   = \"<= 2GB\"\nsplit  = \"¦cohort\"",
        "`delivery.origin_bytes` is not kept by cohort",
        "it is kept for everyone together: drop `split`",
    );
    refused(
        gate,
        "metric = \"playback.start_failure_ratio\"\npass   = \"<= 5%\"\nwindow = ¦\"7s\"",
        "window of `7s` is not a multiple of the bucket",
        "the bucket is 10s (`run.bucket`)",
    );
    refused(
        gate,
        "metric = \"playback.start_failure_ratio\"\npass   = \"<= 5%\"\nwindow = ¦\"4m\"",
        "window of `4m` is longer than the measured time",
        "210s are measured: the run without its warm-up",
    );
    refused(
        gate,
        "metric = \"playback.start_failure_ratio\"\npass   = \"<= 5%\"\nwarn   = \"¦<= 1%\"",
        "`warn` is not wider than `pass`",
        "what meets `<= 5%` passes: let `warn` allow all of it and more",
    );
    refused(
        gate,
        "metric = \"playback.start_failure_ratio\"\npass   = \"¦>= 5% and <= 1%\"",
        "no value meets `>= 5% and <= 1%`",
        "conditions joined by `and` must all hold: one of them has the wrong sign",
    );
}

#[test]
fn words_and_numbers_that_look_like_each_other_are_told_apart() {
    refused(
        "schema      = 1",
        "schema      = ¦\"1\"",
        "expected a whole number from 0 to 4294967295, found `1`",
        "write schema = 1, without quotes",
    );
    refused(
        "failure = \"503\"",
        "failure = ¦503",
        "expected a word, found a whole number",
        "put it in quotes: \"503\"",
    );
    refused(
        "pop = \"fra\" }",
        "pop = ¦[] }",
        "an empty list names nobody",
        "leave the key out to mean all of them",
    );
    refused("window = \"60m\"", "¦windw = \"60m\"", "unknown key `windw`", "did you mean `window`?");
    refused(
        "window = \"60m\"",
        "window = \"60m\"\n¦windw = \"60m\"",
        "unknown key `windw`",
        "did you mean `window`?",
    );
    refused(
        "do    = { kind = \"outage\", failure",
        "do    = ¦{ failure",
        "missing key `kind`",
        "one of `outage`, `slow-link`",
    );
}

#[test]
fn a_slip_in_a_region_comes_with_the_one_that_was_meant() {
    let text = EVENING.replacen("region = { fra = 0.6, ams = 0.4 }", "region = { frs = 0.6, ams = 0.4 }", 1);
    let error = read(&text).expect_err("nobody serves `frs`");
    assert_eq!(error.message, "no POP of `cdn-a` serves region `frs`");
    assert!(
        error.hint.is_some_and(|hint| hint.starts_with("did you mean `fra` in the `region` of a cohort?"))
    );
}

#[test]
fn an_error_that_an_overlay_makes_in_another_file_names_both() {
    let files = Texts::default()
        .with("plans/base.toml", EVENING)
        .with("plans/mine.toml", "schema = 1\nextends = [\"base.toml\"]\n[run]\nduration = \"2m\"\n");
    let error = Document::open("plans/mine.toml", &files).unwrap().resolve(&files).unwrap_err();
    assert_eq!(error.to_string(), "plans/base.toml:91:9: fault `cdn-a-fra-dies` ends after the run");
    let hint = "the run lasts 2m; it may not fit what is changed by `plans/mine.toml`, which extends it";
    assert_eq!(error.hint.as_deref(), Some(hint));

    let mut document = open("smoke");
    document.set("run.duration", "2m").unwrap();
    let error = resolve(&document).unwrap_err();
    assert!(error.to_string().starts_with("scenarios/library/smoke.toml:"), "{error}");
    let hint = "the run lasts 2m; it may not fit what is changed by `--set run.duration`";
    assert_eq!(error.hint.as_deref(), Some(hint));
}

#[test]
fn a_file_that_was_wrong_before_is_not_blamed_on_what_was_set() {
    let wrong = EVENING.replacen("segment = \"4s\"", "segment = \"4\"", 1);
    let mut document = Document::from_bytes("evening.toml", wrong.as_bytes(), &NoFiles).unwrap();
    document.set("run.seed", "2").unwrap();
    let hint = "write it as a string with its unit, such as \"4s\"";
    assert_eq!(resolve(&document).unwrap_err().hint.as_deref(), Some(hint));
}

#[test]
fn inheritance_cannot_be_set() {
    let error = open("smoke").set("extends", "[\"calm\"]").unwrap_err();
    assert_eq!(error.to_string(), "--set extends:1:1: `extends` is read before anything is set");
}

#[test]
fn viewers_of_one_title_must_find_seats_in_one_cell() {
    let with = |viewers: &str, titles: &str| {
        let mut document = open("smoke");
        document.set("audience.vod.curve", &format!("[{{ at = \"0s\", viewers = {viewers} }}]")).unwrap();
        document.set("catalogue.titles", titles).unwrap();
        resolve(&document)
    };
    let error = with("20_000_000", "1").unwrap_err();
    assert!(error.message.starts_with("a cell may have to hold 202"), "{error}");
    assert!(with("20_000_000", "80").is_err());
    assert!(with("1_000_000", "1").is_ok());
    assert!(with("5_000_000", "60_000").is_ok());
}
