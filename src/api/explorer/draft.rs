//! A page before it is framed: what is on it, and what makes it change.

use axum::body::Body;
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
use crate::api::ready::warnings;

/// How often a page is made, at most, where blocks come faster than it is.
const TRIES_MAX: usize = 3;

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
    let mut response = of_one_tip(&context, request, next).await;
    let made = response.extensions_mut();
    match (made.remove::<Draft>(), made.remove::<Trouble>()) {
        (Some(draft), _) => warning(&context).await.page(&draft),
        (None, Some(Trouble(problem))) => on_a_page(&warning(&context).await, problem.into_response()),
        (None, None) => response,
    }
}

/// What pages of this node share at this moment.
async fn warning(context: &Context) -> Shell {
    Shell { warnings: warnings(context).await, ..Shell::of(context) }
}

/// A page without its frame, of one tip. It is put together from several answers: where a block came in between they would
/// contradict each other, and all are asked for again.
async fn of_one_tip(context: &Context, request: Request, next: Next) -> Response {
    // Pages are asked for without a body.
    let (asked, _) = request.into_parts();
    let sequence = || context.node().reader().tip().sequence;
    let mut tries = 1;
    loop {
        let before = sequence();
        let response = next.clone().run(Request::from_parts(asked.clone(), Body::empty())).await;
        if before == sequence() || tries == TRIES_MAX {
            return response;
        }
        tries += 1;
    }
}

/// What is wrong begins with a small letter wherever else it is told.
fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// What to do, for people who have a page before them.
fn advice(problem: &Problem) -> &str {
    match problem.code {
        Code::NotFound => "Look whether the address is as it should be.",
        Code::MethodNotAllowed => {
            "This address can only be looked at, or only be ordered from the page that leads to it."
        }
        Code::TooManyRequests => "This page asks again by itself.",
        _ => &problem.advice,
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
        p { (super::parts::marked(advice(&problem))) }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::{Router, middleware, routing};
    use http_body_util::BodyExt as _;
    use parking_lot::Mutex;
    use tokio::runtime::Builder;
    use tower::ServiceExt as _;

    use super::*;
    use crate::testkit::{Follower, Network, TestNode};
    use crate::types::{Address, Block};

    /// A page that tells the height twice, between which this many blocks come in all; and how often it was made.
    fn told_while_blocks_come(blocks: usize) -> (String, usize) {
        let (folder, network) = (tempfile::tempdir().unwrap(), Network::new(1));
        let node = Arc::new(TestNode::start(folder.path(), &network.genesis));
        let context = Context::new(node.handle(), None);
        let mut miner = Follower::new(&network);
        miner.mine_empty(Address::from_bytes([7; 32]), blocks as u32);
        let mined: Vec<Block> = miner.branch().into_iter().rev().take(blocks).collect();
        let (waiting, made) = (Arc::new(Mutex::new(mined)), Arc::new(AtomicUsize::new(0)));
        let (at_hand, count) = (Arc::clone(&node), Arc::clone(&made));
        let twice = move || async move {
            count.fetch_add(1, Ordering::Relaxed);
            let height = || at_hand.reader().tip().height;
            let first = height();
            if let Some(block) = waiting.lock().pop() {
                at_hand.submit(&block).unwrap();
            }
            let body = html! { p.lead { (first) " and " (height()) } };
            Draft::new("Twice", Place::Elsewhere, Live::NEVER, body)
        };
        let router = Router::new().route("/", routing::get(twice));
        let router: Router = router.layer(middleware::from_fn_with_state(context, frame));
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let text = runtime.block_on(async {
            let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        });
        let text = String::from_utf8(text.to_vec()).unwrap();
        let told = text.split("class=\"lead\">").nth(1).unwrap().split('<').next().unwrap();
        (told.to_owned(), made.load(Ordering::Relaxed))
    }

    #[test]
    fn page_is_made_again_where_a_block_came_while_it_was_made() {
        assert_eq!(told_while_blocks_come(0), ("0 and 0".to_owned(), 1));
        assert_eq!(told_while_blocks_come(1), ("1 and 1".to_owned(), 2));
    }

    #[test]
    fn page_is_shown_in_the_end_however_fast_blocks_come() {
        assert_eq!(told_while_blocks_come(9), ("2 and 3".to_owned(), TRIES_MAX));
    }
}
