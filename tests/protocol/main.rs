//! What nodes say to each other, without a socket.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bans;
mod book;
mod budget;
mod compact;
mod machine;
mod messages;
