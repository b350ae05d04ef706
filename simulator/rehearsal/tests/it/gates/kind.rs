//! Worlds in which every gate holds.

/// `before-after` and `peak-hour` in sixteen minutes: one kick-off, the outage, the brown-out; 500 viewers on good
/// lines, and more of everything than they need. The platform as it was still stalls in the outage, so that there is
/// something to improve.
pub(super) const EVENING: [&str; 15] = [
    "run.duration=16m",
    "run.warmup=2m",
    "scale.audience=0.01",
    r#"audience.vod.curve=[{ at = "0s", viewers = 16_000 }]"#,
    r#"audience.live.curve=[{ at = "0s", viewers = 14_000 }, { at = "4m", viewers = 34_000, shape = "step-over 90s" }]"#,
    r#"audience.cohort.*.access={ fixed = "30Mbps" }"#,
    "scale.pop_capacity=10.0",
    "origin.servers=1000",
    "origin.capacity=330Gbps",
    "shield.capacity=330Gbps",
    "session_store.servers=500",
    "fault.cdn-a-fra-dies.at=6m",
    "fault.cdn-a-fra-dies.for=4m",
    "fault.cdn-a-brownout.at=13m",
    "fault.cdn-a-brownout.for=2m",
];

/// `smoke` with fewer viewers and a shorter outage.
pub(super) const SMOKE: [&str; 2] = ["scale.audience=0.5", "fault.cdn-a-fra-dies.for=40s"];

/// `calm` as it ships, with fewer viewers.
pub(super) const CALM: [&str; 1] = ["scale.audience=0.5"];
