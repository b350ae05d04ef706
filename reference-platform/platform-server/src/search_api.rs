//! Search over HTTP.
//!
//! - [`parameters`]: query strings read strictly.
//! - [`viewer`]: who asks, and from where that is believed.
//! - [`problem`]: errors as clients see them.

pub mod parameters;
pub mod problem;
pub mod viewer;
