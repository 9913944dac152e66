//! What a request says of how its answer is handed out: compressed or not, whole or not at all.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http_body_util::BodyExt as _;

use super::cache::{GZIP_BYTES_MIN, Kept, gzip};
use super::meters::RouteMeter;
use super::problem::Problem;

/// What matters of a request for how its answer is handed out.
pub(super) struct Asked {
    /// What was asked; nothing where more than looking was asked for.
    pub question: Option<Box<str>>,
    takes_gzip: bool,
    has: Option<HeaderValue>,
}

impl Asked {
    /// Of a request.
    pub fn of(request: &Request<Body>) -> Self {
        let looks = matches!(*request.method(), Method::GET | Method::HEAD);
        let question =
            request.uri().path_and_query().filter(|_| looks).map(|question| question.as_str().into());
        let headers = request.headers();
        Self { question, takes_gzip: takes_gzip(headers), has: headers.get(IF_NONE_MATCH).cloned() }
    }

    /// An answer that is kept, as this request wants it.
    pub fn hand_out(&self, kept: &Kept) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, kept.cache_control.clone());
        headers.insert(ETAG, kept.tag.clone());
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(policy) = &kept.policy {
            headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
        }
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

    /// A page that nobody keeps, compressed where that is taken.
    ///
    /// # Security
    /// Whoever sees how long a page is that has their own words in it could guess at others in it, were those secret. No
    /// page has any.
    pub async fn compressed(&self, response: Response<Body>) -> Response<Body> {
        if !is_long_page(&response) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        parts.headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if !self.takes_gzip {
            return Response::from_parts(parts, body);
        }
        let Ok(whole) = body.collect().await else {
            return Problem::internal("a page ended early").into_response();
        };
        parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        // What a router has said is the length of the page as it was.
        parts.headers.remove(CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(gzip(&whole.to_bytes())))
    }
}

/// Whether an answer is a page that could be shorter.
fn is_long_page(response: &Response<Body>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    is_page && response.body().size_hint().lower() >= GZIP_BYTES_MIN as u64
}

/// An answer with all of its body, which is in memory anyway.
pub(super) async fn collected(response: Response<Body>, meter: &Arc<RouteMeter>) -> Option<Arc<Kept>> {
    let (parts, body) = response.into_parts();
    let body: Bytes = if body.is_end_stream() { Bytes::new() } else { body.collect().await.ok()?.to_bytes() };
    Some(Arc::new(Kept::new(body, &parts.headers, Arc::clone(meter))))
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

/// Whether a list of tags names this one; any weight will do for who only looks.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else { return false };
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.split(',').map(bare).any(|listed| listed == bare(tag) || listed == "*")
}
