//! What is left when the power goes, the disk fills up, or bits turn over: a disk in memory stands in for the real one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod journal;
mod leaving;
mod node;
