//! The queue of session store and origin, held against Erlang's formula through scenario files.
//!
//! The audience is steady and its visits are short, so that starts are a Poisson process of known rate; the store's service
//! is exponential. That is M/M/k, whose mean wait is known (Erlang C). `peak-hour` has the same queue type in front of its
//! starts, with its own numbers.

use scenarios::world::Service;
use scenarios::{Document, NoFiles, ResolvedArm};
use sim_engine::{RunOptions, Stage};
use units::Seed;

const SCENARIO: &str = r#"
schema = 1
name   = "queueing"
title  = "A steady audience in front of a session store"
description = "Everything but the session store is ample."
owner  = "tests"
tags   = []

[run]
duration = "10m"
warmup   = "1m"
seed     = 1
seeds    = { min = 1, max = 1 }
cells    = 8

[arm.only]
levers = { steering = "static", load_policy = "player-default", cache_key = "normalised", coalescing = "on", shield = "off" }

[audience.vod]
session_length = { median = "12s", p90 = "20s" }
curve = [{ at = "0s", viewers = 1_200 }]

[[audience.cohort]]
id     = "phone"
share  = 1.0
device = "phone"
access = { fixed = "50Mbps" }
region = { one = 1.0 }

[catalogue]
titles         = 8
popularity     = { dist = "zipf", s = 0.9 }
title_duration = "45m"

[encoding]
segment = "6s"
ladder  = ["200kbps"]

[[cdn]]
id     = "cdn-a"
weight = 1
pops   = [{ id = "one", capacity = "1Tbps", cache = "10TB", serves = { one = "14ms" } }]

[origin]
capacity = "1Tbps"
servers  = 100
service  = { dist = "constant", value = "1ms" }

[session_store]
servers     = 1
service     = { dist = "exponential", mean = "7ms" }
queue_limit = 1_000_000

[gate.store]
metric = "control.session_store_wait"
pass   = "p50 <= 1h"
"#;

/// The scenario's arm with a store of `servers`, each of which works for `mean` on a start.
fn arm(servers: u32, mean: &str) -> ResolvedArm {
    let mut document =
        Document::from_bytes("queueing.toml", SCENARIO.as_bytes(), &NoFiles).expect("a scenario");
    for (key, value) in
        [("session_store.servers", servers.to_string()), ("session_store.service.mean", mean.to_owned())]
    {
        document.set(key, &value).expect("a key of the scenario");
    }
    let mut resolved = document.resolve(&NoFiles).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint));
    resolved.arms.remove(0)
}

/// Mean time from arrival to the end of service in M/M/k, in seconds.
fn erlang_c(servers: u32, arrivals_per_s: f64, service_mean_s: f64) -> f64 {
    let offered = arrivals_per_s * service_mean_s;
    let load = offered / f64::from(servers);
    // The recursion of Erlang B, then C from B: no factorials.
    let blocked = (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
    let waits = blocked / (1.0 - load * (1.0 - blocked));
    waits * service_mean_s / (f64::from(servers) * (1.0 - load)) + service_mean_s
}

#[expect(clippy::print_stdout, reason = "the measured agreement, for whoever runs it with --nocapture")]
fn check(servers: u32, mean: &str) {
    let arm = arm(servers, mean);
    let store = arm.world.session_store.expect("the scenario has a session store");
    let Service::Exponential { mean } = store.service else {
        panic!("the scenario's service is exponential")
    };
    let clock = arm.world.clock;
    let skipped = (clock.warmup.0 / clock.bucket.0) as usize;
    let (mut starts, mut waited, mut seconds) = (0, 0, 0.0);
    for seed in (1..=5).map(Seed) {
        let (sessions, _) = sim_engine::audience::sessions(&arm.world, seed).expect("a valid audience");
        let output =
            sim_engine::run(&Stage::new(&arm.world, arm.levers, seed, sessions), RunOptions::default());
        let waits: Vec<u64> = output.store_waits.iter().skip(skipped).flatten().map(|wait| wait.0).collect();
        starts += waits.len();
        waited += waits.iter().sum::<u64>();
        seconds += clock.duration.as_secs_f64() - clock.warmup.as_secs_f64();
    }
    let rate = starts as f64 / seconds;
    let ours = waited as f64 / starts as f64 / 1e6;
    let theory = erlang_c(servers, rate, mean.as_secs_f64());
    let load = rate * mean.as_secs_f64() / f64::from(servers);
    println!(
        "k = {servers}: {starts} starts, load {load:.3}: {:.3} ms, in theory {:.3} ms",
        ours * 1e3,
        theory * 1e3
    );
    assert!(load > 0.5, "a queue that is never full shows nothing");
    assert!((ours / theory - 1.0).abs() < 0.05, "{ours} s against {theory} s");
    // What is left when service is taken off is what waiting costs: the part that a wrong queue would get wrong.
    let (ours, theory) = (ours - mean.as_secs_f64(), theory - mean.as_secs_f64());
    assert!((ours / theory - 1.0).abs() < 0.05, "queueing alone: {ours} s against {theory} s");
}

#[test]
fn a_session_store_with_one_server_waits_as_m_m_1_says() {
    check(1, "7ms");
}

#[test]
fn a_session_store_with_many_servers_waits_as_erlang_c_says() {
    check(4, "30ms");
    check(16, "140ms");
}

/// The formula itself, against numbers of teletraffic tables: one server with load 0.5 waits as long as it serves; ten
/// servers offered 8 erlang let 40.9 % wait.
#[test]
fn erlang_c_gives_the_numbers_of_the_tables() {
    assert!((erlang_c(1, 0.5, 1.0) - 2.0).abs() < 1e-12);
    let waits = (erlang_c(10, 8.0, 1.0) - 1.0) * 2.0;
    assert!((waits - 0.409).abs() < 0.001, "{waits}");
}
