//! The built binary, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use reports::Report;
use tempfile::TempDir;

/// The binary that the tests run.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_rehearsal");

/// `smoke` with a fiftieth of its viewers, an outage too short for its gates to miss, and one seed: every part of the
/// program at work, in a tenth of a second.
pub(crate) const TINY: [&str; 9] = [
    "run",
    "smoke",
    "--seeds",
    "1",
    "--no-sensitivity",
    "--set",
    "scale.audience=0.02",
    "--set",
    "fault.cdn-a-fra-dies.for=10s",
];

/// `smoke` and `calm`, as small.
pub(crate) const BOTH: [&str; 8] =
    ["run", "smoke", "calm", "--seeds", "1", "--no-sensitivity", "--set", "scale.audience=0.02"];

/// A fresh folder that is the working directory of the program, and is gone afterwards.
pub(crate) struct Sandbox(TempDir);

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Finished {
    /// `None`: ended by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a file there, and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a name below the sandbox")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The `report.json` of an output folder.
    pub(crate) fn report(&self, folder: &str) -> Report {
        Report::from_json(&self.read(&format!("{folder}/report.json"))).expect("a report")
    }

    /// The program, about to run here.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        for variable in ["CI", "NO_COLOR", "RUST_BACKTRACE"] {
            command.env_remove(variable);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        Finished::of(&self.command(args).output().expect("the program starts"))
    }

    /// A command line in a shell.
    pub(crate) fn shell(&self, line: &str) -> Finished {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.0.path()).stdin(Stdio::null());
        Finished::of(&shell.output().expect("a shell"))
    }

    /// [`TINY`] with more arguments.
    pub(crate) fn run_tiny(&self, args: &[&str]) -> Finished {
        self.run(&[&TINY[..], args].concat())
    }

    /// Every file and folder below, by path from here, sorted; folders end in a slash.
    pub(crate) fn contents(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.0.path(), "", &mut found);
        found.sort();
        found
    }
}

fn list(dir: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.push(format!("{name}/"));
            list(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}

impl Finished {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program speaks UTF-8");
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Fails unless the program ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless the program judged what it ran, one way or the other.
    #[track_caller]
    pub(crate) fn expect_judged(self) -> Self {
        assert!(matches!(self.code, Some(0 | 98 | 99)), "{:?}\n{}\n{}", self.code, self.stdout, self.stderr);
        self
    }

    /// The last line on stderr.
    pub(crate) fn last_words(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }

    /// The command on the last line of stderr, as a person pastes it into a shell.
    #[track_caller]
    pub(crate) fn repeat(&self) -> &str {
        let command = self.last_words().strip_prefix("repeat: ");
        command.unwrap_or_else(|| panic!("the last line repeats nothing:\n{}", self.stderr))
    }

    /// The one JSON document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}
