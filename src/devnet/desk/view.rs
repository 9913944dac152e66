//! How a devnet is told of, and what it is told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::view::LinkFaults;
use crate::consensus::PowMode;
use crate::devnet::faucet::Given;
use crate::devnet::mending::Unmended;
use crate::devnet::network::DevnetHandle;
use crate::devnet::places::Places;
use crate::devnet::standing::Standing;
use crate::devnet::{ChainTime, Links, Reorganized, Reverted, SavedNode, Snapshot};
use crate::types::{Amount, BlockHash, Height, Timestamp, Txid};

/// A devnet.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct NetworkView {
    /// What the chain is called.
    pub name: String,
    /// Its genesis.
    pub chain: BlockHash,
    /// What addresses begin with.
    pub prefix: String,
    /// Where everything is kept.
    pub folder: String,
    /// When blocks come.
    pub mining: String,
    /// Whether blocks can be ordered; else they take work.
    #[serde(default)]
    pub to_order: bool,
    /// The clock of the chain.
    pub clock: ClockView,
    /// All nodes.
    pub nodes: Vec<NodeView>,
    /// Links with which something is wrong.
    pub links: Vec<LinkView>,
    /// The words that all keys follow from.
    pub mnemonic: String,
    /// Accounts that began with money, and their keys.
    pub accounts: Vec<AccountKeys>,
}

/// An account and what spends from it. It is no secret: everybody has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountKeys {
    /// Where the money is.
    pub address: String,
    /// The secret key, in hexadecimal digits: `cairn wallet import` takes it.
    pub key: String,
}

/// The clock of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// What time it is.
    pub time: Timestamp,
    /// Whether it is held.
    pub frozen: bool,
    /// Seconds by which it is ahead of the machine's, while it runs; below zero after going back to a state.
    pub ahead_seconds: i64,
}

impl ClockView {
    pub(super) fn of(clock: &ChainTime) -> Self {
        let state = clock.state();
        Self { time: state.last, frozen: state.frozen.is_some(), ahead_seconds: state.ahead }
    }
}

/// A node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct NodeView {
    /// Its number.
    pub node: usize,
    /// What others know it by.
    pub id: String,
    /// Whether it runs.
    pub up: bool,
    /// Whether it does not only until the network has gone back to a state.
    #[serde(default)]
    pub going_back: bool,
    /// Where it is reached while it runs.
    pub at: PlacesView,
    /// The height of its tip.
    pub height: Option<Height>,
    /// Its tip.
    pub tip: Option<BlockHash>,
    /// Transactions that wait there.
    pub waiting: usize,
    /// Numbers of the nodes that it is connected to.
    pub peers: Vec<usize>,
    /// How many it is connected to that are none of this network's own.
    pub strangers: usize,
}

/// Where a node is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlacesView {
    /// By wallets and explorers.
    pub http: String,
    /// By its operator.
    pub admin: String,
    /// By other nodes.
    pub peers: String,
    /// By miners of any make.
    pub stratum: String,
}

impl PlacesView {
    fn of(places: &Places) -> Self {
        Self {
            http: format!("http://{}", places.http),
            admin: format!("http://{}", places.admin),
            peers: places.peers.to_string(),
            stratum: format!("stratum+tcp://{}", places.stratum),
        }
    }
}

impl NodeView {
    fn of(standing: &Standing) -> Self {
        let Standing { index, places, id, up, going_back } = standing;
        Self {
            node: *index,
            id: hex::encode(id.0),
            up: up.is_some(),
            going_back: *going_back,
            at: PlacesView::of(places),
            height: up.as_ref().map(|up| up.tip.0),
            tip: up.as_ref().map(|up| up.tip.1),
            waiting: up.as_ref().map_or(0, |up| up.waiting),
            peers: up.as_ref().map(|up| up.peers.clone()).unwrap_or_default(),
            strangers: up.as_ref().map_or(0, |up| up.strangers),
        }
    }
}

impl NetworkView {
    /// Of a devnet, as it is now.
    pub async fn of(devnet: &DevnetHandle) -> Self {
        let params = devnet.genesis().params();
        let keys = |funded: crate::devnet::Funded| AccountKeys {
            address: funded.address.to_text(&params.prefix),
            key: hex::encode(&funded.secret.reveal()[..]),
        };
        Self {
            name: devnet.genesis().name().to_owned(),
            chain: params.chain.0,
            prefix: params.prefix.as_str().to_owned(),
            folder: devnet.folder().display().to_string(),
            mining: devnet.mining().to_string(),
            to_order: params.pow_mode == PowMode::Fixed,
            clock: ClockView::of(devnet.clock()),
            nodes: devnet.standings().await.iter().map(NodeView::of).collect(),
            links: LinkView::all_of(&devnet.links()),
            mnemonic: devnet.ground().words().to_owned(),
            accounts: devnet.ground().accounts().map(keys).collect(),
        }
    }
}

/// A link between two nodes, both ways.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkView {
    /// One of the two, by its number.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// What is wrong with it.
    #[serde(flatten)]
    pub faults: LinkFaults,
}

impl LinkView {
    /// All of these, with each of which something is wrong.
    pub fn all_of(links: &Links) -> Vec<Self> {
        links.iter().map(|((a, b), link)| Self { a, b, faults: LinkFaults::of(&link) }).collect()
    }
}

