//! Miners of our own, and the templates that everyone who mines on this node works on.
//!
//! This room decides when a template is made anew and how processors look for its nonce. What a block holds is
//! `template`'s, whether it is valid is found out as with any other block: it goes through the node's door.
//!
//! Read `feed.rs` first.

mod feed;

pub use feed::{Feed, MineError, template};
