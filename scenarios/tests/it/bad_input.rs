//! What people get wrong, and the exact words that they are told.

use scenarios::{Document, NoFiles, ScenarioError};

use crate::support::{Texts, open, resolve};

/// A sound scenario of 107 lines, kept apart from the library so that positions stay.
const EVENING: &str = include_str!("evening.toml");

/// [`EVENING`] with one text replaced by another.
fn changed(from: &str, to: &str) -> String {
    assert!(EVENING.contains(from), "evening.toml has no `{from}`");
    EVENING.replacen(from, to, 1)
}

fn refusal(bytes: &[u8]) -> ScenarioError {
    let document = Document::from_bytes("evening.toml", bytes, &NoFiles);
    document.and_then(|document| document.resolve(&NoFiles)).expect_err("the scenario should be refused")
}

/// Replaces one text of [`EVENING`] and expects the first line and the hint of the refusal.
#[track_caller]
fn refused(from: &str, to: &str, expected: [&str; 2]) {
    let error = refusal(changed(from, to).as_bytes());
    assert_eq!([error.to_string().as_str(), error.hint.as_deref().unwrap_or("")], expected);
}

#[test]
fn an_unknown_key_comes_with_the_one_that_was_meant() {
    refused(
        "warmup   = \"30s\"",
        "warmpu   = \"30s\"",
        ["evening.toml:11:1: unknown key `warmpu`", "did you mean `warmup`?"],
    );
    refused(
        "[origin]\ncapacity",
        "[origin]\ncolour = 1\ncapacity",
        ["evening.toml:79:1: unknown key `colour`", "one of `capacity`, `servers`, `service`, `queue_limit`"],
    );
}

#[test]
fn a_missing_key_is_named() {
    refused("titles     = 20\n", "", ["evening.toml:50:1: missing key `titles`", ""]);
}

#[test]
fn a_missing_unit_is_shown_with_one() {
    refused(
        "segment = \"4s\"",
        "segment = 4",
        [
            "evening.toml:55:11: duration `4` has no unit",
            "write it as a string with its unit, such as \"4s\"",
        ],
    );
    refused(
        "segment = \"4s\"",
        "segment = \"4\"",
        [
            "evening.toml:55:11: duration `4` has no unit",
            "write it as a string with its unit, such as \"4s\"",
        ],
    );
}

#[test]
fn a_wrong_unit_comes_with_the_right_ones() {
    refused(
        "\"1.6Gbps\", cache",
        "\"1.6GB\", cache",
        [
            "evening.toml:63:28: `GB` in `1.6GB` is not a unit of a data rate",
            "a data rate is given in kbps, Mbps, Gbps, Tbps",
        ],
    );
    refused(
        "\"1.6Gbps\", cache",
        "\"1.6gbps\", cache",
        ["evening.toml:63:28: `gbps` in `1.6gbps` is not a unit of a data rate", "did you mean `1.6Gbps`?"],
    );
}

#[test]
fn shares_must_sum_to_one_and_lie_within_it() {
    refused(
        "share  = 0.3",
        "share  = 0.4",
        ["evening.toml:31:1: shares of cohorts sum to 110%, not 100%", "10% is too much"],
    );
    refused(
        "region = { fra = 0.6, ams = 0.4 }",
        "region = { fra = 0.6, ams = 0.3 }",
        ["evening.toml:36:10: shares of regions of cohort `tv` sum to 90%, not 100%", "10% is missing"],
    );
    refused(
        "share  = 0.5",
        "share  = 50",
        ["evening.toml:33:10: share `50` is not between 0 and 1", "did you mean \"50%\"?"],
    );
}

#[test]
fn a_fault_must_be_on_what_exists() {
    refused(
        "on    = { cdn = \"cdn-a\"",
        "on    = { cdn = \"cdn-c\"",
        ["evening.toml:94:17: no cdn is called `cdn-c`", "did you mean `cdn-a`?"],
    );
    refused(
        "cdn = \"cdn-a\", pop = \"fra\"",
        "cdn = \"cdn-a\", pop = [\"ams\", \"mad\"]",
        ["evening.toml:94:40: no pop of `cdn-a` is called `mad`", "one of `fra`, `ams`"],
    );
    refused(
        "cdn = \"cdn-a\", pop = \"fra\"",
        "cdn = \"cdn-a\", region = \"fraa\"",
        ["evening.toml:94:35: no region is called `fraa`", "did you mean `fra`?"],
    );
}

