//! Tests that join packages, and tests against outside reference data.

#![expect(clippy::print_stdout, reason = "tables for whoever reads the tests' output")]

mod bad_input;
mod billing;
mod cache;
mod calendar;
mod catalog;
mod cli;
mod codes;
mod entities;
mod gates;
mod hlsjs;
mod killed;
mod kit;
mod levers;
mod network;
mod output;
mod program;
mod queries;
mod queueing;
mod reproduce;
mod sabre;
mod sequences;
mod support;
mod tidy;
mod traced;
mod webhooks;
