//! The wallet: its keys, its files, what it signs, and what it says at a terminal.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod drafting;
mod links;
mod mistyping;
mod offline;
mod people;
mod policies;
mod signing;
mod texts;
mod vectors;
mod ways;
