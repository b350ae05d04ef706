//! The recorded runs of the real hls.js: what was set up and what happened.

use std::path::Path;

use actors::player::{LoadPolicies, LoadPolicy, RetryPolicy};
use serde_json::Value;
use units::{Kbps, Micros, Timestamp};

/// How pathway A fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Status(u16),
    Hang,
    Reset,
    Slow(Kbps),
}

/// A segment as the browser saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fragment {
    pub(crate) sequence: u64,
    pub(crate) variant: u8,
    pub(crate) bytes: f64,
    pub(crate) first_byte_ms: f64,
    pub(crate) total_ms: f64,
    /// From the request until it was parsed and buffered.
    pub(crate) parsed_ms: f64,
    /// Bandwidth estimate before it, in bit/s.
    pub(crate) estimate: f64,
    pub(crate) pathway: u8,
    pub(crate) ended_s: f64,
    /// Buffer after it, in seconds.
    pub(crate) buffer_s: f64,
}

/// One recorded run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) duration_s: f64,
    /// From second, rate.
    pub(crate) trace: Vec<(f64, Kbps)>,
    pub(crate) fault: Option<(Timestamp, Fault)>,
    pub(crate) steered: bool,
    /// When the order of pathways is flipped.
    pub(crate) flip_at: Option<Timestamp>,
    pub(crate) loading: LoadPolicies,
    pub(crate) fragments: Vec<Fragment>,
    /// How many of them ended before the first error.
    pub(crate) undisturbed: usize,
    /// When pathway A first failed a request, in seconds: the start of that request.
    pub(crate) fault_seen_s: Option<f64>,
    /// When the first segment of pathway B was asked for.
    pub(crate) switched_s: Option<f64>,
    /// Stall in all, a stall that is open at the end included.
    pub(crate) stall_s: f64,
    pub(crate) stalls: usize,
}

impl Run {
    /// When the multivariant playlist was asked for, judged by the first segment: two playlists came before it.
    pub(crate) fn began_at(&self) -> Timestamp {
        let first = &self.fragments[0];
        Timestamp(Micros::from_secs_f64(first.ended_s - first.total_ms / 1e3 - 0.12).0)
    }

    /// First byte and end (parsed) of a segment that was recorded, at this variant, before the fault.
    pub(crate) fn before_fault(&self, index: u32, variant: u8) -> Option<(Micros, Micros)> {
        let (fault_at, _) = self.fault?;
        let fragment = self.fragments.iter().find(|fragment| fragment.sequence == u64::from(index))?;
        let recorded = fragment.variant == variant
            && fragment.ended_s < fault_at.as_secs_f64() + 2.0
            && fragment.pathway == 1;
        let micros = |ms: f64| Micros::from_secs_f64(ms / 1e3);
        recorded.then(|| (micros(fragment.first_byte_ms), micros(fragment.parsed_ms)))
    }
}

/// All runs of a folder.
pub(crate) fn read_all(folder: &Path) -> Vec<Run> {
    ["out1.json", "outA.json", "outB.json", "outC.json", "outD.json"]
        .iter()
        .flat_map(|name| {
            let text = std::fs::read_to_string(folder.join(name)).expect("a recorded file");
            let runs: Value = serde_json::from_str(&text).expect("JSON");
            runs.as_array().expect("a list of runs").iter().map(read).collect::<Vec<_>>()
        })
        .collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("`{value}` is not a number"))
}

fn kbps(bits_per_s: f64) -> Kbps {
    Kbps((bits_per_s / 1e3) as u64)
}

