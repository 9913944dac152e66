//! An answer and how long it stays true.
//!
//! What a block holds never changes; what is at the tip is true until the next one; the rest is true now. Each answer says
//! which, to whoever keeps answers: browsers, proxies, and [`Cache`](super::cache::Cache) in front of the routes.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use super::problem::Problem;
use crate::node::Tip;

/// How long an answer stays true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fresh {
    /// For ever: it follows from the hash that was asked for.
    Forever,
    /// Until another tip is followed than the one that it was read at.
    UntilTip(Tip),
    /// For this moment.
    Now,
}

impl Fresh {
    fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Forever => "public, max-age=31536000, immutable",
            // It may be kept, and must be asked about each time: then its tag spares sending it again.
            Self::UntilTip(_) => "no-cache",
            Self::Now => "no-store",
        })
    }
}

/// An answer of a route.
#[derive(Debug)]
pub struct Reply<T> {
    body: T,
    fresh: Fresh,
}

/// What a route gives.
pub type Answer<T> = Result<Reply<T>, Problem>;

impl<T> Reply<T> {
    /// True for ever.
    pub fn forever(body: T) -> Self {
        Self { body, fresh: Fresh::Forever }
    }

    /// True while this tip is followed.
    pub fn at(tip: Tip, body: T) -> Self {
        Self { body, fresh: Fresh::UntilTip(tip) }
    }

    /// True now.
    pub fn now(body: T) -> Self {
        Self { body, fresh: Fresh::Now }
    }

    /// What is answered.
    pub fn into_body(self) -> T {
        self.body
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.body) {
            Ok(body) => finished(body.into(), "application/json", self.fresh),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// Bytes that are handed out as the journal has them.
#[derive(Debug)]
pub struct Bare {
    bytes: Vec<u8>,
    fresh: Fresh,
}

impl Bare {
    /// True for ever.
    pub fn forever(bytes: Vec<u8>) -> Self {
        Self { bytes, fresh: Fresh::Forever }
    }

    /// True now.
    pub fn now(bytes: Vec<u8>) -> Self {
        Self { bytes, fresh: Fresh::Now }
    }
}

impl IntoResponse for Bare {
    fn into_response(self) -> Response {
        finished(self.bytes.into(), "application/octet-stream", self.fresh)
    }
}

/// Bytes as an answer, of this kind and true for so long.
pub(super) fn finished(body: Bytes, kind: &'static str, fresh: Fresh) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, fresh.cache_control());
    response.extensions_mut().insert(fresh);
    response
}
