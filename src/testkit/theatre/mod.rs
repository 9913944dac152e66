//! A laboratory's world in the hands of a test: nodes that are told what to do, puppets, and a log of all that was said.
//!
//! The nodes, the ways between them and time are the laboratory's [`World`], to which a theatre leads in all that it does
//! not say itself. Work is done here, as little as there is: blocks are made by hand, and so are their headers.
//!
//! Read this file first, then `puppets.rs` and `script.rs` for those whom a test lets speak.

mod log;
mod nodes;
mod puppets;
mod script;

pub use log::Delivered;
pub use script::{Reply, Script, answer, honest, polite};

use core::ops::{Deref, DerefMut};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use self::log::Log;
use super::{Actor, Draft, Follower, Network};
use crate::lab::{CrashKind, Ground, Link, NodeSetup, Processor, SECOND, World};
use crate::types::{Address, BlockHash, Timestamp, Transaction};

/// How long after its genesis a theatre opens, in seconds: long enough for a few hundred thousand blocks below it.
const OPENS_AFTER: u64 = 10_000_000;

/// A world, its people, and all that was said in it.
pub struct Theatre {
    /// The chain's beginning, and its people.
    pub network: Network,
    world: World,
    log: Rc<RefCell<Log>>,
    /// What time it was when it opened, in the world's microseconds.
    opened: u64,
    /// How many blocks were mined by hand, so that no two of them are the same.
    mined: u64,
}

impl Deref for Theatre {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Theatre {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Theatre {
    /// Nobody yet, on a lab's chain on which the first ten people own something.
    pub fn new(seed: u64) -> Self {
        Self::of(Network::new(10), seed)
    }

    /// Nobody yet, on this chain.
    pub fn of(network: Network, seed: u64) -> Self {
        let ground = Ground { genesis: network.genesis.clone(), people: network.actors.clone() };
        let mut world = World::new(Arc::new(ground), seed);
        world.run_for(OPENS_AFTER * SECOND);
        let (log, opened) = (Log::of(&mut world), world.micros());
        Self { network, world, log, opened, mined: 0 }
    }

    /// Adds a node at genesis, and says its number. It does not run before [`World::start`].
    pub fn add(&mut self) -> usize {
        let stem = !self.network.params().lab;
        self.world.add(NodeSetup { stem, is_steady: true, ..NodeSetup::default() })
    }

    /// Adds a node that has these blocks.
    ///
    /// # Panics
    /// When it does not take one of them.
    pub fn add_with(&mut self, chain: &Follower) -> usize {
        let node = self.add();
        let settings = self.node(node).settings.clone();
        self.only_connects_to(node, &[]);
        self.run(node);
        chain.branch().into_iter().for_each(|block| self.bring_block(node, block));
        assert_eq!(self.tip(node), Some(chain.chain.tip().hash), "a node takes what a follower follows");
        self.end(node, CrashKind::Stopped);
        self.node_mut(node).settings = settings;
        node
    }

    /// Adds so many nodes at genesis of which each finds others by asking the first, and starts them.
    pub fn add_found_by_first(&mut self, count: usize) -> Vec<usize> {
        let nodes: Vec<usize> = (0..count).map(|_| self.add()).collect();
        let first = self.address(nodes[0]).to_string();
        for node in &nodes {
            if *node != nodes[0] {
                self.node_mut(*node).settings.bootstrap = vec![first.clone()];
            }
            self.run(*node);
        }
        nodes
    }

    /// Adds so many nodes of which each is connected to the one before it and to nobody else, and starts them.
    pub fn add_line(&mut self, count: usize) -> Vec<usize> {
        let mut nodes: Vec<usize> = Vec::new();
        for _ in 0..count {
            let node = self.add();
            let before: Vec<usize> = nodes.last().copied().into_iter().collect();
            self.only_connects_to(node, &before);
            self.run(node);
            nodes.push(node);
        }
        nodes
    }

    /// Lets a node connect to these and look for nobody else.
    pub fn only_connects_to(&mut self, node: usize, others: &[usize]) {
        let added = others.iter().map(|other| self.address(*other).to_string()).collect();
        let settings = &mut self.node_mut(node).settings;
        (settings.discovers, settings.added) = (false, added);
    }

    /// Starts a node.
    ///
    /// # Panics
    /// When it runs, or cannot open its store.
    pub fn run(&mut self, node: usize) {
        self.start(node).expect("what is on its disk can be opened");
    }

    /// Stops a node in an orderly way.
    pub fn stop(&mut self, node: usize) {
        self.end(node, CrashKind::Stopped);
    }

    /// Kills a node.
    pub fn kill(&mut self, node: usize) {
        self.end(node, CrashKind::Killed);
    }

    /// Lets a node take so many microseconds for each block.
    pub fn judges_in(&mut self, node: usize, micros: u64) {
        self.node_mut(node).processor = Processor { block: micros, ..Processor::IDEAL };
    }

    /// Mines a block of what waits at a node, on its tip.
    ///
    /// # Panics
    /// When it does not run.
    pub fn mine(&mut self, node: usize) -> BlockHash {
        let template = self.template(node).expect("it runs");
        let waiting = template.transactions().iter().map(|waiting| waiting.transaction().clone());
        self.mine_with(node, waiting.collect())
    }

    /// Mines a block of these transactions at a node, on its tip.
    ///
    /// # Panics
    /// When it does not run, or does not follow the block where it can judge it at once.
    pub fn mine_with(&mut self, node: usize, transactions: Vec<Transaction>) -> BlockHash {
        let mut draft = self.draft(node, miner_at(node), transactions);
        self.mined += 1;
        draft.salt = self.mined;
        let block = draft.mine(self.network.params());
        let hash = block.header.hash();
        let is_free = self.node(node).processor == Processor::IDEAL && self.node(node).backlog() == 0;
        self.bring_block(node, block);
        if is_free {
            assert_eq!(self.tip(node), Some(hash), "an honest block is followed");
        }
        hash
    }

    /// A block on a node's tip, as an honest miner would make it at the earliest allowed time.
    ///
    /// # Panics
    /// When it does not run.
    pub fn draft(&mut self, node: usize, recipient: Address, transactions: Vec<Transaction>) -> Draft {
        let template = self.template(node).expect("it runs");
        Draft::on(*template.groundwork(), recipient, transactions)
    }

    /// Microseconds since it opened.
    pub fn elapsed(&self) -> u64 {
        self.micros() - self.opened
    }

    /// What clocks show that are right.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.ground().begin().0 + (self.micros() / SECOND) as u32)
    }

    /// Lets time go by until something holds, or so many microseconds went by; whether it held.
    pub fn waits_for(&mut self, micros: u64, holds: impl Fn(&Self) -> bool) -> bool {
        let end = self.micros() + micros;
        while !holds(self) {
            let (events, left) = (self.events(), end - self.micros());
            let mut is_first = true;
            self.run_while(left, |_| std::mem::take(&mut is_first));
            if self.events() == events {
                return holds(self);
            }
        }
        true
    }

    /// Makes the way between two what it is from now on, there and back.
    pub fn link(&mut self, a: usize, b: usize, link: Link) {
        self.set_link(a, b, link);
        self.set_link(b, a, link);
    }

    /// Cuts the ways between these and those, there and back.
    pub fn cut(&mut self, some: &[usize], others: &[usize]) {
        self.close_ways(some, others);
        self.close_ways(others, some);
    }
}

/// Who is paid for blocks that are mined at a node: each has its own, so that blocks of two are never the same.
fn miner_at(node: usize) -> Address {
    Actor::new(1_000_000 + u32::try_from(node).expect("few nodes")).address()
}
