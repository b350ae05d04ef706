//! The command line as scripts and people meet it: every verb, its help, its JSON, and the last line of a failure.

use std::fs;

use reports::metric;
use scenarios::library::SHIPPED;
use scenarios::{Document, NoFiles};

use crate::program::{BINARY, BOTH, Sandbox, TINY};

const VERBS: [&str; 8] = ["run", "check", "list", "explain", "reproduce", "report", "schema", "validate"];
const LISTED: [&str; 5] = ["scenarios", "metrics", "faults", "levers", "assumptions"];

/// A platform on which `smoke` fails.
const BROKEN: [&str; 2] = ["--set", "scale.pop_capacity=0.02"];

#[test]
fn every_verb_has_help_on_stdout() {
    let sandbox = Sandbox::new();
    let top = sandbox.run(&["--help"]).expect(0);
    for verb in VERBS {
        assert!(top.stdout.contains(&format!("\n  {verb} ")), "{verb} is not in:\n{}", top.stdout);
        let help = sandbox.run(&[verb, "--help"]).expect(0);
        assert!(
            help.stdout.contains(&format!("Usage: rehearsal {verb}")) && help.stderr.is_empty(),
            "{verb}"
        );
    }
    assert!(top.stdout.starts_with("Rehearses a streaming company's worst evening"), "{}", top.stdout);
    for words in ["Exit codes:", "99", "98", "97", "101", "130", "Without a verb"] {
        assert!(top.stdout.contains(words), "{words}");
    }
    let run = sandbox.run(&["run", "--help"]).expect(0);
    for flag in
        ["--seed", "--seeds", "--arm", "--set", "--threads", "--budget", "--baseline", "--out", "--json"]
    {
        assert!(
            run.stdout.contains(&format!("{flag} ")) || run.stdout.contains(&format!("{flag}\n")),
            "{flag}"
        );
    }
    for kind in ["sabre", "cache", "webhooks", "calendar"] {
        sandbox.run(&["validate", kind, "--help"]).expect(0);
    }
    assert!(sandbox.run(&["--version"]).expect(0).stdout.starts_with("rehearsal "));
    assert!(sandbox.contents().is_empty());
}

#[test]
fn nothing_but_text_reaches_a_pipe() {
    let sandbox = Sandbox::new();
    for environment in [&[][..], &[("NO_COLOR", "1")], &[("CI", "true"), ("TERM", "xterm-256color")]] {
        for args in
            [&[&TINY[..], &["--out", "out"]].concat()[..], &["list", "metrics"], &["rnu"], &["run", "x.toml"]]
        {
            let output =
                sandbox.command(args).envs(environment.iter().copied()).output().expect("the program starts");
            for bytes in [output.stdout, output.stderr] {
                let text = String::from_utf8(bytes).expect("UTF-8");
                assert!(
                    text.chars().all(|c| c == '\n' || !c.is_control()),
                    "{args:?} {environment:?}: {text:?}"
                );
            }
        }
    }
}

