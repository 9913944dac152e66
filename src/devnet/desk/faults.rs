//! What goes wrong in a network, to order.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::told::{By, HEALED, linked, parted};
use super::view::{LinkView, MendedView, NetworkView, PartitionOrder};
use crate::api::{Answer, Json, Path, Reply};
use crate::devnet::error::DevnetError;
use crate::devnet::links::Partition;
use crate::devnet::mending::Unmended;
use crate::devnet::network::DevnetHandle;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new()
        .routes(routes!(link))
        .routes(routes!(partition))
        .routes(routes!(heal))
        .routes(routes!(kill))
        .routes(routes!(restart))
}

async fn now(devnet: &DevnetHandle) -> Answer<NetworkView> {
    Ok(Reply::now(NetworkView::of(devnet).await))
}

async fn mended(devnet: &DevnetHandle, unmended: impl Into<Unmended>) -> Answer<MendedView> {
    Ok(Reply::now(MendedView::of(devnet, unmended.into()).await))
}

/// Make a link slow, late, lossy or cut, both ways; with nothing but its ends, as it should be again
///
/// One that was cut and is not any more is waited for, up to ten seconds.
#[utoipa::path(post, path = "/v1/links", tag = "faults", operation_id = "link", request_body = LinkView,
    responses((status = OK, body = MendedView)))]
async fn link(by: By, State(devnet): State<DevnetHandle>, Json(said): Json<LinkView>) -> Answer<MendedView> {
    let what = linked(said.a, said.b, &said.faults);
    let missing =
        by.order(&devnet, what, move |devnet| Ok(devnet.set_link(said.a, said.b, said.faults.link()?)?));
    mended(&devnet, missing.await?).await
}

/// Cut all links between groups
///
/// Those within a group that were cut are waited for, up to ten seconds.
#[utoipa::path(post, path = "/v1/partition", tag = "faults", operation_id = "partition", request_body = PartitionOrder,
    responses((status = OK, body = MendedView)))]
async fn partition(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(said): Json<PartitionOrder>,
) -> Answer<MendedView> {
    let missing = by.order(&devnet, parted(&said.groups), move |devnet| {
        Ok(devnet.part(&Partition::new(said.groups).map_err(DevnetError::from)?)?)
    });
    mended(&devnet, missing.await?).await
}

/// Make all links as they should be again
///
/// It is answered when they stand and all nodes have caught up. Links that do not stand within ten seconds are named, and nodes
/// that have not caught up ten seconds after they do.
#[utoipa::path(post, path = "/v1/heal", tag = "faults", operation_id = "heal",
    responses((status = OK, body = MendedView)))]
async fn heal(by: By, State(devnet): State<DevnetHandle>) -> Answer<MendedView> {
    let unmended = by.order(&devnet, HEALED, |devnet| Ok(devnet.heal()?)).await?;
    mended(&devnet, unmended).await
}

/// End a node, as a kill would
#[utoipa::path(post, path = "/v1/nodes/{node}/kill", tag = "faults", operation_id = "kill",
    params(("node" = usize, Path, description = "Its number")),
    responses((status = OK, body = NetworkView)))]
async fn kill(by: By, State(devnet): State<DevnetHandle>, Path(node): Path<usize>) -> Answer<NetworkView> {
    by.order(&devnet, format!("kill node {node}"), move |devnet| Ok(devnet.kill(node)?)).await?;
    now(&devnet).await
}

/// Begin a node again that was ended
#[utoipa::path(post, path = "/v1/nodes/{node}/restart", tag = "faults", operation_id = "restart",
    params(("node" = usize, Path, description = "Its number")),
    responses((status = OK, body = NetworkView)))]
async fn restart(by: By, State(devnet): State<DevnetHandle>, Path(node): Path<usize>) -> Answer<NetworkView> {
    by.order(&devnet, format!("restart node {node}"), move |devnet| Ok(devnet.restart(node)?)).await?;
    now(&devnet).await
}
