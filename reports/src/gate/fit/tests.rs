use super::*;

fn refusal(text: GateText<'_>) -> Option<(&'static str, String)> {
    let error = Gate::parse("g", "after", &text).err()?.into_iter().next()?;
    Some((error.field, error.to_string()))
}

#[track_caller]
fn refused(text: GateText<'_>, field: &'static str, words: &str) {
    assert_eq!(refusal(text), Some((field, words.to_owned())));
}

const BUFFER_RATE: GateText<'static> = GateText {
    metric: "playback.rebuffering_ratio",
    pass: "<= 2%",
    warn: None,
    vs: None,
    during: None,
    window: None,
    split: None,
};
const STARTUP: GateText<'static> =
    GateText { metric: "playback.startup_time", pass: "p95 <= 2s", ..BUFFER_RATE };

#[test]
fn what_no_run_keeps_cannot_be_asked_for() {
    let whole = "`playback.startup_time` is kept for the whole measured time only";
    refused(GateText { during: Some("fault:x"), ..STARTUP }, "during", whole);
    refused(GateText { window: Some("1m"), ..STARTUP }, "window", whole);
    refused(
        GateText { split: Some("device"), ..STARTUP },
        "split",
        "`playback.startup_time` is not kept by device",
    );
    refused(
        GateText { metric: "delivery.origin_bytes", pass: "<= 2GB", split: Some("cohort"), ..BUFFER_RATE },
        "split",
        "`delivery.origin_bytes` is not kept by cohort",
    );
    refused(
        GateText { during: Some("fault:x"), split: Some("cohort"), ..BUFFER_RATE },
        "during",
        "`playback.rebuffering_ratio` is kept over time for everyone only, not for every cohort",
    );
    for split in ["cohort", "cdn", "region", "device"] {
        assert_eq!(refusal(GateText { split: Some(split), ..BUFFER_RATE }), None);
    }
    assert_eq!(refusal(GateText { split: Some("region"), ..STARTUP }), None);
    assert_eq!(refusal(GateText { during: Some("fault:x"), window: Some("1m"), ..BUFFER_RATE }), None);
}

#[test]
fn a_warning_is_wider_than_the_limit() {
    let check = |pass: &'static str, warn: &'static str, fine: bool| {
        let found = refusal(GateText { pass, warn: Some(warn), ..BUFFER_RATE });
        let wrong = ("warn", "`warn` is not wider than `pass`".to_owned());
        assert_eq!(found, (!fine).then_some(wrong), "{pass} and {warn}");
    };
    check("<= 2%", "<= 3%", true);
    check("< 2%", "<= 2%", true);
    check("== 0%", "<= 1%", true);
    check(">= 1% and <= 2%", ">= 1% and <= 3%", true);
    check(">= 1% and <= 2%", "<= 2%", true);
    check("<= 2%", "<= 1%", false);
    check("<= 2%", "<= 2%", false);
    check("<= 2%", "< 2%", false);
    check("<= 2%", ">= 1%", false);
    check("<= 2%", ">= 0.5% and <= 3%", false);
}

#[test]
fn limits_that_exclude_each_other_are_no_limit() {
    let check = |pass: &'static str, fine: bool| {
        let wrong = ("pass", format!("no value meets `{pass}`"));
        assert_eq!(refusal(GateText { pass, ..BUFFER_RATE }), (!fine).then_some(wrong));
    };
    check(">= 1% and <= 2%", true);
    check(">= 2% and <= 2%", true);
    check(">= 2% and < 2%", false);
    check(">= 3% and <= 2%", false);
    check("== 1% and == 2%", false);
    assert_eq!(refusal(GateText { pass: "p50 >= 3s and p95 <= 9s", ..STARTUP }), None);
}
