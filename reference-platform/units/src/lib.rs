//! Quantities, ids and random streams: the words that every other package shares.
//!
//! Reading order:
//! - [`time`]: `Timestamp` and `Micros`, integer microseconds of virtual time.
//! - [`quantity`]: `Kbps`, `Bits`, `Bytes`, `Ratio`, `Ppm`.
//! - [`money`]: `Money`, `Currency`: integer minor units with ISO 4217 exponents.
//! - [`id`]: newtypes for viewers, titles, regions, pathways, POPs, cohorts, cells.
//! - [`draws`]: one counter-based random stream per (seed, purpose, entity).
//! - [`sample`]: samplers over those draws, pinned bit for bit.
//!
//! Depends on nothing but `libm`, `serde`, `thiserror` and `iso_currency`, so that anyone may use it.

pub mod draws;
pub mod id;
pub mod money;
pub mod quantity;
pub mod sample;
pub mod time;

pub use draws::{Draws, Purpose, Seed};
pub use id::{CellId, CohortId, PathwayId, PopId, RegionId, TitleId, ViewerId};
pub use money::{Currency, Money, MoneyError};
pub use quantity::{Bits, Bytes, Kbps, Ppm, Ratio};
pub use time::{Micros, Timestamp};
