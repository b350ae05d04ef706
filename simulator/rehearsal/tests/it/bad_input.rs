//! Wrong files and wrong words: one line that says where, one that says what to do, exit code 2, and nothing is written.

use std::fs::File;

use crate::program::{Finished, Sandbox};

/// The text of `smoke`, as a file of the user's.
fn smoke() -> &'static str {
    scenarios::library::find("smoke").expect("it ships").text
}

/// Refused by `run` and `check` alike, with exactly these lines, and nothing appears that was not there.
#[track_caller]
fn refused(sandbox: &Sandbox, file: &str, lines: [&str; 2]) {
    let before = sandbox.contents();
    for args in [&["run", file][..], &["run", "smoke", file, "--out", "out"], &["check", file]] {
        let finished = sandbox.run(args).expect(2);
        assert_eq!(finished.stderr.lines().collect::<Vec<_>>(), lines, "{args:?}");
        assert_eq!(finished.stdout, "", "{args:?}");
    }
    assert_eq!(sandbox.contents(), before);
}

/// A copy of `smoke` with one text replaced; `¦` in the new text marks the place that the error must name.
#[track_caller]
fn refused_when_changed(from: &str, to: &str, message: &str, hint: &str) {
    assert!(smoke().contains(from), "smoke has no `{from}`");
    let marked = smoke().replacen(from, to, 1);
    let (before, after) = marked.split_once('¦').expect("a mark");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let sandbox = Sandbox::new();
    sandbox.write("plans/mine.toml", format!("{before}{after}"));
    let first = format!("error: plans/mine.toml:{line}:{column}: {message}");
    refused(&sandbox, "plans/mine.toml", [&first, &format!("hint: {hint}")]);
}

#[test]
fn a_mistake_in_a_scenario_is_shown_with_its_place_and_its_remedy() {
    refused_when_changed(
        "segment = \"4s\"",
        "¦segmnt = \"4s\"",
        "unknown key `segmnt`",
        "did you mean `segment`?",
    );
    refused_when_changed(
        "segment = \"4s\"",
        "segment = ¦4",
        "duration `4` has no unit",
        "write it as a string with its unit, such as \"4s\"",
    );
    refused_when_changed(
        "share  = 0.5",
        "share  = ¦50",
        "share `50` is not between 0 and 1",
        "did you mean \"50%\"?",
    );
    refused_when_changed(
        "on    = { cdn = \"cdn-a\"",
        "on    = { cdn = ¦\"cdn-c\"",
        "no cdn is called `cdn-c`",
        "did you mean `cdn-a`?",
    );
    refused_when_changed(
        "{ at = \"1m\",",
        "{ at = ¦\"0s\",",
        "the curve goes backwards in time: `0s` after `0s`",
        "curve points stand in order of time; a step lasts until its `step-over` has passed",
    );
    refused_when_changed(
        "metric = \"playback.rebuffering_ratio\"",
        "metric = \"¦playback.rebufering_ratio\"",
        "unknown metric `playback.rebufering_ratio`",
        "did you mean `playback.rebuffering_ratio`? `rehearsal list metrics` shows all 24",
    );
}

#[test]
fn a_file_that_is_no_scenario_is_refused_for_what_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("empty.toml", "");
    sandbox.write("picture.toml", b"name = \"\x89PNG\r\n\x1a\n\0\0");
    File::create(sandbox.path("huge.toml"))
        .and_then(|file| file.set_len(100_000_000))
        .expect("a sparse file");
    sandbox.write("folder.toml/inside", "");
    refused(
        &sandbox,
        "empty.toml",
        [
            "error: empty.toml:1:1: file is empty",
            "hint: start from a shipped one: `extends = [\"before-after\"]`, or see `rehearsal list scenarios`",
        ],
    );
    refused(
        &sandbox,
        "picture.toml",
        [
            "error: picture.toml:1:9: not a text file: bytes that are not UTF-8",
            "hint: a scenario is a TOML file, as `rehearsal list scenarios` shows",
        ],
    );
    refused_with(
        &sandbox,
        &["check", "huge.toml"],
        "huge.toml:1:1: file is larger than the limit of 1 MiB",
        "is this the right file?",
    );
    for (file, reason) in [
        ("nowhere.toml", "cannot be read: there is no such file"),
        ("folder.toml", "cannot be read: it is a folder"),
        ("./", "cannot be read: it is a folder"),
        ("smok", "no shipped scenario is called `smok`"),
    ] {
        refused_with(&sandbox, &["run", file], &format!("error: {file}:1:1: {reason}"), "");
    }
}

