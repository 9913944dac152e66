//! Peers that say anything at any time, all of it made of what is there: those who are honest agree nevertheless, and never
//! take each other for one of these.

use cairn::codec::{List, encode};
use cairn::lab::{MILLISECOND, MINUTE, SECOND};
use cairn::protocol::{BlockBytes, Compact, Farewell, GetHeaders, GetParts, Message, Namer, Parts};
use cairn::testkit::{Follower, Theatre, remine};
use cairn::types::{Block, BlockHash, Header, Height, StateRoot, Transaction, TxHash};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::stage::{draft_on, mainland, payment};

const NODES: usize = 5;
const MEDDLERS: usize = 4;

struct Meddling {
    world: Theatre,
    nodes: Vec<usize>,
    meddlers: Vec<usize>,
    /// What each node follows, as far as somebody looked.
    chains: Vec<Follower>,
    draws: ChaCha12Rng,
    /// Transactions that somebody has, or could have.
    transactions: Vec<Transaction>,
}

impl Meddling {
    fn new(mut world: Theatre, seed: u64) -> Self {
        let nodes = world.add_found_by_first(NODES);
        let meddlers = (0..MEDDLERS).map(|_| world.puppet()).collect();
        let mut transactions: Vec<Transaction> = (0..10)
            .flat_map(|actor| (0..4).map(move |nonce| (actor, nonce)))
            .map(|(actor, nonce)| payment(&world, actor, nonce))
            .collect();
        let mut broken = transactions[0].clone();
        broken.witness.signatures = transactions[5].witness.signatures.clone();
        transactions.push(broken);
        world.run_for(30 * SECOND);
        let chains = nodes.iter().map(|_| Follower::new(&world.network)).collect();
        Self { world, nodes, meddlers, chains, draws: ChaCha12Rng::seed_from_u64(seed), transactions }
    }

    fn below(&mut self, count: usize) -> usize {
        (self.draws.next_u64() % count.max(1) as u64) as usize
    }

    fn node(&mut self) -> usize {
        let at = self.below(NODES);
        self.nodes[at]
    }

    fn transaction(&mut self) -> Transaction {
        let at = self.below(self.transactions.len());
        self.transactions[at].clone()
    }

    fn chain(&mut self) -> Follower {
        let at = self.below(NODES);
        self.world.follow(&mut self.chains[at], self.nodes[at]);
        self.chains[at].clone()
    }

    /// A header that somebody follows.
    fn header(&mut self) -> Header {
        let chain = self.chain();
        let height = self.below(chain.height().0 as usize + 1) as u32;
        chain.chain.at(Height(height)).unwrap().header
    }

    fn hash(&mut self) -> BlockHash {
        if self.below(8) == 0 {
            BlockHash::from_bytes([self.below(200) as u8; 32])
        } else {
            self.header().hash()
        }
    }

    /// A block that somebody follows, or that nobody has: good, or bad, or out of nowhere.
    fn block(&mut self) -> Block {
        let chain = self.chain();
        let height = self.below(chain.height().0 as usize) as u32;
        let old = chain.chain.at(Height(height + 1)).map(|entry| chain.block(&entry.hash).block().clone());
        let mut draft = draft_on(&chain, Vec::new());
        draft.salt = self.draws.next_u64();
        match (self.below(5), old) {
            (0 | 1, Some(block)) => block,
            (2, _) => {
                draft.commitments.state = StateRoot::ZERO;
                draft.mine(chain.params())
            }
            (3, _) => {
                let mut block = draft.mine(chain.params());
                block.header.previous = BlockHash::from_bytes([7; 32]);
                remine(&mut block, chain.params());
                block
            }
            _ => draft.mine(chain.params()),
        }
    }

    fn compact(&mut self) -> Compact {
        let block = self.block();
        let mut compact = Compact::of(&block);
        if self.below(3) == 0 {
            let other = self.transaction().hash();
            let lie = Namer::new(&block.header).name(&other);
            compact.names = List::new(vec![lie; compact.names.len().max(1)]).unwrap();
        }
        compact
    }

