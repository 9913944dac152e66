//! A node in small: somebody who follows the chain, and a pool that is told of every change.

use std::sync::Arc;

use cairn::consensus::{CheckedBlock, CheckedTransaction, GenesisFile, Params, check_transaction};
use cairn::mempool::{AdmitError, Admitted, Change, Departure, Limits, Mempool, Reconciled, Trial, Why};
use cairn::testkit::{Actor, Follower, MAP_SEED, Network, devnet_file};
use cairn::types::{
    Action, Address, Amount, Block, BlockHash, Height, Nonce, PEBBLES_PER_COIN, Reference, Transaction,
    TxHash,
};

/// What each of the first four people owns at genesis.
pub const FUNDS: u64 = 1000 * PEBBLES_PER_COIN;
/// What a new account costs here.
pub const CHARGE: u64 = 1000;

#[derive(Clone)]
pub struct Node {
    pub follower: Follower,
    pub pool: Mempool,
    pub now: u64,
}

impl Node {
    pub fn new() -> Self {
        Self::with(Limits::DEFAULT, |_| ())
    }

    /// With limits of its own, on a chain whose genesis was changed.
    pub fn with(limits: Limits, edit: impl FnOnce(&mut GenesisFile)) -> Self {
        let mut file = devnet_file(4);
        edit(&mut file);
        let network = Network::from_file(&file, 4);
        let pool = Mempool::new(Arc::new(network.params().clone()), limits, MAP_SEED);
        Self { follower: Follower::new(&network), pool, now: 1000 }
    }

    pub fn params(&self) -> &Params {
        self.follower.params()
    }

    pub fn next_height(&self) -> Height {
        self.follower.height().next().unwrap()
    }

    pub fn payment(&self, from: u32, nonce: u64, to: u32, amount: u64, fee: u64) -> Transaction {
        Actor::new(from).pay(self.params(), nonce, &Actor::new(to), amount, fee)
    }

    /// These actions of somebody.
    pub fn act(&self, from: u32, nonce: u64, fee: u64, actions: Vec<Action>) -> Transaction {
        let actor = Actor::new(from);
        actor.sign(self.params(), actor.body(self.params(), nonce, fee, actions))
    }

    pub fn check(&self, transaction: &Transaction) -> Arc<CheckedTransaction> {
        Arc::new(check_transaction(transaction.clone(), self.params()).unwrap())
    }

    pub fn admit(&mut self, transaction: &Transaction) -> Result<Admitted, AdmitError> {
        let checked = self.check(transaction);
        self.pool.admit(checked, &self.follower.ledger, self.next_height(), self.now)
    }

    /// What admission would say. The pool remembers nothing of it, rejections neither.
    pub fn would_admit(&self, transaction: &Transaction) -> Result<Trial, AdmitError> {
        let (checked, sizes) = (self.check(transaction), self.pool.sizes());
        let trial = self.pool.would_admit(&checked, &self.follower.ledger, self.next_height(), self.now);
        assert_eq!(self.pool.sizes(), sizes);
        trial
    }

    /// Lets a payment in and says its name.
    pub fn pay(&mut self, from: u32, nonce: u64, to: u32, amount: u64, fee: u64) -> TxHash {
        let payment = self.payment(from, nonce, to, amount, fee);
        self.admit(&payment).unwrap();
        self.audit();
        payment.hash()
    }

    pub fn audit(&self) {
        self.pool.audit(&self.follower.ledger);
    }

    pub fn next_nonce(&self, who: u32) -> Nonce {
        self.pool.next_nonce(&address(who), &self.follower.ledger)
    }

    /// The names of all that is offered, best first.
    pub fn offered(&self) -> Vec<TxHash> {
        self.pool.ordered().map(|entry| entry.facts().hash).collect()
    }

    pub fn is_ready(&self, hash: &TxHash) -> bool {
        self.pool.get(hash).is_some() && !self.pool.is_waiting(hash)
    }

    /// The first that are offered, as a miner would take them.
    pub fn best(&self, count: usize) -> Vec<Transaction> {
        self.pool.ordered().take(count).map(|entry| entry.transaction().transaction().clone()).collect()
    }

    /// Mines these, whether they are in the pool or not.
    pub fn mine(&mut self, transactions: Vec<Transaction>) -> Reconciled {
        let block = self.follower.draft(address(100), transactions).mine(self.params());
        self.submit(block)
    }

    /// Mines the first that are offered.
    pub fn mine_best(&mut self, count: usize) -> Reconciled {
        self.mine(self.best(count))
    }

    fn branch(&self) -> Vec<BlockHash> {
        (1..).map_while(|height| self.follower.chain.at(Height(height))).map(|entry| entry.hash).collect()
    }

    /// Takes a block in and tells the pool what changed.
    pub fn submit(&mut self, block: Block) -> Reconciled {
        let before = self.branch();
        self.follower.submit(block).unwrap();
        let after = self.branch();
        let shared = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
        let abandoned = before[shared..].iter().map(|hash| self.follower.block(hash));
        let returned = abandoned.flat_map(|block| &block.block().transactions).map(|one| self.check(one));
        let returned = returned.collect();
        let connected: Vec<&CheckedBlock> =
            after[shared..].iter().map(|hash| self.follower.block(hash)).collect();
        let change = Change { disconnected: before.len() - shared, returned, connected: &connected };
        let next_height = self.next_height();
        let reconciled = self.pool.reconcile(change, &self.follower.ledger, next_height, self.now);
        self.audit();
        reconciled
    }

    /// Follows another branch: whatever it has that is not here.
    pub fn follow(&mut self, other: &Follower) -> Vec<Reconciled> {
        let here = self.branch().len();
        let blocks = other.branch();
        assert!(blocks.len() > here, "a longer branch");
        blocks.into_iter().map(|block| self.submit(block)).collect()
    }

    pub fn expire(&mut self) -> Vec<Departure> {
        let next_height = self.next_height();
        let departed = self.pool.expire(&self.follower.ledger, next_height, self.now);
        self.audit();
        departed
    }
}

pub fn address(number: u32) -> Address {
    Actor::new(number).address()
}

pub fn pay_action(to: u32, amount: u64) -> Action {
    Action::Pay { to: address(to), amount: Amount::from_pebbles(amount), reference: Reference::default() }
}

pub fn pay_all_action(to: u32) -> Action {
    Action::PayAll { to: address(to), reference: Reference::default() }
}

/// What left and why, by name.
pub fn reasons(departed: &[Departure]) -> Vec<(TxHash, Why)> {
    departed.iter().map(|departure| (departure.transaction.facts().hash, departure.why)).collect()
}
