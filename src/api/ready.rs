//! Whether the node lives, and whether it is of use: for whatever starts it again, or sends it clients.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::context::{Context, tip_view};
use super::problem::{Code, Problem};
use super::reply::{Answer, Reply};
use super::routes::standing;
use super::view::{HealthView, ReadyView, SyncView};
use crate::consensus::PowMode;

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
    let (sync, peers) = standing(&context).await;
    let (node, params) = (context.node(), context.params());
    let reader = node.reader();
    let tip = reader.tip();
    let now = node.chain_time();
    let tip_time = reader.header(&tip.hash).map_or(now, |entry| entry.header.time);
    let state = Standing {
        stopped: node.condition().stopped,
        sync,
        peers,
        tip_age: now.0.saturating_sub(tip_time.0),
        tip_age_max: (params.pow_mode == PowMode::Asert).then(|| params.spacing.saturating_mul(SPACINGS_MAX)),
    };
    match state.complaint() {
        Some(why) => Err(Problem::new(Code::NotReady, why)),
        None => Ok(Reply::now(ReadyView { tip: tip_view(tip), sync, peers })),
    }
}

/// What decides whether a node is ready.
struct Standing {
    stopped: Option<String>,
    sync: SyncView,
    peers: usize,
    /// Seconds since the tip was made.
    tip_age: u32,
    /// How many these may be, where blocks come by work.
    tip_age_max: Option<u32>,
}

impl Standing {
    /// Why it is not.
    fn complaint(&self) -> Option<String> {
        if let Some(reason) = &self.stopped {
            return Some(format!("it takes nothing in: {reason}"));
        }
        if let SyncView::Fetching { to, missing } = self.sync
            && missing > MISSING_MAX
        {
            return Some(format!("it catches up: {missing} blocks are missing up to height {to}"));
        }
        let too_old = self.tip_age_max.is_some_and(|max| self.tip_age > max);
        (too_old && self.peers > 0).then(|| {
            let age = self.tip_age;
            match self.sync {
                SyncView::Asking => format!("its tip is {age} seconds old, and it asks others what came since"),
                _ => format!(
                    "its tip is {age} seconds old, and none of the {} connected has a newer one: look at the clock, at the \
                     peers, and whether anybody mines",
                    self.peers
                ),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Height;

    fn state() -> Standing {
        Standing { stopped: None, sync: SyncView::Synced, peers: 3, tip_age: 700, tip_age_max: Some(24 * 30) }
    }

    #[test]
    fn a_node_is_ready_unless_there_is_a_reason() {
        assert_eq!(state().complaint(), None);
        let says = |state: Standing, what: &str| {
            let complaint = state.complaint().unwrap();
            assert!(complaint.contains(what), "{complaint}");
        };
        says(Standing { stopped: Some("the disk is full".to_owned()), ..state() }, "the disk is full");
        let fetching = |missing| SyncView::Fetching { to: Height(90), missing };
        says(Standing { sync: fetching(9), ..state() }, "9 blocks are missing up to height 90");
        assert_eq!(Standing { sync: fetching(8), ..state() }.complaint(), None);
        says(Standing { tip_age: 721, ..state() }, "721 seconds old");
        says(Standing { tip_age: 721, sync: SyncView::Asking, ..state() }, "asks others");
    }

    #[test]
    fn a_node_that_is_alone_or_whose_blocks_come_to_order_may_have_an_old_tip() {
        let alone = Standing { peers: 0, sync: SyncView::Alone, tip_age: 1 << 30, ..state() };
        assert_eq!(alone.complaint(), None);
        assert_eq!(Standing { tip_age: 1 << 30, tip_age_max: None, ..state() }.complaint(), None);
    }
}
