//! What holds whatever happens: values drawn at random, and models to compare with.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod chains;
mod history;
mod moments;
mod orders;
mod search;
mod spoiled;
mod tree;
mod values;
