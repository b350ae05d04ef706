//! The rules of an edge: under which key ([`key`]), for how long ([`freshness`]), and what a miss does ([`fill`]).

pub mod fill;
pub mod freshness;
pub mod key;
