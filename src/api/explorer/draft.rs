//! A page before it is framed: what is on it, and what makes it change.

use axum::extract::{Request, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::assets::Asset;
use super::shell::{Place, Shell};
use crate::api::context::Context;
use crate::api::problem::Problem;

/// What makes a page ask for itself again, besides somebody who does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Live {
    /// Kinds of events, with commas between.
    pub events: &'static str,
    /// Seconds after which it does in any case; never, where it is 0.
    pub every: u32,
}

impl Live {
    /// Whenever the chain goes on, or back.
    pub const CHAIN: Self = Self { events: "block,reorganization", every: 0 };
    /// The same, and every few seconds for what changes without a block.
    pub const ALL: Self = Self { events: "block,reorganization", every: 2 };
    /// Hardly anything: a reorganization could reach back to it.
    pub const SELDOM: Self = Self { events: "", every: 60 };
    /// Nothing: what is on it stays true.
    pub const NEVER: Self = Self { events: "", every: 0 };
}

/// A page that lacks its frame.
#[derive(Clone)]
pub struct Draft {
    /// What stands above it, and in the window's name.
    pub title: String,
    /// Where in the house it is.
    pub place: Place,
    /// What makes it change.
    pub live: Live,
    /// What is on it.
    pub body: Markup,
    /// What it runs besides the script that all pages have.
    pub scripts: &'static [&'static Asset],
}

impl Draft {
    /// A page.
    pub fn new(title: impl Into<String>, place: Place, live: Live, body: Markup) -> Self {
        Self { title: title.into(), place, live, body, scripts: &[] }
    }
}

/// What a page function gives.
pub(super) type Shown = Result<Draft, Trouble>;

/// What keeps a page from being shown.
#[derive(Clone)]
pub(super) struct Trouble(Problem);

impl<P: Into<Problem>> From<P> for Trouble {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Draft {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// Puts pages between the heading and the foot that all of them share.
pub(super) async fn frame(State(context): State<Context>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let shell = Shell::of(&context);
    if let Some(draft) = response.extensions_mut().remove::<Draft>() {
        return shell.page(&draft);
    }
    match response.extensions_mut().remove::<Trouble>() {
        Some(Trouble(problem)) => troubled(&shell, problem),
        None => response,
    }
}

/// A problem, to whoever would rather have a page.
pub(in crate::api) fn problem_for(context: &Context, headers: &HeaderMap, problem: Problem) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/html") {
        troubled(&Shell::of(context), problem)
    } else {
        problem.into_response()
    }
}

/// What is wrong begins with a small letter wherever else it is told.
fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// A page that says what is wrong, and what to do; for everybody but whoever looks it is the problem itself.
fn troubled(shell: &Shell, problem: Problem) -> Response {
    let status = problem.code.status();
    let title = if status == StatusCode::NOT_FOUND { "Not here" } else { problem.code.title() };
    let body = html! {
        p.lead { (sentence(&problem.detail)) }
        p { (super::parts::marked(problem.code.advice())) }
        p { a href="/" { "To the tip of the chain" } }
    };
    // What was sent a moment ago may be here in the next.
    let live = Live { events: "", every: 5 };
    let page = shell.page(&Draft::new(title, Place::Elsewhere, live, body));
    let mut response = problem.into_response();
    let (parts, body) = page.into_parts();
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}
