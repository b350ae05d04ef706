//! Reads Sabre's manifests and traces as the reference data keeps them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use actors::player::{Ladder, Variant};
use actors::sabre::replay::{Manifest, Period, Trace};
use serde_json::Value;
use units::{Bits, Kbps, Micros};

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// `{segment_duration_ms, bitrates_kbps, segment_sizes_bits}`.
pub(super) fn manifest(path: &Path) -> Manifest {
    let file = json(path);
    let whole = |value: &Value| value.as_u64().expect("manifests hold whole numbers");
    let list = |value: &Value| -> Vec<u64> { value.as_array().into_iter().flatten().map(whole).collect() };
    let segment = Micros(whole(&file["segment_duration_ms"]) * 1_000);
    let rows = file["segment_sizes_bits"].as_array().expect("a list of segments");
    manifest_of(&list(&file["bitrates_kbps"]), segment, rows.iter().map(list).collect())
}

/// A manifest from plain numbers: bitrates in kbit/s, sizes in bits by segment.
pub(super) fn manifest_of(rates: &[u64], segment: Micros, sizes: Vec<Vec<u64>>) -> Manifest {
    let variants = rates.iter().map(|&rate| Variant { average: Kbps(rate), peak: Kbps(rate) }).collect();
    let sizes = sizes.into_iter().map(|row| row.into_iter().map(Bits).collect()).collect();
    Manifest::new(Ladder { variants, segment }, sizes).expect("a sound manifest")
}

/// `{name: [[duration_ms, bandwidth_kbps, latency_ms], ...]}`, one trace in `step`.
pub(super) fn traces(path: &Path, step: usize) -> Vec<Trace> {
    let file: BTreeMap<String, Vec<[f64; 3]>> =
        serde_json::from_value(json(path)).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    file.into_values().step_by(step).map(trace_of).collect()
}

/// A trace from `[duration_ms, bandwidth_kbps, latency_ms]` a period.
pub(super) fn trace_of(periods: Vec<[f64; 3]>) -> Trace {
    let period = |[duration_ms, bandwidth_kbps, latency_ms]: [f64; 3]| Period {
        duration_ms,
        bandwidth_kbps,
        latency_ms,
    };
    Trace::new(periods.into_iter().map(period).collect()).expect("a sound trace")
}
