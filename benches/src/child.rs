//! A benchmark runs pieces of itself as processes of their own: each with a heap that nothing has used before, and with
//! its instructions counted by `perf stat` where that is installed and allowed.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// The first argument of a process that works and prints figures, instead of asking others to.
const WORKER: &str = "--worker";

/// The event that `perf` counts: user space only, which needs no rights and leaves the kernel's work for others out.
const EVENT: &str = "instructions:u";

/// What a piece left: figures by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    named: BTreeMap<String, f64>,
    /// Instructions of the whole process, from its start to its end.
    pub instructions: Option<f64>,
}

impl Figures {
    /// A figure that the piece printed.
    ///
    /// # Panics
    /// If it did not: a slip in the benchmark.
    #[must_use]
    pub fn get(&self, name: &str) -> f64 {
        self.find(name).unwrap_or_else(|| panic!("the worker printed no `{name}`"))
    }

    /// A figure that the system may not tell.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<f64> {
        self.named.get(name).copied()
    }

    /// Adds a figure.
    pub fn put(&mut self, name: &str, value: f64) {
        self.named.insert(name.to_owned(), value);
    }

    /// The figures as a worker prints them: a name and a number a line.
    #[must_use]
    pub fn lines(&self) -> String {
        self.named.iter().fold(String::new(), |text, (name, value)| text + &format!("{name} {value}\n"))
    }

    fn parse(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self { named: pairs.collect(), instructions: None }
    }
}

/// The arguments of this process if it is a worker.
#[must_use]
pub fn worker_args() -> Option<Vec<String>> {
    let mut args = std::env::args().skip(1);
    (args.next()? == WORKER).then(|| args.collect())
}

/// Runs this program as a worker with these arguments.
///
/// # Panics
/// If it cannot be run, or ends with an error.
#[must_use]
pub fn run(args: &[String]) -> Figures {
    let exe = std::env::current_exe().expect("a running program knows its file");
    let mut command = if counts_instructions() {
        let mut perf = Command::new("perf");
        perf.args(["stat", "-x", ",", "-e", EVENT, "--"]).arg(exe);
        perf
    } else {
        Command::new(exe)
    };
    let command = command.arg(WORKER).args(args).stdin(Stdio::null());
    let output = command.output().expect("this program can be run again");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "worker {args:?}: {}\n{stderr}", output.status);
    Figures { instructions: counted(&stderr), ..Figures::parse(&stdout) }
}

/// Whether `perf stat` works here.
#[must_use]
pub fn counts_instructions() -> bool {
    static WORKS: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        let output = Command::new("perf").args(["stat", "-x", ",", "-e", EVENT, "--", "true"]).output();
        output.is_ok_and(|output| counted(&String::from_utf8_lossy(&output.stderr)).is_some())
    });
    *WORKS
}

/// The count in what `perf stat -x ,` prints; it says `<not supported>` in place of a number where there is none.
fn counted(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains(EVENT))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_survive_their_lines() {
        let mut figures = Figures::default();
        figures.put("segments", 27_000_001.0);
        figures.put("wall_s", 1.5);
        assert_eq!(Figures::parse(&figures.lines()), figures);
    }

    #[test]
    fn a_count_is_read_and_its_absence_too() {
        assert_eq!(
            counted("note\n112380,,instructions:u,4012,100.00,0.31,insn per cycle\n"),
            Some(112_380.0)
        );
        assert_eq!(counted("<not supported>,,instructions:u,0,100.00,,\n"), None);
    }
}
