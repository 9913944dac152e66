//! Whether the node lives, and whether it is of use: for whatever starts it again, or sends it clients, and for whoever reads
//! its pages.

use std::fmt::{self, Display};

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::context::{Context, tip_view};
use super::explorer::written::{count, number, span};
use super::explorer::{Gravity, Warning};
use super::problem::{Code, Problem};
use super::reply::{Answer, Reply};
use super::routes::standing;
use super::view::{HealthView, ReadyView, SyncView, TipView};
use crate::consensus::PowMode;
use crate::types::Height;

/// Blocks that may be missing: new ones come all the time.
const MISSING_MAX: usize = 8;
/// Spacings without a block, beyond which something is wrong with the network or the clock: by chance it takes so long once
/// in some billions of blocks.
const SPACINGS_MAX: u32 = 24;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(healthy)).routes(routes!(ready))
}

/// Whether the node lives
///
/// Where it does not answer, or answers with 503, starting it again may help.
#[utoipa::path(get, path = "/healthy", tag = "node", operation_id = "healthy",
    responses((status = OK, body = HealthView)))]
async fn healthy(State(context): State<Context>) -> Answer<HealthView> {
    match context.node().condition().stopped {
        Some(reason) => Err(Problem::new(Code::NodeStopped, reason)),
        None => Ok(Reply::now(HealthView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: context.begun().elapsed().as_secs(),
        })),
    }
}

/// Whether the node is of use
///
/// It is not while it takes nothing in, while more than a few blocks are missing, or where others are connected and no block has
/// come for 24 times as long as it should take. A node that is alone is as good as it can be, and ready.
#[utoipa::path(get, path = "/ready", tag = "node", operation_id = "ready",
    responses((status = OK, body = ReadyView)))]
async fn ready(State(context): State<Context>) -> Answer<ReadyView> {
    let state = Standing::of(&context).await;
    match state.complaint() {
        Some(why) => Err(Problem::new(Code::NotReady, why.to_string())),
        None => Ok(Reply::now(ReadyView { tip: state.tip, sync: state.sync, peers: state.peers })),
    }
}

/// What whoever looks at a page should know of the node that it comes from.
pub(super) async fn warnings(context: &Context) -> Vec<Warning> {
    let complaint = Standing::of(context).await.complaint().map(|complaint| complaint.warning());
    let alarm = context.node().condition().alarm.map(|what| Warning {
        gravity: Gravity::Fault,
        words: format!("Something is wrong with this node, and its operator should look: {what}."),
    });
    complaint.into_iter().chain(alarm).collect()
}

/// What decides whether a node is ready.
struct Standing {
    tip: TipView,
    stopped: Option<String>,
    sync: SyncView,
    peers: usize,
    /// Seconds since the tip was made.
    tip_age: u32,
    /// How many these may be, where blocks come by work.
    tip_age_max: Option<u32>,
}

/// Why a node is not ready.
enum Complaint {
    /// It takes nothing in.
    Stopped(String),
    /// It catches up.
    Behind { missing: usize, to: Height },
    /// No block has come for long, and it asks others.
    Asking { age: u32 },
    /// No block has come for long, to nobody who is connected.
    Old { age: u32, peers: usize },
}

impl Standing {
    async fn of(context: &Context) -> Self {
        let (sync, peers) = standing(context).await;
        let (node, params) = (context.node(), context.params());
        let reader = node.reader();
        let tip = reader.tip();
        let now = node.chain_time();
        let tip_time = reader.header(&tip.hash).map_or(now, |entry| entry.header.time);
        Self {
            tip: tip_view(tip),
            stopped: node.condition().stopped,
            sync,
            peers,
            tip_age: now.0.saturating_sub(tip_time.0),
            tip_age_max: (params.pow_mode == PowMode::Asert)
                .then(|| params.spacing.saturating_mul(SPACINGS_MAX)),
        }
    }

    /// Why it is not.
    fn complaint(&self) -> Option<Complaint> {
        if let Some(reason) = &self.stopped {
            return Some(Complaint::Stopped(reason.clone()));
        }
        if let SyncView::Fetching { to, missing } = self.sync
            && missing > MISSING_MAX
        {
            return Some(Complaint::Behind { missing, to });
        }
        let (age, peers) = (self.tip_age, self.peers);
        let too_old = self.tip_age_max.is_some_and(|max| age > max);
        (too_old && peers > 0).then_some(match self.sync {
            SyncView::Asking => Complaint::Asking { age },
            _ => Complaint::Old { age, peers },
        })
    }
}

