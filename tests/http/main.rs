//! The HTTP port: each route by itself, and whole over real sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod accounts;
mod answers;
mod blocks;
mod branches;
mod client;
mod crowded;
mod documents;
mod events;
mod events_sockets;
mod examples;
mod guide;
mod indexer;
mod leaving;
mod listening;
mod manners;
mod metrics;
mod operators;
mod pages;
mod partial;
mod sending;
mod sockets;
mod stage;
mod stalling;
mod telling;
