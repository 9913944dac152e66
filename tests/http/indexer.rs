//! A program of somebody else, which knows balances from the events alone: killed at any point, it misses nothing.

use std::collections::BTreeMap;

use cairn::ledger::View as _;
use cairn::node::Verdict;
use cairn::testkit::{Actor, Follower, Network};
use cairn::types::{Address, BlockHash, Height};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde_json::Value;

use crate::events::cursor;
use crate::listening::Serving;
use crate::stage::{FUNDED, Stage};

/// What it has on its disk: written with each event, so that both are there or neither.
#[derive(Clone, PartialEq, Debug, Default)]
struct Kept {
    cursor: Option<String>,
    tip: (u64, String),
    balances: BTreeMap<String, i128>,
    /// Rewards by the height at which they mature: whose, and how much.
    rewards: BTreeMap<u64, (String, i128)>,
    /// What happened to each, by block and place.
    transactions: BTreeMap<(String, u64, u64, String), String>,
}

fn amount(event: &Value, field: &str) -> i128 {
    event[field].as_str().unwrap().parse().unwrap()
}

fn text(event: &Value, field: &str) -> String {
    event[field].as_str().unwrap().to_owned()
}

impl Kept {
    fn take(&mut self, event: &Value, id: &str) {
        let height = event["height"].as_u64();
        match event["type"].as_str().unwrap() {
            "block_connected" => {
                assert_eq!(text(event, "previous"), self.tip.1, "blocks come one on top of the other");
                self.tip = (height.unwrap(), text(event, "hash"));
                self.mature(1);
            }
            "block_disconnected" => {
                assert_eq!(text(event, "hash"), self.tip.1, "blocks go from the tip down");
                self.mature(-1);
                self.tip = (height.unwrap() - 1, text(event, "previous"));
            }
            "account" => self.account(event),
            other => panic!("{other}"),
        }
        self.cursor = Some(id.to_owned());
    }

    /// A block at the tip's height brings a reward into a balance, or is about to take it out again.
    fn mature(&mut self, sign: i128) {
        if let Some((whose, amount)) = self.rewards.get(&self.tip.0) {
            *self.balances.entry(whose.clone()).or_default() += sign * amount;
        }
    }

    fn account(&mut self, event: &Value) {
        let address = text(event, "address");
        let happened = event["change"] == "connected";
        let (received, sent) = (amount(event, "received"), amount(event, "sent"));
        let Some(txid) = event["txid"].as_str() else {
            let matures_at = event["matures_at"].as_u64().unwrap();
            if happened {
                assert!(self.rewards.insert(matures_at, (address, received)).is_none());
            } else {
                assert_eq!(self.rewards.remove(&matures_at), Some((address, received)));
            }
            return;
        };
        let sign = if happened { 1 } else { -1 };
        *self.balances.entry(address.clone()).or_default() += sign * (received - sent);
        let place = (
            address,
            event["height"].as_u64().unwrap(),
            event["position"].as_u64().unwrap(),
            text(event, "block"),
        );
        if happened {
            assert!(self.transactions.insert(place, txid.to_owned()).is_none(), "told twice");
        } else {
            assert_eq!(self.transactions.remove(&place).as_deref(), Some(txid), "taken back as it was told");
        }
    }
}

/// Branches that grow at random; the node follows the best.
struct World {
    stage: Stage,
    branches: Vec<Follower>,
    random: ChaCha8Rng,
}

