//! A world of nodes in virtual time: one thread, one seed, one queue of events.
//!
//! Each node has a chain, a ledger, a pool, and a [`Protocol`](crate::protocol::Protocol) of its own. What the machine orders
//! is carried out here: messages become bytes and travel, names are resolved, blocks are judged. So whole networks run in
//! milliseconds, and the same seed makes the same things happen, down to each byte: [`World::digest`] says whether it did.
//!
//! Next to nodes there are [puppets](World::puppet), which say what a test wants them to say.
//!
//! Read this file first, then `wire.rs`, `orders.rs` and `puppet.rs`.

mod known;
mod node;
mod orders;
mod puppet;
mod wire;

pub use node::{Pool, WorldNode};
pub use puppet::{Heard, Puppet, Reply, Script, answer, honest, polite};
pub use wire::{Delivered, Link};

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use self::wire::{End, Event};
use super::{Actor, Follower, Network};
use crate::crypto::{Digest, sha256};
use crate::protocol::{NodeId, Now, Output, PeerId};
use crate::types::{Address, BlockHash, Timestamp, Transaction};

/// How long after its genesis a world begins, in seconds: long enough for a few hundred thousand blocks below it.
const BEGINS_AFTER: u32 = 10_000_000;

/// Nodes and puppets, the wires between them, and what time it is.
pub struct World {
    /// The chain's beginning, and its people.
    pub network: Network,
    /// What names stand for.
    pub names: BTreeMap<String, Vec<SocketAddr>>,
    /// What every link is like that is not in [`World::links`].
    pub usual_link: Link,
    /// What some links are like, by the two they connect, the lesser first.
    pub links: BTreeMap<(usize, usize), Link>,
    /// All that was delivered, oldest first; a test may clear it.
    pub delivered: Vec<Delivered>,
    parties: Vec<Party>,
    cut: BTreeSet<(usize, usize)>,
    ends: BTreeMap<PeerId, End>,
    millis: u64,
    events: BTreeMap<(u64, u64), Event>,
    /// Numbers that are given out: to events and to ends of connections.
    numbers: u64,
    draws: ChaCha12Rng,
    digest: Digest,
    seed: u64,
}

/// Whoever has an address.
enum Party {
    Node(Box<WorldNode>),
    Puppet(Box<Puppet>),
}

impl World {
    /// Nobody yet, on a lab's chain on which the first ten people own something.
    pub fn new(seed: u64) -> Self {
        Self::of(Network::new(10), seed)
    }

    /// Nobody yet, on this chain.
    pub fn of(network: Network, seed: u64) -> Self {
        Self {
            network,
            names: BTreeMap::new(),
            usual_link: Link { delay: 50, jitter: 0 },
            links: BTreeMap::new(),
            delivered: Vec::new(),
            parties: Vec::new(),
            cut: BTreeSet::new(),
            ends: BTreeMap::new(),
            millis: 0,
            events: BTreeMap::new(),
            numbers: 0,
            draws: ChaCha12Rng::seed_from_u64(seed),
            digest: sha256(b"cairn testkit world"),
            seed,
        }
    }

    /// Adds a node at genesis, and says its number. It does not run before [`World::start`].
    pub fn add(&mut self) -> usize {
        let follower = Follower::new(&self.network);
        self.add_with(follower)
    }

    /// Adds a node that has these blocks.
    pub fn add_with(&mut self, follower: Follower) -> usize {
        let number = self.parties.len();
        let lab = self.network.params().lab;
        let node = WorldNode::new(follower, self.identity(number), address_of(number, lab), lab);
        self.parties.push(Party::Node(Box::new(node)));
        number
    }

