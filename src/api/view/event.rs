//! What happens, as it is told to whoever listens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::FlowView;
use super::chain::TipView;
use super::peer::Direction;
use super::pool::LeftWhy;
use super::schemas::{AddressText, Hex};
use crate::api::problem::Problem;
use crate::types::{Amount, BlockHash, Height, Timestamp, Txid};

/// Something that happened, or that is said about the stream itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum EventView {
    /// A block was put on top of the branch that is followed.
    BlockConnected(BlockEvent),
    /// The block at the top was taken off.
    BlockDisconnected(BlockEvent),
    /// A transaction came into a block that is followed, or out of it.
    Transaction(TransactionEvent),
    /// Something happened to an account, or was taken back.
    Account(AccountEvent),
    /// Another branch is followed: what is taken off and put on is told right after this.
    Reorganization(ReorganizationEvent),
    /// Something entered the pool or left it.
    Mempool(MempoolEvent),
    /// Somebody connected, or is gone.
    Peers(PeersEvent),
    /// Somebody mines on this node, or no longer, or found a block.
    Mining(MiningEvent),
    /// From here on: what comes next is told.
    Hello(HelloEvent),
    /// What only happens live may have been missed: this is how it is now.
    Resync(ResyncEvent),
    /// The cursor leads nowhere: read everything anew. What comes next is told from here on.
    Reset(ResetEvent),
    /// The stream ends.
    Closing(ClosingEvent),
    /// What is told from here on, over a WebSocket.
    Subscribed(SubscribedEvent),
    /// Nothing happened that was asked for, over a WebSocket.
    Heartbeat(HeartbeatEvent),
    /// What was asked for over a WebSocket cannot be done; all goes on as before.
    Refused(RefusedEvent),
}

impl EventView {
    /// What kind it is.
    pub fn name(&self) -> &'static str {
        match self {
            Self::BlockConnected(_) => "block_connected",
            Self::BlockDisconnected(_) => "block_disconnected",
            Self::Transaction(_) => "transaction",
            Self::Account(_) => "account",
            Self::Reorganization(_) => "reorganization",
            Self::Mempool(_) => "mempool",
            Self::Peers(_) => "peers",
            Self::Mining(_) => "mining",
            Self::Hello(_) => "hello",
            Self::Resync(_) => "resync",
            Self::Reset(_) => "reset",
            Self::Closing(_) => "closing",
            Self::Subscribed(_) => "subscribed",
            Self::Heartbeat(_) => "heartbeat",
            Self::Refused(_) => "refused",
        }
    }
}

/// Whether a block was put on, or taken off again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChainChange {
    /// It was put on.
    Connected,
    /// It was taken off.
    Disconnected,
}

/// A block that was put on or taken off.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BlockEvent {
    /// Go on after this with `after`.
    #[schema(example = "0-17-2")]
    pub cursor: String,
    /// The block.
    pub hash: BlockHash,
    /// Where it stands.
    pub height: Height,
    /// The block below.
    pub previous: BlockHash,
    /// When it was made, as its miner says.
    pub time: Timestamp,
    /// How many transactions it has.
    pub transactions: usize,
}

/// A transaction of a block that was put on or taken off.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionEvent {
    /// Go on after this with `after`.
    #[schema(example = "0-17-3")]
    pub cursor: String,
    /// Whether its block was put on or taken off.
    pub change: ChainChange,
    /// The transaction.
    pub txid: Txid,
    /// The block.
    pub block: BlockHash,
    /// Where that stands.
    pub height: Height,
    /// Where in it the transaction stands: the coinbase is 0.
    pub position: u32,
}

/// What a block meant to an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountEvent {
    /// Go on after this with `after`.
    #[schema(example = "0-17-9")]
    pub cursor: String,
    /// Whose.
    pub address: AddressText,
    /// Whether it happened, or was taken back.
    pub change: ChainChange,
    /// The transaction; nothing for a reward.
    pub txid: Option<Txid>,
    /// The block.
    pub block: BlockHash,
    /// Where that stands.
    pub height: Height,
    /// Where in it this stands: the coinbase is 0.
    pub position: u32,
    /// What it meant.
    #[serde(flatten)]
    pub flow: FlowView,
    /// The block of this height brings a reward into the balance; no event says so again.
    pub matures_at: Option<Height>,
}

/// A change from one branch to another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReorganizationEvent {
    /// Go on after this with `after`.
    #[schema(example = "0-21-1")]
    pub cursor: String,
    /// The last block that both branches have.
    pub fork: TipView,
    /// How many blocks are taken off.
    pub depth: usize,
    /// These, from the old tip down.
    pub disconnected: Vec<BlockHash>,
    /// What is put on instead, upwards.
    pub connected: Vec<BlockHash>,
}

