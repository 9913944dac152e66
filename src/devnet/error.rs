//! What cannot be done to a devnet, and what to do instead.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::faucet::FaucetError;
use super::ground::GroundError;
use super::links::PartitionError;
use super::mining::MiningError;
use super::places::PortError;
use crate::consensus::GenesisError;
use crate::miner::OrderError;
use crate::net::FaultsRefused;
use crate::node::RulingRefused;
use crate::storage::StorageError;
use crate::types::ChainId;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// The disk, or the system, refuses.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What it said.
        error: io::Error,
    },
    /// What is in the folder is no devnet of ours.
    #[error("{} is not what this program keeps of a devnet: {reason}", .path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It began with other words.
    #[error("the devnet in {} began with other words: begin another with --data-dir, or with --ephemeral", .0.display())]
    OtherWords(PathBuf),
    /// It began with other work.
    #[error("the devnet in {} began {}: begin another with --data-dir, or with --ephemeral", .path.display(), if *.asert { "with --asert" } else { "without --asert" })]
    OtherWork {
        /// Where it lies.
        path: PathBuf,
        /// Whether blocks take work there.
        asert: bool,
    },
    /// Nobody is there.
    #[error("there is no node {node}: they are numbered from 0 to {last}")]
    NoNode {
        /// Which.
        node: usize,
        /// The highest there is.
        last: usize,
    },
    /// A link from a node to itself.
    #[error("a link has two ends: {0} is named twice")]
    SameNode(usize),
    /// It is down.
    #[error("node {0} is down: `cairn devnet restart {0}` brings it back")]
    Down(usize),
    /// It is up.
    #[error("node {0} runs already")]
    Up(usize),
    /// All are down.
    #[error("no node runs: `cairn devnet restart 0` brings one back")]
    AllDown,
    /// As many nodes as ports allow.
    #[error("a devnet has 1 to {0} nodes")]
    Nodes(usize),
    /// A port cannot be had.
    #[error(transparent)]
    Port(#[from] PortError),
    /// What it begins with makes no chain.
    #[error(transparent)]
    Ground(#[from] GroundError),
    /// The genesis file makes no chain.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A node did not start.
    #[error("node {node}: {error}")]
    Start {
        /// Which.
        node: usize,
        /// Why not.
        error: StorageError,
    },
    /// A node's port did not start.
    #[error("node {node}, at {address}: {error}")]
    Serve {
        /// Which.
        node: usize,
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// Blocks do not come like this.
    #[error(transparent)]
    Mining(#[from] MiningError),
    /// Blocks were ordered and did not come.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// No partition.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// No laboratory.
    #[error(transparent)]
    Faults(#[from] FaultsRefused),
    /// The faucet gives nothing.
    #[error(transparent)]
    Faucet(#[from] FaucetError),
    /// A node cannot be saved.
    #[error("node {node} cannot be saved: {error}")]
    Save {
        /// Which.
        node: usize,
        /// Why not.
        error: StorageError,
    },
    /// A node cannot be restored.
    #[error("node {node} cannot be taken back: {error}; nothing has changed")]
    Restore {
        /// Which.
        node: usize,
        /// Why not.
        error: StorageError,
    },
    /// Not a name that a folder can have.
    #[error(
        "`{0}` is no name for a snapshot: letters, digits, `-`, `_` and `.`, up to 64 of them and no `.` in front"
    )]
    SnapshotName(String),
    /// There is one.
    #[error(
        "there is a snapshot `{0}` already: take another name, or `cairn devnet snapshot --remove {0}` first"
    )]
    SnapshotThere(String),
    /// There is none.
    #[error("there is no snapshot `{0}`: `cairn devnet snapshots` lists all")]
    NoSnapshot(String),
    /// It was a larger network.
    #[error("that state is one of {snapshot} nodes, and here are {running}: begin with --nodes {snapshot}")]
    SnapshotOfMore {
        /// How many it had.
        snapshot: usize,
        /// How many there are.
        running: usize,
    },
    /// It belongs to another chain.
    #[error(
        "that state is one of chain {found}, and this devnet is {expected}: begin with the words that it began with, and with --asert where it did"
    )]
    OtherChain {
        /// Its chain.
        found: ChainId,
        /// Ours.
        expected: ChainId,
    },
    /// Another process runs it.
    #[error("a devnet runs in {} already: end it, or begin another with --data-dir or --ephemeral", .0.display())]
    InUse(PathBuf),
    /// The chain is not so long.
    #[error("a reorganization of depth {depth} needs as many blocks, and the tip stands at {height}")]
    NotSoDeep {
        /// How many were to be left.
        depth: u32,
        /// How many there are.
        height: u32,
    },
    /// A block is not left.
    #[error(transparent)]
    Ruling(#[from] RulingRefused),
    /// It ends.
    #[error("the devnet is ending")]
    Ending,
}

impl DevnetError {
    /// What the system said, when this was tried.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
