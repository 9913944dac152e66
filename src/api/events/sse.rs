//! Events over plain HTTP, as browsers read them.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use super::filter::Filter;
use super::stream::{self as streams, Order, Stream, Told, What};
use super::{Asked, Client};
use crate::api::context::Context;
use crate::api::cursor::{self, EventCursor};
use crate::api::extract::Query;
use crate::api::problem::Problem;
use crate::api::view::EventView;

/// What the stream begins with: how many milliseconds a browser waits before it comes again.
const RETRY: &str = "retry: 1000\n\n";
/// Where a browser says what it has seen last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What happens, as server-sent events
///
/// Each has its kind as `event`, its form as `data`, and as `id` the cursor behind it: whoever comes again with that in
/// `last-event-id`, as browsers do by themselves, or as `after`, is told what came since, nothing left out and nothing
/// twice, over restarts of the node and through reorganizations. A change of the branch is told whole: `reorganization`,
/// then `block_disconnected` from the old tip down, then `block_connected` upwards; behind each block its transactions, then
/// what it meant to accounts. Without a cursor it begins with `hello`. Where a cursor leads nowhere `reset` says why: read
/// everything anew. What the pool, peers and miners do is told live only, after `resync`. An `id` alone, or with a comment
/// every 15 seconds, says that what happened up to there was not asked for.
#[utoipa::path(get, path = "/v1/events", tag = "events", operation_id = "events",
    params(Asked, ("Last-Event-ID" = Option<String>, Header,
        description = "What came after this cursor; it counts more than `after`", example = "0-17-2")),
    responses(
        (status = OK, body = EventView, content_type = "text/event-stream", description = "Events, without end",
            example = "id: 0-17-2\nevent: block_connected\ndata: {\"type\":\"block_connected\",\"cursor\":\"0-17-2\",…}\n\n")))]
pub(super) async fn events(
    State(context): State<Context>,
    Client(address): Client,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let prefix = &context.params().prefix;
    let filter = Filter::of_query(asked.types.as_deref(), asked.address.as_deref(), prefix)?;
    let seen = headers.get(LAST_EVENT_ID).map(|seen| seen.to_str().map_err(|_| cursor::bad("…")));
    let after = seen.transpose()?.filter(|seen| !seen.is_empty()).or(asked.after.as_deref());
    let after = after.map(str::parse::<EventCursor>).transpose()?.map(|cursor| cursor.0);
    let place = streams::enter(&context, address)?;
    let told = Stream::begin(&context, Order { filter: filter.into(), after });
    let frames = stream::unfold((told, place, Some(RETRY)), async |(mut told, place, mut beginning)| {
        let bytes = match beginning.take() {
            Some(beginning) => Bytes::from_static(beginning.as_bytes()),
            None => frame(&told.next().await?),
        };
        Some((Ok::<_, Infallible>(bytes), (told, place, beginning)))
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would keep events from whoever waits for them.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// An event on the wire.
fn frame(told: &Told) -> Bytes {
    let id = EventCursor(told.at);
    let event = match &told.what {
        What::Event(event) => event,
        What::Place => return format!("id: {id}\n\n").into(),
        What::Heartbeat => return format!(": still here\nid: {id}\n\n").into(),
    };
    // Text and numbers alone: they can always be written, and never hold a line break.
    let data = serde_json::to_string(event).expect("an event is plain text and numbers");
    format!("id: {id}\nevent: {}\ndata: {data}\n\n", event.name()).into()
}
