//! A supplier's file read into the catalogue: records a second, with the process killed on the way.
//!
//! The file is synthetic, as untidy as suppliers' files are. The import runs in a process of its own, which is killed (SIGKILL) at even
//! distances and started again; then every record is looked for. `--titles N` says how many, `--kills N` how often.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actors::catalogue::{self, Spec};
use benches::child::worker_args;
use benches::machine::load_average;
use benches::say::{Mode, flag, say, whole};
use platform_server::catalog::import::{self, BATCH_RECORDS, Format, Request};
use platform_server::catalog::store::CatalogStore;
use rehearsal::host::Stopwatch;
use tokio::runtime::Runtime;
use units::Seed;

/// Titles of a large supplier, and where figures do not matter.
const TITLES: [u32; 2] = [1_000_000, 3_000];

fn main() {
    if let Some(args) = worker_args() {
        return work(Path::new(&args[0]), Path::new(&args[1]));
    }
    let small = usize::from(Mode::from_args() == Mode::Quick);
    let titles = flag("--titles").unwrap_or(TITLES[small]);
    let kills = flag("--kills").unwrap_or(3);
    let load = load_average().map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    say(&format!(
        "catalogue import: {} titles, {kills} kills, load average {load}",
        whole(f64::from(titles))
    ));
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let (file, store) = (folder.path().join("catalogue.jsonl"), folder.path().join("catalogue.sqlite"));
    generate(&file, titles);
    let bytes = std::fs::metadata(&file).expect("a file").len();
    let watch = Stopwatch::start();
    for kill in 1..=kills {
        kill_at(&file, &store, u64::from(titles) * u64::from(kill) / u64::from(kills + 1));
    }
    let status = start(&file, &store).wait().expect("a child of ours");
    assert!(status.success(), "the last import ends well");
    let took = watch.elapsed().as_secs_f64();
    check(&file, &store, titles);
    say(&format!(
        "  {:.1} MB in {took:.1} s of wall, {} records a second, every record in once or set aside once",
        bytes as f64 / 1e6,
        whole((f64::from(titles) / took).round())
    ));
    let size = std::fs::metadata(&store).expect("a file").len();
    say(&format!("  the catalogue has {:.1} MB", size as f64 / 1e6));
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads")
}

fn generate(path: &Path, titles: u32) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let spec = Spec { seed: Seed(1), titles: u64::from(titles), messy: true };
    for title in catalogue::titles(spec) {
        let line = catalogue::line::write(&title).expect("strings and numbers");
        writeln!(out, "{line}").expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}

fn request(file: &Path) -> Request {
    let path = PathBuf::from(file);
    Request {
        path,
        format: Format::JsonLines,
        batch_records: BATCH_RECORDS,
        regions: Vec::new(),
        this_year: 2026,
    }
}

/// What the process that is killed does.
fn work(file: &Path, store: &Path) {
    runtime().block_on(async {
        let store = CatalogStore::open(store).await.expect("a catalogue");
        let summary = import::import(&store, &request(file), |_| ControlFlow::Continue(())).await;
        assert!(summary.expect("an import").is_complete(), "nobody stops it");
        store.close().await;
    });
}

fn start(file: &Path, store: &Path) -> Child {
    let exe = std::env::current_exe().expect("a running program knows its file");
    let mut command = Command::new(exe);
    command.arg("--worker").arg(file).arg(store).stdin(Stdio::null());
    command.spawn().expect("this program can be run again")
}

/// Starts an import and kills it once so many records are in.
fn kill_at(file: &Path, path: &Path, at: u64) {
    let mut child = start(file, path);
    let reached = runtime().block_on(async {
        let store = CatalogStore::open(path).await.expect("a catalogue");
        let source = file.canonicalize().expect("a file");
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        loop {
            ticks.tick().await;
            let position = store.position(&source.to_string_lossy()).await.expect("a catalogue");
            let records = position.map_or(0, |position| position.records);
            if records >= at || child.try_wait().expect("a child of ours").is_some() {
                break records;
            }
        }
    });
    // A small file may be in before it is looked at.
    if let Some(status) = child.try_wait().expect("a child of ours") {
        assert!(status.success(), "an import failed before it was killed");
        return say("  ended before it could be killed");
    }
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    say(&format!("  killed after {} records", whole(reached as f64)));
}

/// Looks for every record: in the catalogue, or set aside.
fn check(file: &Path, path: &Path, titles: u32) {
    runtime().block_on(async {
        let store = CatalogStore::open(path).await.expect("a catalogue");
        let source = file.canonicalize().expect("a file");
        let position =
            store.position(&source.to_string_lossy()).await.expect("a catalogue").expect("an import");
        let (titles_in, set_aside) =
            (store.titles().await.expect("titles"), store.quarantined().await.expect("rows"));
        assert_eq!(position.records, u64::from(titles), "all records were read");
        assert_eq!(position.written.added, titles_in, "each title was added once");
        assert_eq!(titles_in + set_aside, u64::from(titles), "nothing is lost, nothing is doubled");
        say(&format!("  {} titles, {} set aside", whole(titles_in as f64), whole(set_aside as f64)));
    });
}
