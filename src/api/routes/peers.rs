//! Other nodes.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::Context;
use crate::api::reply::{Answer, Reply};
use crate::api::view::{Hex, PeerView, PeersView};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(peers))
}

/// Who is connected
#[utoipa::path(get, path = "/v1/peers", tag = "peers", operation_id = "peers",
    responses((status = OK, body = PeersView)))]
async fn peers(State(context): State<Context>) -> Answer<PeersView> {
    connected(&context).await
}

/// The same, for pages.
pub(in crate::api) async fn connected(context: &Context) -> Answer<PeersView> {
    let (peers, report) = (context.port()?, context.report().await?);
    let machine = &report.machine;
    Ok(Reply::now(PeersView {
        node: Hex::of(report.node.0),
        listening: peers.local_address().map(|address| address.to_string()),
        peers: PeerView::all_of(&report),
        known: machine.known.len(),
        banned: machine.bans.len(),
    }))
}
