//! Which pathway a viewer should use ([`steering`]), how pathway health is judged ([`health`]), and the timers and
//! retries that players are given as data ([`load_policy`]).

pub mod health;
pub mod load_policy;
pub mod steering;
