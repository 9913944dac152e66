//! Where the tests play: a small network, somebody who follows it, and a few hands for what they do most.

use cairn::codec::List;
use cairn::consensus::{
    BlockError, CheckedBlock, CheckedTransaction, GenesisFile, HeaderContext, Params, TransactionError,
    check_block, check_transaction,
};
use cairn::ledger::{Account, LedgerError, View};
use cairn::testkit::{Actor, BATCH_SEED, Follower, Network, Outcome, Rejection, devnet_file};
use cairn::types::{Action, Address, Amount, Block, Note, PEBBLES_PER_COIN, Reference, Transaction};

/// What each of the first four people owns at genesis.
pub const FUNDS: u64 = 1000 * PEBBLES_PER_COIN;

/// A devnet on which the first four people own something, and somebody who stands at its genesis.
pub struct Stage {
    pub network: Network,
    pub follower: Follower,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// The same under a genesis file with changes.
    pub fn with(edit: impl FnOnce(&mut GenesisFile)) -> Self {
        let mut file = devnet_file(4);
        edit(&mut file);
        let network = Network::from_file(&file, 4);
        let follower = Follower::new(&network);
        Self { network, follower }
    }

    pub fn params(&self) -> &Params {
        self.network.params()
    }

    /// Pays from one person to another, both by number; nobody above 3 owns anything at genesis.
    pub fn pay(&self, from: u32, nonce: u64, to: u32, amount: u64, fee: u64) -> Transaction {
        Actor::new(from).pay(self.params(), nonce, &Actor::new(to), amount, fee)
    }

    /// These actions of somebody.
    pub fn act(&self, from: u32, nonce: u64, fee: u64, actions: Vec<Action>) -> Transaction {
        let actor = Actor::new(from);
        actor.sign(self.params(), actor.body(self.params(), nonce, fee, actions))
    }

    /// A block on the tip that an honest miner would make.
    pub fn block(&self, transactions: Vec<Transaction>) -> Block {
        self.follower.draft(miner(), transactions).mine(self.params())
    }

    /// Mines these transactions on the tip, whatever the ledger will say to them.
    pub fn apply(&mut self, transactions: Vec<Transaction>) -> Result<Outcome, LedgerError> {
        let block = self.block(transactions);
        self.submit(block)
    }

    /// Hands in a block that has no fault but, perhaps, in what it does to the ledger.
    pub fn submit(&mut self, block: Block) -> Result<Outcome, LedgerError> {
        self.follower.submit(block).map_err(|rejection| match rejection {
            Rejection::Ledger(error) => error,
            Rejection::Block(_) | Rejection::Chain(_) => panic!("the ledger was to be asked: {rejection}"),
        })
    }

    pub fn check(&self, transaction: Transaction) -> Result<CheckedTransaction, TransactionError> {
        check_transaction(transaction, self.params())
    }

    /// What the tip asks of the next block.
    pub fn context(&self) -> HeaderContext {
        let chain = &self.follower.chain;
        chain.context_above(&chain.tip().hash).unwrap()
    }

    pub fn check_block(&self, block: Block) -> Result<CheckedBlock, BlockError> {
        check_block(block, &self.context(), self.params(), BATCH_SEED)
    }

    pub fn account(&self, number: u32) -> Option<Account> {
        self.follower.ledger.account(&Actor::new(number).address())
    }

    pub fn balance(&self, number: u32) -> Option<u64> {
        self.account(number).map(|account| account.balance.pebbles())
    }
}

/// Whose the blocks are where it does not matter.
pub fn miner() -> Address {
    address(100)
}

/// Where the person of this number is paid.
pub fn address(number: u32) -> Address {
    Actor::new(number).address()
}

pub fn pay_action(to: u32, amount: u64) -> Action {
    Action::Pay { to: address(to), amount: Amount::from_pebbles(amount), reference: Reference::default() }
}

pub fn pay_all_action(to: u32) -> Action {
    Action::PayAll { to: address(to), reference: Reference::default() }
}

/// A note of so many bytes.
pub fn note_action(bytes: usize) -> Action {
    Action::Note(Note::new(vec![b'n'; bytes]).unwrap())
}

/// A list of these, where there are as many as its type allows.
pub fn list<T, const MIN: usize, const MAX: usize>(values: Vec<T>) -> List<T, MIN, MAX> {
    List::new(values).unwrap_or_else(|error| panic!("{error}"))
}
