//! How the node is, and blocks that it leaves in a laboratory.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Admin;
use crate::api::context::tip_view;
use crate::api::extract::{self, Json};
use crate::api::problem::Problem;
use crate::api::reply::{Answer, Reply};
use crate::api::view::{BlockOrder, ConditionView, TipView};
use crate::types::BlockHash;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(condition)).routes(routes!(invalidate)).routes(routes!(reconsider))
}

/// How the node is: whether it takes anything in, what should never be, how many audits went well
#[utoipa::path(get, path = "/admin/v1/chain", tag = "admin", operation_id = "admin_chain", security(("bearer" = [])),
    responses((status = OK, body = ConditionView)))]
async fn condition(State(admin): State<Admin>) -> Answer<ConditionView> {
    let context = admin.context();
    let condition = context.node().condition();
    Ok(Reply::now(ConditionView {
        stopped: condition.stopped,
        alarm: condition.alarm,
        audits: condition.audits,
        base: context.node().base(),
        tip: tip_view(context.node().reader().tip()),
        uptime_seconds: context.begun().elapsed().as_secs(),
    }))
}

/// The block that an order names.
fn named(said: &BlockOrder) -> Result<BlockHash, Problem> {
    extract::value("block", &said.block)
}

/// Leave a block in a laboratory: neither it nor what stands on it is followed, restarts included
///
/// The best other branch is followed, whatever its work; to whoever listens it is a reorganization like any other. Who sends such
/// blocks is not blamed. The answer is the tip without it.
#[utoipa::path(post, path = "/admin/v1/chain/invalidate", tag = "admin", operation_id = "admin_chain_invalidate",
    security(("bearer" = [])), request_body = BlockOrder,
    responses((status = OK, body = TipView)))]
async fn invalidate(State(admin): State<Admin>, Json(said): Json<BlockOrder>) -> Answer<TipView> {
    let tip = admin.context().node().invalidate(named(&said)?).await;
    Ok(Reply::now(tip_view(tip.map_err(|refused| Problem::from(&refused))?)))
}

/// Let a block that was left count again, with all below and above it
///
/// What broke a rule stays condemned. The answer is the tip with it.
#[utoipa::path(post, path = "/admin/v1/chain/reconsider", tag = "admin", operation_id = "admin_chain_reconsider",
    security(("bearer" = [])), request_body = BlockOrder,
    responses((status = OK, body = TipView)))]
async fn reconsider(State(admin): State<Admin>, Json(said): Json<BlockOrder>) -> Answer<TipView> {
    let tip = admin.context().node().reconsider(named(&said)?).await;
    Ok(Reply::now(tip_view(tip.map_err(|refused| Problem::from(&refused))?)))
}
