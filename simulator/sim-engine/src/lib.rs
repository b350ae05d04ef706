//! The simulated world: virtual time, cells, CDNs, origin, faults applied, invariants watched.
//!
//! Reading order:
//! - [`audience`]: the plan of sessions that all arms share.
//! - [`stage`]: one arm with one seed as tables that never change.
//! - [`run`](mod@run): epochs, barriers, threads; [`output`]: what a run leaves.
//! - `board`: what the barrier publishes to all cells.
//! - `crew`: which thread works through which cells.
//! - `cell`: a slice of viewers with its slice of every cache; `seat`, `flow`, `edge`, `wheel` are its parts.
//! - `backhaul`, [`queue`], `service`: shield and origin.
//! - [`sharing`], `link`: who gets how much of a POP's link.
//! - `control`: DNS, probes, health, steering. `levers`: the platform's decision code as an arm chose it.
//! - `warm`: caches as a long history left them.
//! - [`ledger`], `cause`, [`measure`]: what is counted, why viewers stalled, and the metrics of the report.

pub mod audience;
mod backhaul;
mod board;
mod cause;
mod cell;
mod control;
mod crew;
mod edge;
mod flow;
pub mod ledger;
mod levers;
mod link;
pub mod measure;
pub mod output;
pub mod queue;
pub mod run;
mod seat;
mod service;
pub mod sharing;
pub mod stage;
mod warm;
mod wheel;

pub use levers::{choices, reads_the_same};
pub use output::{Conservation, RunOutput};
pub use run::{RunOptions, run};
pub use stage::Stage;
