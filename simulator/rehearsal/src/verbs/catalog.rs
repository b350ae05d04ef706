//! `rehearsal catalog`: catalogues of titles, as files and in a database.

mod import;

use std::io::{self, BufWriter, Write};

use actors::catalogue::{self, Spec};
use platform_server::catalog::import::{Format, Request};
use units::Seed;

use crate::cli::{CatalogArgs, CatalogKind, FormatName};
use crate::failure::{Failure, Outcome, exit};
use crate::host;

pub(super) fn catalog(args: &CatalogArgs) -> Outcome {
    match &args.kind {
        CatalogKind::Generate { titles, seed, clean } => {
            generate(Spec { seed: Seed(*seed), titles: *titles, messy: !clean })
        }
        CatalogKind::Import { file, store, format, available_in, batch, json } => {
            let request = Request {
                path: file.clone(),
                format: format.map_or_else(|| Format::of(file), format_of),
                batch_records: *batch,
                regions: available_in.clone(),
                this_year: host::this_year(),
            };
            import::import(store, &request, *json)
        }
        CatalogKind::Quarantine { store, limit, json } => import::quarantine(store, *limit, *json),
    }
}

const fn format_of(name: FormatName) -> Format {
    match name {
        FormatName::Jsonl => Format::JsonLines,
        FormatName::Csv => Format::Csv,
        FormatName::Reference => Format::Reference,
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
