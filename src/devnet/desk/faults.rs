//! What goes wrong in a network, to order.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::carry_out;
use super::view::{LinkView, MendedView, NetworkView, PartitionOrder};
use crate::api::{Answer, Json, Path, Reply};
use crate::devnet::error::DevnetError;
use crate::devnet::links::Partition;
use crate::devnet::mending::Ends;
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

async fn mended(devnet: &DevnetHandle, missing: Vec<Ends>) -> Answer<MendedView> {
    Ok(Reply::now(MendedView::of(devnet, missing).await))
}

/// Make a link slow, late, lossy or cut, both ways; with nothing but its ends, as it should be again
///
/// One that was cut and is not any more is waited for, up to ten seconds.
#[utoipa::path(post, path = "/v1/links", tag = "faults", operation_id = "link", request_body = LinkView,
    responses((status = OK, body = MendedView)))]
async fn link(State(devnet): State<DevnetHandle>, Json(said): Json<LinkView>) -> Answer<MendedView> {
    let link = said.faults.link()?;
    let missing = carry_out(&devnet, move |devnet| devnet.set_link(said.a, said.b, link)).await?;
    mended(&devnet, missing).await
}

/// Cut all links between groups
///
/// Those within a group that were cut are waited for, up to ten seconds.
#[utoipa::path(post, path = "/v1/partition", tag = "faults", operation_id = "partition", request_body = PartitionOrder,
    responses((status = OK, body = MendedView)))]
async fn partition(
    State(devnet): State<DevnetHandle>,
    Json(said): Json<PartitionOrder>,
) -> Answer<MendedView> {
    let partition = Partition::new(said.groups).map_err(DevnetError::from)?;
    let missing = carry_out(&devnet, move |devnet| devnet.part(&partition)).await?;
    mended(&devnet, missing).await
}

/// Make all links as they should be again
///
/// It is answered when they stand, or when ten seconds have gone by: those that do not stand by then are named.
#[utoipa::path(post, path = "/v1/heal", tag = "faults", operation_id = "heal",
    responses((status = OK, body = MendedView)))]
async fn heal(State(devnet): State<DevnetHandle>) -> Answer<MendedView> {
    let missing = carry_out(&devnet, DevnetHandle::heal).await?;
    mended(&devnet, missing).await
}

/// End a node, as a kill would
#[utoipa::path(post, path = "/v1/nodes/{node}/kill", tag = "faults", operation_id = "kill",
    params(("node" = usize, Path, description = "Its number")),
    responses((status = OK, body = NetworkView)))]
async fn kill(State(devnet): State<DevnetHandle>, Path(node): Path<usize>) -> Answer<NetworkView> {
    carry_out(&devnet, move |devnet| devnet.kill(node)).await?;
    now(&devnet).await
}

/// Begin a node again that was ended
#[utoipa::path(post, path = "/v1/nodes/{node}/restart", tag = "faults", operation_id = "restart",
    params(("node" = usize, Path, description = "Its number")),
    responses((status = OK, body = NetworkView)))]
async fn restart(State(devnet): State<DevnetHandle>, Path(node): Path<usize>) -> Answer<NetworkView> {
    carry_out(&devnet, move |devnet| devnet.restart(node)).await?;
    now(&devnet).await
}
