//! The port to other nodes, from outside: what goes over its connections, and what strangers can do to it.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod carrying;
mod faults;
mod greeting;
mod hall;
mod nodes;
mod port;
mod serving;
mod stage;