#[test]
fn a_fault_must_fit_the_run_and_its_own_promise() {
    refused(
        "for   = \"75s\"",
        "for   = \"7m\"",
        ["evening.toml:91:9: fault `cdn-a-fra-dies` ends after the run", "the run lasts 4m"],
    );
    refused(
        "viewers = \"<= 40%\"",
        "viewers = \"<= 20%\"",
        [
            "evening.toml:95:21: fault `cdn-a-fra-dies` hits 36% of the viewers, more than its limit of 20%",
            "narrow `on`, or raise `blast`",
        ],
    );
    refused(
        "failure = \"503\"",
        "failure = \"504\"",
        ["evening.toml:93:38: unknown value `504`", "did you mean `503`?"],
    );
    refused(
        "kind = \"outage\"",
        "kind = \"outrage\"",
        ["evening.toml:93:18: unknown value `outrage`", "did you mean `outage`?"],
    );
    refused(
        "failure = \"503\" }",
        "failure = \"503\", shar = 1.0 }",
        ["evening.toml:93:45: unknown key `shar`", "did you mean `share`?"],
    );
}

#[test]
fn a_curve_runs_forwards_from_the_start() {
    refused(
        "{ at = \"1m\", viewers = 300, shape",
        "{ at = \"0s\", viewers = 300, shape",
        [
            "evening.toml:28:10: the curve goes backwards in time: `0s` after `0s`",
            "curve points stand in order of time; a step lasts until its `step-over` has passed",
        ],
    );
    refused(
        "{ at = \"0s\", viewers = 200 }",
        "{ at = \"10s\", viewers = 200 }",
        [
            "evening.toml:27:10: the curve does not begin at the start of the run",
            "give its first point `at = \"0s\"`",
        ],
    );
    refused(
        "step-over 20s",
        "step over 20s",
        ["evening.toml:28:39: unknown shape `step over 20s`", "write \"linear\" or \"step-over 90s\""],
    );
    refused(
        "step-over 20s",
        "step-over 20",
        [
            "evening.toml:28:39: duration `20` has no unit",
            "write it as a string with its unit, such as \"20s\"",
        ],
    );
}

#[test]
fn files_that_are_no_scenario_are_refused_for_what_they_are() {
    let check = |bytes: &[u8], expected: [&str; 2]| {
        let error = refusal(bytes);
        assert_eq!([error.to_string().as_str(), error.hint.as_deref().unwrap_or("")], expected);
    };
    check(
        b"",
        [
            "evening.toml:1:1: file is empty",
            "start from a shipped one: `extends = [\"before-after\"]`, or see `rehearsal list scenarios`",
        ],
    );
    check(
        b"a = 1\n\xFF\xFE",
        [
            "evening.toml:2:1: not a text file: bytes that are not UTF-8",
            "a scenario is a TOML file, as `rehearsal list scenarios` shows",
        ],
    );
    check(
        &vec![b'#'; (1 << 20) + 1],
        [
            "evening.toml:1:1: file is larger than the limit of 1 MiB",
            "a scenario is a page or two of text: is this the right file?",
        ],
    );
    check(b"schema = 1\nname \"x\"\n", ["evening.toml:2:6: not TOML: key with no value, expected `=`", ""]);
    check(b"a = 1\na = 2\n", ["evening.toml:2:1: not TOML: duplicate key", ""]);
    check(
        b"name = \"x\"\n",
        [
            "evening.toml:1:1: missing key `schema`",
            "begin the file with `schema = 1`, the version of the format",
        ],
    );
    check(b"schema = 2\n", ["evening.toml:1:10: schema `2` is not known", "this build reads schema = 1"]);
}

