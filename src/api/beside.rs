//! What a port of its own needs that is asked in the same manner: a front over its routes, a document and a page on them.

use tokio::sync::watch;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::described::described;
use super::document::completed;
use super::front::Front;
use super::manners::Manners;
use super::page::page;
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
        let mut document = beginning;
        document.merge(paths);
        let document = completed(document);
        let page = page(&document, heading, &[]);
        let router = described(router, document, page, BODY_BYTES_MAX);
        Self::of(router, tips, std::sync::Arc::default(), manners)
    }
}
