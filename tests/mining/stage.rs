//! A chain, and a pool whose transactions are to be mined on it.

use std::sync::Arc;

use cairn::consensus::{GenesisFile, Params, check_transaction};
use cairn::mempool::{Change, Limits, Mempool};
use cairn::template::{Extranonce, Job, Payout, Rolled, Template, VERSION};
use cairn::testkit::{Actor, Follower, MAP_SEED, Network, Outcome, Rejection, devnet_file, mine};
use cairn::types::{Action, Address, Block, Timestamp, Transaction};

/// People who own something from the start.
pub const FUNDED: u32 = 8;

pub struct Stage {
    pub follower: Follower,
    pub pool: Mempool,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// On a chain whose genesis was changed.
    pub fn with(edit: impl FnOnce(&mut GenesisFile)) -> Self {
        let mut file = devnet_file(FUNDED);
        edit(&mut file);
        let network = Network::from_file(&file, FUNDED);
        let pool = Mempool::new(Arc::new(network.params().clone()), Limits::DEFAULT, MAP_SEED);
        Self { follower: Follower::new(&network), pool }
    }

    pub fn params(&self) -> &Params {
        self.follower.params()
    }

    /// Lets a transaction in, if the pool will have it.
    pub fn admit(&mut self, transaction: Transaction) -> bool {
        let next_height = self.follower.height().next().unwrap();
        let checked = check_transaction(transaction, self.params()).unwrap();
        self.pool.admit(Arc::new(checked), &self.follower.ledger, next_height, 0).is_ok()
    }

    /// Lets these actions of somebody in.
    pub fn act(&mut self, from: u32, nonce: u64, fee: u64, actions: Vec<Action>) -> bool {
        let (actor, params) = (Actor::new(from), self.params());
        let transaction = actor.sign(params, actor.body(params, nonce, fee, actions));
        self.admit(transaction)
    }

    /// Lets a payment in.
    pub fn pay(&mut self, from: u32, nonce: u64, to: u32, amount: u64, fee: u64) {
        let payment = Actor::new(from).pay(self.params(), nonce, &Actor::new(to), amount, fee);
        assert!(self.admit(payment));
    }

    /// Submits a block and tells the pool.
    pub fn submit(&mut self, block: Block) -> Result<Outcome, Rejection> {
        let hash = block.header.hash();
        let outcome = self.follower.submit(block)?;
        let change =
            Change { disconnected: 0, returned: Vec::new(), connected: &[self.follower.block(&hash)] };
        let next_height = self.follower.height().next().unwrap();
        self.pool.reconcile(change, &self.follower.ledger, next_height, 0);
        Ok(outcome)
    }

    pub fn template(&self) -> Template {
        self.template_at(Timestamp(0))
    }

    pub fn template_at(&self, now: Timestamp) -> Template {
        let ordered = self.pool.ordered().map(|entry| entry.transaction());
        Template::assemble(self.params(), self.follower.groundwork(), now, ordered)
    }

    /// The block of a template, its work done.
    pub fn block(&self, template: Template, payout: &Payout) -> Block {
        let rolled = unrolled(template.time());
        let mut block = Job::new(Arc::new(template), payout).block(&rolled);
        mine(&mut block.header, self.params());
        block
    }
}

/// Nothing turned yet.
pub fn unrolled(time: Timestamp) -> Rolled {
    let extranonce = Extranonce { assigned: [0; 4], turned: [0; 4] };
    Rolled { extranonce, version: VERSION, time, nonce: 0 }
}

pub fn miner() -> Payout {
    Payout::to(address(100))
}

pub fn address(number: u32) -> Address {
    Actor::new(number).address()
}
