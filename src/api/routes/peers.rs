//! Other nodes.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::context::Context;
use crate::api::reply::{Answer, Reply};
use crate::api::view::{Direction, Hex, PeerView, PeersView};
use crate::net::Traffic;
use crate::protocol::{PeerReport, Side};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(peers))
}

/// Who is connected
#[utoipa::path(get, path = "/v1/peers", tag = "peers", operation_id = "peers",
    responses((status = OK, body = PeersView)))]
async fn peers(State(context): State<Context>) -> Answer<PeersView> {
    let (peers, report) = (context.port()?, context.report().await?);
    let machine = &report.machine;
    let shown = machine.peers.iter().map(|peer| shown(peer, report.traffic.get(&peer.met.peer)));
    Ok(Reply::now(PeersView {
        node: Hex::of(report.node.0),
        listening: peers.local_address().map(|address| address.to_string()),
        peers: shown.collect(),
        known: machine.known.len(),
        banned: machine.bans.len(),
    }))
}

pub(in crate::api) fn shown(peer: &PeerReport, traffic: Option<&Traffic>) -> PeerView {
    PeerView {
        node: Hex::of(peer.met.node.0),
        address: peer.met.address.to_string(),
        direction: match peer.met.side {
            Side::Dialer => Direction::Out,
            Side::Listener => Direction::In,
        },
        agent: peer.agent.clone(),
        listening: peer.listening.map(|address| address.to_string()),
        height: peer.tip.map(|(height, _)| height),
        tip: peer.tip.map(|(_, hash)| hash),
        ping_ms: peer.ping.1,
        ping_best_ms: peer.ping.0,
        seconds: peer.seconds,
        bytes_in: traffic.map_or(0, |traffic| traffic.bytes_in),
        bytes_out: traffic.map_or(0, |traffic| traffic.bytes_out),
    }
}