    /// Adds so many nodes at genesis of which each finds others by asking the first, and starts them.
    pub fn add_found_by_first(&mut self, count: usize) -> Vec<usize> {
        let nodes: Vec<usize> = (0..count).map(|_| self.add()).collect();
        let first = self.address(nodes[0]).to_string();
        for node in &nodes {
            if *node != nodes[0] {
                self.node_mut(*node).settings.bootstrap = vec![first.clone()];
            }
            self.start(*node);
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
            self.start(node);
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

    fn identity(&self, number: usize) -> NodeId {
        NodeId(sha256(&[&self.seed.to_le_bytes()[..], &number.to_le_bytes()].concat()))
    }

    /// Where somebody can be reached.
    pub fn address(&self, number: usize) -> SocketAddr {
        match &self.parties[number] {
            Party::Node(node) => node.address,
            Party::Puppet(puppet) => puppet.address,
        }
    }

    /// A node.
    ///
    /// # Panics
    /// When it is none.
    pub fn node(&self, number: usize) -> &WorldNode {
        match &self.parties[number] {
            Party::Node(node) => node,
            Party::Puppet(_) => panic!("{number} is a puppet"),
        }
    }

    /// A node, to be changed.
    ///
    /// # Panics
    /// When it is none.
    pub fn node_mut(&mut self, number: usize) -> &mut WorldNode {
        match &mut self.parties[number] {
            Party::Node(node) => node,
            Party::Puppet(_) => panic!("{number} is a puppet"),
        }
    }

    /// All nodes.
    pub fn nodes(&self) -> Vec<usize> {
        let is_node = |number: &usize| matches!(self.parties[*number], Party::Node(_));
        (0..self.parties.len()).filter(is_node).collect()
    }

    /// What all nodes follow.
    pub fn tips(&self) -> Vec<BlockHash> {
        self.nodes().into_iter().map(|node| self.node(node).tip()).collect()
    }

    /// Whether all nodes follow the same block.
    pub fn is_of_one_mind(&self) -> bool {
        self.tips().windows(2).all(|pair| pair[0] == pair[1])
    }

    /// Milliseconds since the world began.
    pub fn millis(&self) -> u64 {
        self.millis
    }

    /// What clocks show that are right.
    pub fn now(&self) -> Now {
        let begin = self.network.genesis.block().header.time.0 + BEGINS_AFTER;
        let time =
            Timestamp(begin + u32::try_from(self.millis / 1000).expect("a world does not last so long"));
        Now { millis: self.millis, wall: time, chain: time }
    }

    /// What a node's clocks show, which may be wrong.
    pub(super) fn now_at(&self, node: usize) -> Now {
        let now = self.now();
        let behind = self.node(node).behind_seconds;
        let time = Timestamp(now.wall.0.saturating_sub(behind));
        Now { millis: now.millis, wall: time, chain: time }
    }

    /// A hash of all that was delivered, when, and to whom.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Mines a block of what waits at a node and is its sender's next, on its tip.
    ///
    /// # Panics
    /// When the block is refused.
    pub fn mine(&mut self, node: usize) -> BlockHash {
        let transactions = self.node(node).minable();
        self.mine_with(node, transactions)
    }

    /// Mines a block of these transactions at a node, on its tip.
    ///
    /// # Panics
    /// When the block is refused.
    pub fn mine_with(&mut self, node: usize, transactions: Vec<Transaction>) -> BlockHash {
        let recipient = miner_at(node);
        let follower = &self.node(node).follower;
        let block = follower.draft(recipient, transactions).mine(follower.params());
        let hash = block.header.hash();
        let verdict = self.take_in_block(node, block);
        assert_eq!(verdict, crate::protocol::JudgedBlock::Taken, "an honest block is taken");
        hash
    }

    /// Mines so many empty blocks at a node before it says anything of them.
    pub fn mine_silently(&mut self, node: usize, count: u32) {
        self.node_mut(node).follower.mine_empty(miner_at(node), count);
    }

    /// Lets time go by until something holds, or until so many milliseconds went by; whether it held.
    pub fn run_until(&mut self, millis: u64, holds: impl Fn(&Self) -> bool) -> bool {
        let end = self.millis + millis;
        loop {
            if holds(self) {
                return true;
            }
            if !self.step(end) {
                self.millis = end;
                return holds(self);
            }
        }
    }

    /// Lets so many milliseconds go by.
    pub fn run_for(&mut self, millis: u64) {
        let end = self.millis + millis;
        while self.step(end) {}
        self.millis = end;
    }

    /// Lets happen what is next, if it is no later than this; whether there was anything.
    fn step(&mut self, end: u64) -> bool {
        let Some(first) = self.events.first_entry().filter(|first| first.key().0 <= end) else {
            return false;
        };
        self.millis = first.key().0;
        let event = first.remove();
        self.happen(event);
        true
    }

    fn at(&mut self, millis: u64, event: Event) {
        let number = self.number();
        self.events.insert((millis.max(self.millis), number), event);
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Orders that a machine gave are carried out one by one.
    fn carry_out(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            self.obey(node, output);
        }
    }

    fn draw(&mut self) -> u64 {
        self.draws.next_u64()
    }
}

/// Who is paid for blocks that are mined at a node: each has its own, so that blocks of two are never the same.
fn miner_at(node: usize) -> Address {
    Actor::new(1_000_000 + u32::try_from(node).expect("few nodes")).address()
}

/// In a lab private addresses are addresses; elsewhere each is in a group of its own.
fn address_of(number: usize, lab: bool) -> SocketAddr {
    let low = u8::try_from(number % 250).expect("less than 250") + 1;
    let high = u8::try_from(number / 250).expect("few nodes");
    let ip = if lab { [10, 0, high, low] } else { [45 + high, low, 0, 1] };
    SocketAddr::from((ip, 9333))
}
