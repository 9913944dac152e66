//! The clock of the chain.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::told::{By, held, put_forward};
use super::view::{ClockView, WarpOrder};
use crate::api::{Answer, Json, Reply};
use crate::devnet::network::DevnetHandle;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new().routes(routes!(warp)).routes(routes!(freeze)).routes(routes!(resume))
}

/// Put the clock forward, for all nodes
#[utoipa::path(post, path = "/v1/clock/warp", tag = "time", operation_id = "warp", request_body = WarpOrder,
    responses((status = OK, body = ClockView)))]
async fn warp(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(WarpOrder { seconds }): Json<WarpOrder>,
) -> Answer<ClockView> {
    by.order(&devnet, put_forward(seconds), move |devnet| Ok(devnet.warp(seconds)?)).await?;
    Ok(Reply::now(ClockView::of(devnet.clock())))
}

/// Hold the clock where it is
#[utoipa::path(post, path = "/v1/clock/freeze", tag = "time", operation_id = "freeze",
    responses((status = OK, body = ClockView)))]
async fn freeze(by: By, State(devnet): State<DevnetHandle>) -> Answer<ClockView> {
    by.order(&devnet, held(true), |devnet| Ok(devnet.hold_clock(true)?)).await?;
    Ok(Reply::now(ClockView::of(devnet.clock())))
}

/// Have the clock run on from where it was held
#[utoipa::path(post, path = "/v1/clock/resume", tag = "time", operation_id = "resume",
    responses((status = OK, body = ClockView)))]
async fn resume(by: By, State(devnet): State<DevnetHandle>) -> Answer<ClockView> {
    by.order(&devnet, held(false), |devnet| Ok(devnet.hold_clock(false)?)).await?;
    Ok(Reply::now(ClockView::of(devnet.clock())))
}
