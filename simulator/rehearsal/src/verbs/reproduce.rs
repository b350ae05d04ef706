//! `rehearsal reproduce` and `rehearsal report`: the same run again, the same pages again.

use std::path::Path;

use reports::Report;
use serde_json::json;

use super::{run, threads};
use crate::cli::{ReportArgs, ReproduceArgs};
use crate::failure::{Failure, Outcome, exit};
use crate::files::{OutputFolder, read_text};
use crate::reproduce::{Again, Divergence, Reproduced};
use crate::simulate::Unwatched;
use crate::terminal;

pub(super) fn reproduce(args: &ReproduceArgs) -> Outcome {
    let text = read_text(&args.report)?;
    let baseline = args.baseline.as_deref().map(run::baseline).transpose()?;
    let again = Again { threads: threads(args.threads), watcher: &Unwatched, baseline, plant: None };
    let reproduced = crate::reproduce::reproduce(&text, again).map_err(|failure| Failure {
        message: format!("{}: {}", args.report.display(), failure.message),
        ..failure
    })?;
    Ok(say(&reproduced, args.json))
}

/// Prints what came of it; gives the exit code.
fn say(reproduced: &Reproduced, as_json: bool) -> u8 {
    let (line, value) = match reproduced {
        Reproduced::Same { hash } => {
            (format!("reproduced: same bytes, blake3 {hash}"), json!({ "same": true, "blake3": hash }))
        }
        Reproduced::Diverged(divergence) => (sentence(divergence), value(divergence)),
        Reproduced::OtherReport { at } => (
            format!(
                "the runs are the same, but the report differs from byte {at}: written by another version or changed by hand"
            ),
            json!({ "same": false, "byte": at }),
        ),
    };
    terminal::data(&if as_json { value.to_string() } else { line });
    let code = reproduced.exit_code();
    if code != exit::OK {
        terminal::note(&format!("repeat: {}", terminal::command(&terminal::words())));
    }
    code
}

fn sentence(divergence: &Divergence) -> String {
    let cells: Vec<String> = divergence.cells.iter().map(ToString::to_string).collect();
    let cells = if cells.is_empty() {
        "the last minute is not complete".to_owned()
    } else {
        format!("cells {}", cells.join(", "))
    };
    format!(
        "diverged: arm {}, seed {}, first in epoch {} (at {:.3} s of virtual time); {cells}",
        divergence.arm,
        divergence.seed.0,
        divergence.epoch,
        divergence.at.as_secs_f64()
    )
}

fn value(divergence: &Divergence) -> serde_json::Value {
    json!({
        "same": false,
        "arm": divergence.arm,
        "seed": divergence.seed.0,
        "epoch": divergence.epoch,
        "at_us": divergence.at.0,
        "cells": divergence.cells,
    })
}

pub(super) fn render(args: &ReportArgs) -> Outcome {
    let text = read_text(&args.report)?;
    let report = Report::from_json(&text).map_err(|error| {
        Failure::usage(format!("{}: {:#}", args.report.display(), anyhow::Error::from(error)))
            .hint("give a report.json that `rehearsal run` wrote")
    })?;
    let beside =
        args.report.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = OutputFolder::create(args.out.as_deref().unwrap_or(beside))?;
    folder.write_all(&run::pages(&report))?;
    terminal::data(&format!("report: {}", folder.path().join("report.html").display()));
    Ok(exit::OK)
}
