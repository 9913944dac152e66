//! The clock of the chain.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::carry_out;
use super::view::{ClockView, WarpOrder};
use crate::api::{Answer, Json, Reply};
use crate::devnet::network::DevnetHandle;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new().routes(routes!(warp)).routes(routes!(freeze)).routes(routes!(resume))
}

/// Put the clock forward, for all nodes
#[utoipa::path(post, path = "/v1/clock/warp", tag = "time", operation_id = "warp", request_body = WarpOrder,
    responses((status = OK, body = ClockView)))]
async fn warp(State(devnet): State<DevnetHandle>, Json(said): Json<WarpOrder>) -> Answer<ClockView> {
    carry_out(&devnet, move |devnet| devnet.warp(said.seconds)).await?;
    Ok(Reply::now(ClockView::of(devnet.clock())))
}

/// Hold the clock where it is
#[utoipa::path(post, path = "/v1/clock/freeze", tag = "time", operation_id = "freeze",
    responses((status = OK, body = ClockView)))]
async fn freeze(State(devnet): State<DevnetHandle>) -> Answer<ClockView> {
    carry_out(&devnet, |devnet| devnet.hold_clock(true)).await?;
    Ok(Reply::now(ClockView::of(devnet.clock())))
}

/// Have the clock run on from where it was held
#[utoipa::path(post, path = "/v1/clock/resume", tag = "time", operation_id = "resume",
    responses((status = OK, body = ClockView)))]
async fn resume(State(devnet): State<DevnetHandle>) -> Answer<ClockView> {
    carry_out(&devnet, |devnet| devnet.hold_clock(false)).await?;
    Ok(Reply::now(ClockView::of(devnet.clock())))
}
