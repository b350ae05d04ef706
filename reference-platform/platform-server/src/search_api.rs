//! Search over HTTP.
//!
//! - [`routes`]: the routes, and what they share.
//! - [`parameters`]: query strings read strictly.
//! - [`viewer`]: who asks, and from where that is believed.
//! - [`searcher`]: what the routes ask of a search, and what it answers.
//! - [`filters`]: what a viewer may see, said once for all searches.
//! - [`indexed`]: the index behind the routes; `windows`: who may see each title; [`live`]: both changed while searches
//!   run; `marks`: what is highlighted.
//! - [`scan`]: the naive search that the index replaced.
//! - [`problem`]: errors as clients see them.
//! - [`openapi`]: the description of the routes.
//! - `page`: the search page.

pub mod filters;
pub mod indexed;
#[cfg(test)]
mod isolation;
pub mod live;
mod marks;
pub mod openapi;
mod page;
pub mod parameters;
pub mod problem;
pub mod routes;
pub mod scan;
pub mod searcher;
#[cfg(test)]
mod tests;
pub mod viewer;
mod windows;
