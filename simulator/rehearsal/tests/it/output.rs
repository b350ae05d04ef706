//! Result folders: whole or not at all, whatever happens to the disk or to the program.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::program::{BINARY, BOTH, Finished, Sandbox, TINY};

/// What a run leaves in its folder.
const FILES: [&str; 6] = ["host.json", "junit.xml", "report.html", "report.json", "series.csv", "summary.md"];

fn below(folder: &str, names: &[&str]) -> Vec<String> {
    std::iter::once(format!("{folder}/")).chain(names.iter().map(|name| format!("{folder}/{name}"))).collect()
}

/// Could not be judged, for want of a place to write to; ends with the command that tries again.
#[track_caller]
fn cannot_write(finished: Finished, reason: &str) {
    let finished = finished.expect(97);
    assert!(finished.stderr.contains(&format!("error: cannot write {reason}")), "{}", finished.stderr);
    assert!(finished.stderr.contains("name another folder with --out DIR"), "{}", finished.stderr);
    finished.repeat();
}

#[test]
fn a_run_leaves_six_files_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out"]).expect(0);
    assert_eq!(sandbox.contents(), below("out", &FILES));
    sandbox.run_tiny(&[]).expect(0);
    let default = ["reports/".to_owned(), "reports/out/".to_owned()];
    assert_eq!(sandbox.contents()[7..], [&default[..], &below("reports/out/smoke", &FILES)].concat());
}

#[test]
fn several_scenarios_write_into_folders_of_their_names() {
    let sandbox = Sandbox::new();
    sandbox.run(&[&BOTH[..], &["--out", "out"]].concat()).expect_judged();
    let folders = [below("out/calm", &FILES), below("out/smoke", &FILES)].concat();
    assert_eq!(sandbox.contents()[1..], folders);
}

#[test]
fn a_folder_that_cannot_be_written_is_found_out_before_the_run() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "mine");
    cannot_write(sandbox.run_tiny(&["--out", "file"]), "to `file`: it is not a folder");
    cannot_write(sandbox.run_tiny(&["--out", "file/below"]), "to `file/below`: it is not a folder");
    let finished = sandbox.run(&[&BOTH[..], &["--out", "file"]].concat());
    assert!(!finished.stderr.contains("seed 1"), "it ran first:\n{}", finished.stderr);
    cannot_write(finished, "to `file/smoke`: it is not a folder");
    assert_eq!((sandbox.contents(), sandbox.read("file")), (vec!["file".to_owned()], "mine".to_owned()));
    if cfg!(target_os = "linux") {
        cannot_write(sandbox.run_tiny(&["--out", "/proc/nobody"]), "to `/proc/nobody`: ");
    }
}

#[test]
fn a_read_only_folder_is_found_out_before_the_run() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("out")).expect("a folder");
    let mut permissions = fs::metadata(sandbox.path("out")).expect("a folder").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(sandbox.path("out"), permissions).expect("our own folder");
    if fs::write(sandbox.path("out/probe"), "").is_ok() {
        return; // Whoever runs this may write anywhere.
    }
    cannot_write(sandbox.run_tiny(&["--out", "out"]), "to `out`: permission denied");
}

#[test]
fn a_name_that_is_taken_by_a_folder_leaves_all_results_unwritten() {
    for taken in FILES {
        let sandbox = Sandbox::new();
        fs::create_dir_all(sandbox.path("out").join(taken)).expect("a folder");
        cannot_write(sandbox.run_tiny(&["--out", "out"]), "results to `out`: it is a folder");
        assert_eq!(sandbox.contents(), ["out/".to_owned(), format!("out/{taken}/")]);
    }
}

/// A shell line that runs [`TINY`] into `out` as process `$$`, after a line that may prepare for that number.
fn tiny_after(preparation: &str) -> String {
    format!("{preparation}; exec {BINARY} {} --out out", TINY.join(" "))
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_earlier_results_as_they_were_and_no_litter() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out", "--seed", "7"]).expect(0);
    let earlier: Vec<String> = FILES.iter().map(|file| sandbox.read(&format!("out/{file}"))).collect();
    for file in FILES {
        // Writing to this device always fails as on a full disk.
        let line = tiny_after(&format!("ln -s /dev/full out/.{file}.$$.part"));
        cannot_write(sandbox.shell(&line), "results to `out`: no space left on device");
        assert_eq!(sandbox.contents(), below("out", &FILES), "{file}");
        let now: Vec<String> = FILES.iter().map(|file| sandbox.read(&format!("out/{file}"))).collect();
        assert!(now == earlier, "{file}: a result was changed");
    }
}

