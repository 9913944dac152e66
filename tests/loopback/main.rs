//! Nodes that are connected over real sockets: whether they find each other, agree, and put up with whoever does not.
//!
//! Read `stage.rs` first: a node with its port, that can be stopped, killed and started again where it was.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod agreeing;
mod churn;
mod faults;
mod leaving;
mod liar;
mod lies;
mod orders;
mod stage;
mod strangers;
