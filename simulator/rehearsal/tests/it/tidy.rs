//! What no compiler checks: who may depend on whom, under which licences, how long files are, which words stand in them.
//!
//! Each rule is a function from what was found to complaints, with a test that it speaks up on a planted breach.

mod arrows;
mod docs;
mod files;
mod licences;
mod reference;
mod seams;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// A file of the repository.
struct Tracked {
    /// Path from the root, with `/`.
    path: String,
    bytes: Vec<u8>,
}

impl Tracked {
    /// Its text; `None` for what is not UTF-8.
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it holds tests and nothing else.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the package lies two folders below the root")
}

/// Every file that git tracks or would track; without git, every file outside build folders.
fn tracked() -> &'static [Tracked] {
    static FILES: OnceLock<Vec<Tracked>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut paths = listed_by_git().unwrap_or_else(|| {
            let mut found = Vec::new();
            walk(root(), "", &mut found);
            found
        });
        paths.sort();
        paths.dedup();
        // A file that was deleted but not yet staged is still listed.
        let read = |path: String| fs::read(root().join(&path)).ok().map(|bytes| Tracked { path, bytes });
        let files: Vec<Tracked> = paths.into_iter().filter_map(read).collect();
        assert!(
            files.iter().any(|file| file.path == "Cargo.toml"),
            "no manifest among {} files",
            files.len()
        );
        files
    })
}

fn listed_by_git() -> Option<Vec<String>> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(args).current_dir(root()).output().ok()?;
    let listed = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = listed.split_terminator('\0').map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walk(dir: &Path, below: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("a readable folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{below}{name}");
        let built = name == ".git" || path.starts_with("target") || path == "reports/out";
        if entry.path().is_dir() && !built {
            walk(&entry.path(), &format!("{path}/"), found);
        } else if !built {
            found.push(path);
        }
    }
}

/// `cargo metadata` of the workspace for this machine's target.
fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        // Offline first: a test should need no network. Online only where packages of other members were never fetched.
        let output =
            [&["--offline"][..], &[]].into_iter().map(run_metadata).find(|output| output.status.success());
        let output = output.unwrap_or_else(|| {
            let failed = run_metadata(&["--offline"]);
            panic!("cargo metadata: {}", String::from_utf8_lossy(&failed.stderr))
        });
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
    })
}

fn run_metadata(extra: &[&str]) -> std::process::Output {
    let version = Command::new(env!("CARGO")).arg("-vV").output().expect("cargo runs");
    let version = String::from_utf8(version.stdout).expect("cargo speaks UTF-8");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--all-features", "--locked", "--filter-platform", host])
        .args(extra)
        .current_dir::<PathBuf>(root().into())
        .output()
        .expect("cargo runs")
}

/// Fails with all complaints, one a line.
#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