/// Refused, with these words on stderr; an empty one stands for any.
#[track_caller]
fn refused_with(sandbox: &Sandbox, args: &[&str], words: &str, more_words: &str) -> Finished {
    let before = sandbox.contents();
    let finished = sandbox.run(args).expect(2);
    let error = &finished.stderr;
    assert!(error.starts_with("error: ") && error.contains(words) && error.contains(more_words), "{error}");
    assert_eq!(finished.stdout, "", "{args:?}");
    assert_eq!(sandbox.contents(), before, "{args:?}");
    finished
}

#[test]
fn wrong_words_on_the_command_line_are_refused_with_the_right_ones() {
    let sandbox = Sandbox::new();
    for (args, words, more_words) in [
        (&["rnu", "smoke"][..], "unrecognized subcommand 'rnu'", "--help"),
        (&["run", "smoke", "--seds", "3"], "unexpected argument '--seds'", "'--seeds'"),
        (
            &["run", "smoke", "--seed", "9223372036854775808"],
            "9223372036854775808 is not in 0..=9223372036854775807",
            "",
        ),
        (&["run", "smoke", "--set", "extends=[]"], "`extends` is read before anything is set", "of your own"),
        (&["run", "smoke", "--seeds", "0"], "0 is not in 1..=1000", ""),
        (&["run", "smoke", "--seeds", "many"], "invalid value 'many' for '--seeds <N>'", ""),
        (&["run", "smoke", "--threads", "0"], "0 is not in 1..=256", ""),
        (&["run", "smoke", "--arm", "aftr"], "unknown arm `aftr`", "one of before, after"),
        (
            &["run", "smoke", "--budget", "3"],
            "--budget 3: expected a time such as `2m`",
            "for example --budget 3m",
        ),
        (
            &["run", "smoke", "--set", "run.seed"],
            "`--set run.seed` has no `=`",
            "hint: write --set KEY=VALUE",
        ),
        (&["run", "smoke", "--set", "=5"], "`` is not a dotted key", "hint: write it as in"),
        (
            &["run", "smoke", "--set", "encodng.segment=6s"],
            "unknown key `encodng`",
            "did you mean `encoding`?",
        ),
        (&["run", "smoke", "--set", "encoding.segment=6"], "duration `6` has no unit", "such as \"6s\""),
        (
            &["run", "smoke", "--set", "cdn.cdn-c.weight=1"],
            "nothing has the id `cdn-c`",
            "did you mean `cdn-a`?",
        ),
        (&["check", "smoke", "--set", "run.cells=0"], "cells = `0` is out of range", "valid: 1 to 4096"),
        (&["check"], "required arguments", "<SCENARIO>"),
        (
            &["list", "everything"],
            "invalid value 'everything'",
            "scenarios, metrics, faults, levers, assumptions",
        ),
        (
            &["explain", "buffer-rat"],
            "`buffer-rat` is neither a metric nor a gate",
            "did you mean `buffer-rate`?",
        ),
        (
            &["explain", "buffer-rate", "--scenario", "calmer"],
            "no shipped scenario is called `calmer`",
            "`calm`",
        ),
        (&["report", "nowhere.json"], "nowhere.json: cannot be read: there is no such file", ""),
        (&["reproduce", "nowhere.json"], "nowhere.json: cannot be read: there is no such file", ""),
    ] {
        refused_with(&sandbox, args, words, more_words);
    }
}

#[test]
fn two_scenarios_of_one_name_are_refused_before_one_overwrites_the_other() {
    let sandbox = Sandbox::new();
    sandbox.write("other.toml", smoke());
    refused_with(&sandbox, &["run", "smoke", "other.toml"], "two scenarios are called `smoke`", "rename one");
}

#[test]
fn a_text_that_is_no_report_is_refused_with_its_name() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out"]).expect(0);
    let report = sandbox.read("out/report.json");
    sandbox.write("scenario.json", smoke());
    sandbox.write("half.json", &report[..report.len() / 2]);
    sandbox.write("newer.json", report.replace("\"schema_version\":1", "\"schema_version\":7"));
    sandbox.write("other.json", "{\"schema_version\":1}");
    sandbox.write("binary.json", b"\xff\xfe");
    for verb in ["report", "reproduce"] {
        for (file, words) in [
            ("scenario.json", "scenario.json: not a report"),
            ("half.json", "half.json: not a report"),
            ("newer.json", "newer.json: report has schema version `7`, this program reads `1`"),
            ("other.json", "other.json: not a report"),
            ("binary.json", "binary.json: cannot be read: it is not text"),
        ] {
            let hint = if file == "binary.json" {
                ""
            } else {
                "hint: give a report.json that `rehearsal run` wrote"
            };
            refused_with(&sandbox, &[verb, file], words, hint);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_utf_8_is_refused_like_any_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let sandbox = Sandbox::new();
    sandbox.write("taken", "");
    let mut command = sandbox.command(&["run", "smoke", "--out"]);
    let output = command.arg(OsStr::from_bytes(b"taken/n\xff")).output().expect("it starts");
    assert_eq!(output.status.code(), Some(97), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}
