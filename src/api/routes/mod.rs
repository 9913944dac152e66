//! What can be asked: one file for each kind of thing.

pub(super) mod accounts;
pub(super) mod blocks;
pub(super) mod chain;
pub(super) mod mining;
pub(super) mod peers;
pub(super) mod pool;
pub(super) mod search;
pub(super) mod status;
pub(super) mod story;
mod submit;
pub(super) mod transactions;

pub(super) use status::standing;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use super::context::Context;
use super::described::described;
use super::document::document;
use super::events;
use super::examples::examples;
use super::explorer;
use super::page::page;
use super::ready;

/// Bytes of a request's body: a block in hexadecimal digits and what is around it.
pub(super) const BODY_BYTES_MAX: usize = 2 * crate::types::BLOCK_BYTES_MAX + 1024;

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
    let document = document();
    let page = page(&document, "What a node can be asked", &examples());
    let routes = router.merge(explorer::routes(&context));
    described(routes, document, page, BODY_BYTES_MAX).with_state(context)
}
