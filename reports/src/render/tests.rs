use super::*;
use crate::gate::{Checked, GateState, Interval, Severity};
use crate::metric::Unit;
use crate::num::Num;
use crate::report::{Report, Side, difference, sample};
use crate::verdict::Verdict;

/// Everything between tags, for reading a page as its readers do.
fn visible(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn page_one_says_verdict_numbers_and_formula() {
    let page = visible(&html(&sample::report()));
    for wanted in [
        "FAIL: 1 of 10 gates failed",
        "The picture stood still for 1.02 % of the time that viewers watched with “Before”, and for 0.41 % with “After”: 60 % less.",
        "Buffer rate 1.02 % → 0.41 % -60.4 % (-62.6 % to -58.0 %) · better",
        "= sum(stall) / sum(stall + play)",
        "✗ FAIL buffer-rate-worst-cohort Buffer rate, cohort:hotel-wifi &lt;= 1%, every cohort 2.13 % 1.93 % to 2.33 %",
        "– not judged session-store",
        "▾ cdn-a loses Frankfurt",
        "Faults: cdn-a loses Frankfurt from 0:48 to 0:57;",
        "sums to all stall time",
        "access.mobile.cv",
        "rehearsal run peak-hour --seeds 5",
    ] {
        assert!(page.contains(wanted), "{wanted}\nis not in\n{page}");
    }
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    for report in [sample::report(), sample::bare_report(), difference(&sample::report(), &sample::report())]
    {
        let page = html(&report);
        for forbidden in
            ["http:", "https:", "//", "<script", "javascript:", "@import", "src=", "<link", "onload"]
        {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(page.len() < 300_000, "{}", page.len());
    }
}

#[test]
fn every_picture_has_a_title_and_a_role() {
    let page = html(&sample::report());
    let pictures: Vec<&str> = page.split("<svg ").skip(1).collect();
    assert!(pictures.len() > 8, "{}", pictures.len());
    for picture in pictures {
        let head = &picture[..picture.len().min(300)];
        assert!(head.contains("role=\"img\"") && head.contains("<title>"), "{head}");
    }
    assert!(page.matches("<details>").count() >= 2);
}

#[test]
fn names_cannot_break_out_of_any_format() {
    let report = sample::hostile_report();
    let page = html(&report);
    assert!(!page.contains("<script") && !page.contains("<b>"));
    assert_eq!(page.matches("</title>").count(), page.matches("<title>").count());
    let xml = junit(&report);
    assert!(!xml.contains("<script") && !xml.contains('\u{1b}'));
    let summary = markdown(&report);
    let outside_code: String = summary.lines().filter(|line| !line.starts_with("Repeat:")).collect();
    assert!(!outside_code.contains("<script") && !outside_code.contains('\u{1b}'));
    assert!(summary.lines().filter(|line| line.starts_with('#')).count() == 1, "{summary}");
    let commands = annotations(&report);
    assert!(commands.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")));
    assert!(!terminal(&report, Colour::Never).contains('\u{1b}'));
    let rows = csv(&report);
    assert!(rows.lines().all(|line| line.matches(',').count() >= 8), "{rows}");
}

#[test]
fn junit_counts_each_state_where_readers_look() {
    let xml = junit(&sample::report());
    assert!(xml.contains(r#"tests="10" skipped="2" failures="2" errors="0""#), "{xml}");
    assert!(xml.contains(
        r#"<failure message="FAIL: 2.13 % (1.93 % to 2.33 %, 5 seeds, cohort:hotel-wifi)" type="gate">FAIL: 2.13 %"#
    ));
    assert!(xml.contains(r#"classname="rehearsal.peak-hour.playback""#));
    assert!(xml.contains(r#"<skipped message="not judged: this run did not measure it"/>"#));
    assert!(xml.contains("missed, does not block"));
    assert!(!xml.contains("time="), "times differ between runs");
}

#[test]
fn an_interrupted_run_is_an_error_in_junit() {
    let whole = sample::report();
    assert!(!junit(&whole).contains("interrupted"));
    let mut part = sample::report();
    part.subject.complete = false;
    let xml = junit(&part);
    assert!(xml.contains(r#"tests="11" skipped="2" failures="2" errors="1""#), "{xml}");
    assert!(xml.contains(r#"<error message="the run was interrupted: judged on 5 seeds"#), "{xml}");
}

#[test]
fn a_change_that_is_written_as_nothing_is_neither_better_nor_worse() {
    let word = |value: f64| {
        let mut headline = sample::report().headlines.remove(0);
        let interval = Some(Interval::new(value * 1.1, value * 0.9));
        headline.change = Some(Side { value: Num::new(value), interval });
        words::judgement(&headline).word()
    };
    assert_eq!([word(-0.000_2), word(-0.2)], ["no clear change", "better"]);
}

#[test]
fn a_gate_that_could_not_be_judged_is_an_error_and_a_required_one_a_failure() {
    let check = |change: fn(&mut Report), wanted: &str| {
        let mut report = sample::report();
        report.gates.retain(|gate| gate.state == GateState::NotJudged && gate.severity == Severity::Block);
        change(&mut report);
        assert!(junit(&report).contains(wanted), "{}", junit(&report));
        assert!(annotations(&report).starts_with("::error "));
    };
    check(|report| report.gates[0].unjudgeable = true, r#"<error message="not judged: "#);
    check(|report| report.gates[0].required = true, r#"<failure message="FAIL: not judged, but required: "#);
}

#[test]
fn annotations_point_at_the_line_and_stop_at_ten() {
    let mut report = sample::report();
    let text = annotations(&report);
    assert!(text.starts_with(
        "::error file=scenarios/library/peak-hour.toml,line=124,title=gate buffer-rate-worst-cohort%3A FAIL::buffer-rate-worst-cohort: playback.rebuffering_ratio <= 1%25, every cohort: 2.13 %25"
    ), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("::warning")).count(), 3);
    let failed = report.gates[1].clone();
    report.gates = vec![failed; 25];
    let text = annotations(&report);
    assert_eq!(text.lines().count(), 10);
    assert!(text.ends_with("::error title=more gates::and 16 more gates\n"), "{text}");
}

#[test]
fn the_summary_stays_below_what_github_takes() {
    let mut report = sample::report();
    let failed = report.gates[1].clone();
    report.gates = vec![failed; 20_000];
    let summary = markdown(&report);
    assert!(summary.len() <= 900_000, "{}", summary.len());
    assert!(
        summary.contains("more lines: see report.html")
            && summary.ends_with("`rehearsal run peak-hour --seeds 5`\n")
    );
}

#[test]
fn terminal_text_is_readable_without_colour() {
    let text = terminal(&sample::report(), Colour::Never);
    let expected = "Friday peak: live final, one CDN fails
Before -> After; 5 seeds, intervals at 95 % over seeds

  Buffer rate            1.02 % -> 0.41 % (-60.4 %, -62.6 % to -58.0 %)  better
  Start failures         0.57 % -> 0.23 % (-60.0 %, -62.3 % to -57.7 %)  better
  Mean bitrate           4.30 Mbit/s -> 4.30 Mbit/s (0.0 %, 0.0 % to 0.0 %)  no clear change
";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains(
        "\n  ✗ FAIL  buffer-rate-worst-cohort: playback.rebuffering_ratio <= 1%, every cohort: 2.13 % ("
    ));
    assert!(text.ends_with(
        "\n\nFAIL: 1 of 10 gates failed, 1 with a warning, 1 missed without blocking, 1 inconclusive, 2 not judged\n"
    ));
    let coloured = terminal(&sample::report(), Colour::Always);
    assert!(coloured.contains("\u{1b}[31mFAIL: 1 of 10"));
}

#[test]
fn an_interrupted_run_is_never_a_plain_pass() {
    let report = sample::bare_report();
    for text in [terminal(&report, Colour::Never), markdown(&report), visible(&html(&report))] {
        assert!(text.contains("INTERRUPTED, so far PASS: there are no gates"), "{text}");
    }
    assert!(!html(&report).contains("class=\"verdict pass\""));
}

#[test]
fn csv_has_one_row_per_bucket_and_arm() {
    let rows = csv(&sample::report());
    let lines: Vec<&str> = rows.lines().collect();
    assert_eq!(lines.len(), 1 + 2 * 2 * 130);
    assert_eq!(lines[0], "arm,metric,split,from_s,to_s,value,seed_min,seed_max,unit");
    assert_eq!(lines[1], "before,audience.concurrent_viewers,all,0.000,60.000,180000,180000,180000,number");
}

#[test]
fn a_report_without_anything_still_renders() {
    let mut report = sample::bare_report();
    report.runs.clear();
    report.headlines.clear();
    report.verdict = Verdict::of(&[], report.subject.rules);
    for text in
        [html(&report), junit(&report), markdown(&report), csv(&report), terminal(&report, Colour::Always)]
    {
        assert!(!text.is_empty());
    }
    assert_eq!(annotations(&report), "");
}

#[test]
fn axes_have_round_steps() {
    assert_eq!(svg::ticks(0.83), [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(svg::ticks(1_000_000.0), [0.0, 250_000.0, 500_000.0, 750_000.0, 1_000_000.0]);
    assert_eq!(svg::ticks(0.0), [0.0, 1.0]);
    assert_eq!(svg::ticks(f64::NAN), [0.0, 1.0]);
    assert_eq!(svg::time_step(7_200.0), 900.0);
    assert_eq!(
        svg::line(&[(0.0, Some(1.0)), (1.0, None), (2.0, Some(3.0)), (3.0, Some(4.0))]),
        "M0.0 1.0M2.0 3.0L3.0 4.0"
    );
}

#[test]
fn an_interval_is_written_within_what_its_unit_can_be() {
    let checked = |unit, change| Checked {
        condition: String::new(),
        unit,
        change,
        value: Some(Num::new(0.5)),
        interval: Some(Interval::new(-0.2, 1.3)),
        limit: Num::new(0.5),
        state: GateState::Pass,
    };
    let check = |checked: Checked, expected: &str| {
        assert_eq!(words::interval(&checked).expect("an interval"), expected);
    };
    check(checked(Unit::Share, false), "0 % to 100.00 %");
    check(checked(Unit::Number, false), "0 to 1.30");
    check(checked(Unit::Share, true), "-20.0 % to +130.0 %");
}
