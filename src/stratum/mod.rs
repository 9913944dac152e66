//! Stratum v1: what miners of other makes are told, and what counts of what they send; and a miner of the same kind.
//!
//! This room decides how work is cut for each connection and how hard its shares are. What is worked on it learns from
//! `miner`'s templates, and a share that is a block goes through the node's door like any other. It guards nobody's
//! money: whoever a connection pays is paid by the block itself.
//!
//! ```text
//!            line, template, tick, verdict                  line, block, share counted, end
//! socket ──▶ Input ──────────────────────▶ Session ───────▶ Order ─────────────────────────▶ socket, node
//! ```
//!
//! Read `session.rs` first: it is the whole of the protocol, without a socket. `connection.rs` carries its orders out,
//! `server.rs` lets connections in. `client` is the other side, and knows nothing of this one.

mod budget;
pub mod client;
mod connection;
mod jobs;
mod lines;
mod messages;
mod refusal;
mod server;
mod session;
mod vardiff;
mod words;
mod worth;

pub use jobs::{JOBS_MAX, SHARES_MAX};
pub use lines::{LineError, Lines};
pub use refusal::Refusal;
pub use server::{Server, ServerOptions};
pub use session::{Ending, Input, Now, Order, Rules, Session, WORKERS_MAX};
pub use vardiff::{FLOOR, START, SUGGESTED_MIN, Vardiff};
