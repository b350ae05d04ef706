use proptest::prelude::*;

use super::super::expr::{Op, Sign};
use super::super::{Gate, GateText};
use super::*;
use crate::metric::known;

fn parse(text: &str, metric: &str) -> Result<Expr, ExprError> {
    Expr::parse(text, known(metric), false)
}

fn relative(text: &str, metric: &str) -> Result<Expr, ExprError> {
    Expr::parse(text, known(metric), true)
}

fn refused(found: Result<Expr, ExprError>, at: usize, problem: &str, hint: &str) {
    let error = found.unwrap_err();
    let shown = format!("{error} | {}", error.hint.clone().unwrap_or_default());
    assert!(shown.contains(problem) && shown.contains(hint), "{shown}");
    assert_eq!(error.at, at, "{shown}");
}

#[test]
fn limits_mean_what_they_say() {
    let bounds = |expr: Expr| expr.conditions().iter().map(|c| (c.op, c.bound.value())).collect::<Vec<_>>();
    let check =
        |text, metric, expected: &[(Op, f64)]| assert_eq!(bounds(parse(text, metric).unwrap()), expected);
    check("<= 0.60%", "playback.rebuffering_ratio", &[(Op::AtMost, 0.006)]);
    check("p95 <= 2.5s and p99 <= 6s", "playback.startup_time", &[(Op::AtMost, 2.5e6), (Op::AtMost, 6e6)]);
    check("  max<120ms ", "control.session_store_wait", &[(Op::Below, 120_000.0)]);
    check(">= 3.5 Mbps", "playback.mean_bitrate", &[(Op::AtLeast, 3_500.0)]);
    check("== 0", "delivery.origin_bytes", &[(Op::Equal, 0.0)]);
    check("rate < 1.5GB/s", "delivery.origin_bytes", &[(Op::Below, 1.5e9)]);
    check("max >= 950k", "audience.concurrent_viewers", &[(Op::AtLeast, 950_000.0)]);
    check("> 1_000_000", "audience.sessions", &[(Op::Above, 1e6)]);
    check("<= 0.5/h", "playback.stalls_per_hour", &[(Op::AtMost, 0.5)]);
    check("count > 10", "playback.startup_time", &[(Op::Above, 10.0)]);
    let relatives = |text| bounds(relative(text, "playback.startup_time").unwrap());
    assert_eq!(relatives("p95 <= -63%"), [(Op::AtMost, -0.63)]);
    assert_eq!(relatives("p95 < 0%"), [(Op::Below, 0.0)]);
    assert_eq!(relatives("p95 <= +10% or +20ms"), [(Op::AtMost, 0.1)]);
}

#[test]
fn wrong_limits_are_refused_where_they_are_wrong() {
    let ratio = "playback.rebuffering_ratio";
    let spread = "playback.startup_time";
    refused(parse("", ratio), 0, "empty", "write a limit");
    refused(parse("<= 0.60", ratio), 3, "`0.60` has no unit", "write one of: %");
    refused(parse("<= 120", "playback.distance_to_live"), 3, "has no unit", "us, ms, s, m, h");
    refused(parse("<= 2s", ratio), 4, "unit `s` does not fit", "%");
    refused(parse("<= 2S", spread), 4, "unknown unit `S`", "did you mean `s`?");
    refused(parse("p95 <= 2sec", spread), 8, "unknown unit `sec`", "did you mean `s`?");
    refused(parse("p95 <= 2 parsec", spread), 9, "unknown unit `parsec`", "units are");
    refused(parse("<= 2s", spread), 0, "distribution", "p50");
    refused(parse("p95 <= 1%", ratio), 0, "`p95` cannot be taken of", "takes none");
    refused(parse("p101 <= 1s", spread), 0, "not a percentile", "");
    refused(parse("p0 <= 1s", spread), 0, "not a percentile", "");
    refused(parse("p99.99999 <= 1s", spread), 0, "not a percentile", "");
    refused(parse("maen <= 1s", spread), 0, "unknown aggregation `maen`", "did you mean `mean`?");
    refused(parse("p95 = 1s", spread), 4, "expected `<=`", "");
    refused(parse("p95 <= x", spread), 7, "expected a number, found `x`", "");
    refused(parse("p95 <= 1s and", spread), 13, "found `end`", "");
    refused(parse("p95 <= 1s p99 <= 2s", spread), 10, "expected the end", "");
    refused(parse("<= 1.2.3%", ratio), 3, "expected a number", "");
    refused(parse("<= 1234567890123456%", ratio), 3, "more than 15 digits", "");
    refused(parse(&["== 0"; 9].join(" and "), ratio), 71, "more than 8", "");
    refused(parse("<= -63%", ratio), 3, "has no `vs`", "add `vs");
    refused(parse("<= 10% or +1%", ratio), 11, "has no `vs`", "add `vs");
    refused(parse("== 1%", "audience.sessions"), 4, "unit `%` does not fit", "drop the unit");
    refused(relative("<= 5%", ratio), 3, "`5%` must have a sign", "`+5%` or `-5%`");
    refused(relative("p95 <= 5s", spread), 7, "must be a change in per cent", "drop `vs`");
    refused(relative("p95 <= +5% or -5ms", spread), 15, "same sign", "");
    refused(relative("p95 <= +5% or +5KB", spread), 16, "does not fit", "us, ms");
    refused(parse("<= 1µs%", spread), 4, "unknown unit", "");
}

