//! What cannot be done to a devnet, and what to do instead.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::faucet::FaucetError;
use super::ground::GroundError;
use super::links::PartitionError;
use super::mining::MiningError;
use super::orders::ORDERED_BLOCKS_MAX;
use super::places::PortError;
use crate::consensus::GenesisError;
use crate::miner::{OrderError, Unfinished};
use crate::net::FaultsRefused;
use crate::node::{Closed, RulingRefused};
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
    #[error(
        "{} is not what this program keeps of a devnet: {reason}; begin another with --data-dir or --ephemeral",
        .path.display()
    )]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It began with other words.
    #[error(
        "the devnet in {} began with other words: leave --mnemonic out to go on with it, or begin another with --data-dir or --ephemeral",
        .0.display()
    )]
    OtherWords(PathBuf),
    /// It began with other work.
    #[error(
        "the devnet in {} began {}to go on with it, or begin another with --data-dir or --ephemeral",
        .path.display(),
        if *.asert { "with --asert: say --asert " } else { "without --asert: leave that out " }
    )]
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
    /// Ports end at 65,535.
    #[error(
        "from port {first} on there are not enough for {nodes} nodes: say --port {usual}, or --port 0 for any that are free"
    )]
    Ports {
        /// The first of them.
        first: u16,
        /// How many nodes there are to be.
        nodes: usize,
        /// Where there are enough.
        usual: u16,
    },
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
    #[error("node {node}{}: {error}", if *.made == 0 { String::new() } else { format!(", after {made} blocks") })]
    Order {
        /// Which was to make them.
        node: usize,
        /// How many it has made; they stay.
        made: usize,
        /// Why no more.
        error: OrderError,
    },
    /// None, or more than are made for one order.
    #[error("`{0}` blocks cannot be ordered: say 1 to {ORDERED_BLOCKS_MAX}, and order again for more")]
    Blocks(usize),
    /// No partition.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// No laboratory.
    #[error(transparent)]
    Faults(#[from] FaultsRefused),
    /// The faucet gives nothing.
    #[error(transparent)]
    Faucet(#[from] FaucetError),
    /// A node ended in a fault of ours while it began.
    #[error(
        "node {0} ended in a fault of this program while it began: the log says which; `cairn devnet restart {0}` tries again"
    )]
    Fault(usize),
    /// A node takes nothing in, so that it cannot stand still.
    #[error(
        "node {node} takes nothing in: {}; `cairn devnet kill {node}` and `restart {node}` begin it again, once its disk is well",
        .closed.reason
    )]
    Closed {
        /// Which.
        node: usize,
        /// Why.
        closed: Closed,
    },
    /// A node cannot be saved.
    #[error("node {node} cannot be saved: {error}")]
    Save {
        /// Which.
        node: usize,
        /// Why not.
        error: StorageError,
    },
    /// A node that is down cannot be saved.
    #[error(
        "node {node} is down, and cannot begin to be saved: {error}; once that is mended save again, or end the devnet, remove {}, and begin it again: then that node follows the others from the beginning",
        .folder.display()
    )]
    SaveDown {
        /// Which.
        node: usize,
        /// Where it keeps everything.
        folder: PathBuf,
        /// Why it does not begin.
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
    /// An order was carried out, and that cannot be written down.
    #[error("it is done, but will be forgotten at the next start: {0}")]
    NotKept(Box<Self>),
    /// Not all ran of what was gone back to.
    #[error("the network is back at that state, but {0}")]
    BackBut(Box<Self>),
    /// Nothing ran of what was gone back to.
    #[error("{0}; the network goes on where it was")]
    NotBack(Box<Self>),
    /// Others than this machine's programs can ask.
    #[error(
        "files are written and read only where nobody but this machine's own programs can order it: begin without --host, or save a state here with `cairn devnet snapshot`"
    )]
    FilesOfOthers,
    /// A state cannot be taken out of a file.
    #[error("{} is no state that `cairn devnet dump` wrote, or not all of it: {error}", .file.display())]
    NotAState {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// No file.
    #[error("there is no file {}: `cairn devnet dump` writes one", .0.display())]
    NoFile(PathBuf),
    /// One is there already.
    #[error("{} is there already: take another name, or remove it first", .0.display())]
    FileThere(PathBuf),
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
    /// It cannot be read.
    #[error("{} is no state that this program can go back to: {reason}; `cairn devnet snapshots` lists those that are", .path.display())]
    SnapshotDamaged {
        /// The file that says what it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
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
    #[error("node {node}: {error}")]
    Ruling {
        /// Which refuses.
        node: usize,
        /// Why.
        error: RulingRefused,
    },
    /// Some do not begin, and the others run.
    #[error("not all nodes run, and `cairn devnet restart` tries again: {}", in_a_row(.0))]
    SomeDown(Vec<Self>),
    /// Some do what was ordered, and others cannot.
    #[error("{done}, but not all do: {}", in_a_row(.failed))]
    NotAll {
        /// What the others do.
        done: &'static str,
        /// Why each of those does not.
        failed: Vec<Self>,
    },
    /// It ends.
    #[error("the devnet is ending")]
    Ending,
}

/// Several of them, one after the other.
fn in_a_row(errors: &[DevnetError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl DevnetError {
    /// Why a node makes no blocks.
    pub(super) fn order(node: usize) -> impl FnOnce(OrderError) -> Self {
        move |error| Self::Order { node, made: 0, error }
    }

    /// Why a node makes no more blocks.
    pub(super) fn unfinished(node: usize, unfinished: &Unfinished) -> Self {
        Self::Order { node, made: unfinished.made.len(), error: unfinished.why.clone() }
    }

    /// Why a node does not leave a block.
    pub(super) fn ruling(node: usize) -> impl Fn(RulingRefused) -> Self + Copy {
        move |error| Self::Ruling { node, error }
    }

    /// What the system said, when this was tried.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
