//! What can be asked: one file for each kind of thing.

mod accounts;
mod blocks;
mod chain;
mod mining;
mod peers;
mod pool;
mod search;
mod status;
mod submit;
mod transactions;

pub(super) use status::standing;

use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Html;
use axum::{Json, Router, routing};
use utoipa_axum::router::OpenApiRouter;

use super::context::Context;
use super::document::document;
use super::events;
use super::examples::examples;
use super::page::page;
use super::problem::{Code, Problem};
use super::ready;

/// Bytes of a request's body: a block in hexadecimal digits and what is around it.
pub(super) const BODY_BYTES_MAX: usize = 2 * crate::types::BLOCK_BYTES_MAX + 1024;

/// The page of the document brings its own style, and nothing else.
pub(super) const NOTHING_FROM_ELSEWHERE: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Everything that is described in the document.
pub(super) fn documented() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .merge(ready::routes())
        .merge(status::routes())
        .merge(chain::routes())
        .merge(blocks::routes())
        .merge(transactions::routes())
        .merge(submit::routes())
        .merge(accounts::routes())
        .merge(pool::routes())
        .merge(mining::routes())
        .merge(peers::routes())
        .merge(search::routes())
        .merge(events::routes())
}

/// Everything that can be asked.
pub(super) fn router(context: Context) -> Router {
    let (router, _) = documented().split_for_parts();
    let described = document();
    let page = page(&described, "What a node can be asked", &examples());
    router
        .route("/openapi.json", routing::get(async || Json(described)))
        .route(
            "/docs",
            routing::get(async || ([(CONTENT_SECURITY_POLICY, NOTHING_FROM_ELSEWHERE)], Html(page))),
        )
        .fallback(async || Problem::new(Code::NotFound, "there is no such path"))
        .method_not_allowed_fallback(async || {
            Problem::new(Code::MethodNotAllowed, "the path is asked otherwise")
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(context)
}