impl World {
    fn new(seed: u64) -> Self {
        let stage = Stage::new();
        let branches = vec![stage.miner.clone()];
        Self { stage, branches, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    fn draw(&mut self, below: usize) -> usize {
        (self.random.next_u32() as usize) % below
    }

    /// Somebody mines a block with some payments on one of the branches, which may fork before.
    fn grow(&mut self) {
        let which = self.draw(self.branches.len());
        if self.branches.len() < 3 && self.draw(4) == 0 {
            let fork = self.branches[which].clone();
            self.branches.push(fork);
        }
        let payers: Vec<u32> = (0..FUNDED).filter(|_| self.random.next_u32().is_multiple_of(2)).collect();
        let recipient = match self.draw(3) {
            0 => Address::from_bytes([0xc0 + which as u8; 32]),
            miner => Actor::new(miner as u32).address(),
        };
        let (to, pebbles) = (self.draw(7) as u32, 1 + self.draw(1000) as u64);
        let branch = &mut self.branches[which];
        let payments = payers.into_iter().map(|payer| pay(branch, payer, to, pebbles));
        let payments = payments.collect();
        let hash = branch.mine(recipient, payments);
        let block = branch.block(&hash).block().clone();
        assert!(matches!(self.stage.node.submit(&block), Ok(Verdict::Followed { .. } | Verdict::Side)));
        // A branch that fell far behind goes on from where the others are.
        let highest = (0..self.branches.len()).max_by_key(|which| self.branches[*which].height()).unwrap();
        for which in 0..self.branches.len() {
            if self.branches[which].height().0 + 4 < self.branches[highest].height().0 {
                self.branches[which] = self.branches[highest].clone();
            }
        }
    }

    /// Listens for a while, and is killed at some event, or goes when it has seen everything.
    fn run(&mut self, kept: &mut Kept) {
        let serving = Serving::start(self.stage.node.handle());
        let addresses: Vec<_> = watched().iter().map(|address| self.stage.text(address)).collect();
        let after = kept.cursor.clone().unwrap_or("0-0".to_owned());
        let query = format!("?types=block,account&address={}", addresses.join(","));
        let end = cursor(&self.stage);
        let mut left = self.draw(60);
        let mut listener = serving.listen_with(&query, &[("last-event-id", &after)]).ok().unwrap();
        loop {
            let heard = listener.next_or_mark().expect("it goes on");
            if heard.is_mark() {
                kept.cursor = Some(heard.id.clone());
            } else {
                kept.take(&heard.data, &heard.id);
            }
            if heard.id == end || left == 0 {
                return;
            }
            left -= 1;
        }
    }
}

fn pay(branch: &Follower, payer: u32, to: u32, pebbles: u64) -> cairn::types::Transaction {
    let (params, payer) = (branch.params(), Actor::new(payer));
    let nonce = branch.ledger.account(&payer.address()).map_or(0, |account| account.nonce.0);
    let pay = cairn::types::Action::Pay {
        to: Actor::new(to).address(),
        amount: cairn::types::Amount::from_pebbles(pebbles),
        reference: Actor::reference(""),
    };
    payer.sign(params, payer.body(params, nonce, 500, vec![pay]))
}

fn watched() -> Vec<Address> {
    let miners = (0..3).map(|which| Address::from_bytes([0xc0 + which; 32]));
    (0..7).map(|who| Actor::new(who).address()).chain(miners).collect()
}

/// What the node says of the same.
fn check(stage: &Stage, network: &Network, kept: &Kept) {
    let reader = stage.node.reader();
    assert_eq!(kept.tip, (reader.tip().height.0.into(), reader.tip().hash.to_string()));
    let prefix = &network.params().prefix;
    for address in watched() {
        let balance = reader.account(&address).unwrap().map_or(0, |account| account.balance.pebbles());
        let known = kept.balances.get(&address.to_text(prefix)).copied().unwrap_or_default();
        assert_eq!(known, i128::from(balance), "{address:?}");
    }
    let mut expected = BTreeMap::new();
    for height in 1..=reader.tip().height.0 {
        let entry = reader.header_at(Height(height)).unwrap();
        let block = reader.block(&entry.hash).unwrap().unwrap();
        for (position, transaction) in (1u64..).zip(&block.transactions) {
            let body = &transaction.body;
            for address in body.payments().map(|(to, _)| *to).chain([body.policy.address()]) {
                let place = (address.to_text(prefix), height.into(), position, entry.hash.to_string());
                expected.insert(place, body.txid().to_string());
            }
        }
    }
    assert_eq!(kept.transactions, expected);
}

fn follow(seed: u64) -> usize {
    let mut world = World::new(seed);
    let network = world.stage.network.clone();
    let genesis: BlockHash = network.params().chain.0;
    let prefix = &network.params().prefix;
    let balances = network.genesis.allocation().iter();
    let mut kept = Kept {
        tip: (0, genesis.to_string()),
        balances: balances
            .map(|(address, amount)| (address.to_text(prefix), i128::from(amount.pebbles())))
            .collect(),
        ..Kept::default()
    };
    for _ in 0..20 {
        (0..1 + world.draw(6)).for_each(|_| world.grow());
        world.run(&mut kept);
        if world.draw(5) == 0 {
            world.stage.restart_after(|_, _| {});
        }
    }
    let end = cursor(&world.stage);
    while kept.cursor.as_ref() != Some(&end) {
        world.run(&mut kept);
    }
    check(&world.stage, &network, &kept);
    world.stage.node.reader().reorganizations(usize::MAX).unwrap().len()
}

#[test]
fn an_indexer_that_is_killed_at_random_knows_what_the_node_knows() {
    let mut reorganized = 0;
    for seed in 0..6 {
        println!("seed {seed}");
        reorganized += follow(seed);
    }
    assert!(reorganized > 20, "{reorganized}");
}