/// A devnet, after links were changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MendedView {
    /// How it is now.
    #[serde(flatten)]
    pub network: NetworkView,
    /// Links that could stand again, and do not after ten seconds.
    pub missing: Vec<EndsView>,
    /// Nodes that have not caught up with the others in time, after all links were healed.
    #[serde(default)]
    pub behind: Vec<usize>,
}

/// A link, by its ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct EndsView {
    /// One of the two nodes, by its number.
    pub a: usize,
    /// The other.
    pub b: usize,
}

impl MendedView {
    /// Of a devnet, as it is now.
    pub async fn of(devnet: &DevnetHandle, unmended: Unmended) -> Self {
        let missing = unmended.missing.into_iter().map(|(a, b)| EndsView { a, b }).collect();
        Self { network: NetworkView::of(devnet).await, missing, behind: unmended.behind }
    }

    /// What is not as it should be.
    pub fn unmended(&self) -> Unmended {
        let missing = self.missing.iter().map(|EndsView { a, b }| (*a, *b)).collect();
        Unmended { missing, behind: self.behind.clone() }
    }
}

/// Blocks that are ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlocksOrder {
    /// How many.
    #[schema(minimum = 1, maximum = 100_000)]
    pub blocks: u32,
    /// By which node; by one that chance picks, where nothing is said.
    #[serde(default)]
    pub node: Option<usize>,
}

/// Blocks that were made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BlocksMade {
    /// How many.
    pub blocks: usize,
    /// The last of them.
    pub tip: Option<BlockHash>,
    /// Numbers of the nodes that could hear of them and have not in ten seconds.
    pub behind: Vec<usize>,
}

/// When blocks come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MiningView {
    /// `interval=SECONDS`, `automine`, `poisson=1`, `manual`, or `work`.
    pub mode: String,
}

/// How far the clock is put forward.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarpOrder {
    /// By so many seconds.
    pub seconds: u32,
}

/// Groups that can talk among themselves alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionOrder {
    /// Numbers of nodes; all that are named in none are one group more.
    pub groups: Vec<Vec<usize>>,
}

/// Who would like coins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaucetOrder {
    /// To where.
    pub address: String,
    /// How much; 100 CRN where nothing is said, 1,000 at most.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Through which node; through the first that runs, where nothing is said.
    #[serde(default)]
    pub node: Option<usize>,
}

/// What was given. It is in a block when the next one comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct GivenView {
    /// The payment.
    pub txid: Txid,
    /// How much.
    pub amount: Amount,
}

impl From<Given> for GivenView {
    fn from(Given { txid, amount }: Given) -> Self {
        Self { txid, amount }
    }
}

/// A reorganization that is ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReorganizationOrder {
    /// How many blocks are left.
    #[schema(minimum = 1)]
    pub depth: u32,
    /// Which node mines the heavier branch; one that chance picks, where nothing is said.
    #[serde(default)]
    pub node: Option<usize>,
}

/// A reorganization that was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReorganizationView {
    /// Which node mined the heavier branch.
    pub node: usize,
    /// How many blocks were left.
    pub depth: u32,
    /// The last block of the branch that was left.
    pub from: BlockHash,
    /// The last block of the one that is followed now.
    pub to: BlockHash,
    /// Numbers of the nodes that could hear of it and have not gone over in ten seconds.
    pub behind: Vec<usize>,
}

impl From<Reorganized> for ReorganizationView {
    fn from(Reorganized { node, depth, from, to, behind }: Reorganized) -> Self {
        Self { node, depth, from, to, behind }
    }
}

/// What a snapshot is to be called.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotOrder {
    /// Letters, digits, `-`, `_` and `.`; the next number, where nothing is said.
    #[serde(default)]
    pub name: Option<String>,
}

/// A file on the machine on which the devnet runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileOrder {
    /// The whole of its name, from the root on.
    pub file: String,
}

/// A state of the whole network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SnapshotView {
    /// What it is called.
    pub name: String,
    /// When it was made, by the machine's clock.
    pub made_at: u64,
    /// What time it was by the clock of the chain.
    pub time: Timestamp,
    /// How each node stood.
    pub nodes: Vec<SavedNodeView>,
    /// Links with which something was wrong.
    pub links: Vec<LinkView>,
    /// Where the network has just gone to it: numbers of nodes to which others from elsewhere were connected, who have not gone
    /// back and bring a longer branch again where they have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strangers: Vec<usize>,
}

/// How a node stood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedNodeView {
    /// Whether it ran.
    pub up: bool,
    /// The height of its tip.
    pub height: Height,
    /// Its tip.
    pub tip: BlockHash,
    /// Transactions that waited there.
    pub waiting: u64,
}

impl From<Snapshot> for SnapshotView {
    fn from(snapshot: Snapshot) -> Self {
        let node = |node: &SavedNode| SavedNodeView {
            up: node.up,
            height: node.height,
            tip: node.tip,
            waiting: node.waiting,
        };
        let nodes = snapshot.nodes.iter().map(node).collect();
        let links = LinkView::all_of(&snapshot.links);
        let (made_at, time) = (snapshot.made_at, snapshot.clock.last);
        Self { name: snapshot.name, made_at, time, nodes, links, strangers: Vec::new() }
    }
}

impl From<Reverted> for SnapshotView {
    fn from(Reverted { state, strangers }: Reverted) -> Self {
        Self { strangers, ..state.into() }
    }
}
