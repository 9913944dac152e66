//! Who would rather have a page than an answer for programs, where something is wrong.
//!
//! Pages tell of what is wrong with them by themselves. But much is refused before any page is asked, or instead: who asks too
//! often, what takes too long, what is nowhere. Only the front sees all of that.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT, HOST};
use axum::http::{HeaderMap, HeaderName, Request, Response};

use super::explorer::{Shell, on_a_page};
use super::problem::{Code, Problem};

/// What the pages of a port share, for whoever calls this machine by this name.
pub type Shells = Arc<dyn Fn(&str) -> Shell + Send + Sync>;

/// Somebody who looks at pages.
pub(super) struct Person {
    called: String,
}

impl Person {
    /// Whoever asks for a page, at an address that could be one's.
    pub fn of(request: &Request<Body>) -> Option<Self> {
        let is_for_programs = request.uri().path().starts_with("/v1/");
        let looks = !is_for_programs && text(request.headers(), ACCEPT)?.contains("text/html");
        let called = || text(request.headers(), HOST).unwrap_or("127.0.0.1").to_owned();
        looks.then(|| Self { called: called() })
    }

    /// The answer, on a page where it says that something is wrong.
    ///
    /// # Security
    /// Whoever came by another's name or from another site's page is told nothing of this node.
    pub fn told(&self, shells: &Shells, response: Response<Body>) -> Response<Body> {
        let problem = response.extensions().get::<Problem>();
        match problem.map(|problem| problem.code) {
            None | Some(Code::Forbidden | Code::Misdirected) => response,
            Some(_) => on_a_page(&shells(&self.called), response),
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
