//! Following a chain by its headers alone, and checking what nodes say against them.
//!
//! This room decides whether headers hold, by the very rules that nodes have, which branch of them to follow, and whether a
//! proof that a node hands over is about that branch. It asks nobody, reads no clock and writes nothing down: headers, proofs
//! and the time come in as arguments.
//!
//! # Security
//! What is checked is work: to show a false balance somebody has to do as much of it as the chain's miners did. What is
//! not checked is what blocks hold. A majority of work that lies is believed here, where a node would refuse its blocks; and
//! whoever talks to nobody but one liar follows the branch that it shows, as long as that costs it the work.
//! `docs/light.md` says what follows from that.
//!
//! Read `headers.rs` first, then `verify.rs`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod headers;
mod rival;
mod saved;
mod verify;

pub use headers::{Accepted, Headers, HeadersError};
pub use rival::RIVAL_HEADERS_MAX;
pub use saved::SavedError;
pub use verify::{Inclusion, Lie, VerifiedBalance};
