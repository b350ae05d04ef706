//! One module per verb, and the way from arguments to an exit code.

use std::process::ExitCode;

use clap::Parser;
use reports::verdict::joint_exit_code;
use scenarios::Resolved;
use scenarios::document::Document;

use crate::cli::{Cli, RunArgs, Verb};
use crate::failure::{Failure, Outcome, exit};
use crate::files::Disk;
use crate::terminal;

mod catalog;
mod check;
mod describe;
mod policies;
mod queries;
mod reproduce;
mod run;
pub mod sensitivity;
mod serve;
mod validate;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` come this way too, with code 0.
            let code = u8::try_from(error.exit_code()).unwrap_or(exit::USAGE);
            terminal::keep(error.print());
            return ExitCode::from(if error.use_stderr() { code } else { ended(Ok(code)) });
        }
    };
    let outcome = std::panic::catch_unwind(|| dispatch(cli.verb))
        .unwrap_or_else(|_| Err(Failure::bug("the program panicked (see above)")));
    ExitCode::from(ended(outcome))
}

/// Says what went wrong and how to repeat it; gives the exit code.
fn ended(outcome: Outcome) -> u8 {
    let code = outcome.unwrap_or_else(|failure| told(&failure));
    terminal::delivered().map_or_else(|failure| joint_exit_code([code, told(&failure)]), |()| code)
}

fn told(failure: &Failure) -> u8 {
    terminal::note(&failure.to_string());
    if matches!(failure.code, exit::CANNOT_JUDGE | exit::FAILED | exit::BUG) {
        terminal::note(&format!("repeat: {}", terminal::command(&terminal::words())));
    }
    failure.code
}

fn dispatch(verb: Option<Verb>) -> Outcome {
    match verb {
        None => run::run(&run::default_args()),
        Some(Verb::Run(args)) => run::run(&args),
        Some(Verb::Check(args)) => check::check(&args),
        Some(Verb::List(args)) => describe::list(&args),
        Some(Verb::Explain(args)) => describe::explain(&args),
        Some(Verb::Reproduce(args)) => reproduce::reproduce(&args),
        Some(Verb::Report(args)) => reproduce::render(&args),
        Some(Verb::Schema) => {
            let schema = serde_json::to_string_pretty(&scenarios::schema())
                .map_err(|error| Failure::bug(error.to_string()))?;
            terminal::data(&schema);
            Ok(exit::OK)
        }
        Some(Verb::Validate(args)) => validate::validate(&args),
        Some(Verb::Queries(args)) => queries::queries(&args),
        Some(Verb::Catalog(args)) => catalog::catalog(&args),
        Some(Verb::Serve(args)) => serve::serve(&args),
    }
}

/// Reads a scenario and applies overlays from the command line.
fn open(name: &str, sets: &[String]) -> Result<Document, Failure> {
    let mut document = Document::open(name, &Disk)?;
    for set in sets {
        let (key, value) = set.split_once('=').ok_or_else(|| {
            Failure::usage(format!("`--set {set}` has no `=`"))
                .hint("write --set KEY=VALUE, for example --set run.duration=10m")
        })?;
        document.set(key.trim(), value.trim())?;
    }
    Ok(document)
}

/// The document with the flags of `run` applied, so that the record repeats them.
fn open_for_run(name: &str, args: &RunArgs) -> Result<Document, Failure> {
    let mut document = open(name, &args.set)?;
    if let Some(seed) = args.seed {
        document.set("run.seed", &seed.to_string())?;
    }
    if let Some(seeds) = args.seeds {
        document.set("run.seeds", &format!("{{ min = {seeds}, max = {seeds} }}"))?;
    }
    Ok(document)
}

/// Resolves a document, keeping only the arms asked for.
fn resolve(document: &Document, arms: &[String]) -> Result<Resolved, Failure> {
    let mut resolved = document.resolve(&Disk)?;
    for arm in arms {
        if !resolved.arms.iter().any(|known| known.id == *arm) {
            let known: Vec<&str> = resolved.arms.iter().map(|arm| arm.id.as_str()).collect();
            return Err(
                Failure::usage(format!("unknown arm `{arm}`")).hint(format!("one of {}", known.join(", ")))
            );
        }
    }
    if !arms.is_empty() {
        resolved.arms.retain(|arm| arms.contains(&arm.id));
        resolved.gates.retain(|gate| arms.contains(&gate.arm));
    }
    Ok(resolved)
}

/// How many threads to use.
fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}
