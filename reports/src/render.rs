//! From a report to what people and pipelines read. Pure functions to `String`; the caller writes the files.
//!
//! - [`html`]: one self-contained page: no script, no network, light and dark, fit for paper.
//! - [`junit`], [`markdown`], [`annotations`]: for pipelines.
//! - [`csv`]: the series, for spreadsheets.
//! - [`terminal`]: what `rehearsal run` prints.

mod annotations;
mod csv;
mod html;
mod junit;
mod markdown;
mod series;
mod svg;
mod terminal;
mod words;

pub use annotations::annotations;
pub use csv::csv;
pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use terminal::{Colour, terminal};

#[cfg(test)]
mod tests;
