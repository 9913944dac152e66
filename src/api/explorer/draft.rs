//! A page before it is framed: what is on it, and what makes it change.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::assets::Asset;
use super::shell::{Place, Shell};
use crate::api::context::Context;
use crate::api::problem::{Code, Problem};

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
        Some(Trouble(problem)) => on_a_page(&shell, problem.into_response()),
        None => response,
    }
}

/// What is wrong begins with a small letter wherever else it is told.
fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// What to do, for people who have a page before them.
fn advice(code: Code) -> &'static str {
    match code {
        Code::NotFound => "Look whether the address is as it should be.",
        Code::MethodNotAllowed => {
            "This address can only be looked at, or only be ordered from the page that leads to it."
        }
        Code::TooManyRequests => "This page asks again by itself.",
        other => other.advice(),
    }
}

/// Whether the same may be answered otherwise in a moment: what was sent a while ago may be here then.
fn may_pass(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS)
        || status.is_server_error()
}

/// Tells on a page what is wrong, where something is, and what to do; for everybody but whoever looks it is the answer that
/// it was.
pub(in crate::api) fn on_a_page(shell: &Shell, mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let status = problem.code.status();
    let title = if status == StatusCode::NOT_FOUND { "Not here" } else { problem.code.title() };
    let body = html! {
        p.lead { (sentence(&problem.detail)) }
        p { (super::parts::marked(advice(problem.code))) }
        p {
            a href={ (shell.node) "/" } { "To the tip of the chain" }
            @if let Some(desk) = &shell.desk { " · " a href=(desk) { "To all nodes of the devnet" } }
        }
    };
    let live = if may_pass(status) { Live { events: "", every: 5 } } else { Live::NEVER };
    let (parts, body) = shell.page(&Draft::new(title, Place::Elsewhere, live, body)).into_parts();
    // A router has said already how long the answer for programs was.
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}