    fn message(&mut self) -> Message {
        let hashes = vec![self.hash(), self.hash()];
        let tx_hashes: Vec<TxHash> = (0..3).map(|_| self.transaction().hash()).collect();
        match self.below(17) {
            0 => Message::GetHeaders(GetHeaders { locator: List::new(hashes).unwrap() }),
            1 => Message::Headers(List::new(vec![self.header(), self.header()]).unwrap()),
            2 => Message::News(List::new(vec![self.header()]).unwrap()),
            3 => Message::News(List::new(vec![self.block().header, self.block().header]).unwrap()),
            4 => Message::GetBlocks(List::new(hashes).unwrap()),
            5 => Message::Block(BlockBytes::new(encode(&self.block())).unwrap()),
            6 => Message::Missing(List::new(hashes).unwrap()),
            7 => Message::Offer(List::new(tx_hashes).unwrap()),
            8 => Message::GetTransactions(List::new(tx_hashes).unwrap()),
            9 => Message::Transactions(List::new(vec![self.transaction()]).unwrap()),
            10 => Message::GetPool(()),
            11 | 12 => Message::Compact(self.compact()),
            13 => {
                let places = List::new(vec![self.below(3) as u32]).unwrap();
                Message::GetParts(GetParts { block: hashes[0], places })
            }
            14 => {
                let transactions = List::new(vec![self.transaction()]).unwrap();
                Message::Parts(Parts { block: hashes[0], transactions })
            }
            15 => Message::Pushes(self.draws.next_u64() % 3),
            _ => Message::Stem(List::new(vec![self.transaction()]).unwrap()),
        }
    }

    fn meddle(&mut self) {
        let at = self.below(MEDDLERS);
        let meddler = self.meddlers[at];
        if !self.world.is_kept(meddler) {
            // Whoever is banned comes back as another, from elsewhere.
            let (node, again) = (self.node(), self.world.puppet());
            self.meddlers[at] = again;
            self.world.connect(again, node);
            return;
        }
        let message = self.message();
        self.world.say(meddler, &message);
    }

    fn happen(&mut self) {
        for _ in 0..self.below(6) {
            self.meddle();
        }
        let node = self.node();
        match self.below(12) {
            0 => drop(self.world.mine(node)),
            1 => drop(self.world.mine_with(node, Vec::new())),
            2 | 3 => {
                let transaction = self.transaction();
                self.world.bring_payment(node, transaction);
            }
            _ => {}
        }
        let pause = [0, 30, 120, 900, 5_000][self.below(5)];
        self.world.run_for(pause * MILLISECOND);
    }

    fn check(&mut self, name: &str) {
        self.world.run_for(MINUTE);
        let node = self.node();
        let hash = self.world.mine_with(node, Vec::new());
        self.world.run_for(MINUTE);
        for node in &self.nodes {
            assert_eq!(self.world.tip(*node), Some(hash), "{name}: {node}");
            let wrong = |(who, why): &&(usize, Farewell)| {
                self.nodes.contains(who) && matches!(why, Farewell::Misbehaved(_) | Farewell::Banned)
            };
            assert_eq!(self.world.farewells(*node).iter().find(wrong), None, "{name}: {node}");
        }
    }
}

fn try_worlds(name: &str, world: impl Fn(u64) -> Theatre) {
    for seed in 0..super::chaos::worlds() {
        let mut meddling = Meddling::new(world(seed), seed);
        for _ in 0..150 {
            meddling.happen();
        }
        meddling.check(&format!("{name} {seed}"));
    }
}

#[test]
fn meddlers_in_a_lab_set_nobody_against_another() {
    try_worlds("lab", Theatre::new);
}

#[test]
fn meddlers_among_strangers_set_nobody_against_another() {
    try_worlds("mainland", mainland);
}
