//! Catalogue files read as plain facts: JSON Lines, plain or gzip.
//!
//! For making queries, so a line that cannot be read ends it with the line's number: a query file made from half a catalogue
//! would call right answers wrong. (An import into the platform sets such lines aside instead.)

use std::path::Path;

use actors::queries::TitleFacts;

use crate::failure::Failure;
use crate::json_lines;

/// Reads all titles of a file.
///
/// # Errors
/// Exit code 2, when the file cannot be read or a line is no title.
pub fn read(path: &Path) -> Result<Vec<TitleFacts>, Failure> {
    json_lines::read(path, ("title", "a line is one JSON object with `id`, `kind` and `title` at least"))
}
