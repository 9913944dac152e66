//! The operator's side: peers, bans, links, mining and figures, on a listener of its own.
//!
//! # Security
//! Whoever says the word may do all of it, and nobody else anything but look at figures, where only this machine can ask. A
//! page in a browser cannot: it has no word, and no leave to send one.

mod chain;
mod links;
mod mining;
mod peers;
mod token;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use tokio::task;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::context::Context;
use super::front::Front;
use super::manners::Manners;
use super::metrics::{Folder, page};
use super::problem::{Code, Problem};
use super::ready;
pub use mining::{MiningControl, MiningOrder, MiningRefused, MiningState};
pub use token::{TOKEN_CHARACTERS_MIN, Token, TokenError};

/// Bytes of an operator's order.
const BODY_BYTES_MAX: usize = 64 << 10;
/// What the page of figures is.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the operator's side has beside the node.
pub struct AdminOptions {
    /// The word.
    pub token: Token,
    /// Mining, where it can be ordered about.
    pub mining: Option<Arc<dyn MiningControl>>,
    /// Where the node keeps its chain, whose size is told.
    pub data_dir: Option<PathBuf>,
    /// Whether figures, and whether the node lives and is ready, are told without the word. Only where nobody but this machine
    /// can ask.
    pub watch_freely: bool,
}

/// What every route of the operator's side has at hand; every copy is the same.
#[derive(Clone)]
pub(super) struct Admin(Arc<Inner>);

struct Inner {
    context: Context,
    token: Token,
    mining: Option<Arc<dyn MiningControl>>,
    folder: Option<Arc<Folder>>,
}

impl FromRef<Admin> for Context {
    fn from_ref(admin: &Admin) -> Self {
        admin.0.context.clone()
    }
}

impl Admin {
    fn context(&self) -> &Context {
        &self.0.context
    }
}

impl Front {
    /// The operator's side of a node.
    pub fn admin(context: &Context, options: AdminOptions, manners: &Manners) -> Self {
        let AdminOptions { token, mining, data_dir, watch_freely } = options;
        let folder = data_dir.map(|path| Arc::new(Folder::new(path)));
        let admin = Admin(Arc::new(Inner { context: context.clone(), token, mining, folder }));
        let locked = middleware::from_fn_with_state(admin.clone(), check_word);
        let (orders, _) = orders().split_for_parts();
        let (figures, _) = figures().split_for_parts();
        let (ready, _) = ready::routes().split_for_parts();
        let (orders, mut watching) =
            (orders.route_layer(locked.clone()), figures.merge(ready.with_state(context.clone())));
        if !watch_freely {
            watching = watching.route_layer(locked);
        }
        let router: Router = orders
            .merge(watching)
            .fallback(async || Problem::new(Code::NotFound, "there is no such path on the operator's side"))
            .method_not_allowed_fallback(async || {
                Problem::new(Code::MethodNotAllowed, "the path is asked otherwise")
            })
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(admin);
        Self::of(router, context.node().tips(), Arc::clone(context.meters()), manners)
    }
}

/// Everything of the operator's side that is described in the document.
pub(super) fn documented() -> OpenApiRouter<Admin> {
    orders().merge(figures())
}

fn orders() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .merge(peers::routes())
        .merge(links::routes())
        .merge(mining::routes())
        .merge(chain::routes())
}

fn figures() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Lets nobody pass who does not say the word.
async fn check_word(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let said = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let word = said.and_then(|said| {
        let (scheme, word) = said.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(word.trim())
    });
    match word {
        Some(word) if admin.0.token.is(word) => next.run(request).await,
        Some(_) => Problem::new(Code::Unauthorized, "that is not the word").into_response(),
        None => Problem::new(Code::Unauthorized, "no word was said").into_response(),
    }
}

/// Figures for whoever watches the node, in the text form of Prometheus
///
/// It is on the operator's listener; where only its own machine can ask there, nobody needs the word for it.
#[utoipa::path(get, path = "/metrics", tag = "admin", operation_id = "metrics", security(("bearer" = []), ()),
    responses((status = OK, body = String, content_type = "text/plain", description = "The figures")))]
async fn metrics(State(admin): State<Admin>) -> Result<Response, Problem> {
    let (mining, folder) = (admin.0.mining.clone(), admin.0.folder.clone());
    // Either may keep us waiting: for threads that end, and for the disk.
    let looked = task::spawn_blocking(move || {
        (mining.map(|mining| mining.state().report), folder.map(|folder| folder.kept()))
    });
    let (miner, kept) = looked.await.map_err(Problem::internal)?;
    let page = page(admin.context(), miner, kept).await;
    Ok(([(CONTENT_TYPE, METRICS_TYPE)], page).into_response())
}
