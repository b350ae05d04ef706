//! Scenarios: schema, parser, overlays, the shipped library. Bytes come in through a [`Loader`]; nothing here opens files.
//!
//! ```
//! use scenarios::{Document, NoFiles};
//!
//! let mut document = Document::open("smoke", &NoFiles)?;
//! document.set("scale.audience", "0.5")?;
//! let resolved = document.resolve(&NoFiles)?;
//! assert_eq!(resolved.arms.len(), 2);
//! # Ok::<(), scenarios::ScenarioError>(())
//! ```
//!
//! Reading order:
//! - [`levers`]: which implementation of each lever an arm uses.
//! - [`world`]: the resolved world that engines are built from.
//! - [`resolved`]: arms, gates and seeds of a resolved scenario.
//! - [`document`], [`loader`], [`library`]: from bytes or a shipped name to a merged tree, and overlays on it.
//! - `source`, `tree`, `de`, `quantity`, `schema`: places, types and units. `resolve`: defaults, factors and every check.
//! - [`assumptions`]: what the shipped scenarios take for granted, with sources and ranges.
//! - [`estimate`]: what a run will cost and whom its faults will hit, before it runs.
//! - [`error`]: what is wrong, where, and what to do.

pub mod assumptions;
mod de;
pub mod document;
pub mod error;
pub mod estimate;
pub mod levers;
pub mod library;
pub mod loader;
mod quantity;
mod resolve;
pub mod resolved;
mod schema;
mod source;
mod tree;
pub mod world;

pub use document::Document;
pub use error::ScenarioError;
pub use levers::{CacheKey, Levers, LoadPolicySource, Steering, Switch};
pub use loader::{Loader, NoFiles, Recorded};
pub use resolved::{Gate, Resolved, ResolvedArm, Seeds};
pub use world::World;

/// The JSON Schema of the scenario format (draft 2020-12), as committed in `scenarios/schemas/scenario-1.json`.
///
/// For editors: it knows keys, words and units. What is required is left to the parser, since a file that extends another
/// may leave everything out.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(schema::ScenarioFile).to_value();
    schema::for_editors(&mut schema);
    schema
}
