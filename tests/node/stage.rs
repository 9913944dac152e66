//! What most of these tests begin with: a node in a folder, and somebody who makes branches for it.

use std::path::Path;

use cairn::ledger::{Account, View};
use cairn::node::{Found, Page, Reader, Verdict};
use cairn::storage::{Order, Place};
use cairn::testkit::{Actor, Follower, Network, TestNode, until};
use cairn::types::{
    Action, Address, Amount, Block, BlockHash, Height, PEBBLES_PER_COIN, Reference, Transaction, TxHash, Txid,
};
use tempfile::TempDir;

/// How many people own something at genesis.
pub const FUNDED: u32 = 6;
/// What each of them owns.
pub const FUNDS: u64 = 1000 * PEBBLES_PER_COIN;

/// What a block gets when it is put on top.
pub const GREW: Verdict = Verdict::Followed { reverted: 0 };

/// A node, and what its chain begins with.
pub struct Stage {
    pub node: TestNode,
    pub network: Network,
    folder: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self::of(Network::new(FUNDED))
    }

    pub fn of(network: Network) -> Self {
        let folder = TempDir::new().unwrap();
        let node = TestNode::start(&folder.path().join("node"), &network.genesis);
        Self { node, network, folder }
    }

    /// Where the node's folder lies, and others can.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Somebody who makes a branch from genesis on.
    pub fn miner(&self) -> Miner {
        Miner { follower: Follower::new(&self.network), recipient: miner_address(0), salt: 0 }
    }

    /// Submits blocks that are followed, each on top of the last.
    pub fn grow(&self, blocks: &[Block]) {
        let verdicts = self.node.submit_all(blocks);
        assert!(verdicts.iter().all(|verdict| *verdict == Ok(GREW)), "{verdicts:?}");
    }

    /// Another node that was only ever given this branch.
    pub fn fresh(&self, branch: &[Block]) -> Self {
        let fresh = Self::of(self.network.clone());
        fresh.grow(branch);
        fresh
    }
}

pub fn miner_address(number: u8) -> Address {
    Address::from_bytes([0xa0 + number; 32])
}

/// Makes the blocks of one branch.
#[derive(Clone)]
pub struct Miner {
    pub follower: Follower,
    pub recipient: Address,
    salt: u64,
}

impl Miner {
    /// Somebody who goes on from here by another way.
    pub fn fork(&self, number: u8) -> Self {
        Self { recipient: miner_address(number), salt: u64::from(number) << 32, ..self.clone() }
    }

    /// The next block, which this branch does not follow.
    pub fn draft(&self, transactions: Vec<Transaction>) -> Block {
        let mut draft = self.follower.draft(self.recipient, transactions);
        draft.salt = self.salt;
        draft.mine(self.follower.params())
    }

    pub fn mine(&mut self, transactions: Vec<Transaction>) -> Block {
        self.salt += 1;
        let block = self.draft(transactions);
        self.follower.submit(block.clone()).unwrap();
        block
    }

    pub fn mine_empty(&mut self, count: u32) -> Vec<Block> {
        (0..count).map(|_| self.mine(Vec::new())).collect()
    }

    /// Blocks in which each of these people pays twice.
    pub fn mine_payments(&mut self, count: u32, payers: &[u32]) -> Vec<Block> {
        let block = |_| {
            let payments = payers.iter().flat_map(|payer| [self.pay(*payer, 0), self.pay(*payer, 1)]);
            let payments = payments.collect();
            self.mine(payments)
        };
        (0..count).map(block).collect()
    }

    pub fn nonce(&self, who: u32) -> u64 {
        self.follower.ledger.account(&Actor::new(who).address()).map_or(0, |account| account.nonce.0)
    }

    /// A payment to the next of the people and to somebody new, the `ahead`th of this person from now on. References are of
    /// many lengths, so that what stands behind them lies elsewhere on other branches.
    pub fn pay(&self, payer: u32, ahead: u64) -> Transaction {
        let (params, actor) = (self.follower.params(), Actor::new(payer));
        let nonce = self.nonce(payer) + ahead;
        let number = nonce + u64::from(payer) + u64::from(self.follower.height().0);
        let pay = |to: Address, reference: Reference| {
            let amount = Amount::from_pebbles(10_000 + number);
            Action::Pay { to, amount, reference }
        };
        let next = Actor::new((payer + 1) % FUNDED).address();
        let stranger = Actor::new(100 + (number % 7) as u32).address();
        let actions = vec![pay(next, reference(number)), pay(stranger, Reference::default())];
        actor.sign(params, actor.body(params, nonce, 100 + number % 3, actions))
    }

    /// A payment that is about as long as a transaction may be.
    pub fn pay_at_length(&self, payer: u32, ahead: u64) -> Transaction {
        let (params, actor) = (self.follower.params(), Actor::new(payer));
        let to = Actor::new((payer + 1) % FUNDED).address();
        let pay =
            Action::Pay { to, amount: Amount::from_pebbles(1), reference: Actor::reference(&"x".repeat(32)) };
        actor.sign(params, actor.body(params, self.nonce(payer) + ahead, 100, vec![pay; 256]))
    }

