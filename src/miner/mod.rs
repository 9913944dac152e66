//! Miners of our own, and the templates that everyone who mines on this node works on.
//!
//! This room decides when a template is made anew and how processors look for its nonce. What a block holds is
//! `template`'s, whether it is valid is found out as with any other block: it goes through the node's door.
//!
//! Read `feed.rs` first, then `threads.rs`, which is mining by work, or `made.rs`, which is mining by order.

mod dig;
mod fastest;
mod feed;
mod made;
mod pace;
mod polite;
mod threads;

pub use fastest::{fastest, fastest_of, hash_rate_of};
pub use feed::{Feed, MineError, template, template_on};
pub use made::{Maker, OrderError, Pacer, STACK_BYTES, Unfinished};
pub use pace::{Pace, PaceError};
pub use polite::make_way;
pub use threads::{Log, Miner, MinerOptions, MinerReport};
