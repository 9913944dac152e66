//! When blocks come.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::told::{By, mined};
use super::view::{BlocksMade, BlocksOrder, MiningView};
use super::words::in_words;
use crate::api::{Answer, Json, Reply, shortened};
use crate::devnet::Mining;
use crate::devnet::error::DevnetError;
use crate::devnet::network::DevnetHandle;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new().routes(routes!(mine)).routes(routes!(mining, set_mining))
}

/// Make blocks at once
///
/// It is answered when they are durable, and have come to all nodes that can be reached, or when ten seconds have gone by: those
/// to whom they have not come by then are named. The first of them take what waits in the pool of the node that makes them.
#[utoipa::path(post, path = "/v1/mine", tag = "mining", operation_id = "mine", request_body = BlocksOrder,
    responses((status = OK, body = BlocksMade)))]
async fn mine(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(said): Json<BlocksOrder>,
) -> Answer<BlocksMade> {
    let what = mined(said.blocks as usize, said.node);
    let made = by.order(&devnet, what, move |devnet| Ok(devnet.mine(said.blocks as usize, said.node)?));
    let made = made.await?;
    Ok(Reply::now(BlocksMade {
        blocks: made.blocks.len(),
        tip: made.blocks.last().copied(),
        behind: made.behind,
    }))
}

/// When blocks come
#[utoipa::path(get, path = "/v1/mining", tag = "mining", operation_id = "mining",
    responses((status = OK, body = MiningView)))]
async fn mining(State(devnet): State<DevnetHandle>) -> Answer<MiningView> {
    Ok(Reply::now(MiningView { mode: devnet.mining().to_string() }))
}

/// Have blocks come otherwise from now on
#[utoipa::path(post, path = "/v1/mining", tag = "mining", operation_id = "set_mining", request_body = MiningView,
    responses((status = OK, body = MiningView)))]
async fn set_mining(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(said): Json<MiningView>,
) -> Answer<MiningView> {
    let what = format!("blocks come {}", in_words(&shortened(&said.mode)));
    by.order(&devnet, what, move |devnet| {
        let mode: Mining = said.mode.parse().map_err(DevnetError::from)?;
        Ok(devnet.set_mining(mode)?)
    })
    .await?;
    mining(State(devnet)).await
}
