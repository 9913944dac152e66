//! The pool on a chain that goes on: what is offered, what gives way, what comes back.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod churn;
mod estimates;
mod expiry;
mod following;
mod model;
mod money;
mod node;
mod order;
mod rejections;
mod reorganizations;
mod room;
mod waiting;
