//! `rehearsal catalog`: catalogues of titles as files.

use std::io::{self, BufWriter, Write};

use actors::catalogue::{self, Spec};
use units::Seed;

use crate::cli::{CatalogArgs, CatalogKind};
use crate::failure::{Failure, Outcome, exit};

pub(super) fn catalog(args: &CatalogArgs) -> Outcome {
    match args.kind {
        CatalogKind::Generate { titles, seed, clean } => {
            generate(Spec { seed: Seed(seed), titles, messy: !clean })
        }
    }
}

/// Writes records as they are made: a million of them in the memory of one.
fn generate(spec: Spec) -> Outcome {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = catalogue::titles(spec)
        .try_for_each(|title| writeln!(out, "{}", catalogue::line::write(&title)?))
        .and_then(|()| out.flush());
    match written {
        // Whoever closed the pipe (`| head`) has got what they wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::cannot_judge(format!("the catalogue cannot be written: {error}")))
        }
        _ => Ok(exit::OK),
    }
}
