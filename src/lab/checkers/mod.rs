//! Checkers: what must hold in every network, whatever befalls it. They stand beside the nodes and believe none of them.
//!
//! Some things hold at any moment ([`Checkers::watch`]): no node's chain spends a coin twice, its supply adds up, nothing that it
//! said is durable is gone, nobody honest is punished by anybody honest, nothing grows beyond its bounds. Others hold once
//! the network had time to come to rest ([`Checkers::at_rest`]): all follow one tip, and what was paid is mined.

mod chains;
mod payments;

use core::fmt;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::chains::Chains;
use super::clock::MINUTE;
use super::world::World;
use crate::types::{BlockHash, Height, TxHash};

/// Connections that a node may have beyond those that its settings allow: some are on their way out.
const CONNECTIONS_SPARE: usize = 8;
/// Headers that a node may keep for each block of its branch, and some more.
const HEADERS_EACH_MAX: usize = 4;
const HEADERS_SPARE: usize = 20_000;
/// What may wait in a node for its processor.
const BACKLOG_MAX: usize = 20_000;

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
    #[error(
        "node {node} follows block {block} at {height}, which breaks a rule: a coin is spent twice, or was never there"
    )]
    Invalid {
        /// Which node.
        node: usize,
        /// Which block.
        block: BlockHash,
        /// Where it stands.
        height: Height,
    },
    /// What a node says that people have is not what its blocks lead to.
    #[error("node {node} at {height} has another state than its blocks lead to")]
    State {
        /// Which node.
        node: usize,
        /// Where it stands.
        height: Height,
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

/// Which nodes follow which block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tips(pub BTreeMap<BlockHash, Vec<usize>>);

impl fmt::Display for Tips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.iter().map(|(tip, nodes)| format!("{tip} by {nodes:?}"));
        f.write_str(&each.collect::<Vec<_>>().join(", "))
    }
}

/// What is checked, and what was found wrong.
#[derive(Default)]
pub struct Checkers {
    /// What was found wrong, in the order in which it was found.
    pub violations: Vec<Violation>,
    chains: Chains,
    /// How many of a node's punishments were looked at.
    looked_at: BTreeMap<usize, usize>,
}

/// Violations beyond which no more are gathered.
const VIOLATIONS_MAX: usize = 20;

impl Checkers {
    /// Nothing checked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes something that must never be.
    pub fn note(&mut self, violation: Violation) {
        if self.violations.len() < VIOLATIONS_MAX && !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    /// Checks what holds at any moment.
    pub fn watch(&mut self, world: &World) {
        for number in world.running() {
            self.check_acknowledged(world, number);
            self.check_punished(world, number);
            self.check_bounds(world, number);
            self.check_pool(world, number);
            if let Some(why) = world.node(number).stopped.as_ref().filter(|_| !world.node(number).is_excused)
            {
                self.note(Violation::Stopped { node: number, why: why.clone() });
            }
        }
        for (node, block, why) in &world.record.refused {
            self.note(Violation::Refused { node: *node, block: *block, why: why.clone() });
        }
        let found = self.chains.check(world);
        found.into_iter().for_each(|violation| self.note(violation));
    }

    /// Checks what holds once the network had time to come to rest; a payment had so many minutes to be mined, where
    /// nobody else signs for those who pay.
    pub fn at_rest(&mut self, world: &World, minutes: Option<u64>) {
        self.watch(world);
        let mut tips: BTreeMap<BlockHash, Vec<usize>> = BTreeMap::new();
        for number in world.running() {
            tips.entry(world.tip(number).unwrap_or(BlockHash::ZERO)).or_default().push(number);
        }
        if tips.len() > 1 {
            self.note(Violation::Split { tips: Tips(tips) });
        }
        let indexed: Vec<Violation> =
            world.running().into_iter().filter_map(|node| chains::check_index(world, node)).collect();
        indexed.into_iter().for_each(|violation| self.note(violation));
        let unmined = minutes.map(|minutes| payments::unmined(world, minutes * MINUTE));
        unmined.into_iter().flatten().for_each(|violation| self.note(violation));
    }

    /// What a node once said is durable is still there, after whatever befell it.
    fn check_acknowledged(&mut self, world: &World, number: usize) {
        if let Some(block) = lost(world, number) {
            self.note(Violation::Lost { node: number, block });
        }
    }

    fn check_punished(&mut self, world: &World, number: usize) {
        let looked_at = self.looked_at.entry(number).or_default();
        let punished = &world.node(number).punished;
        let fresh = &punished[*looked_at..];
        *looked_at = punished.len();
        let wrong: Vec<Violation> = fresh
            .iter()
            .filter_map(|(address, why)| {
                let other = world.party_at(*address).filter(|other| world.is_honest(*other))?;
                Some(Violation::Punished { node: number, other, why: why.to_string() })
            })
            .collect();
        wrong.into_iter().for_each(|violation| self.note(violation));
    }

    fn check_bounds(&mut self, world: &World, number: usize) {
        let node = world.node(number);
        let Some(handle) = node.handle() else { return };
        let (headers, branch) =
            handle.look(|chain, _| (chain.header_count(), chain.tip().height.0 as usize + 1));
        let connections_max = node.settings.outbound_max
            + node.settings.inbound_max
            + node.settings.added.len()
            + CONNECTIONS_SPARE;
        let bounds = [
            ("connections", node.connections(), connections_max),
            ("headers", headers, branch * HEADERS_EACH_MAX + HEADERS_SPARE),
            ("jobs", node.backlog(), BACKLOG_MAX),
        ];
        for (what, count, max) in bounds {
            if count > max {
                self.note(Violation::Unbounded { node: number, what, count, max });
            }
        }
    }

    /// The pool is sound in itself, and belongs to the tip.
    fn check_pool(&mut self, world: &World, number: usize) {
        let Some(clockwork) = world.node(number).clockwork() else { return };
        let audited = catch_unwind(AssertUnwindSafe(|| clockwork.look(|_, ledger, pool| pool.audit(ledger))));
        if let Err(panic) = audited {
            self.note(Violation::Pool { node: number, what: words(&*panic) });
        }
    }
}

/// A block that a node once said is durable and does not have.
pub(super) fn lost(world: &World, number: usize) -> Option<BlockHash> {
    let node = world.node(number);
    node.handle()?.look(|chain, _| node.acknowledged.iter().find(|hash| !chain.has_body(hash)).copied())
}

/// What a panic said.
pub(super) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().cloned();
    said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned())).unwrap_or_default()
}
