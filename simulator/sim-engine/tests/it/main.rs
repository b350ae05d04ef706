//! Tests of the engine as a whole, on small worlds.

mod basics;
mod reference;
mod worlds;
