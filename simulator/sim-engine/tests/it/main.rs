//! Tests of the engine as a whole, on small worlds.

mod basics;
mod calm;
mod invariance;
mod reference;
mod worlds;
