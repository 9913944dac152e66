//! Mining, ordered about while the node runs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::task;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Admin;
use crate::api::extract::{self, Json};
use crate::api::problem::{Code, Problem};
use crate::api::reply::{Answer, Reply};
use crate::api::view::{AddressText, BlocksMade, BlocksOrder, MiningOrderView, MiningStateView, PaceView};
use crate::miner::{Maker, MinerReport, OrderError, Pace};
use crate::node::NodeHandle;
use crate::template::Payout;
use crate::types::BlockHash;

/// Blocks that are made for one request.
const BLOCKS_MAX: u32 = 1000;
/// Threads that look for blocks, at most.
const THREADS_MAX: u16 = 1024;
/// What says that blocks are made by work alone.
const WORK: &str = "work";

/// How a node mines by itself.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MiningState {
    /// Who is paid; nobody where it does not mine.
    pub payout: Option<Payout>,
    /// At which pace; by work where it mines and nothing is said.
    pub pace: Option<Pace>,
    /// How many threads look, where it is by work.
    pub threads: Option<usize>,
    /// What came of it so far.
    pub report: MinerReport,
}

/// How it is to mine.
#[derive(Clone, PartialEq, Debug)]
pub struct MiningOrder {
    /// Who is paid.
    pub payout: Payout,
    /// At which pace, or by work; as is usual on the chain where nothing is said.
    pub pace: Option<Option<Pace>>,
    /// How many threads look; one for each core where nothing is said.
    pub threads: Option<usize>,
}

/// Why an order about mining is not followed.
#[derive(Debug, thiserror::Error)]
pub enum MiningRefused {
    /// Not on this chain.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// Nobody mines whose pace could be changed.
    #[error("this node does not mine: start it first")]
    NotMining,
    /// The system gives no threads.
    #[error("the system gives no threads: {0}")]
    Threads(#[from] std::io::Error),
}

impl From<MiningRefused> for Problem {
    fn from(refused: MiningRefused) -> Self {
        let code = match &refused {
            MiningRefused::Order(OrderError::NotFixed) => Code::NotServed,
            // Whoever runs the node lets nothing begin any more once it stops.
            MiningRefused::Order(OrderError::Mine(_) | OrderError::Stopped) => Code::NodeStopped,
            MiningRefused::Order(OrderError::Refused(_) | OrderError::Early(_)) => Code::BlockRefused,
            MiningRefused::NotMining => Code::NotFound,
            MiningRefused::Threads(_) => Code::Internal,
        };
        Self::new(code, refused.to_string())
    }
}

/// Mining that can be ordered about: whoever runs a node gives it.
pub trait MiningControl: Send + Sync {
    /// How it goes.
    fn state(&self) -> MiningState;

    /// Mines like this from now on, whatever was done before.
    ///
    /// # Errors
    /// When that cannot be; then what was done before goes on, or nothing does.
    fn start(&self, order: MiningOrder) -> Result<(), MiningRefused>;

    /// Mines no more.
    fn stop(&self);

    /// Goes on at another pace, or by work.
    ///
    /// # Errors
    /// When nobody mines, or not like that on this chain.
    fn set_pace(&self, pace: Option<Pace>) -> Result<(), MiningRefused>;
}

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(state))
        .routes(routes!(start))
        .routes(routes!(stop))
        .routes(routes!(set_pace))
        .routes(routes!(blocks))
}

/// Does something with mining, for which threads may have to be waited for.
async fn with_mining<T: Send + 'static>(
    admin: &Admin,
    work: impl FnOnce(&dyn MiningControl) -> T + Send + 'static,
) -> Result<T, Problem> {
    let mining = admin.0.mining.as_ref().map(Arc::clone);
    let mining =
        mining.ok_or_else(|| Problem::new(Code::NotServed, "mining here cannot be ordered about"))?;
    task::spawn_blocking(move || work(&*mining)).await.map_err(Problem::internal)
}

fn pace_of(text: &str) -> Result<Option<Pace>, Problem> {
    if text == WORK { Ok(None) } else { extract::value("pace", text).map(Some) }
}

/// How this node mines by itself
#[utoipa::path(get, path = "/admin/v1/mining", tag = "admin", operation_id = "admin_mining", security(("bearer" = [])),
    responses((status = OK, body = MiningStateView)))]
