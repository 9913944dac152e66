//! Other nodes: who is there, who shall be, and who shall not.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Admin;
use crate::api::context::Context;
use crate::api::extract::{self, Json, Path};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::view::{BanOrder, BanView, PeersReportView, PlaceView};
use crate::net::{HostPort, PeersError};
use crate::protocol::{ADDED_MAX, BAN_SECONDS, Banned, Order};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(peers))
        .routes(routes!(add))
        .routes(routes!(drop_peer))
        .routes(routes!(bans, ban))
        .routes(routes!(forgive))
}

async fn order(context: &Context, order: Order) -> Result<StatusCode, Problem> {
    let done = context.port()?.order(order).await;
    done.map_err(|failed| {
        let code = match failed {
            PeersError::Ended(_) => Code::NodeStopped,
            PeersError::NotKept(_) => Code::Internal,
        };
        Problem::new(code, failed.to_string())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// All that is known of other nodes: who is connected, who shall be, who is banned, which addresses are known
#[utoipa::path(get, path = "/admin/v1/peers", tag = "admin", operation_id = "admin_peers", security(("bearer" = [])),
    responses((status = OK, body = PeersReportView)))]
async fn peers(State(admin): State<Admin>) -> Answer<PeersReportView> {
    let context = admin.context();
    let report = context.report().await?;
    Ok(Reply::now(PeersReportView::of(&report, context.port()?)))
}

/// A host and a port where somebody can be.
fn place(text: &str) -> Result<HostPort, Problem> {
    let place = text.parse().and_then(HostPort::of_somebody);
    place.map_err(|_| Problem::bad_value("address", text, "expected HOST:PORT, such as `node.example:9333`"))
}

/// Always be connected to this node, until it is dropped or this one ends
#[utoipa::path(post, path = "/admin/v1/peers/add", tag = "admin", operation_id = "admin_peers_add",
    security(("bearer" = [])), request_body = PlaceView,
    responses((status = NO_CONTENT, description = "It is added")))]
async fn add(State(admin): State<Admin>, Json(said): Json<PlaceView>) -> Result<StatusCode, Problem> {
    let node = place(&said.address)?;
    let added = admin.context().report().await?.machine.added;
    if added.len() >= ADDED_MAX && !added.iter().any(|other| **other == *node) {
        return Err(Problem::new(Code::TooLarge, format!("there are {ADDED_MAX} already: drop one first")));
    }
    order(admin.context(), Order::Add(node.to_string())).await
}

/// No longer want to be connected to a node that was added, and hang up
#[utoipa::path(post, path = "/admin/v1/peers/drop", tag = "admin", operation_id = "admin_peers_drop",
    security(("bearer" = [])), request_body = PlaceView,
    responses((status = NO_CONTENT, description = "It is dropped")))]
async fn drop_peer(State(admin): State<Admin>, Json(said): Json<PlaceView>) -> Result<StatusCode, Problem> {
    let node = place(&said.address)?;
    if !admin.context().report().await?.machine.added.iter().any(|added| **added == *node) {
        return Err(Problem::new(Code::NotFound, format!("{} was not added", &*node)));
    }
    order(admin.context(), Order::Remove(node.to_string())).await
}

/// Who is banned, until when
#[utoipa::path(get, path = "/admin/v1/bans", tag = "admin", operation_id = "admin_bans", security(("bearer" = [])),
    responses((status = OK, body = Vec<BanView>)))]
async fn bans(State(admin): State<Admin>) -> Answer<Vec<BanView>> {
    Ok(Reply::now(BanView::all_of(&admin.context().report().await?.machine)))
}

/// Hang up on a node, or all at an address, and have nothing to do with them for a while, restarts included
#[utoipa::path(post, path = "/admin/v1/bans", tag = "admin", operation_id = "admin_bans_add",
    security(("bearer" = [])), request_body = BanOrder,
    responses((status = NO_CONTENT, description = "They are banned")))]
async fn ban(State(admin): State<Admin>, Json(said): Json<BanOrder>) -> Result<StatusCode, Problem> {
    let who: Banned = extract::value("who", &said.who)?;
    let seconds = said.seconds.unwrap_or(BAN_SECONDS);
    if seconds == 0 {
        return Err(Problem::bad_value("seconds", "0", "expected 1 or more"));
    }
    if who == Banned::Node(admin.context().report().await?.node) {
        return Err(Problem::bad_value("who", &said.who, "that is this node itself"));
    }
    if let Banned::Address(address) = who
        && address.to_canonical().is_loopback()
    {
        return Err(Problem::bad_value("who", &said.who, "this machine itself cannot be; ban a node there"));
    }
    order(admin.context(), Order::Ban(who, seconds)).await
}

/// Forgive somebody who is banned
#[utoipa::path(delete, path = "/admin/v1/bans/{who}", tag = "admin", operation_id = "admin_bans_remove",
    security(("bearer" = [])),
    params(("who" = String, Path, description = "Whom: an IP address, or a node by its 64 digits")),
    responses((status = NO_CONTENT, description = "They are forgiven")))]
async fn forgive(State(admin): State<Admin>, Path(text): Path<String>) -> Result<StatusCode, Problem> {
    let who: Banned = extract::value::<Banned>("who", &text)?.canonical();
    if admin.context().report().await?.machine.bans.iter().all(|(other, _)| *other != who) {
        return Err(Problem::new(Code::NotFound, format!("{who} is not banned")));
    }
    order(admin.context(), Order::Unban(who)).await
}