#[test]
fn a_file_of_exactly_the_limit_is_read() {
    let mut text = EVENING.as_bytes().to_vec();
    text.resize(1 << 20, b'#');
    let document = Document::from_bytes("evening.toml", &text, &NoFiles).unwrap();
    assert!(document.resolve(&NoFiles).is_ok());
}

#[test]
fn ids_are_names_and_each_is_used_once() {
    refused(
        "id     = \"web\"",
        "id     = \"tv\"",
        ["evening.toml:38:10: a second cohort with the id `tv`", "every cohort needs an id of its own"],
    );
    refused(
        "id     = \"cdn-b\"",
        "id     = \"cdn-a\"",
        ["evening.toml:67:10: a second cdn with the id `cdn-a`", "every cdn needs an id of its own"],
    );
    refused(
        "id     = \"web\"",
        "id     = \"w.b\"",
        ["evening.toml:38:10: cohort `w.b` is not a name", "valid: 1 to 64 letters, digits, `-` and `_`"],
    );
}

#[test]
fn a_gate_must_name_a_metric_a_fault_and_an_arm_that_exist() {
    refused(
        "metric = \"playback.rebuffering_ratio\"",
        "metric = \"playback.rebufering_ratio\"",
        [
            "evening.toml:99:11: unknown metric `playback.rebufering_ratio`",
            "did you mean `playback.rebuffering_ratio`? `rehearsal list metrics` shows all 24",
        ],
    );
    refused(
        "pass   = \"<= 5%\"",
        "pass   = \"<= 5%\"\nduring = \"fault:cdn-b-dies + 2m\"",
        ["evening.toml:101:10: no fault is called `cdn-b-dies`", "one of `cdn-a-fra-dies`"],
    );
    refused(
        "vs       = \"arm:before\"",
        "vs       = \"arm:befor\"",
        ["evening.toml:106:12: no arm is called `befor`", "did you mean `before`?"],
    );
    refused(
        "pass   = \"<= 5%\"",
        "pass   = \"<= 5ms\"",
        ["evening.toml:100:15: unit `ms` does not fit `playback.rebuffering_ratio`", "write one of: %"],
    );
}

#[test]
fn levers_are_a_closed_set() {
    refused(
        "steering = \"static\"",
        "steering = \"statik\"",
        ["evening.toml:16:23: unknown value `statik`", "did you mean `static`?"],
    );
    refused(
        "{ steering = \"static\"",
        "{ stearing = \"static\"",
        ["evening.toml:16:12: unknown key `stearing`", "did you mean `steering`?"],
    );
    refused("steering = \"static\", ", "", ["evening.toml:16:10: missing key `steering`", ""]);
}

#[test]
fn numbers_out_of_range_come_with_the_range() {
    refused("s = 0.9", "s = 3.5", ["evening.toml:52:35: s = `3.5` is out of range", "valid: 0 to 3"]);
    refused(
        "titles     = 20",
        "titles     = 0",
        ["evening.toml:51:14: titles = `0` is out of range", "valid: 1 to 10000000"],
    );
    refused(
        "titles     = 20",
        "titles     = -20",
        ["evening.toml:51:14: expected a whole number from 0 to 4294967295, found `-20`", ""],
    );
    refused(
        "warmup   = \"30s\"",
        "warmup   = \"4m\"",
        ["evening.toml:11:12: the warm-up leaves nothing to measure", "the run lasts 4m"],
    );
    refused(
        "\"1.2Mbps\", \"3Mbps\"",
        "\"3Mbps\", \"1.2Mbps\"",
        ["evening.toml:56:32: the ladder does not rise", "rungs stand lowest bitrate first, each once"],
    );
}

