//! Whole networks in one process: that they are real ones, do what they are told, and go on where they were left.
//!
//! Read `stage.rs` first: a devnet in a folder of its own, at any ports.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod blocks;
mod branches;
mod coins;
mod commands;
mod faults;
mod files;
mod lasting;
mod log;
mod page;
#[path = "../command/stage.rs"]
#[allow(dead_code, reason = "made for the other commands as well")]
mod process;
#[cfg(unix)]
mod screen;
mod stage;
mod states;
mod time;