/// Kills a process that the test has started.
fn signal(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
}

/// Waits until something is so. The process that makes it so must still run.
fn wait_until(child: &mut Child, so: impl Fn() -> bool) {
    while !so() {
        assert!(child.try_wait().expect("a child").is_none(), "the program ended before");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_kill_in_the_middle_of_writing_leaves_nothing_under_a_final_name() {
    let sandbox = Sandbox::new();
    // Whoever opens a pipe to write waits for a reader, and there is none: the program stops half-way through its files.
    let line = tiny_after("mkdir out; mkfifo out/.report.json.$$.part");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(sandbox.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = shell.spawn().expect("a shell");
    let half = sandbox.path(&format!("out/.series.csv.{}.part", child.id()));
    wait_until(&mut child, || half.exists());
    signal(&child, "-KILL");
    assert_eq!(child.wait().expect("a child").code(), None);
    let contents = sandbox.contents();
    assert!(contents.iter().all(|name| name == "out/" || name.starts_with("out/.")), "{contents:?}");
    // What it left does not stand in the way.
    sandbox.run_tiny(&["--out", "out"]).expect(0);
    for file in FILES {
        assert!(sandbox.path("out").join(file).is_file(), "{file}");
    }
}

/// Starts a run that would take minutes.
fn start_long(sandbox: &Sandbox, args: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let mut command = sandbox.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    (child, stderr)
}

/// By a person, by a CI system that has waited long enough, by a terminal that goes away.
#[test]
fn an_interrupted_run_reports_the_seeds_that_were_done_and_says_so() {
    for name in ["-INT", "-TERM", "-HUP"] {
        interrupted_by(name);
    }
}

fn interrupted_by(name: &str) {
    let sandbox = Sandbox::new();
    let args =
        ["run", "smoke", "--seeds", "1000", "--set", "scale.audience=0.02", "--threads", "2", "--out", "out"];
    let (mut child, mut stderr) = start_long(&sandbox, &args);
    let mut said = String::new();
    // Two arms on two threads: by the sixth run, the first seed has both.
    while !said.contains("\n6/2000") {
        assert!(stderr.read_line(&mut said).expect("UTF-8") > 0, "it ended:\n{said}");
    }
    signal(&child, name);
    stderr.read_to_string(&mut said).expect("UTF-8");
    assert_eq!(child.wait().expect("a child").code(), Some(130), "{said}");
    assert!(said.lines().last().is_some_and(|line| line.starts_with("repeat: ")), "{said}");

    assert_eq!(sandbox.contents(), below("out", &FILES));
    let report = sandbox.report("out");
    assert!(!report.subject.complete && report.subject.sensitivity.is_none());
    let (seeds, arms) = (report.subject.seeds.len(), report.subject.arms.len());
    assert!(
        (1..1000).contains(&seeds) && report.runs.len() == seeds * arms,
        "{seeds} seeds, {} runs",
        report.runs.len()
    );
    assert!(sandbox.read("out/report.html").contains("The run was interrupted"));
    assert!(sandbox.read("out/summary.md").contains("INTERRUPTED"));
    assert!(sandbox.read("out/junit.xml").contains(r#"type="interrupted""#));
    let again = sandbox.run(&["reproduce", "out/report.json"]).expect(2);
    assert!(again.stderr.contains("the report is of an interrupted run"), "{}", again.stderr);
}

#[test]
fn without_a_verb_it_runs_the_acceptance_suite_and_an_early_interrupt_leaves_nothing() {
    let sandbox = Sandbox::new();
    let (mut child, mut stderr) = start_long(&sandbox, &[]);
    let folder = sandbox.path("reports/out/before-after");
    wait_until(&mut child, || folder.is_dir());
    signal(&child, "-INT");
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("UTF-8");
    assert_eq!(child.wait().expect("a child").code(), Some(130), "{said}");
    assert!(said.contains("interrupted before the first seed was done"), "{said}");
    assert_eq!(sandbox.contents(), ["reports/", "reports/out/", "reports/out/before-after/"]);
}
