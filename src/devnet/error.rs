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
use crate::storage::StorageError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// The disk, or the system, refuses.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What it said.
        #[source]
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
        #[source]
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
        #[source]
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
