//! The node as ports see it: real stores in folders of their own, and nothing but the public doors.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod branches;
mod clockwork;
mod door;
mod events;
mod fresh;
mod holding;
mod leaving;
mod life;
mod past;
mod places;
mod pool_events;
mod readers;
mod reorganizations;
mod search;
mod stage;
mod transactions;
mod trials;
