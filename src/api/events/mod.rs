//! What happens, told to whoever listens: as server-sent events and over WebSocket, the same in both.
//!
//! # What is told, and from where
//!
//! Blocks, transactions, accounts and reorganizations come from the journal, and nothing of them is ever lost: whoever was
//! away goes on behind the last event they have seen. The pool, peers and miners are told live and never again; whoever
//! may have missed some of it is told `resync`, and looks again.
//!
//! # The order, and what a cursor means
//!
//! The journal numbers every step: a block put on, or taken off. Within a step everything has a place, whether somebody
//! asked for it or not, so a cursor means the same under every filter:
//!
//! | place | event |
//! |---|---|
//! | 0 | `reorganization`, where the step is the first of a change that takes blocks off |
//! | 1 | `block_connected` or `block_disconnected` |
//! | 2 … 1 + n | `transaction`, for each of the block's n, in its order |
//! | 2 + n … | `account`, for the recipient of the reward; then, transaction by transaction, for each address concerned in the order of their bytes |
//!
//! A change of the branch is told as its steps are: `reorganization` first, then the blocks that are taken off from the old tip
//! down, then those put on upwards. A block taken off is gone through like one that is put on.
//!
//! The cursor `EPOCH-SEQUENCE-INDEX` says that `INDEX` places of that step were seen, `EPOCH-SEQUENCE` that all of it was,
//! and the change it belongs to. The latter is only handed out where a change ends.
//!
//! # How a stream is made
//!
//! `Telling` goes through the journal with a `Walk`, in slices, on threads that may wait for the disk, and no further
//! than what was told is read: a queue of [`QUEUE_MAX`](stream::QUEUE_MAX) stands between it and the socket. Read `stream.rs`
//! first.

mod filter;
mod hub;
mod live;
mod lookout;
mod opened;
mod pool;
mod socket;
mod sse;
mod stream;
mod walk;

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use filter::ADDRESSES_MAX;
pub use hub::{Hub, STREAMS_MAX, STREAMS_OF_ADDRESS_MAX, StreamLimits};

use super::context::Context;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(sse::events)).routes(routes!(socket::socket))
}

/// What of the events, and from where on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// What kinds, with commas between: `block`, `transaction`, `account`, `reorganization`, `mempool`, `peers`, `mining`.
    /// Blocks and reorganizations where nothing is said, and accounts where addresses are.
    #[param(example = "block,account")]
    types: Option<String>,
    /// Accounts of whom, with commas between; at most 100.
    address: Option<String>,
    /// What came after this cursor.
    #[param(example = "0-17-2")]
    after: Option<String>,
}

/// Where whoever asks is, as far as that is known.
struct Client(Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(from.map(|ConnectInfo(address)| address.ip().to_canonical())))
    }
}
