//! What every port has beside its routes: a document and a page on them, and an answer where there is nothing.

use axum::extract::DefaultBodyLimit;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::Html;
use axum::{Extension, Json, Router, routing};
use serde_json::Value;

use super::problem::{Code, Problem};
use super::reply::Fresh;

/// The page of the document brings its own style, and nothing else.
const POLICY: [(HeaderName, &str); 1] =
    [(CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")];
/// Another version of this program has another document at the same address.
const ASKED_ABOUT: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-cache")];

/// Adds all of that. A request's body may have so many bytes.
pub(super) fn described<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    document: Value,
    page: String,
    body_bytes_max: usize,
) -> Router<S> {
    routes
        .route(
            "/openapi.json",
            routing::get(async || (Extension(Fresh::Forever), ASKED_ABOUT, Json(document))),
        )
        .route("/docs", routing::get(async || (Extension(Fresh::Forever), ASKED_ABOUT, POLICY, Html(page))))
        .fallback(async || Problem::new(Code::NotFound, "there is no such path"))
        .method_not_allowed_fallback(async || {
            Problem::new(Code::MethodNotAllowed, "the path is asked otherwise")
        })
        .layer(DefaultBodyLimit::max(body_bytes_max))
}
