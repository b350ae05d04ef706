//! The system calls of a running server: between a webhook's arrival and its acknowledgement lie a write of it and a flush to the disk.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::killed::{Server, send};

/// Webhooks sent, one after the other.
const SENT: usize = 40;

/// What the trace shows of one webhook, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Step {
    Sent,
    Written,
    Flushed,
    Acknowledged,
}

/// How far a webhook gets by lines of a trace, from the one in which it arrives.
fn furthest(lines: &[&str], id: &str) -> Step {
    let mut step = Step::Sent;
    let mut arrived = false;
    for line in lines {
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        let is = |name: &str| call.starts_with(name);
        let has_id = line.contains(id);
        // A call that another thread interrupts is shown in two lines: the first has what went in, the second what came out.
        let arrives = has_id && (is("recvfrom(") || line.contains("recvfrom resumed"));
        let ended = line.trim_end().ends_with("= 0") && !line.contains("unfinished");
        match step {
            _ if !arrived => arrived = arrives,
            Step::Sent if has_id && is("pwrite64(") => step = Step::Written,
            Step::Written if ended && (line.contains("fdatasync") || line.contains("fsync")) => {
                step = Step::Flushed;
            }
            // An answer before the flush is what must not be: the step stays where it is.
            _ if line.contains("HTTP/1.1 200") => {
                return if step == Step::Flushed { Step::Acknowledged } else { step };
            }
            _ => {}
        }
    }
    step
}

#[test]
fn each_webhook_is_written_and_flushed_before_it_is_acknowledged() {
    if Command::new("strace").arg("--version").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let traced = |trace: &Path| {
        let mut command = Command::new("strace");
        command.args([
            "-f",
            "-s",
            "8192",
            "-e",
            "trace=recvfrom,pwrite64,fsync,fdatasync,sendto,writev,write",
        ]);
        command.arg("-o").arg(trace).arg(env!("CARGO_BIN_EXE_rehearsal"));
        command
    };
    let mut server = Server::started(traced(&trace), &folder.path().join("billing.sqlite"));
    let ids: Vec<String> = (0..SENT).map(|n| format!("evt_traced_{n:03}")).collect();
    for id in &ids {
        assert!(send(server.port, id), "{id} is acknowledged");
    }
    server.end();
    let text = String::from_utf8_lossy(&fs::read(&trace).expect("a trace")).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    for id in &ids {
        assert_eq!(furthest(&lines, id), Step::Acknowledged, "{id}");
    }
    println!("{SENT} webhooks, each written and flushed before its acknowledgement");
}

#[test]
fn an_answer_before_the_flush_would_be_seen() {
    let arrives = "7 recvfrom(9, \"POST ... evt_1 ...\") = 100";
    let writes = "8 pwrite64(5, \"... evt_1 ...\", 4096, 0) = 4096";
    let flushes = "8 fdatasync(5) = 0";
    let answers = "7 sendto(9, \"HTTP/1.1 200 OK\") = 90";
    assert_eq!(furthest(&[arrives, writes, flushes, answers], "evt_1"), Step::Acknowledged);
    let begins = "8 fdatasync(5 <unfinished ...>";
    let ends = "8 <... fdatasync resumed>) = 0";
    assert_eq!(furthest(&[arrives, writes, begins, ends, answers], "evt_1"), Step::Acknowledged);
    assert_eq!(furthest(&[arrives, writes, begins, answers, ends], "evt_1"), Step::Written);
    assert_eq!(furthest(&[arrives, writes, answers, flushes], "evt_1"), Step::Written);
    assert_eq!(furthest(&[arrives, flushes, answers, writes], "evt_1"), Step::Sent);
    assert_eq!(furthest(&[arrives, flushes, writes, answers], "evt_1"), Step::Written);
}
