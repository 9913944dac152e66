//! Mining: the blocks that miners are offered, and the miners.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod jobs;
mod stage;
mod templates;
