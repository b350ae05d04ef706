//! The series as CSV: one row per arm, metric, split and bucket, over all seeds.

use super::series::series;
use crate::metric;
use crate::report::Report;

/// `series.csv` (RFC 4180, LF line ends): `arm,metric,split,from_s,to_s,value,seed_min,seed_max,unit`.
///
/// Values in the unit of the metric (times in microseconds); empty where nothing was counted. A name that a
/// spreadsheet would take for a formula gets an apostrophe in front.
#[must_use]
pub fn csv(report: &Report) -> String {
    let mut out = String::from("arm,metric,split,from_s,to_s,value,seed_min,seed_max,unit\n");
    for arm in &report.subject.arms {
        for metric in super::words::measured(report) {
            let runs = report.runs_of(&arm.id);
            let measurements =
                runs.iter().flat_map(|run| &run.measurements).filter(|m| m.metric == metric.id);
            let mut splits: Vec<_> = measurements.map(|m| &m.split).collect();
            splits.sort();
            splits.dedup();
            for split in splits {
                for point in series(report, &arm.id, (metric, split), usize::MAX) {
                    out.push_str(&format!(
                        "{},{},{},{:.3},{:.3},{},{},{},{}\n",
                        quoted(&arm.id),
                        metric.id,
                        quoted(&split.text()),
                        point.from_s,
                        point.to_s,
                        number(point.value),
                        number(point.low),
                        number(point.high),
                        unit(metric.unit)
                    ));
                }
            }
        }
    }
    out
}

const fn unit(unit: metric::Unit) -> &'static str {
    match unit {
        metric::Unit::Share => "ratio",
        metric::Unit::Time => "us",
        other => other.name(),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{}", crate::num::round_significant(value)))
}

fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}
