//! The platform as it was: naive implementations of the levers of `platform_core::levers`.
//!
//! Each says where the same choice was seen in the field, and is never worse than that: where the field has a naive and
//! a careless way, this package takes the naive one. Only the simulator and `rehearsal` link it.
//!
//! Reading order:
//! - [`steering`]: a priority drawn once per viewer.
//! - [`load_policy`]: the player library's defaults.
//! - [`edge`]: the whole URL as cache key, a fill for every miss, every fill from the origin.
//! - [`arm`]: either side of each lever, chosen when an arm is built.

pub mod arm;
pub mod edge;
pub mod load_policy;
pub mod steering;

pub use arm::{ArmLevers, Either, arm_levers};
pub use edge::{FullUrlKey, NoShield, SeparateFills};
pub use load_policy::HlsJsDefaultLoadPolicy;
pub use steering::StaticSteering;
