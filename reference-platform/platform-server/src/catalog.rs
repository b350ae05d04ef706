//! The catalogue on disk: suppliers' files come in, edits are made, and a feed says what changed.
//!
//! Reading order:
//! - [`store`]: the database: titles, windows, feed, positions of imports, quarantine.
//! - [`follow`]: the feed followed into the search.
//! - [`live`]: a catalogue searched as it is on disk: its index opened, built anew, replaced.
//! - [`import`]: suppliers' files read into it, and what cannot be read set aside.

pub mod follow;
pub mod import;
pub mod live;
pub mod store;