/// What became of a transaction that waits for a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolChange {
    /// It was let in.
    Entered,
    /// It came back from a block that was taken off.
    Returned,
    /// It is no longer there.
    Left,
}

/// Something entered the pool or left it. Only told as it happens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MempoolEvent {
    /// What became of it.
    pub change: PoolChange,
    /// The transaction.
    pub txid: Txid,
    /// Whose, where it is still there.
    pub from: Option<AddressText>,
    /// What it pays to whoever mines it, where it is still there.
    pub fee: Option<Amount>,
    /// The length of its encoding, where it is still there.
    pub bytes: Option<usize>,
    /// Why it left.
    pub why: Option<LeftWhy>,
    /// The one that replaced it.
    pub by: Option<Txid>,
}

/// What became of somebody who was connected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeerChange {
    /// They are connected now.
    Connected,
    /// They are gone.
    Gone,
}

/// Somebody connected, or is gone. Only told while somebody listens; whoever came and went in between is not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PeersEvent {
    /// What became of them.
    pub change: PeerChange,
    /// Who they are.
    pub node: Hex,
    /// Where they are.
    pub address: String,
    /// Which side connected.
    pub direction: Direction,
    /// How many are connected now.
    pub peers: usize,
}

/// What became of a miner on this node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MinerChange {
    /// Its first share came, or one after it was silent.
    Came,
    /// Nothing was heard of it for ten minutes.
    Gone,
    /// It found a block.
    FoundBlock,
}

/// Something about a miner on this node. Only told while somebody listens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MiningEvent {
    /// What became of it.
    pub change: MinerChange,
    /// Who is paid.
    pub address: AddressText,
    /// What they call the machine.
    pub worker: String,
    /// Blocks that it found in all.
    pub blocks: u64,
}

/// From here on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HelloEvent {
    /// Behind everything that has happened.
    #[schema(example = "0-17")]
    pub cursor: String,
    /// The tip there.
    pub tip: TipView,
}

/// Why what happens live may have been missed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResyncWhy {
    /// It is told from here on only.
    Began,
    /// More happened than waits for whoever reads slowly.
    Missed,
}

/// How it is now with what only happens live.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResyncEvent {
    /// Why this is said.
    pub why: ResyncWhy,
    /// The tip.
    pub tip: TipView,
    /// How many transactions wait for a block.
    pub mempool: usize,
    /// How many others are connected.
    pub peers: usize,
    /// How many miners are known.
    pub workers: usize,
}

/// Why a cursor leads nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetWhy {
    /// The chain was turned back since.
    AnotherEpoch,
    /// It has not happened yet.
    Ahead,
    /// What came after it was pruned.
    Pruned,
}

/// The cursor leads nowhere.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResetEvent {
    /// Why.
    pub why: ResetWhy,
    /// The same in words.
    pub detail: String,
    /// Behind everything that has happened: the stream goes on from here.
    #[schema(example = "0-17")]
    pub cursor: String,
    /// The tip there.
    pub tip: TipView,
}

/// Why a stream ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosingWhy {
    /// The node ends, or no longer answers.
    Stopping,
    /// What is told was not read.
    Slow,
    /// A fault of the node.
    Fault,
}

/// The stream ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClosingEvent {
    /// Why.
    pub why: ClosingWhy,
    /// What exactly, where it is a fault.
    pub detail: Option<String>,
    /// Go on after this with `after`.
    #[schema(example = "0-17")]
    pub cursor: String,
}

/// What is told from here on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubscribedEvent {
    /// What kinds.
    pub types: Vec<EventType>,
    /// Accounts of whom.
    pub addresses: Vec<AddressText>,
    /// After which cursor.
    #[schema(example = "0-17")]
    pub cursor: String,
}

/// Nothing happened that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatEvent {
    /// Go on after this with `after`.
    #[schema(example = "0-17")]
    pub cursor: String,
}

/// What was asked for cannot be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedEvent {
    /// Why not.
    pub problem: Problem,
}

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// Blocks put on and taken off.
    Block,
    /// Transactions in blocks put on and taken off.
    Transaction,
    /// What that means to the accounts that were named.
    Account,
    /// Changes from one branch to another.
    Reorganization,
    /// What enters the pool and leaves it; live only.
    Mempool,
    /// Who connects and goes; live only.
    Peers,
    /// Who mines on this node; live only.
    Mining,
}

/// What a client of a WebSocket wants to be told from here on, instead of what it was told before.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionView {
    /// What kinds; blocks and reorganizations where nothing is said, and accounts where addresses are.
    pub types: Option<Vec<EventType>>,
    /// Accounts of whom.
    pub addresses: Vec<AddressText>,
    /// What came after this cursor; where nothing is said, the stream goes on where it is.
    #[schema(example = "0-17-2")]
    pub after: Option<String>,
}
