//! A node of a world: a chain, a pool and a machine.

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::wire::Event;
use super::{Party, World};
use crate::chain::{Chain, Orphans};
use crate::consensus::Blame;
use crate::consensus::{CheckedTransaction, check_arrival, check_transaction};
use crate::crypto::sha256;
use crate::ledger::View as _;
use crate::protocol::{
    AddressBook, Bans, Body, BookSecret, Errand, Farewell, Input, JudgedBlock, JudgedTransaction, NodeId,
    Protocol, Settings,
};
use crate::testkit::{Follower, Outcome, Rejection};
use crate::types::{Address, Block, BlockHash, Header, Height, Nonce, Transaction, TxHash};

/// Blocks that wait for one below them, and their bytes.
const ORPHANS_MAX: (usize, usize) = (1024, 64 << 20);

/// How far below the tip a node takes blocks of branches that have no more work, as far as it knows.
const SIDE_DEPTH_MAX: u32 = 144;

/// A node of a world.
pub struct WorldNode {
    /// How it deals with others; what is changed counts from its next start on.
    pub settings: Settings,
    /// Where it can be reached, if its settings have a port.
    pub address: SocketAddr,
    /// Its chain and its ledger.
    pub follower: Follower,
    /// What waits there for a block.
    pub pool: Pool,
    /// Blocks above this height can be had there; the others are treated as pruned.
    pub base: Height,
    /// How long it takes to judge a block, in milliseconds.
    pub judging_millis: u64,
    /// By how many seconds its clock is behind.
    pub behind_seconds: u32,
    /// The machine, while it runs.
    pub protocol: Option<Protocol>,
    /// On whom it hung up, and why, oldest first.
    pub farewells: Vec<(usize, Farewell)>,
    /// Lines for its log.
    pub log: Vec<String>,
    /// What became of blocks that its machine submitted, oldest first.
    pub judged: Vec<(BlockHash, JudgedBlock)>,
    /// How often it was woken by its own wish.
    pub wakes: u64,
    /// How often it was asked to dial.
    pub dials: u64,
    pub(super) orphans: Orphans<Block>,
    pub(super) book: Vec<u8>,
    pub(super) bans: Vec<u8>,
    /// Which of its runs this is: what was begun in an earlier one comes to nothing.
    pub(super) run: u64,
    pub(super) wakes_at: u64,
    /// Blocks that its machine submitted, in their order, and whether the first of them is being judged.
    pub(super) inbox: VecDeque<(BlockHash, Body, Errand)>,
    pub(super) is_judging: bool,
}

impl WorldNode {
    pub(super) fn new(follower: Follower, node: NodeId, address: SocketAddr, lab: bool) -> Self {
        let mut settings = Settings::new(node, lab);
        settings.port = Some(address.port());
        let secret = BookSecret(sha256(&[&node.0[..], b"book"].concat()));
        Self {
            settings,
            address,
            follower,
            pool: Pool::default(),
            base: Height::GENESIS,
            judging_millis: 1,
            behind_seconds: 0,
            protocol: None,
            farewells: Vec::new(),
            log: Vec::new(),
            judged: Vec::new(),
            wakes: 0,
            dials: 0,
            orphans: Orphans::new(ORPHANS_MAX.0, ORPHANS_MAX.1),
            book: AddressBook::new(secret, lab).to_bytes(),
            bans: Bans::new().to_bytes(),
            run: 0,
            wakes_at: u64::MAX,
            inbox: VecDeque::new(),
            is_judging: false,
        }
    }

    /// The block that it follows.
    pub fn tip(&self) -> BlockHash {
        self.follower.chain.tip().hash
    }

