//! Checkers: what must hold in every network, whatever befalls it. They stand beside the nodes and believe none of them.
//!
//! Some things hold at any moment ([`Checkers::watch`]): no node's chain spends a coin twice, its supply adds up, nothing that it
//! said is durable is gone, nobody honest is punished by anybody honest, nothing grows beyond its bounds. Others hold once
//! the network had time to come to rest ([`Checkers::at_rest`]): all follow one tip, and what was paid is mined.

mod bounds;
mod chains;
mod payments;
mod violation;

pub use payments::Promise;
pub use violation::{Tips, Violation};

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::chains::Chains;
use super::world::World;
use crate::protocol::Banned;
use crate::types::BlockHash;

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
        for (node, other) in banned(world) {
            self.note(Violation::Banned { node, other });
        }
        for (node, block, why) in &world.record.refused {
            self.note(Violation::Refused { node: *node, block: *block, why: why.clone() });
        }
        let found = self.chains.check(world);
        found.into_iter().for_each(|violation| self.note(violation));
    }

    /// Checks what holds once the network had time to come to rest, and whether payments were mined as promised, where
    /// anything is.
    pub fn at_rest(&mut self, world: &World, promise: Option<Promise>) {
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
        let broken = promise.map(|promise| promise.broken(world));
        broken.into_iter().flatten().for_each(|violation| self.note(violation));
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
        bounds::beyond(world, number).into_iter().for_each(|violation| self.note(violation));
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

/// Who bans whom of the nodes; those that run are asked.
pub(super) fn banned(world: &World) -> Vec<(usize, usize)> {
    let nodes = world.nodes();
    let names = |node: &usize| {
        let settings = &world.node(*node).settings;
        [(Banned::Address(world.address(*node).ip()), *node), (Banned::Node(settings.node), *node)]
    };
    let honest: HashMap<Banned, usize> = nodes.iter().flat_map(names).collect();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for node in nodes {
        let bans = world.node(node).machine().into_iter().flat_map(|machine| machine.bans().iter());
        found.extend(bans.filter_map(|(who, _)| Some((node, *honest.get(&who)?))));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What a panic said.
pub(super) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().cloned();
    said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned())).unwrap_or_default()
}
