//! The wallet: its keys, its files, what it signs, and what it says at a terminal.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod batches;
#[cfg(all(feature = "cli", unix))]
mod command;
mod doubts;
mod drafting;
mod frozen;
mod keyring;
mod keystore;
mod links;
mod mistyping;
mod offline;
mod once;
mod outbox;
mod people;
mod policies;
#[cfg(all(feature = "cli", unix))]
#[path = "../command/stage.rs"]
#[allow(dead_code, reason = "made for the other commands as well")]
mod process;
#[cfg(all(feature = "cli", unix))]
mod sharing;
mod signing;
mod stage;
mod tampering;
mod texts;
mod vectors;
mod ways;
