//! Files with one JSON object a line, plain or gzip.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// How a gzip file starts (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// Reads all lines of a file; `what` a line is, and a hint on what it looks like, are for the error.
///
/// # Errors
/// Exit code 2, when the file cannot be read or a line is something else.
pub fn read<T: DeserializeOwned>(path: &Path, (what, hint): (&str, &str)) -> Result<Vec<T>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!("{}: cannot be read: {}", path.display(), error.to_string().to_lowercase()))
    };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let packed = file.fill_buf().map_err(failed)?.starts_with(&GZIP);
    let source: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut items = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(source).lines()) {
        let line = line.map_err(failed)?;
        if line.trim().is_empty() {
            continue;
        }
        items.push(serde_json::from_str(&line).map_err(|error| {
            Failure::usage(format!("{}:{number}: is no {what}: {error}", path.display())).hint(hint)
        })?);
    }
    Ok(items)
}
