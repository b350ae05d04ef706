//! Tests that join packages, and tests against outside reference data.

mod cache;
mod hlsjs;
mod network;
mod sabre;
mod support;
mod tidy;
