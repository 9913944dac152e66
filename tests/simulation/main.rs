//! Whole networks in virtual time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod adversaries;
mod expectations;
mod planted;
mod refused;
mod reports;
mod scenarios;
mod selfish;
mod studies;
mod swarm;
mod worlds;
