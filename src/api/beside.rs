//! What a port of its own needs that is asked in the same manner: a front over its routes, a document and a page on them.

use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Html;
use axum::{Json, Router, routing};
use tokio::sync::watch;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::document::completed;
use super::front::Front;
use super::manners::Manners;
use super::page::page;
use super::problem::{Code, Problem};
use super::routes::NOTHING_FROM_ELSEWHERE;
use crate::node::Tip;

/// Bytes of an order.
const BODY_BYTES_MAX: usize = 64 << 10;

impl Front {
    /// Over routes of somebody else, described at `/openapi.json` and `/docs` like those of a node. Answers that hold until a
    /// tip hold until one of these.
    pub fn beside(
        routes: OpenApiRouter,
        beginning: OpenApi,
        heading: &str,
        tips: watch::Receiver<Tip>,
        manners: &Manners,
    ) -> Self {
        let (router, paths) = routes.split_for_parts();
        let mut described = beginning;
        described.merge(paths);
        let described = completed(described);
        let page = page(&described, heading, &[]);
        let router: Router = router
            .route("/openapi.json", routing::get(async || Json(described)))
            .route(
                "/docs",
                routing::get(async || ([(CONTENT_SECURITY_POLICY, NOTHING_FROM_ELSEWHERE)], Html(page))),
            )
            .fallback(async || Problem::new(Code::NotFound, "there is no such path"))
            .method_not_allowed_fallback(async || {
                Problem::new(Code::MethodNotAllowed, "the path is asked otherwise")
            })
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
        Self::of(router, tips, std::sync::Arc::default(), manners)
    }
}
