//! Following a chain by its headers alone: what it believes, what it refuses, and which lie it names.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod following;
mod proofs;
mod saving;
mod stage;
