//! How the node is.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::{Context, tip_view};
use crate::api::cursor::EventCursor;
use crate::api::reply::{Answer, Reply};
use crate::api::view::{ParametersView, StatusView, SyncView, TipView};
use crate::node::{Condition, Cursor, Tip};
use crate::types::Timestamp;

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

async fn whole(context: &Context) -> StatusView {
    let node = context.node();
    let Present { tip, tip_time, sync, peers, mempool, condition } = present(context).await;
    StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: ParametersView::new(node.genesis()),
        tip: tip_view(tip),
        tip_time,
        time: node.chain_time(),
        sync,
        peers,
        mempool,
        base: node.base(),
        cursor: cursor_text(node.cursor()),
        uptime_seconds: context.begun().elapsed().as_secs(),
        stopped: condition.stopped,
        alarm: condition.alarm,
    }
}

/// How the node is, without what never changes: a chain's parameters name everybody who began with money.
pub(in crate::api) struct Present {
    pub tip: Tip,
    pub tip_time: Timestamp,
    pub sync: SyncView,
    pub peers: usize,
    /// Transactions that wait.
    pub mempool: usize,
    pub condition: Condition,
}

/// The same, for pages.
pub(in crate::api) async fn present(context: &Context) -> Present {
    let (sync, peers) = standing(context).await;
    let node = context.node();
    let (condition, reader) = (node.condition(), node.reader());
    let tip = reader.tip();
    let tip_time = reader.header(&tip.hash).map_or(node.chain_time(), |entry| entry.header.time);
    Present { tip, tip_time, sync, peers, mempool: node.look(|_, pool| pool.len()), condition }
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