impl Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(reason) => write!(f, "it takes nothing in: {reason}"),
            Self::Behind { missing, to } => {
                write!(f, "it catches up: {missing} blocks are missing up to height {to}")
            }
            Self::Asking { age } => {
                write!(f, "its tip is {age} seconds old, and it asks others what came since")
            }
            Self::Old { age, peers } => write!(
                f,
                "its tip is {age} seconds old, and none of the {peers} connected has a newer one: look at the clock, at the \
                 peers, and whether anybody mines"
            ),
        }
    }
}

impl Complaint {
    /// The same for people, to whom a page of this node looks as any other.
    fn warning(&self) -> Warning {
        let old = |age: &u32, why: &str| {
            let age = span(u64::from(*age));
            format!(
                "This node may be behind: its last block is {age} old, and {why}. What is here may be old."
            )
        };
        let (gravity, words) = match self {
            Self::Stopped(reason) => (
                Gravity::Stopped,
                format!("This node takes nothing in any more: {reason}. What is here is as it was then."),
            ),
            Self::Behind { missing, to } => (
                Gravity::Behind,
                format!(
                    "This node is catching up: {} are missing up to height {}. What is here may be old.",
                    count(*missing, "block"),
                    number(to)
                ),
            ),
            Self::Asking { age } => (Gravity::Behind, old(age, "it asks others what came since")),
            Self::Old { age, peers } => {
                let nobody = format!("nobody of the {peers} connected has a newer one");
                (Gravity::Behind, old(age, &nobody))
            }
        };
        Warning { gravity, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::BlockHash;

    fn state() -> Standing {
        let tip = TipView { height: Height(80), hash: BlockHash::ZERO };
        let (sync, tip_age_max) = (SyncView::Synced, Some(24 * 30));
        Standing { tip, stopped: None, sync, peers: 3, tip_age: 700, tip_age_max }
    }

    fn complaint(state: &Standing) -> Option<String> {
        state.complaint().map(|complaint| complaint.to_string())
    }

    #[test]
    fn a_node_is_ready_unless_there_is_a_reason() {
        assert_eq!(complaint(&state()), None);
        let says = |state: Standing, what: &str| {
            let complaint = complaint(&state).unwrap();
            assert!(complaint.contains(what), "{complaint}");
        };
        says(Standing { stopped: Some("the disk is full".to_owned()), ..state() }, "the disk is full");
        let fetching = |missing| SyncView::Fetching { to: Height(90), missing };
        says(Standing { sync: fetching(9), ..state() }, "9 blocks are missing up to height 90");
        assert_eq!(complaint(&Standing { sync: fetching(8), ..state() }), None);
        says(Standing { tip_age: 721, ..state() }, "721 seconds old");
        says(Standing { tip_age: 721, sync: SyncView::Asking, ..state() }, "asks others");
    }

    #[test]
    fn a_node_that_is_alone_or_whose_blocks_come_to_order_may_have_an_old_tip() {
        let alone = Standing { peers: 0, sync: SyncView::Alone, tip_age: 1 << 30, ..state() };
        assert_eq!(complaint(&alone), None);
        assert_eq!(complaint(&Standing { tip_age: 1 << 30, tip_age_max: None, ..state() }), None);
    }

    #[test]
    fn people_are_told_that_what_they_see_may_be_old_and_why() {
        let says = |state: Standing, gravity: Gravity, what: &str| {
            let warning = state.complaint().unwrap().warning();
            assert_eq!(warning.gravity, gravity);
            assert!(warning.words.contains(what), "{}", warning.words);
        };
        let stopped = Standing { stopped: Some("the disk is full".to_owned()), ..state() };
        says(stopped, Gravity::Stopped, "takes nothing in any more: the disk is full. What is here is as");
        let behind = Standing { sync: SyncView::Fetching { to: Height(9000), missing: 1234 }, ..state() };
        says(
            behind,
            Gravity::Behind,
            "catching up: 1,234 blocks are missing up to height 9,000. What is here",
        );
        let old = Standing { tip_age: 7200, ..state() };
        says(
            old,
            Gravity::Behind,
            "its last block is 2 h old, and nobody of the 3 connected has a newer one. What",
        );
    }
}