    /// How high that is.
    pub fn height(&self) -> u32 {
        self.follower.height().0
    }

    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.protocol.is_some()
    }

    /// The machine of one that runs.
    ///
    /// # Panics
    /// When it does not.
    pub fn machine(&self) -> &Protocol {
        self.protocol.as_ref().expect("it runs")
    }

    /// Whether it ever hung up on that one for misbehaving.
    pub fn punished(&self, other: usize) -> bool {
        let is_it = |(who, why): &(usize, Farewell)| *who == other && matches!(why, Farewell::Misbehaved(_));
        self.farewells.iter().any(is_it)
    }

    /// Those that wait there and can be mined: each is the next of its sender.
    pub fn minable(&self) -> Vec<Transaction> {
        let mut waiting: Vec<&Transaction> = self.pool.all().map(|it| it.transaction()).collect();
        waiting.sort_by_key(|transaction| transaction.body.nonce);
        let mut next: BTreeMap<Address, Nonce> = BTreeMap::new();
        waiting.retain(|transaction| {
            let sender = transaction.body.policy.address();
            let confirmed = self.follower.ledger.account(&sender).unwrap_or_default().nonce;
            let next = next.entry(sender).or_insert(confirmed);
            let is_next = *next == transaction.body.nonce;
            *next = Nonce(next.0 + u64::from(is_next));
            is_next
        });
        waiting.into_iter().cloned().collect()
    }

    /// Puts a transaction into its pool without telling its machine, which may not run.
    ///
    /// # Panics
    /// When it breaks a rule.
    pub fn pool_in(&mut self, transaction: Transaction) {
        let hash = transaction.hash();
        let checked = check_transaction(transaction, self.follower.params()).expect("it is sound");
        self.pool.insert(hash, checked);
    }

    /// The block's bytes are given away only where it has them.
    pub(super) fn body(&self, hash: &BlockHash) -> Option<&Block> {
        let entry = self.follower.chain.entry(hash)?;
        let is_here = entry.arrival.is_some() && entry.height > self.base;
        is_here.then(|| self.follower.block(hash).block())
    }
}

/// What waits for a block: whatever is sound and not yet spent, in the order in which it came.
#[derive(Clone, Default)]
pub struct Pool {
    transactions: BTreeMap<TxHash, Arc<CheckedTransaction>>,
    order: Vec<TxHash>,
    refused: BTreeSet<TxHash>,
}

impl Pool {
    /// Whether it waits there.
    pub fn has(&self, hash: &TxHash) -> bool {
        self.transactions.contains_key(hash)
    }

    /// How many wait there.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(super) fn knows(&self, hash: &TxHash) -> bool {
        self.has(hash) || self.refused.contains(hash)
    }

    pub(super) fn hashes(&self) -> impl Iterator<Item = TxHash> {
        self.order.iter().copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<CheckedTransaction>> {
        self.order.iter().filter_map(|hash| self.transactions.get(hash))
    }

    pub(super) fn find(&self, hash: &TxHash) -> Option<&Arc<CheckedTransaction>> {
        self.transactions.get(hash)
    }

    fn insert(&mut self, hash: TxHash, transaction: CheckedTransaction) {
        self.transactions.insert(hash, Arc::new(transaction));
        self.order.push(hash);
    }

    fn retain(&mut self, keeps: impl Fn(&CheckedTransaction) -> bool) {
        self.transactions.retain(|_, transaction| keeps(transaction));
        self.order.retain(|hash| self.transactions.contains_key(hash));
    }
}

impl World {
    /// Starts a node, or starts it again with the chain and the addresses that it has.
    ///
    /// # Panics
    /// When it runs.
    pub fn start(&mut self, number: usize) {
        let seed = sha256(&self.draw().to_le_bytes());
        let node = self.node_mut(number);
        assert!(!node.runs(), "{number} runs");
        let book = AddressBook::from_bytes(&node.book, node.settings.lab).expect("a book that was kept");
        let bans = Bans::from_bytes(&node.bans).expect("bans that were kept");
        node.protocol = Some(Protocol::new(node.settings.clone(), book, bans, seed));
        node.run += 1;
        node.inbox.clear();
        (node.is_judging, node.wakes_at) = (false, u64::MAX);
        self.tell(number, Input::Woken);
    }

