//! What every request goes through before and behind the routes: answers that are kept, tags, compression, faults.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::cache::{Cache, Kept};
use super::context::Context;
use super::events::Hub;
use super::problem::Problem;
use super::reply::Fresh;
use super::routes;
use crate::node::Tip;

/// The whole of the API, without a socket.
pub struct Front {
    router: Router,
    cache: Cache,
    tips: watch::Receiver<Tip>,
    streams: Arc<Hub>,
}

impl Front {
    /// Of a node.
    pub fn new(context: Context) -> Self {
        let tips = context.node().tips();
        let cache = Cache::new(*tips.borrow());
        let streams = Arc::clone(context.hub());
        Self { router: routes::router(context), cache, tips, streams }
    }

    /// Ends what would otherwise go on without end: streams of events.
    pub fn end(&self) {
        self.streams.end();
    }

    /// Waits until all of that has ended.
    pub async fn all_ended(&self) {
        self.streams.all_gone().await;
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let asked = Asked::of(&request);
        let tip = *self.tips.borrow();
        if let Some(question) = &asked.question
            && let Some(kept) = self.cache.find(question, &tip)
        {
            return asked.hand_out(&kept);
        }
        // A fault in one answer is that answer's: the connection and the node go on.
        let answered = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind().await;
        let response = match answered {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => return Problem::internal("a fault while this was answered").into_response(),
        };
        self.keep(&asked, response).await
    }

    /// Keeps an answer where that is worth it, and hands it out.
    async fn keep(&self, asked: &Asked, response: Response<Body>) -> Response<Body> {
        let fresh = response.extensions().get::<Fresh>().copied();
        let (Some(fresh), Some(question), StatusCode::OK) = (fresh, &asked.question, response.status())
        else {
            return response;
        };
        let Some(kept) = collected(response).await else {
            return Problem::internal("an answer ended early").into_response();
        };
        match fresh {
            Fresh::Forever => self.cache.keep_forever(question, &kept),
            Fresh::UntilTip(tip) => self.cache.keep_at(&tip, question, &kept),
            Fresh::Now => {}
        }
        asked.hand_out(&kept)
    }
}

/// An answer with all of its body, which is in memory anyway.
async fn collected(response: Response<Body>) -> Option<Arc<Kept>> {
    let (parts, body) = response.into_parts();
    let body: Bytes = if body.is_end_stream() { Bytes::new() } else { body.collect().await.ok()?.to_bytes() };
    let header = |name| parts.headers.get(name).cloned().unwrap_or(HeaderValue::from_static(""));
    Some(Arc::new(Kept::new(body, header(CONTENT_TYPE), header(CACHE_CONTROL))))
}

/// What matters of a request for how its answer is handed out.
struct Asked {
    /// What was asked; nothing where more than looking was asked for.
    question: Option<Box<str>>,
    takes_gzip: bool,
    has: Option<HeaderValue>,
}

impl Asked {
    fn of(request: &Request<Body>) -> Self {
        let looks = matches!(*request.method(), Method::GET | Method::HEAD);
        let question =
            request.uri().path_and_query().filter(|_| looks).map(|question| question.as_str().into());
        let headers = request.headers();
        Self { question, takes_gzip: takes_gzip(headers), has: headers.get(IF_NONE_MATCH).cloned() }
    }

    fn hand_out(&self, kept: &Kept) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, kept.cache_control.clone());
        headers.insert(ETAG, kept.tag.clone());
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if self.has.as_ref().is_some_and(|has| names(has, &kept.tag)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(CONTENT_TYPE, kept.content_type.clone());
        let gzipped = self.takes_gzip.then(|| kept.gzipped()).flatten();
        if gzipped.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        *response.body_mut() = Body::from(gzipped.unwrap_or(&kept.body).clone());
        response
    }
}

/// Whether a client takes compressed answers: it says so and does not give them no weight.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Whether a list of tags names this one; any weight will do for answers that are the same bytes.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else { return false };
    list.split(',')
        .map(|listed| listed.trim().trim_start_matches("W/"))
        .any(|listed| listed == tag || listed == "*")
}