    /// A payment that nobody's balance allows; in itself there is nothing wrong with it.
    pub fn overspend(&self, payer: u32) -> Transaction {
        let (params, to) = (self.follower.params(), Actor::new(200));
        Actor::new(payer).pay(params, self.nonce(payer), &to, 100 * FUNDS, 1)
    }
}

/// One of a few, of many lengths.
fn reference(number: u64) -> Reference {
    Actor::reference(&"reference number x and then some"[..5 + 5 * (number % 5) as usize])
}

pub fn hashes(blocks: &[Block]) -> Vec<BlockHash> {
    blocks.iter().map(|block| block.header.hash()).collect()
}

pub fn tip_of(blocks: &[Block]) -> BlockHash {
    blocks.last().unwrap().header.hash()
}

/// Everybody who could have anything.
pub fn everybody() -> Vec<Address> {
    let people = (0..FUNDED).chain(100..107).chain([200]).map(|number| Actor::new(number).address());
    people.chain((0..8).map(miner_address)).collect()
}

/// What waits for a block, by name.
pub fn pool(reader: &Reader) -> Vec<TxHash> {
    let pool = reader.pool().unwrap();
    let mut names: Vec<TxHash> = pool.entries().iter().map(|entry| entry.facts().hash).collect();
    names.sort();
    names
}

pub fn names<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> Vec<TxHash> {
    let mut names: Vec<TxHash> = transactions.into_iter().map(Transaction::hash).collect();
    names.sort();
    names
}

/// Everything that a reader can be asked about these blocks, whatever branch they are of.
#[derive(PartialEq, Eq, Debug)]
pub struct Answers {
    pub tip: (BlockHash, Height),
    accounts: Vec<Option<Account>>,
    histories: Vec<Vec<Found>>,
    references: Vec<Vec<Found>>,
    transactions: Vec<Option<Found>>,
}

/// Asks all of it, a page at a time; waits where indexes have to come first.
pub fn answers<'a>(node: &TestNode, blocks: impl IntoIterator<Item = &'a Block>) -> Answers {
    node.wait_for_indexes();
    answers_now(&node.reader(), blocks)
}

/// Asks all of it, now.
pub fn answers_now<'a>(reader: &Reader, blocks: impl IntoIterator<Item = &'a Block>) -> Answers {
    let everybody = everybody();
    let txids = blocks.into_iter().flat_map(|block| &block.transactions).map(|found| found.body.txid());
    let mut txids: Vec<Txid> = txids.collect();
    txids.sort();
    txids.dedup();
    let references = (0..5).map(|number| all_payments_for(reader, &reference(number), 7));
    let transactions: Vec<_> = txids.iter().map(|txid| reader.transaction(txid).unwrap()).collect();
    let is_found = |(txid, found): (&Txid, &Option<Found>)| found.is_some().then_some(*txid);
    let mined = txids.iter().zip(&transactions).filter_map(is_found).collect();
    assert_eq!(reader.mined(&txids).unwrap(), mined, "all at once as one by one");
    Answers {
        tip: (reader.tip().hash, reader.tip().height),
        accounts: everybody.iter().map(|address| reader.account(address).unwrap()).collect(),
        histories: everybody.iter().map(|address| whole_history(reader, address, 7)).collect(),
        references: references.collect(),
        transactions,
    }
}

/// All that somebody's history holds, newest first, which is what it holds oldest first.
pub fn whole_history(reader: &Reader, address: &Address, limit: usize) -> Vec<Found> {
    in_both_orders(limit, |order| reader.history(address, order, limit).unwrap())
}

fn all_payments_for(reader: &Reader, reference: &Reference, limit: usize) -> Vec<Found> {
    in_both_orders(limit, |order| reader.payments_for(reference, order, limit).unwrap())
}

fn in_both_orders(limit: usize, page: impl Fn(Order) -> Page) -> Vec<Found> {
    let newest = all_pages(limit, |before| page(Order::Newest { before }));
    let mut oldest = all_pages(limit, |after| page(Order::Oldest { after }));
    oldest.reverse();
    assert_eq!(newest, oldest);
    newest
}

fn all_pages(limit: usize, page: impl Fn(Option<Place>) -> Page) -> Vec<Found> {
    let (mut found, mut seen) = (Vec::new(), None);
    loop {
        let page = page(seen);
        assert!(page.found.len() <= limit);
        found.extend(page.found);
        seen = page.next;
        if seen.is_none() {
            return found;
        }
    }
}

/// Waits until the pool is exactly this, for what comes back at a start.
pub fn wait_for_pool(node: &TestNode, expected: &[TxHash]) {
    until("the pool", || (pool(&node.reader()) == expected).then_some(()));
}
