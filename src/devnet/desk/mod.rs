//! Where orders to the whole network are taken, over HTTP.
//!
//! # Security
//! Nobody is asked for a word: what can be done here is done to money that is worth nothing. Pages of other sites are kept
//! off as from every port, and it listens to this machine alone unless it is told otherwise.

mod branches;
mod faucet;
mod faults;
mod mining;
mod page;
mod snapshots;
mod time;
mod told;
mod view;
pub mod words;

use std::sync::Arc;

use axum::extract::State;
use tokio::task;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::DevnetError;
use super::faucet::FaucetError;
use super::network::DevnetHandle;
use super::roster::living;
use crate::api::{Answer, Code, Front, Manners, Problem, Reply};
use crate::miner::OrderError;

pub use view::{
    AccountKeys, BlocksMade, BlocksOrder, ClockView, EndsView, FaucetOrder, FileOrder, GivenView, LinkView,
    MendedView, MiningView, NetworkView, NodeView, PartitionOrder, PlacesView, ReorganizationOrder,
    ReorganizationView, SavedNodeView, SnapshotOrder, SnapshotView, WarpOrder,
};

/// How long an order may take.
const ANSWER_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(600);

/// What the document begins with.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Cairn devnet",
        description = "Orders to all nodes of a devnet at once: when blocks come, what time it is, how links are, who runs, and \
            coins for whoever asks. Each node answers wallets and explorers at an address of its own, as any node does.\n\n\
            Amounts are strings of pebbles (100000000 are one CRN), times seconds since 1970.",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(Problem)),
    tags(
        (name = "network", description = "How the network is."),
        (name = "mining", description = "When blocks come."),
        (name = "time", description = "The clock of the chain, which all nodes share."),
        (name = "faults", description = "Links, partitions, nodes that end and begin again."),
        (name = "branches", description = "Blocks that are left, and reorganizations that are really mined."),
        (name = "snapshots", description = "States of the whole network that can be gone back to, and files of them."),
        (name = "coins", description = "Coins for whoever asks."),
    )
)]
struct Beginning;

/// The front of a devnet's desk.
pub(super) fn front(devnet: &DevnetHandle, manners: &Manners) -> Front {
    let routes = OpenApiRouter::new()
        .routes(routes!(network))
        .merge(mining::routes())
        .merge(time::routes())
        .merge(faults::routes())
        .merge(branches::routes())
        .merge(snapshots::routes())
        .merge(faucet::routes())
        .with_state(devnet.clone())
        .merge(page::routes(devnet.clone()).into());
    let roster = devnet.roster();
    let live = living(&roster).into_iter().next().expect("a devnet begins with one that runs");
    let manners = Manners {
        // Who may ask the nodes may not order them about.
        origins: Vec::new(),
        // Nor may a page that has its own name lead here.
        names_only: true,
        // It is their own machine.
        requests_per_second: None,
        answer_time_max: ANSWER_TIME_MAX,
        ..manners.clone()
    };
    let devnet = devnet.clone();
    Front::beside(routes, Beginning::openapi(), "What a devnet can be told", live.1.node.tips(), &manners)
        .with_pages(Arc::new(move |called| page::shell(&devnet, called)))
}

/// Does what may take a while where it keeps nobody waiting.
async fn aside<T: Send + 'static>(
    devnet: &DevnetHandle,
    work: impl FnOnce(&DevnetHandle) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let devnet = devnet.clone();
    task::spawn_blocking(move || work(&devnet)).await.map_err(Problem::internal)?
}

impl From<DevnetError> for Problem {
    fn from(error: DevnetError) -> Self {
        let code = match &error {
            DevnetError::NoNode { .. } => Code::NotFound,
            DevnetError::SameNode(_)
            | DevnetError::Blocks(_)
            | DevnetError::Partition(_)
            | DevnetError::Mining(_)
            | DevnetError::SnapshotName(_) => Code::BadValue,
            DevnetError::NoSnapshot(_) => Code::NotFound,
            DevnetError::Faucet(FaucetError::TooMuch | FaucetError::Nothing) => Code::BadValue,
            DevnetError::Faucet(FaucetError::TooOften(_)) => Code::TooManyRequests,
            DevnetError::Order { error: OrderError::NotFixed, .. } | DevnetError::FilesOfOthers => Code::NotServed,
            DevnetError::Down(_)
            | DevnetError::Up(_)
            | DevnetError::AllDown
            | DevnetError::Order { .. }
            | DevnetError::Closed { .. }
            | DevnetError::BackBut(_)
            | DevnetError::NotBack(_)
            | DevnetError::NotKept(_)
            | DevnetError::SomeDown(_)
            | DevnetError::NotAll { .. }
            // A disk that is full or fails: the node's own log tells more.
            | DevnetError::Start { .. }
            | DevnetError::SaveDown { .. }
            | DevnetError::Serve { .. }
            | DevnetError::Faucet(_)
            | DevnetError::Port(_)
            | DevnetError::SnapshotThere(_)
            | DevnetError::SnapshotOfMore { .. }
            | DevnetError::OtherChain { .. }
            | DevnetError::InUse(_)
            | DevnetError::NotSoDeep { .. }
            | DevnetError::Ruling { .. }
            | DevnetError::Restore { .. }
            // A file of somebody else's, or a place that cannot be written to.
            | DevnetError::Io { .. }
            | DevnetError::Manifest { .. }
            | DevnetError::SnapshotDamaged { .. }
            | DevnetError::NotAState { .. }
            | DevnetError::NoFile(_)
            | DevnetError::FileThere(_)
            | DevnetError::Ending => Code::NotNow,
            DevnetError::Save { .. }
            | DevnetError::OtherWords(_)
            | DevnetError::OtherWork { .. }
            | DevnetError::Nodes(_)
            | DevnetError::Ports { .. }
            | DevnetError::Ground(_)
            | DevnetError::Genesis(_)
            | DevnetError::Fault(_)
            | DevnetError::Faults(_) => Code::Internal,
        };
        // Whoever asks is whoever runs it: nothing is kept from them.
        Self::new(code, error.to_string())
    }
}

/// How the network is: its nodes, its clock, when blocks come, what is wrong with links, and the keys to its money
#[utoipa::path(get, path = "/v1/network", tag = "network", operation_id = "network",
    responses((status = OK, body = NetworkView)))]
async fn network(State(devnet): State<DevnetHandle>) -> Answer<NetworkView> {
    Ok(Reply::now(NetworkView::of(&devnet).await))
}
