//! Stratum: what goes over the line, what counts, and that strangers can mine here.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod client;
mod mining;
mod running;
mod sessions;
mod shares;
mod sockets;
mod stage;
mod stranger;
mod transcript;
mod vardiff;