fn read(run: &Value) -> Run {
    let set = &run["sc"]["set"];
    let events = run["ev"].as_array().expect("events");
    let fragments = fragments(events);
    let first_error_s =
        events.iter().find(|row| row[1] == "ERR").map_or(f64::INFINITY, |row| number(&row[0]));
    let fault = set["fault"]["A"]
        .as_object()
        .map(|fault| (seconds(number(&fault["at"])), fault_kind(&fault["kind"])));
    let requests = run["reqs"].as_array().expect("requests");
    let seen = |request: &&Value| request["fault"].is_string();
    let duration_s = number(&run["sc"]["dur"]);
    let stalls: Vec<f64> = run["stalls"]
        .as_array()
        .expect("stalls")
        .iter()
        .map(|span| number(&span[1]) - number(&span[0]))
        .collect();
    let open = run["open"].as_f64().map(|from| duration_s - from);
    Run {
        id: run["sc"]["id"].as_str().expect("an id").to_owned(),
        duration_s,
        trace: set["trace"]
            .as_array()
            .expect("a trace")
            .iter()
            .map(|row| (number(&row[0]), kbps(number(&row[1]))))
            .collect(),
        fault,
        steered: set["steer"] == true,
        flip_at: run["sc"]["acts"][0]["at"].as_f64().map(seconds),
        loading: loading(&run["sc"]["cfg"]["fragLoadPolicy"]["default"]),
        undisturbed: fragments.iter().filter(|fragment| fragment.ended_s < first_error_s).count(),
        fault_seen_s: requests.iter().find(seen).map(|request| number(&request["t"])),
        switched_s: fragments
            .iter()
            .find(|fragment| fragment.pathway == 2)
            .map(|fragment| fragment.ended_s - fragment.total_ms / 1e3),
        stall_s: stalls.iter().sum::<f64>() + open.unwrap_or(0.0),
        stalls: stalls.len() + usize::from(open.is_some()),
        fragments,
    }
}

fn seconds(s: f64) -> Timestamp {
    Timestamp(Micros::from_secs_f64(s).0)
}

fn fault_kind(kind: &Value) -> Fault {
    match kind.as_str().expect("a kind of fault") {
        "hang" => Fault::Hang,
        "reset" => Fault::Reset,
        kind => match kind.strip_prefix("slow") {
            Some(rate) => Fault::Slow(Kbps(rate.parse().expect("a rate"))),
            None => Fault::Status(kind.parse().expect("a status")),
        },
    }
}

/// The policy of the run, from hls.js's configuration where it was changed.
fn loading(changed: &Value) -> LoadPolicies {
    let defaults = LoadPolicies::hlsjs();
    if changed.is_null() {
        return defaults;
    }
    let ms = |value: &Value| value.as_u64().expect("milliseconds");
    let retry = |value: &Value| {
        let max = u8::try_from(ms(&value["maxNumRetry"])).expect("a small count");
        RetryPolicy::doubling(max, ms(&value["retryDelayMs"]), ms(&value["maxRetryDelayMs"]))
    };
    let segment = LoadPolicy {
        first_byte: Micros::from_millis(ms(&changed["maxTimeToFirstByteMs"])),
        total: Micros::from_millis(ms(&changed["maxLoadTimeMs"])),
        timeout_retry: retry(&changed["timeoutRetry"]),
        error_retry: retry(&changed["errorRetry"]),
        ..defaults.segment
    };
    LoadPolicies { segment, ..defaults }
}

fn fragments(events: &[Value]) -> Vec<Fragment> {
    events
        .iter()
        .filter(|row| row[1] == "FRAG")
        .map(|row| {
            let buffered = events.iter().find(|other| other[1] == "BUF" && other[2] == row[2]);
            let parsing_ms = buffered.map_or(0.0, |buffered| (number(&buffered[0]) - number(&row[0])) * 1e3);
            Fragment {
                sequence: row[2].as_u64().expect("a sequence number"),
                variant: u8::try_from(row[3].as_u64().expect("a level")).expect("a small level"),
                bytes: number(&row[4]),
                first_byte_ms: number(&row[5]),
                total_ms: number(&row[6]),
                parsed_ms: number(&row[6]) + parsing_ms,
                estimate: number(&row[7]),
                pathway: u8::try_from(row[8].as_u64().expect("a pathway")).expect("1 or 2"),
                ended_s: number(&row[0]),
                buffer_s: buffered.map_or(0.0, |row| number(&row[5])),
            }
        })
        .collect()
}