#[test]
fn overlays_that_lead_nowhere_say_what_there_is() {
    let check = |key: &str, value: &str, expected: [&str; 2]| {
        let mut document = open("smoke");
        let error = document.set(key, value).and_then(|()| resolve(&document).map(|_| ())).unwrap_err();
        assert_eq!([error.to_string().as_str(), error.hint.as_deref().unwrap_or("")], expected);
    };
    check(
        "encodng.segment",
        "6s",
        ["--set encodng.segment:1:1: unknown key `encodng`", "did you mean `encoding`?"],
    );
    check(
        "encoding.segmnt",
        "6s",
        ["--set encoding.segmnt:1:1: unknown key `segmnt`", "did you mean `segment`?"],
    );
    check(
        "encoding.segment",
        "6",
        [
            "--set encoding.segment:1:1: duration `6` has no unit",
            "write it as a string with its unit, such as \"6s\"",
        ],
    );
    check(
        "cdn.cdn-c.weight",
        "5",
        [
            "--set cdn.cdn-c.weight:1:1: nothing has the id `cdn-c` of `cdn.cdn-c.weight`",
            "did you mean `cdn-a`?",
        ],
    );
    check(
        "fault.*.do.nothing",
        "5",
        [
            "--set fault.*.do.nothing:1:1: `fault.*.do.nothing` matches nothing",
            "`*` stands for every element below which the rest of the key exists",
        ],
    );
    check(
        "",
        "5",
        ["--set :1:1: `` is not a dotted key", "write it as in `audience.vod.session_length.median`"],
    );
}

#[test]
fn an_arm_overlays_the_world_and_nothing_else() {
    let arm = "[arm.after]\n";
    refused(
        arm,
        "[arm.after]\nset.'encoding.segmnt' = \"6s\"\n",
        ["evening.toml:18:5: unknown key `segmnt`", "did you mean `segment`?"],
    );
    refused(
        arm,
        "[arm.after]\nset.'gate.buffer-rate.pass' = \"<= 50%\"\n",
        [
            "evening.toml:18:5: an arm cannot overlay `gate`",
            "one of `audience`, `catalogue`, `cdn`, `delivery`, `encoding`, `fault`, `origin`, `platform`, `player`, `run`, \
         `scale`, `session_store`, `shield`, `tokens`",
        ],
    );
    refused(
        arm,
        "[arm.after]\nset.encoding.segment = \"6s\"\n",
        [
            "evening.toml:18:5: an overlay of `encoding` would replace all of it",
            "put the whole dotted key in quotes: set.'encoding.<key>' = ...",
        ],
    );
    refused(
        arm,
        "[arm.after]\nset.'run.duration' = \"3m\"\n",
        [
            "evening.toml:17:6: arms `before` and `after` differ in duration, warm-up or bucket",
            "of `run`, an arm may overlay `run.cells` and `run.epoch`",
        ],
    );
}

#[test]
fn errors_in_an_extended_file_point_into_that_file() {
    let base = changed("segment = \"4s\"", "segment = \"4\"");
    let files = Texts::default()
        .with("plans/base/platform.toml", &base)
        .with("plans/mine.toml", "schema = 1\nname = \"mine\"\nextends = [\"base/platform.toml\"]\n");
    let error = Document::open("plans/mine.toml", &files).unwrap().resolve(&files).unwrap_err();
    assert_eq!(error.to_string(), "plans/base/platform.toml:55:11: duration `4` has no unit");
}

#[test]
fn files_that_are_missing_or_extend_each_other_are_refused() {
    let files = Texts::default()
        .with("a.toml", "schema = 1\nextends = [\"b.toml\"]\n")
        .with("b.toml", "schema = 1\nextends = [\"./a.toml\"]\n")
        .with("c.toml", "schema = 1\nextends = [\"no.toml\"]\n")
        .with("d.toml", "schema = 1\nextends = [\"smoky\"]\n");
    let refusal = |name: &str| Document::open(name, &files).unwrap_err();
    assert_eq!(refusal("a.toml").to_string(), "b.toml:2:12: `a.toml` extends itself");
    assert_eq!(refusal("c.toml").to_string(), "c.toml:2:12: cannot read `no.toml`: no such file");
    assert_eq!(refusal("d.toml").to_string(), "d.toml:2:12: no shipped scenario is called `smoky`");
    assert_eq!(refusal("d.toml").hint.as_deref(), Some("did you mean `smoke`?"));
    assert_eq!(refusal("nowhere.toml").to_string(), "nowhere.toml:1:1: cannot be read: no such file");
    assert_eq!(refusal("before-afer").hint.as_deref(), Some("did you mean `before-after`?"));
}
