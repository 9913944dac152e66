//! How the node is.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::cursor::EventCursor;
use crate::api::reply::{Answer, Reply};
use crate::api::view::{ParametersView, StatusView, SyncView, TipView};
use crate::node::Cursor;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(network)).routes(routes!(tip))
}

/// How the node is
///
/// What chain it follows, with all parameters; its tip; how far it is with catching up; what waits.
#[utoipa::path(get, path = "/v1/status", tag = "node", operation_id = "status",
    responses((status = OK, body = StatusView)))]
async fn status(State(context): State<Context>) -> Answer<StatusView> {
    Ok(Reply::now(whole(&context).await))
}

/// The same, for pages.
pub(in crate::api) async fn whole(context: &Context) -> StatusView {
    let (sync, peers) = standing(context).await;
    let node = context.node();
    let (condition, reader) = (node.condition(), node.reader());
    let tip = reader.tip();
    StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: ParametersView::new(node.genesis()),
        tip: tip_view(tip),
        tip_time: reader.header(&tip.hash).map_or(node.chain_time(), |entry| entry.header.time),
        time: node.chain_time(),
        sync,
        peers,
        mempool: node.look(|_, pool| pool.len()),
        base: node.base(),
        cursor: cursor_text(node.cursor()),
        uptime_seconds: context.begun().elapsed().as_secs(),
        stopped: condition.stopped,
        alarm: condition.alarm,
    }
}

/// How far the node is with catching up, and with how many others it is connected.
pub(in crate::api) async fn standing(context: &Context) -> (SyncView, usize) {
    let report = context.report().await;
    report.map_or((SyncView::Alone, 0), |report| (SyncView::of(&report.machine), report.machine.peers.len()))
}

/// Where somebody stands in what happened, as text.
pub(in crate::api) fn cursor_text(cursor: Cursor) -> String {
    EventCursor(cursor).to_string()
}

/// The parameters of the chain
#[utoipa::path(get, path = "/v1/network", tag = "node", operation_id = "network",
    responses((status = OK, body = ParametersView)))]
async fn network(State(context): State<Context>) -> Answer<ParametersView> {
    let node = context.node();
    Ok(Reply::at(node.reader().tip(), ParametersView::new(node.genesis())))
}

/// The block that is followed as the last
#[utoipa::path(get, path = "/v1/tip", tag = "chain", operation_id = "tip",
    responses((status = OK, body = TipView)))]
async fn tip(State(context): State<Context>) -> Answer<TipView> {
    let tip = context.node().reader().tip();
    Ok(Reply::at(tip, tip_view(tip)))
}