async fn state(State(admin): State<Admin>) -> Answer<MiningStateView> {
    let state = with_mining(&admin, |mining| mining.state()).await?;
    let text = |pace: Option<Pace>| pace.map_or_else(|| WORK.to_owned(), |pace| pace.to_string());
    Ok(Reply::now(MiningStateView {
        pace: state.payout.as_ref().map(|_| text(state.pace)),
        address: state.payout.as_ref().map(|payout| admin.context().text(payout.recipient())),
        threads: state.threads,
        hash_rate: state.report.hash_rate,
        found: state.report.found,
        stale: state.report.stale,
    }))
}

/// Mine from now on, whatever was done before
#[utoipa::path(post, path = "/admin/v1/mining/start", tag = "admin", operation_id = "admin_mining_start",
    security(("bearer" = [])), request_body = MiningOrderView,
    responses((status = NO_CONTENT, description = "It mines")))]
async fn start(State(admin): State<Admin>, Json(said): Json<MiningOrderView>) -> Result<StatusCode, Problem> {
    let mut payout = payout(&admin, &said.address)?;
    if let Some(tag) = &said.tag {
        let tagged = payout.with_tag(tag.as_bytes());
        payout = tagged.map_err(|error| Problem::bad_value("tag", tag, error))?;
    }
    if let Some(threads) = said.threads.filter(|threads| !(1..=THREADS_MAX).contains(threads)) {
        return Err(Problem::bad_value(
            "threads",
            &threads.to_string(),
            format!("expected 1 to {THREADS_MAX}"),
        ));
    }
    let pace = said.pace.as_deref().map(pace_of).transpose()?;
    let order = MiningOrder { payout, pace, threads: said.threads.map(usize::from) };
    with_mining(&admin, move |mining| mining.start(order)).await??;
    Ok(StatusCode::NO_CONTENT)
}

fn payout(admin: &Admin, address: &AddressText) -> Result<Payout, Problem> {
    extract::address(&address.0, &admin.context().params().prefix).map(Payout::to)
}

/// Mine no more
#[utoipa::path(post, path = "/admin/v1/mining/stop", tag = "admin", operation_id = "admin_mining_stop",
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "It does not mine")))]
async fn stop(State(admin): State<Admin>) -> Result<StatusCode, Problem> {
    with_mining(&admin, |mining| mining.stop()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mine at another pace, or by work
#[utoipa::path(post, path = "/admin/v1/mining/pace", tag = "admin", operation_id = "admin_mining_pace",
    security(("bearer" = [])), request_body = PaceView,
    responses((status = NO_CONTENT, description = "It does")))]
async fn set_pace(State(admin): State<Admin>, Json(said): Json<PaceView>) -> Result<StatusCode, Problem> {
    let pace = pace_of(&said.pace)?;
    with_mining(&admin, move |mining| mining.set_pace(pace)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Make blocks at once, where the chain's difficulty is fixed
///
/// It is answered when they are durable and followed. The first of them take what waits in the pool.
#[utoipa::path(post, path = "/admin/v1/mining/blocks", tag = "admin", operation_id = "admin_mining_blocks",
    security(("bearer" = [])), request_body = BlocksOrder,
    responses((status = OK, body = BlocksMade)))]
async fn blocks(State(admin): State<Admin>, Json(said): Json<BlocksOrder>) -> Answer<BlocksMade> {
    let payout = payout(&admin, &said.address)?;
    let count = extract::limit(Some(said.count), 1, BLOCKS_MAX).map_err(|_| {
        Problem::bad_value("count", &said.count.to_string(), format!("expected 1 to {BLOCKS_MAX}"))
    })?;
    let node = admin.context().node().clone();
    let made = task::spawn_blocking(move || make(node, payout, count)).await.map_err(Problem::internal)?;
    let (blocks, unfinished) = made.map_err(MiningRefused::from)?;
    Ok(Reply::now(BlocksMade { blocks, unfinished: unfinished.map(|why| why.to_string()) }))
}

/// Those that were made, and why there are no more.
type Made = (Vec<BlockHash>, Option<OrderError>);

fn make(node: NodeHandle, payout: Payout, count: usize) -> Result<Made, OrderError> {
    match Maker::new(node, payout)?.mine(count) {
        Ok(made) => Ok((made, None)),
        Err(unfinished) if unfinished.made.is_empty() => Err(unfinished.why),
        Err(unfinished) => Ok((unfinished.made, Some(unfinished.why))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_to_a_node_that_stops_is_no_refused_block() {
        let problem = Problem::from(MiningRefused::from(OrderError::Stopped));
        assert_eq!(problem.code, Code::NodeStopped);
    }
}
