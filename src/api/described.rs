//! What every port has beside its routes: a document and a page on them, and an answer where there is nothing.

use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Html;
use axum::{Json, Router, routing};
use serde_json::Value;

use super::problem::{Code, Problem};

/// The page of the document brings its own style, and nothing else.
const NOTHING_FROM_ELSEWHERE: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Adds all of that. A request's body may have so many bytes.
pub(super) fn described<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    document: Value,
    page: String,
    body_bytes_max: usize,
) -> Router<S> {
    routes
        .route("/openapi.json", routing::get(async || Json(document)))
        .route(
            "/docs",
            routing::get(async || ([(CONTENT_SECURITY_POLICY, NOTHING_FROM_ELSEWHERE)], Html(page))),
        )
        .fallback(async || Problem::new(Code::NotFound, "there is no such path"))
        .method_not_allowed_fallback(async || {
            Problem::new(Code::MethodNotAllowed, "the path is asked otherwise")
        })
        .layer(DefaultBodyLimit::max(body_bytes_max))
}
