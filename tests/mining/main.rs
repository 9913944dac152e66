//! Mining: the blocks that miners are offered, and the miners.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod feed;
mod jobs;
mod made;
mod running;
mod stage;
mod templates;
mod work;
