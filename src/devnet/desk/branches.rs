//! Branches to order.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::told::{By, reorganized};
use super::view::{NetworkView, ReorganizationOrder, ReorganizationView};
use crate::api::{Answer, Json, Path, Problem, Reply, shortened};
use crate::devnet::network::DevnetHandle;
use crate::types::BlockHash;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new().routes(routes!(reorganize)).routes(routes!(invalidate)).routes(routes!(reconsider))
}

/// Have a node mine a heavier branch, and all others go over to it
///
/// What was in the blocks that are left waits again, and is mined in the new ones.
#[utoipa::path(post, path = "/v1/reorganize", tag = "branches", operation_id = "reorganize",
    request_body = ReorganizationOrder, responses((status = OK, body = ReorganizationView)))]
async fn reorganize(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(ReorganizationOrder { depth, node }): Json<ReorganizationOrder>,
) -> Answer<ReorganizationView> {
    let what = reorganized(depth, node);
    let made = by.order(&devnet, what, move |devnet| Ok(devnet.reorganize(depth, node)?)).await?;
    Ok(Reply::now(made.into()))
}

async fn rule(by: By, devnet: DevnetHandle, block: String, counts: bool) -> Answer<NetworkView> {
    let what = format!("{} block {}", if counts { "reconsider" } else { "invalidate" }, shortened(&block));
    by.order(&devnet, what, move |devnet| {
        let hash: BlockHash = block.parse().map_err(|error| Problem::bad_value("block", &block, error))?;
        Ok(devnet.rule(hash, counts)?)
    })
    .await?;
    Ok(Reply::now(NetworkView::of(&devnet).await))
}

/// Have all nodes leave a block and what stands on it, and follow the best branch without it
#[utoipa::path(post, path = "/v1/blocks/{block}/invalidate", tag = "branches", operation_id = "invalidate",
    params(("block" = BlockHash, Path, description = "Its hash")),
    responses((status = OK, body = NetworkView)))]
async fn invalidate(
    by: By,
    State(devnet): State<DevnetHandle>,
    Path(block): Path<String>,
) -> Answer<NetworkView> {
    rule(by, devnet, block, false).await
}

/// Have all nodes count a block again that they were told to leave
#[utoipa::path(post, path = "/v1/blocks/{block}/reconsider", tag = "branches", operation_id = "reconsider",
    params(("block" = BlockHash, Path, description = "Its hash")),
    responses((status = OK, body = NetworkView)))]
async fn reconsider(
    by: By,
    State(devnet): State<DevnetHandle>,
    Path(block): Path<String>,
) -> Answer<NetworkView> {
    rule(by, devnet, block, true).await
}
