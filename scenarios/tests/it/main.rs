//! Claims about scenarios that users can see: the shipped library, messages, round trips.

mod bad_input;
mod fuzz;
mod library;
mod support;
mod unfit;
