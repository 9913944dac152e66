//! Bad links, in a laboratory.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Admin;
use crate::api::extract::{self, Json};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::view::LinkView;
use crate::net::{Far, Link};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(links, put, heal))
}

/// Which links of a laboratory are bad, and how
#[utoipa::path(get, path = "/admin/v1/links", tag = "admin", operation_id = "admin_links", security(("bearer" = [])),
    responses((status = OK, body = Vec<LinkView>)))]
async fn links(State(admin): State<Admin>) -> Answer<Vec<LinkView>> {
    Ok(Reply::now(LinkView::all_of(admin.context().port()?.faults())))
}

/// Make what this node sends over a link slow, late, lossy or not arrive at all; with nothing but `who`, as it should be again
#[utoipa::path(put, path = "/admin/v1/links", tag = "admin", operation_id = "admin_links_put",
    security(("bearer" = [])), request_body = LinkView,
    responses((status = NO_CONTENT, description = "It is so")))]
async fn put(State(admin): State<Admin>, Json(said): Json<LinkView>) -> Result<StatusCode, Problem> {
    let far: Far = extract::value("who", &said.who)?;
    let link = said.faults.link()?;
    let faults = admin.context().port()?.faults();
    let set = faults.set(far, (link != Link::default()).then_some(link));
    set.map_err(|refused| Problem::new(Code::NotServed, refused.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make all links as they should be again
#[utoipa::path(delete, path = "/admin/v1/links", tag = "admin", operation_id = "admin_links_heal",
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "They are")))]
async fn heal(State(admin): State<Admin>) -> Result<StatusCode, Problem> {
    admin.context().port()?.faults().heal();
    Ok(StatusCode::NO_CONTENT)
}
