//! The catalogue: what a title's metadata is, and how names are brought to a form in which they can be compared.
//!
//! Reading order:
//! - [`record`]: a title as the catalogue knows it, and where it may be watched.
//! - [`clean`]: metadata as suppliers send it, brought in order, every change reported; [`maturity`]: ratings as ages.
//! - [`codes`]: languages, countries and regions as one code each.
//! - [`normalise`]: titles, people and what a viewer types, in one comparable form.
//! - [`resolve`]: which records are about one work, and which edition of it.

pub mod clean;
pub mod codes;
pub mod maturity;
pub mod normalise;
pub mod record;
pub mod resolve;
