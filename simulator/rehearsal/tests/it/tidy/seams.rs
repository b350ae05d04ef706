//! The seams of billing's jobs: every write of theirs passes `commit`, every call to the outside passes `call`.
//!
//! There a test stops the process. What goes past a seam is never stopped at, and a crash there stays unproven.

use super::{Tracked, assert_none, tracked};

/// Verbs of the store that write.
const WRITES: [&str; 7] = ["act", "receive", "claim", "settle", "claim_notices", "posted", "put_off"];

/// Verbs of the store that only read.
const READS: [&str; 8] = [
    "due_subscriptions",
    "due_attempts",
    "due_refunds",
    "due_events",
    "account",
    "latest_processed",
    "subscription_of_payment",
    "unposted",
];

/// Calls to the outside.
const CALLS: [&str; 6] = ["charge", "look_up", "refund", "look_up_refund", "fetch", "post"];

/// Where jobs are.
fn is_job(path: &str) -> bool {
    path.contains("/subscription/jobs.rs") || path.contains("/subscription/jobs/")
}

/// Where jobs are run from, and where nothing may write or call by itself.
fn is_beside_the_jobs(path: &str) -> bool {
    !is_job(path)
        && (path.contains("platform-core/src/subscription/")
            || path.ends_with("platform-server/src/billing/runner.rs"))
}

/// The text without comments, blanks in rows and line ends: what rustfmt does to a statement changes nothing here.
fn plain(text: &str) -> String {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ").replace(" .", ".").replace("( ", "(")
}

/// Uses of `before` and a name and `(`, as (where, name).
fn uses<'a>(code: &'a str, before: &str) -> Vec<(usize, &'a str)> {
    let found = code.match_indices(before).filter_map(|(at, _)| {
        let rest = &code[at + before.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        rest[end..].starts_with('(').then(|| (at, &rest[..end]))
    });
    found.collect()
}

/// The statement before and after a place in it.
fn statement(code: &str, at: usize) -> (&str, &str) {
    let start = code[..at].rfind([';', '{', '}']).map_or(0, |at| at + 1);
    let end = code[at..].find(';').map_or(code.len(), |end| at + end);
    (code[start..at].trim(), &code[at..end])
}

/// Whether a write is handed to `commit`: at once, or under a name and next.
fn is_committed(code: &str, at: usize) -> bool {
    let (before, after) = statement(code, at);
    if before.contains("commit(ports,") {
        return true;
    }
    let Some(name) = before.strip_prefix("let ").and_then(|rest| rest.split(' ').next()) else {
        return false;
    };
    let rest = &code[at + after.len()..];
    let next = rest.find(name).map(|found| (&rest[..found], &rest[found + name.len()..]));
    !after.contains(".await")
        && next.is_some_and(|(to, from)| to.contains("commit(ports,") && from.starts_with(").await"))
}

/// Whether a call is handed to `call`.
fn is_called(code: &str, at: usize) -> bool {
    let argument = code[..at].rfind("call(ports,").map(|start| &code[start + "call(ports,".len()..at]);
    argument.is_some_and(|between| {
        between
            .trim()
            .strip_prefix("Call::")
            .and_then(|kind| kind.strip_suffix(','))
            .is_some_and(|kind| kind.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    })
}

/// What goes past the seams in a file of jobs; how many writes and calls it has.
fn past_the_seams(path: &str, text: &str) -> (Vec<String>, usize, usize) {
    let code = plain(text);
    let (mut complaints, mut writes, mut calls) = (Vec::new(), 0, 0);
    for (at, verb) in uses(&code, ".store().") {
        if WRITES.contains(&verb) {
            writes += 1;
            if !is_committed(&code, at) {
                complaints.push(format!("{path}: `{verb}` goes past `commit`"));
            }
        } else if !READS.contains(&verb) {
            complaints.push(format!("{path}: `{verb}` neither reads nor writes in the list of verbs"));
        }
    }
    for (at, verb) in uses(&code, "ports.").into_iter().filter(|(_, verb)| CALLS.contains(verb)) {
        calls += 1;
        if !is_called(&code, at) {
            complaints.push(format!("{path}: `{verb}` goes past `call`"));
        }
    }
    (complaints, writes, calls)
}

/// What writes or calls by itself where only jobs may.
fn beside_the_jobs(path: &str, text: &str) -> Vec<String> {
    let code = plain(text);
    let calls = uses(&code, "ports.").into_iter().filter(|(_, verb)| CALLS.contains(verb));
    let writes = uses(&code, ".store().").into_iter().filter(|(_, verb)| WRITES.contains(verb));
    calls
        .chain(writes)
        .map(|(_, verb)| format!("{path}: `{verb}` belongs into a job, behind its seam"))
        .collect()
}

fn text(file: &'static Tracked) -> &'static str {
    file.text().unwrap_or_default()
}

#[test]
fn every_write_and_call_of_the_jobs_passes_its_seam() {
    let (mut complaints, mut writes, mut calls) = (Vec::new(), 0, 0);
    for file in tracked().iter().filter(|file| file.is_rust() && is_job(&file.path)) {
        let (found, more_writes, more_calls) = past_the_seams(&file.path, text(file));
        complaints.extend(found);
        (writes, calls) = (writes + more_writes, calls + more_calls);
    }
    assert_none(&complaints);
    assert!(writes >= 5 && calls >= CALLS.len(), "found only {writes} writes and {calls} calls");
}

#[test]
fn nothing_beside_the_jobs_writes_or_calls() {
    let beside = || tracked().iter().filter(|file| file.is_rust() && is_beside_the_jobs(&file.path));
    assert!(beside().count() > 10);
    assert_none(&beside().flat_map(|file| beside_the_jobs(&file.path, text(file))).collect::<Vec<_>>());
}

#[test]
fn what_goes_past_a_seam_is_named() {
    for bad in [
        "let row = ports.store().claim(&key, 1, now).await;",
        "let acting = ports.store().act(id, command, now); acting.await;",
        "let acting = ports\n    .store()\n    .act(id, command, now);\nother(acting).await;",
        "commit(ports, Point::Intent, other).await; ports.store().posted(&ids, now).await;",
        "let answer = ports.charge(&request).await?;",
        "call(ports, Call::Post, ports.post(&notice)).await; ports.post(&notice).await;",
        "ports.store().forget(id).await;",
    ] {
        assert_eq!(past_the_seams("jobs.rs", bad).0.len(), 1, "{bad}");
    }
    for good in [
        "let acting = ports.store().act(id, command, now);\nOk(commit(ports, point, acting).await?)",
        "match commit(ports, Point::Claim, ports.store().claim(&key, 1, now)).await? {}",
        "// ports.charge(&request).await\nlet rows = ports.store().due_events(now, 1).await;",
        "let answer = call(\n    ports,\n    Call::Charge,\n    ports.charge(request)).await?;",
    ] {
        assert_eq!(past_the_seams("jobs.rs", good).0, [""; 0], "{good}");
    }
    assert_eq!(beside_the_jobs("runner.rs", "ports.refund(&request).await").len(), 1);
    assert_eq!(beside_the_jobs("runner.rs", "ports.store().settle(&key).await").len(), 1);
    assert_eq!(beside_the_jobs("runner.rs", "jobs::inbox(ports, 0).await").len(), 0);
}
