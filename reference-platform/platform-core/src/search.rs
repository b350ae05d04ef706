//! What a search is looking for, and in which order what was found is shown: pure functions over words and similarities.
//!
//! Reading order:
//! - [`query`]: what a viewer typed, as words with their parts to play.
//! - [`rank`]: the score of a title for a query, as named features with stated weights.
//!
//! Finding candidates needs an index and is left to the server; nothing here knows one.

pub mod query;
pub mod rank;
