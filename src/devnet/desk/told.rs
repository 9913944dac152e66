//! What the log is told of orders: one line on each, who gave it as far as that is known, and why it was refused where it was.

use std::fmt::{self, Display};

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

use super::aside;
use super::words::{numbers, what_is_wrong};
use crate::api::view::LinkFaults;
use crate::api::{Problem, shortened};
use crate::devnet::network::DevnetHandle;
use crate::wallet::plain;

/// What `cairn` calls itself, and no browser does.
const COMMAND_LINE: &str = "cairn/";
/// Signs of a line; names and addresses in it are a stranger's.
const LINE_CHARS_MAX: usize = 400;

/// By which way an order came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// From `cairn devnet ORDER`, by what it says of itself.
    CommandLine,
    /// From a form of the page.
    Page,
    /// From any other program.
    Http,
}

impl Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "from the command line",
            Self::Page => "from the page",
            Self::Http => "over HTTP",
        })
    }
}

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let is_ours = agent.is_some_and(|agent| agent.starts_with(COMMAND_LINE));
        Ok(if is_ours { Self::CommandLine } else { Self::Http })
    }
}

impl By {
    /// Carries out an order that came like this, and has the log say what it was and what became of it: also where whoever gave it
    /// does not wait for the answer.
    pub async fn order<T: Send + 'static>(
        self,
        devnet: &DevnetHandle,
        what: impl Display + Send + 'static,
        order: impl FnOnce(&DevnetHandle) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        aside(devnet, move |devnet| {
            let done = order(devnet);
            let refused = done.as_ref().err().map(|problem| format!(", refused: {}", problem.detail));
            let line = plain(&format!("order {self}: {what}{}", refused.unwrap_or_default()));
            devnet.say_order(&line.chars().take(LINE_CHARS_MAX).collect::<String>());
            done
        })
        .await
    }
}

/// That all links are made as they should be.
pub(super) const HEALED: &str = "heal all links";

/// That blocks are made.
pub(super) fn mined(blocks: usize, node: Option<usize>) -> String {
    let name = if blocks == 1 { "block" } else { "blocks" };
    format!("mine {blocks} {name}{}", by(node))
}

/// That some are left for others.
pub(super) fn reorganized(depth: u32, node: Option<usize>) -> String {
    format!("reorganize to depth {depth}{}", by(node))
}

fn by(node: Option<usize>) -> String {
    node.map_or_else(String::new, |node| format!(" by node {node}"))
}

/// That the clock is put forward.
pub(super) fn put_forward(seconds: u32) -> String {
    format!("put the clock forward by {seconds} s")
}

/// That the clock is held, or runs on.
pub(super) fn held(hold: bool) -> &'static str {
    if hold { "hold the clock" } else { "have the clock run on" }
}

/// That a link is made like this.
pub(super) fn linked(one: usize, other: usize, faults: &LinkFaults) -> String {
    let wrong = what_is_wrong(faults);
    let wrong = if wrong.is_empty() { "as it should be".to_owned() } else { wrong };
    format!("link {one} to {other}: {wrong}")
}

/// That links between groups are cut.
pub(super) fn parted(groups: &[Vec<usize>]) -> String {
    let groups: Vec<String> = groups.iter().map(|group| numbers(group.iter().copied())).collect();
    format!("partition {}", groups.join(" | "))
}

/// That a state is saved.
pub(super) fn snapshot_taken(name: Option<&str>) -> String {
    name.map_or_else(|| "take a snapshot".to_owned(), |name| format!("take snapshot {}", shortened(name)))
}

/// That one is gone back to.
pub(super) fn gone_back(name: &str) -> String {
    format!("go back to snapshot {}", shortened(name))
}

/// That one is removed.
pub(super) fn removed(name: &str) -> String {
    format!("remove snapshot {}", shortened(name))
}