/// Whether a text sets a colour or a weight, as opposed to moving the cursor.
fn is_coloured(text: &str) -> bool {
    text.split("\x1b[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

#[test]
fn on_a_terminal_no_color_takes_colour_away() {
    let sandbox = Sandbox::new();
    let line = format!("script -qec '{BINARY} {} --out out' typescript", TINY.join(" "));
    if sandbox.shell("script --version").code != Some(0) {
        return; // Without a program that plays terminal there is none to ask.
    }
    // The environment of the tests may itself ask for no colour.
    assert!(is_coloured(&sandbox.shell(&format!("env -u NO_COLOR {line}")).expect(0).stdout));
    assert!(!is_coloured(&sandbox.shell(&format!("NO_COLOR=1 {line}")).expect(0).stdout));
    assert!(is_coloured("\x1b[1;31mred") && !is_coloured("\x1b[2Kgone"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    let finished =
        sandbox.shell(&format!("({BINARY} list metrics; echo ended $? >&2) | head -n 1")).expect(0);
    assert_eq!((finished.stdout.lines().count(), finished.stderr.as_str()), (1, "ended 0\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_stdout_is_a_failure_with_its_reason() {
    let sandbox = Sandbox::new();
    for line in ["list metrics", "schema", "--help"] {
        // Writing to this device always fails as on a full disk.
        let failed = sandbox.shell(&format!("{BINARY} {line} > /dev/full")).expect(97);
        let words = "error: the output cannot be written: no space left on device";
        assert!(failed.stderr.starts_with(words), "{line}: {}", failed.stderr);
        failed.repeat();
    }
}

#[test]
fn lists_name_everything_and_their_json_agrees() {
    let sandbox = Sandbox::new();
    for what in LISTED {
        let names: Vec<String> =
            sandbox.run(&["list", what]).expect(0).stdout.lines().map(str::to_owned).collect();
        let json = sandbox.run(&["list", what, "--json"]).expect(0).json();
        let values = json.as_array().unwrap_or_else(|| panic!("{what}: not an array"));
        assert_eq!(values.len(), names.len(), "{what}");
        for (value, line) in values.iter().zip(&names) {
            let name =
                value["name"].as_str().or(value["id"].as_str()).unwrap_or_else(|| panic!("{what}: {value}"));
            assert!(line.starts_with(&format!("{name} ")), "{what}: {line}");
        }
    }
    let metrics = sandbox.run(&["list", "metrics", "--json"]).expect(0).json();
    assert_eq!(metrics.as_array().map(Vec::len), Some(metric::all().len()));
}

#[test]
fn every_metric_and_every_gate_explains_itself() {
    let sandbox = Sandbox::new();
    for metric in metric::all() {
        let text = sandbox.run(&["explain", metric.id]).expect(0).stdout;
        assert!(
            [metric.id, metric.meaning, metric.formula, metric.source].iter().all(|part| text.contains(part)),
            "{text}"
        );
        assert_eq!(sandbox.run(&["explain", metric.id, "--json"]).expect(0).json()["id"], metric.id);
    }
    for scenario in SHIPPED {
        let resolved =
            Document::open(scenario.name, &NoFiles).and_then(|document| document.resolve(&NoFiles));
        for gate in resolved.expect("a shipped scenario").gates {
            let args = ["explain", &gate.id, "--scenario", scenario.name];
            let text = sandbox.run(&args).expect(0).stdout;
            assert!(
                [&gate.id, &gate.metric, "formula:", "source:"].iter().all(|part| text.contains(*part)),
                "{text}"
            );
            assert!(gate.warn.as_ref().is_none_or(|warn| text.contains(warn.as_str())), "{text}");
            let json = sandbox.run(&[&args[..], &["--json"]].concat()).expect(0).json();
            assert_eq!(json["warn"].as_str(), gate.warn.as_deref());
            assert_eq!((&json["gate"], &json["metric"]["id"]), (&gate.id.into(), &gate.metric.into()));
        }
    }
}

#[test]
fn every_shipped_scenario_passes_its_check() {
    let sandbox = Sandbox::new();
    for scenario in SHIPPED {
        let text = sandbox.run(&["check", scenario.name]).expect(0).stdout;
        assert!(text.starts_with(&format!("{}: valid\n", scenario.name)), "{text}");
        let json = sandbox.run(&["check", scenario.name, "--json"]).expect(0).json();
        assert_eq!((&json["scenario"], &json["valid"]), (&scenario.name.into(), &true.into()));
        let arms = json["arms"].as_array().expect("arms");
        assert!(arms.iter().all(|arm| arm["estimate"]["events"].as_u64().is_some_and(|events| events > 0)));
    }
    let all: Vec<&str> = SHIPPED.iter().map(|scenario| scenario.name).collect();
    let json = sandbox.run(&[&["check", "--json"], &all[..]].concat()).expect(0).json();
    let names: Vec<&str> =
        json.as_array().expect("an array").iter().filter_map(|one| one["scenario"].as_str()).collect();
    assert_eq!(names, all);
    assert!(sandbox.contents().is_empty());
}

#[test]
fn the_schema_is_that_of_the_repository() {
    let schema = Sandbox::new().run(&["schema"]).expect(0).json();
    let committed = include_str!("../../../../scenarios/schemas/scenario-1.json");
    assert_eq!(schema, serde_json::from_str::<serde_json::Value>(committed).expect("JSON"));
}

#[test]
fn json_of_a_run_is_its_report_and_of_several_an_array() {
    let sandbox = Sandbox::new();
    let one = sandbox.run_tiny(&["--json", "--out", "out"]).expect(0);
    assert_eq!(one.stdout, sandbox.read("out/report.json"));
    let several = sandbox.run(&[&BOTH[..], &["--json", "--out", "both"]].concat()).expect_judged().json();
    let reports = several.as_array().expect("an array");
    for (report, name) in reports.iter().zip(["smoke", "calm"]) {
        let written: serde_json::Value =
            serde_json::from_str(&sandbox.read(&format!("both/{name}/report.json"))).expect("JSON");
        assert_eq!(*report, written);
    }
    assert_eq!(reports.len(), 2);
}

#[test]
fn seeds_and_arms_are_those_that_were_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out", "--seed", "7", "--arm", "after"]).expect(0);
    let report = sandbox.report("out");
    assert_eq!(report.subject.seeds, [units::Seed(7)]);
    assert_eq!(report.subject.arms.iter().map(|arm| arm.id.as_str()).collect::<Vec<_>>(), ["after"]);
    assert!(report.subject.repeat.contains("--seed 7") && report.subject.repeat.contains("--arm after"));
}

#[test]
fn junit_has_a_test_case_per_gate() {
    let sandbox = Sandbox::new();
    for (out, broken, code) in [("sound", &[][..], 0), ("broken", &BROKEN[..], 99)] {
        sandbox.run_tiny(&[broken, &["--out", out]].concat()).expect(code);
        let report = sandbox.report(out);
        let junit = quick_junit::Report::deserialize_from_str(&sandbox.read(&format!("{out}/junit.xml")));
        let junit = junit.expect("well-formed JUnit");
        let [suite] = &junit.test_suites[..] else { panic!("one suite") };
        assert_eq!(suite.name.as_str(), "smoke");
        let cases: Vec<&str> =
            suite.test_cases.iter().filter_map(|case| case.name.as_str().split(':').next()).collect();
        assert_eq!(cases, report.gates.iter().map(|gate| gate.id.as_str()).collect::<Vec<_>>());
        assert_eq!(suite.failures > 0, code == 99);
    }
}

#[test]
fn the_page_needs_no_network_and_runs_nothing() {
    let sandbox = Sandbox::new();
    let title = r#"title="\u001b[31m<script>alert('&')</script>""#;
    let said = sandbox.run_tiny(&["--set", title, "--out", "out"]).expect(0).stdout;
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    let page = sandbox.read("out/report.html").to_lowercase();
    assert!(page.contains("&lt;script&gt;alert("), "the title is not shown");
    for foreign in ["http://", "https://", "<script", "javascript:", " src=", "@import", "<link", "<iframe"] {
        assert!(!page.contains(foreign), "the page has `{foreign}`");
    }
    // Within the page, such as a pattern that an area is filled with.
    assert!(page.split("url(").skip(1).all(|rest| rest.starts_with('#')), "the page refers to another");
}

#[test]
fn pages_are_rendered_again_from_the_report_alone() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out"]).expect(0);
    let said = sandbox.run(&["report", "out/report.json", "--out", "again"]).expect(0);
    assert_eq!(said.stdout, "report: again/report.html\n");
    let pages = ["junit.xml", "report.html", "series.csv", "summary.md"];
    assert_eq!(fs::read_dir(sandbox.path("again")).expect("a folder").count(), pages.len());
    for page in pages {
        assert!(sandbox.read(&format!("out/{page}")) == sandbox.read(&format!("again/{page}")), "{page}");
    }
    fs::remove_file(sandbox.path("out/report.html")).expect("a page");
    sandbox.run(&["report", "out/report.json"]).expect(0);
    assert!(sandbox.read("out/report.html") == sandbox.read("again/report.html"));
}

#[test]
fn the_last_line_of_a_failure_repeats_it() {
    let sandbox = Sandbox::new();
    let failed = sandbox.run_tiny(&[&BROKEN[..], &["--out", "out"]].concat()).expect(99);
    let first = sandbox.read("out/report.json");
    fs::remove_dir_all(sandbox.path("out")).expect("a folder");
    let again = sandbox.shell(failed.repeat()).expect(99);
    assert!(sandbox.read("out/report.json") == first);
    assert_eq!(again.repeat(), failed.repeat());
}

#[test]
fn the_last_line_survives_a_shell_whatever_the_names_are() {
    let sandbox = Sandbox::new();
    let text = scenarios::library::find("smoke").expect("it ships").text;
    sandbox.write("my $plans/it's \"mine\".toml", text);
    let args = ["run", "my $plans/it's \"mine\".toml", "--seeds", "1", "--no-sensitivity"];
    let more =
        ["--set", "scale.audience=0.02", "--set", r#"audience.vod.curve=[{ at = "0s", viewers = 1_500 }]"#];
    let failed = sandbox.run(&[&args[..], &more, &BROKEN, &["--out", "to & from"]].concat()).expect(99);
    let first = sandbox.read("to & from/report.json");
    fs::remove_dir_all(sandbox.path("to & from")).expect("a folder");
    sandbox.shell(failed.repeat()).expect(99);
    assert!(sandbox.read("to & from/report.json") == first);
}

#[test]
fn of_several_scenarios_the_worst_decides_and_each_failure_is_repeated_at_the_end() {
    let sandbox = Sandbox::new();
    // `calm` stands last, and its band fails too where POPs are as small.
    let failed = sandbox.run(&[&BOTH[..], &BROKEN, &["--out", "out"]].concat()).expect(99);
    let repeats: Vec<&str> = failed.stderr.lines().filter(|line| line.starts_with("repeat: ")).collect();
    assert_eq!(repeats.len(), 2, "{}", failed.stderr);
    assert!(failed.stderr.ends_with(&format!("{}\n", repeats.join("\n"))), "{}", failed.stderr);
    for (repeat, name) in repeats.iter().zip(["smoke", "calm"]) {
        let file = format!("out/{name}/report.json");
        let first = sandbox.read(&file);
        fs::remove_file(sandbox.path(&file)).expect("a file");
        sandbox.shell(repeat.trim_start_matches("repeat: ")).expect(99);
        assert!(sandbox.read(&file) == first, "{repeat}");
    }
}
