//! Search: the index over the catalogue, and how a query finds its titles in it.
//!
//! Reading order:
//! - [`index`]: asking; the one type that others use. [`build`]: making it, and changing it while it is asked.
//! - [`disk`]: the index on disk, sealed, and what is wrong with one that is not as it was.
//! - `schema`: fields of the inverted index and what stands in them.
//! - `titles`: what is kept in memory of every title, and the vocabulary.
//! - `view`: the index at one moment.
//! - `lexicon`, `expand`, `near`: which terms of the dictionary a typed word may mean.
//! - `retrieve`, `cursor`, `window`, `pool`: from terms to candidates, within a bound of postings visited.
//! - `likely`, `judge`: the features of a candidate, for `platform-core` to weigh.
//!
//! The query parser of the index library is not used: what viewers type is no query language.

pub mod build;
mod cursor;
pub mod disk;
mod expand;
pub mod index;
mod judge;
mod lexicon;
mod likely;
mod near;
mod pool;
mod retrieve;
mod schema;
#[cfg(test)]
mod tests;
mod titles;
mod view;
mod window;

pub use index::{Hit, SearchError, SearchIndex};
pub use view::View;
