//! How the node is.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Admin;
use crate::api::context::tip_view;
use crate::api::reply::{Answer, Reply};
use crate::api::view::ConditionView;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(condition))
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