    /// Stops a node in an orderly way: it remembers whom it knew.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self, number: usize) {
        let now = self.now_at(number);
        let node = self.node_mut(number);
        node.book = node.protocol.take().expect("it runs").end(now).to_bytes();
        self.hang_up_all(number);
    }

    /// Kills a node: what waited there is lost, and so is whom it has met since it started.
    pub fn crash(&mut self, number: usize) {
        let node = self.node_mut(number);
        node.protocol = None;
        node.pool = Pool::default();
        node.orphans = Orphans::new(ORPHANS_MAX.0, ORPHANS_MAX.1);
        self.hang_up_all(number);
    }

    /// Tells a node's machine of something, and does what it orders. One that does not run hears nothing.
    pub fn tell(&mut self, number: usize, input: Input) {
        let now = self.now_at(number);
        let node = self.node_mut(number);
        let Some(mut protocol) = node.protocol.take() else { return };
        let outputs = protocol.handle(now, input, &node.view());
        let wakes_at = protocol.wake_at().max(now.millis + 1);
        node.protocol = Some(protocol);
        if wakes_at != node.wakes_at {
            node.wakes_at = wakes_at;
            let run = node.run;
            if wakes_at != u64::MAX {
                self.at(wakes_at, Event::Wake { node: number, run });
            }
        }
        self.carry_out(number, outputs);
    }

    pub(super) fn wake(&mut self, number: usize, run: u64) {
        let millis = self.millis;
        let node = self.node_mut(number);
        if node.run == run && node.wakes_at == millis {
            node.wakes_at = u64::MAX;
            node.wakes += 1;
            self.tell(number, Input::Woken);
        }
    }

    /// Puts a block before a node as if its miner had found it, and tells the machine what came of it.
    pub fn take_in_block(&mut self, number: usize, block: Block) -> JudgedBlock {
        let before = self.node(number).tip();
        let judged = self.judge(number, block);
        if self.node(number).tip() != before {
            self.grew(number, before);
        }
        judged
    }

    /// Begins with the first block that waits. One that is here already takes no time.
    pub(super) fn begin_judging(&mut self, number: usize) {
        let millis = self.millis;
        let node = self.node_mut(number);
        node.is_judging = !node.inbox.is_empty();
        let Some((hash, ..)) = node.inbox.front() else { return };
        let takes = if node.follower.chain.has_body(hash) { 0 } else { node.judging_millis };
        let run = node.run;
        self.at(millis + takes, Event::Judge { node: number, run });
    }

    pub(super) fn judge_first(&mut self, number: usize) {
        let Some((hash, body, errand)) = self.node_mut(number).inbox.pop_front() else { return };
        self.judge_body(number, hash, body, errand);
        self.begin_judging(number);
    }

    fn judge_body(&mut self, number: usize, hash: BlockHash, body: Body, errand: Errand) {
        let block = match body {
            Body::Whole(block) => Ok(Block::clone(&block)),
            Body::Bytes(bytes) => bytes.decode(),
        };
        let judged = match block {
            Ok(block) => self.take_in_block(number, block),
            Err(error) => JudgedBlock::Refused { blame: Blame::Sender, reason: error.to_string() },
        };
        self.node_mut(number).judged.push((hash, judged.clone()));
        self.tell(number, Input::BlockJudged { hash, errand, judged });
    }

    fn judge(&mut self, number: usize, block: Block) -> JudgedBlock {
        let now = self.now_at(number);
        let hash = block.header.hash();
        let node = self.node_mut(number);
        if let Err(early) = check_arrival(block.header.time, now.chain, node.follower.params()) {
            let (run, at) = (node.run, now.millis + 1000 * u64::from(early.seconds_early));
            self.at(at, Event::Again { node: number, run, block: Box::new(block) });
            return JudgedBlock::Early;
        }
        if is_too_deep(&node.follower.chain, &block.header) {
            let reason = "it is too deep below the tip, on a branch of no more work".to_owned();
            return JudgedBlock::Refused { blame: Blame::Nobody, reason };
        }
        let copy = block.clone();
        match node.follower.submit(block) {
            Ok(Outcome::Orphan(below)) => {
                let bytes = crate::codec::encode(&copy).len();
                node.orphans.insert(hash, below, bytes, copy);
                JudgedBlock::Orphan
            }
            Ok(_) => {
                for above in node.orphans.take_above(&hash) {
                    self.judge(number, above);
                }
                JudgedBlock::Taken
            }
            Err(rejection) => {
                JudgedBlock::Refused { blame: blame(&rejection), reason: rejection.to_string() }
            }
        }
    }

    /// The tip moved from `before`: the pool follows, and the machine is told.
    fn grew(&mut self, number: usize, before: BlockHash) {
        let node = self.node_mut(number);
        let chain = &node.follower.chain;
        let mut returned = Vec::new();
        let mut below = before;
        while !chain.is_active(&below) {
            let block = node.follower.block(&below);
            returned.splice(0..0, block.checked_transactions());
            below = block.header().previous;
        }
        let headers: Vec<Header> = chain.headers_above(&below).copied().collect();
        let block = Arc::new(node.follower.block(&chain.tip().hash).clone());
        for transaction in returned {
            let hash = transaction.facts().hash;
            if !node.pool.has(&hash) {
                node.pool.insert(hash, transaction);
            }
        }
        let WorldNode { pool, follower, .. } = &mut *node;
        pool.retain(|transaction| !is_spent(follower, transaction));
        self.tell(number, Input::Grew { headers, block });
    }

    /// Hands in a transaction at a node, as a wallet would.
    pub fn send(&mut self, number: usize, transaction: Transaction) -> JudgedTransaction {
        let hash = transaction.hash();
        let judged = self.admit(number, hash, transaction);
        if judged == JudgedTransaction::Admitted {
            self.tell(number, Input::Admitted(vec![hash]));
        }
        judged
    }

    pub(super) fn admit(
        &mut self,
        number: usize,
        hash: TxHash,
        transaction: Transaction,
    ) -> JudgedTransaction {
        let node = self.node_mut(number);
        let refused = |blame, reason: &str| JudgedTransaction::Refused { blame, reason: reason.to_owned() };
        if node.pool.has(&hash) {
            return refused(Blame::Nobody, "it waits here already");
        }
        let checked = match check_transaction(transaction, node.follower.params()) {
            Ok(checked) => checked,
            Err(error) => {
                node.pool.refused.insert(hash);
                return refused(error.blame(), &error.to_string());
            }
        };
        if is_spent(&node.follower, &checked) {
            node.pool.refused.insert(hash);
            return refused(Blame::Nobody, "its nonce is used");
        }
        node.pool.insert(hash, checked);
        JudgedTransaction::Admitted
    }

    /// Whether somebody runs, and listens.
    pub(super) fn listens(&self, number: usize) -> bool {
        match &self.parties[number] {
            Party::Node(node) => node.runs() && node.settings.port.is_some(),
            Party::Puppet(puppet) => puppet.listens,
        }
    }
}

/// Whether a block stands so far below the tip that a node takes it only where headers that it knows lead to more work.
fn is_too_deep(chain: &Chain, header: &Header) -> bool {
    let (hash, tip) = (header.hash(), chain.tip());
    let Some(parent) = chain.entry(&header.previous) else { return false };
    let height = Height(parent.height.0 + 1);
    if height.0 + SIDE_DEPTH_MAX >= tip.height.0 || chain.has_body(&hash) {
        return false;
    }
    let mut better = chain.branch_tips().filter(|leaf| leaf.work > tip.work);
    !better.any(|leaf| chain.ancestor(&leaf.hash, height).is_some_and(|ancestor| ancestor.hash == hash))
}

fn is_spent(follower: &Follower, transaction: &CheckedTransaction) -> bool {
    let account = follower.ledger.account(&transaction.facts().sender);
    transaction.transaction().body.nonce < account.unwrap_or_default().nonce
}

fn blame(rejection: &Rejection) -> Blame {
    match rejection {
        Rejection::Block(error) => error.blame(),
        Rejection::Chain(error) => error.blame(),
        Rejection::Ledger(error) => error.blame(),
    }
}
