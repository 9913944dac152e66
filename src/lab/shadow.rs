//! A node that nobody knows of: it follows what another follows, or not, and blocks are made on it.

use std::sync::Arc;

use super::clock::{NodeClock, WorldClock};
use super::disk::{Shelf, SimulatedDatabase, SimulatedDisk};
use super::ground::Ground;
use crate::crypto::BatchSeed;
use crate::ledger::MapSeed;
use crate::mempool::Limits;
use crate::miner::template_on;
use crate::node::{Clockwork, ClockworkOptions, Memo, NodeHandle, Verdict};
use crate::protocol::Draws;
use crate::storage::Medium;
use crate::template::Template;
use crate::types::{Bits, Block, BlockHash, Height, Transaction, TxHash};

/// A node without connections, whose clock is right.
pub(super) struct Shadow {
    world: WorldClock,
    clockwork: Clockwork,
}

impl Shadow {
    /// One that stands at genesis.
    ///
    /// # Panics
    /// Never: a disk in memory can be written to.
    pub fn new(ground: &Ground, memo: Option<Arc<Memo>>, draws: &mut Draws) -> Self {
        let world = WorldClock::default();
        let clock = NodeClock::new(world.clone(), ground.begin());
        let shelf = Shelf::default();
        let clockwork = Clockwork::open(ClockworkOptions {
            genesis: ground.genesis.clone(),
            medium: Medium {
                journal: Arc::new(SimulatedDisk::steady(&shelf)),
                database: Arc::new(SimulatedDatabase::steady()),
            },
            pool: Arc::new(SimulatedDisk::steady(&shelf)),
            limits: Limits::DEFAULT,
            clocks: clock.clocks(),
            seed: MapSeed(std::array::from_fn(|_| draws.any())),
            batch_seed: BatchSeed(draws.bytes()),
            memo,
            log: Box::new(|_| {}),
        });
        Self { world, clockwork: clockwork.expect("a disk in memory") }
    }

    /// Says what time it is.
    pub fn set_time(&mut self, micros: u64) {
        self.world.set(micros);
        self.clockwork.turn();
    }

    /// Where it can be read.
    pub fn handle(&self) -> &NodeHandle {
        self.clockwork.handle()
    }

    /// What it follows.
    pub fn tip(&self) -> (BlockHash, Height) {
        self.handle().look(|chain, _| (chain.tip().hash, chain.tip().height))
    }

    /// Whether it follows this block.
    pub fn is_followed(&self, hash: &BlockHash) -> bool {
        self.handle().look(|chain, _| chain.is_active(hash))
    }

    /// The difficulty of the next block on it.
    pub fn bits(&self) -> Option<Bits> {
        self.handle().look(|chain, _| chain.context_above(&chain.tip().hash).map(|context| context.bits))
    }

    /// Takes in all that another follows and it does not have; it then follows what has more work.
    pub fn follow(&mut self, other: &NodeHandle) {
        let reader = other.reader();
        let mut missing = Vec::new();
        let mut at = reader.tip().hash;
        while !self.handle().look(|chain, _| chain.has_body(&at)) {
            let Ok(Some(block)) = reader.block(&at) else { return };
            at = block.header.previous;
            missing.push(block);
        }
        missing.into_iter().rev().for_each(|block| {
            self.submit(block);
        });
    }

    /// Takes in a block; whether it holds.
    pub fn submit(&mut self, block: Block) -> bool {
        let mut pending = self.clockwork.submit_block(block);
        self.clockwork.turn();
        matches!(pending.ready(), Some(Ok(Verdict::Known | Verdict::Side | Verdict::Followed { .. })))
    }

    /// Takes in what waits elsewhere for a block, as far as it fits here.
    pub fn take_pool(&mut self, other: &NodeHandle) {
        let waiting: Vec<(TxHash, Transaction)> = other.look(|_, pool| {
            pool.all().map(|entry| (entry.facts().hash, entry.transaction().transaction().clone())).collect()
        });
        for (hash, transaction) in waiting {
            if self.handle().look(|_, pool| pool.get(&hash).is_none()) {
                drop(self.clockwork.submit_transaction(transaction));
            }
        }
        self.clockwork.turn();
    }

    /// Takes in a transaction; whether it waits for a block now.
    pub fn bring(&mut self, transaction: Transaction) -> bool {
        let mut pending = self.clockwork.submit_transaction(transaction);
        self.clockwork.turn();
        matches!(pending.ready(), Some(Ok(_)))
    }

    /// The best block on what it follows.
    pub fn template(&mut self) -> Option<Template> {
        assemble(&mut self.clockwork)
    }
}

/// The best block on a node's tip, as of now.
pub(super) fn assemble(clockwork: &mut Clockwork) -> Option<Template> {
    let groundwork = clockwork.groundwork()?;
    let node = clockwork.handle();
    template_on(node, &node.reader(), groundwork).ok()
}