#[test]
fn expectations_name_their_metric_first() {
    let (metric, expr) = parse_expectation(" playback.start_failure_ratio <= 0.5%").unwrap();
    assert_eq!((metric.id, expr.to_string()), ("playback.start_failure_ratio", "<= 0.5%".to_owned()));
    let error = parse_expectation("playback.start_failure_ratio <= 0.5s").unwrap_err();
    assert_eq!((error.at, error.len), (35, 1));
    let error = parse_expectation(" playback.start_failures <= 0.5%").unwrap_err();
    assert_eq!((error.at, error.len), (1, 23));
    assert!(parse_expectation("").is_err());
}

#[test]
fn spans_faults_and_sides_are_read() {
    assert_eq!(parse_span("90s"), Ok(Micros::from_secs(90)));
    assert_eq!(parse_span(" 1.5m "), Ok(Micros::from_secs(90)));
    assert!(parse_span("90").is_err() && parse_span("2KB").is_err() && parse_span("1s 2s").is_err());
    let during = parse_during("fault:cdn-a-fra-dies + 2m").unwrap();
    assert_eq!((during.fault.as_str(), during.plus), ("cdn-a-fra-dies", Micros::from_mins(2)));
    assert_eq!(parse_during("fault:x").unwrap().plus, Micros::ZERO);
    assert!(
        parse_during("fault:").is_err() && parse_during("x").is_err() && parse_during("fault:x 2m").is_err()
    );
    assert_eq!(parse_versus("arm:before"), Ok(Versus::Arm("before".to_owned())));
    assert_eq!(parse_versus("baseline"), Ok(Versus::Baseline));
    assert!(
        parse_versus("before").is_err()
            && parse_versus("arm:").is_err()
            && parse_versus("baseline:x").is_err()
    );
}

#[test]
fn a_gate_reports_all_its_wrong_texts_at_once() {
    let text = GateText {
        metric: "playback.rebufering_ratio",
        pass: "<= 0.6 and",
        warn: Some("<= "),
        vs: Some("before"),
        during: Some("cdn-a"),
        window: Some("1"),
        split: Some("cohrt"),
    };
    let errors = Gate::parse("g", "after", &text).unwrap_err();
    let fields: Vec<&str> = errors.iter().map(|error| error.field).collect();
    assert_eq!(fields, ["vs", "during", "window", "split", "metric", "pass", "warn"]);
    let hint = errors[4].error.hint.clone().unwrap();
    assert_eq!(hint, "did you mean `playback.rebuffering_ratio`? `rehearsal list metrics` shows all 24");
    assert_eq!(errors[3].error.hint.as_deref(), Some("did you mean `cohort`?"));
}

#[test]
fn a_gate_says_its_limit_in_one_line() {
    let check = |text: &GateText<'_>, expected: &str| {
        assert_eq!(Gate::parse("g", "after", text).unwrap().limit(), expected);
    };
    let metric = "playback.rebuffering_ratio";
    check(&GateText { metric, pass: "<=0.60 %", ..GateText::default() }, "<= 0.60%");
    let text = GateText {
        metric,
        pass: "< 0%",
        vs: Some("arm:before"),
        during: Some("fault:dies + 2m"),
        window: Some("1m"),
        ..GateText::default()
    };
    check(&text, "< 0% against before, during dies and 2 min after, worst 1 min");
    check(
        &GateText { metric, pass: "<= 1%", split: Some("cohort"), ..GateText::default() },
        "<= 1%, every cohort",
    );
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (0..1_000_000_000_000_u64, 0..=12_u8).prop_map(|(digits, scale)| Decimal { digits, scale })
}

