//! Catalogue files read as plain facts: JSON Lines, plain or gzip.
//!
//! For making queries, so a line that cannot be read ends it with the line's number: a query file made from half a catalogue
//! would call right answers wrong. (An import into the platform sets such lines aside instead.)

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use actors::queries::TitleFacts;
use flate2::bufread::MultiGzDecoder;

use crate::failure::Failure;

/// How a gzip file starts (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// Reads all titles of a file.
///
/// # Errors
/// Exit code 2, when the file cannot be read or a line is no title.
pub fn read(path: &Path) -> Result<Vec<TitleFacts>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!("{}: cannot be read: {}", path.display(), error.to_string().to_lowercase()))
    };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let packed = file.fill_buf().map_err(failed)?.starts_with(&GZIP);
    let source: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut facts = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(source).lines()) {
        let line = line.map_err(failed)?;
        if line.trim().is_empty() {
            continue;
        }
        facts.push(serde_json::from_str(&line).map_err(|error| {
            Failure::usage(format!("{}:{number}: is no title: {error}", path.display()))
                .hint("a line is one JSON object with `id`, `kind` and `title` at least")
        })?);
    }
    Ok(facts)
}
