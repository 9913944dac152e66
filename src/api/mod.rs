//! The HTTP port: what wallets, shops and explorers ask a node, in JSON.
//!
//! This room decides how things are said: forms, names, pages, tags, problems. What is true it asks of a [`Reader`], which
//! pins one tip, so no answer mixes two; what is submitted goes through the node's doors like anything from a peer.
//! Everything that can be asked is in the document at `/openapi.json`, made from the routes themselves, and for people at
//! `/docs`.
//!
//! A request goes through [`Front`], which turns away whoever may not ask and has answers that were given before, to one of `routes`; that reads through a
//! [`Context`] and answers with a [`Reply`] in one of the forms of [`view`], or a [`Problem`].
//!
//! People are answered with pages: [`explorer`].
//!
//! The operator's side, `admin`, has a listener of its own: orders, and the figures of `metrics`.
//!
//! Read `routes/blocks.rs` first: every other is like it.
//!
//! [`Reader`]: crate::node::Reader

mod admin;
mod asked;
mod at_tip;
mod beside;
mod cache;
mod context;
mod cursor;
mod described;
mod document;
mod events;
mod examples;
pub mod explorer;
mod extract;
mod flow;
mod front;
mod immature;
mod lately;
mod manners;
mod meters;
mod metrics;
mod origins;
mod page;
mod people;
mod pooled;
mod problem;
mod rates;
mod ready;
mod reply;
mod requests;
mod routes;
mod samples;
mod server;
mod steady;
pub mod view;

pub use admin::{
    AdminOptions, MiningControl, MiningOrder, MiningRefused, MiningState, TOKEN_CHARACTERS_MIN, Token,
    TokenError,
};
pub use context::{Context, OfDevnet};
pub use document::document;
pub use events::{ADDRESSES_MAX, STREAMS_MAX, STREAMS_OF_ADDRESS_MAX, StreamLimits};
pub use examples::{Example, examples};
pub use extract::{Json, Path, Query, address};
pub use front::Front;
pub use manners::{ANSWER_TIME_MAX, Manners, REQUESTS_EACH_SECOND};
pub use meters::{GoingOn, Meters, Refusal, RouteMeter};
pub use metrics::{FIGURES, Figure, Kind};
pub use origins::{Origin, OriginError};
pub use people::Shells;
pub use problem::{Code, PROBLEM_TYPE, Problem, shortened};
pub use rates::{CONNECTIONS_EACH_MAX, Visit};
pub use reply::{Answer, Reply};
pub use requests::{Answered, RequestLog};
pub use server::{CONNECTIONS_MAX, Server};