fn aggregation(kind: Kind) -> BoxedStrategy<Option<Aggregation>> {
    use Aggregation::{Count, Last, Max, Mean, Min, Quantile, Rate, Sum};
    match kind {
        Kind::Ratio => prop::sample::select(vec![None, Some(Rate)]).boxed(),
        Kind::Count => prop::sample::select(vec![None, Some(Sum), Some(Rate)]).boxed(),
        Kind::Mean => prop::sample::select(vec![None, Some(Mean)]).boxed(),
        Kind::Gauge => prop::sample::select(vec![None, Some(Mean), Some(Min), Some(Max), Some(Last)]).boxed(),
        Kind::Spread => prop_oneof![
            prop::sample::select(vec![Some(Mean), Some(Min), Some(Max), Some(Count)]),
            (1..=1_000_000_u32).prop_map(|ppm| Some(Quantile(ppm))),
        ]
        .boxed(),
    }
}

fn quantity_of(unit: Unit) -> impl Strategy<Value = Quantity> {
    let fitting: Vec<Suffix> = Suffix::ALL.iter().copied().filter(|suffix| suffix.unit() == unit).collect();
    (decimal(), prop::sample::select(fitting)).prop_map(|(number, suffix)| Quantity { number, suffix })
}

fn condition(metric: &'static Metric, vs: bool) -> impl Strategy<Value = Condition> {
    let ops = prop::sample::select(vec![Op::AtMost, Op::Below, Op::AtLeast, Op::Above, Op::Equal]);
    let fits = move |aggregation: &Option<Aggregation>| metric.unit_of(*aggregation).is_some();
    let aggregations = aggregation(metric.kind).prop_filter("fits the unit", fits);
    (aggregations, ops).prop_flat_map(move |(aggregation, op)| {
        let unit = metric.unit_of(aggregation).expect("filtered");
        let bound = if vs {
            let sign = prop::sample::select(vec![Sign::Plus, Sign::Minus]);
            (sign, decimal(), prop::option::of(quantity_of(unit)))
                .prop_map(|(sign, percent, or)| Bound::Relative { sign: Some(sign), percent, or })
                .boxed()
        } else {
            quantity_of(unit).prop_map(Bound::Absolute).boxed()
        };
        bound.prop_map(move |bound| Condition { aggregation, op, bound })
    })
}

fn expression() -> impl Strategy<Value = (&'static Metric, bool, Expr)> {
    ((0..metric::all().len()).prop_map(|at| &metric::all()[at]), any::<bool>()).prop_flat_map(
        |(metric, vs)| {
            prop::collection::vec(condition(metric, vs), 1..=8)
                .prop_map(move |conditions| (metric, vs, Expr { conditions }))
        },
    )
}

proptest! {
    #[test]
    fn what_is_displayed_parses_to_the_same((metric, vs, expr) in expression()) {
        prop_assert_eq!(Expr::parse(&expr.to_string(), metric, vs), Ok(expr));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,40}", vs in any::<bool>()) {
        for metric in metric::all() {
            if let Err(error) = Expr::parse(&text, metric, vs) {
                prop_assert!(text.get(error.at..error.at + error.len).is_some(), "{error:?}");
            }
        }
        let _ = (parse_expectation(&text).is_ok(), parse_during(&text).is_ok(), parse_span(&text).is_ok());
    }

    #[test]
    fn no_mix_of_our_own_words_makes_the_parser_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "<=", "<", "==", "p95", "p", "p99.9", "mean", "and", "or", "+", "-", "0", "0.60", "63", "%", "s", "ms", "KB/s", " ", "é", ".", "_",
            "fault:", "x", "999999999999999999",
        ]), 0..12),
        vs in any::<bool>(),
    ) {
        let text = words.concat();
        for metric in metric::all() {
            if let Err(error) = Expr::parse(&text, metric, vs) {
                prop_assert!(text.get(error.at..error.at + error.len).is_some(), "{error:?} in {text}");
            }
        }
        let _ = (parse_expectation(&text).is_ok(), parse_during(&text).is_ok(), parse_span(&text).is_ok());
    }
}
