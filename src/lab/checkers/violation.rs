//! What must never be.

use core::fmt;
use std::collections::BTreeMap;

use crate::types::{BlockHash, Height, TxHash};

/// Something that must never be, and was.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Violation {
    /// After a long quiet not all follow the same.
    #[error("after quiet not all nodes follow one tip: {tips}")]
    Split {
        /// Which follow what.
        tips: Tips,
    },
    /// A node follows a block that cannot follow from those below it.
    #[error("node {node} follows block {block} at {height}, which breaks a rule: {why}")]
    Invalid {
        /// Which node.
        node: usize,
        /// Which block.
        block: BlockHash,
        /// Where it stands.
        height: Height,
        /// Which rule.
        why: &'static str,
    },
    /// A node follows a block that none of the miners found.
    #[error("node {node} follows block {block} at {height}, which no miner found")]
    Strange {
        /// Which node.
        node: usize,
        /// Which block.
        block: BlockHash,
        /// Where it stands.
        height: Height,
    },
    /// What a node says that people have is not what its blocks lead to.
    #[error("node {node} at {height} has another state than its blocks lead to: {what}")]
    State {
        /// Which node.
        node: usize,
        /// Where it stands.
        height: Height,
        /// In what it differs.
        what: &'static str,
    },
    /// There is more money than was made, or less.
    #[error("node {node}: {error}")]
    Supply {
        /// Which node.
        node: usize,
        /// What does not add up.
        error: String,
    },
    /// A block is gone that a node had said is durable.
    #[error("node {node} has lost block {block}, which it had acknowledged")]
    Lost {
        /// Which node.
        node: usize,
        /// Which block.
        block: BlockHash,
    },
    /// A node refused what an honest miner made by the rules.
    #[error("node {node} refused block {block}, which an honest miner found: {why}")]
    Refused {
        /// Which node.
        node: usize,
        /// Which block.
        block: BlockHash,
        /// Why.
        why: String,
    },
    /// A pool does not belong to its node's tip, or to itself.
    #[error("node {node}'s pool is not sound: {what}")]
    Pool {
        /// Which node.
        node: usize,
        /// What does not hold.
        what: String,
    },
    /// A node cannot find what is in its chain.
    #[error("node {node} does not find what is in its chain: {what}")]
    Index {
        /// Which node.
        node: usize,
        /// What it should have found.
        what: String,
    },
    /// A node punished another that had done nothing wrong.
    #[error("node {node} punished node {other}, which is honest: {why}")]
    Punished {
        /// Which node.
        node: usize,
        /// Whom.
        other: usize,
        /// What for, it thinks.
        why: String,
    },
    /// A node has banned another that had done nothing wrong.
    #[error("node {node} has banned node {other}, which is honest")]
    Banned {
        /// Which node.
        node: usize,
        /// Whom.
        other: usize,
    },
    /// Something grows beyond its bounds.
    #[error("node {node} has {count} {what}, no more than {max} are allowed")]
    Unbounded {
        /// Which node.
        node: usize,
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: usize,
        /// How much there may be.
        max: usize,
    },
    /// A payment that a node had taken in is not mined.
    #[error("payment {hash}, which node {node} took in, is not mined {minutes} minutes later")]
    NotMined {
        /// Which.
        hash: TxHash,
        /// By which node.
        node: usize,
        /// How long ago.
        minutes: u64,
    },
    /// A payment that a node had taken in was mined, but not soon.
    #[error(
        "payment {hash}, which node {node} took in, was mined after {seconds} seconds, no more than {max} are allowed"
    )]
    Late {
        /// Which.
        hash: TxHash,
        /// By which node.
        node: usize,
        /// How long it took while nothing befell the network.
        seconds: u64,
        /// How long it may.
        max: u64,
    },
    /// A node stopped without a reason that lies outside of it.
    #[error("node {node} takes nothing in any more: {why}")]
    Stopped {
        /// Which node.
        node: usize,
        /// Why.
        why: String,
    },
    /// A node cannot open what is on its disk.
    #[error("node {node} does not start: {why}")]
    NoStart {
        /// Which node.
        node: usize,
        /// Why.
        why: String,
    },
    /// The code stopped itself.
    #[error("a fault: {what}")]
    Fault {
        /// What it said.
        what: String,
    },
}

impl Violation {
    /// What all kinds are called.
    pub const KINDS: [&str; 17] = [
        "split",
        "invalid",
        "strange",
        "state",
        "supply",
        "lost",
        "refused",
        "pool",
        "index",
        "punished",
        "banned",
        "unbounded",
        "not_mined",
        "late",
        "stopped",
        "no_start",
        "fault",
    ];

    /// What all of this kind are called, for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Split { .. } => "split",
            Self::Invalid { .. } => "invalid",
            Self::Strange { .. } => "strange",
            Self::State { .. } => "state",
            Self::Supply { .. } => "supply",
            Self::Lost { .. } => "lost",
            Self::Refused { .. } => "refused",
            Self::Pool { .. } => "pool",
            Self::Index { .. } => "index",
            Self::Punished { .. } => "punished",
            Self::Banned { .. } => "banned",
            Self::Unbounded { .. } => "unbounded",
            Self::NotMined { .. } => "not_mined",
            Self::Late { .. } => "late",
            Self::Stopped { .. } => "stopped",
            Self::NoStart { .. } => "no_start",
            Self::Fault { .. } => "fault",
        }
    }
}

/// Which nodes follow which block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tips(pub BTreeMap<BlockHash, Vec<usize>>);

impl fmt::Display for Tips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.iter().map(|(tip, nodes)| format!("{tip} by {nodes:?}"));
        f.write_str(&each.collect::<Vec<_>>().join(", "))
    }
}
