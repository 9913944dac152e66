//! A node that dies while it leaves a block, or has it count again: it did so or it did not, and either can be done again.

use std::sync::Arc;
use std::time::Duration;

use cairn::crypto::BatchSeed;
use cairn::mempool::Limits;
use cairn::node::{Clocks, Clockwork, ClockworkOptions, Tip};
use cairn::storage::{Medium, Memory};
use cairn::testkit::strategies::cases;
use cairn::testkit::{Actor, Follower, MAP_SEED, Network, SimulatedDisk};
use cairn::types::{Block, BlockHash};

/// Blocks of the branch that is left; the other one has one fewer.
const LENGTH: u32 = 4;
/// Ways in which a disk forgets, at each point.
const SEEDS: u32 = 4;

/// A chain with two branches, and the disks of a node that has both.
struct Bench {
    network: Network,
    best: Vec<Block>,
    other: BlockHash,
    journal: SimulatedDisk,
    pool: SimulatedDisk,
}

impl Bench {
    fn new() -> Self {
        let network = Network::new(3);
        let mut follower = Follower::new(&network);
        let pay = |follower: &mut Follower, by: u32, nonce: u64| {
            let payment = network.actors[0].pay(network.params(), nonce, &network.actors[1], 5_000, 1_000);
            let hash = follower.mine(Actor::new(90 + by).address(), vec![payment]);
            follower.block(&hash).block().clone()
        };
        let mut blocks = vec![pay(&mut follower, 0, 0)];
        let (mut one, mut two) = (follower.clone(), follower);
        let best: Vec<Block> = (0..LENGTH).map(|at| pay(&mut one, 1, u64::from(at) + 1)).collect();
        let other: Vec<Block> = (1..LENGTH).map(|at| pay(&mut two, 2, u64::from(at))).collect();
        let tip = other.last().unwrap().header.hash();
        blocks.extend(best.iter().chain(&other).cloned());
        let (journal, pool) = (SimulatedDisk::new(), SimulatedDisk::new());
        let bench = Self { network, best, other: tip, journal, pool };
        let mut clockwork = bench.open();
        for block in blocks {
            drop(clockwork.submit_block(block));
            clockwork.turn();
        }
        assert_eq!(clockwork.handle().reader().tip().hash, bench.tip());
        bench
    }

    fn tip(&self) -> BlockHash {
        self.best.last().unwrap().header.hash()
    }

    /// The same disks, as a crash leaves them.
    fn after_crash(&self, seed: u64) -> Self {
        let (network, best) = (self.network.clone(), self.best.clone());
        Self {
            network,
            best,
            journal: self.journal.after_crash(seed),
            pool: self.pool.after_crash(seed),
            ..*self
        }
    }

    fn open(&self) -> Clockwork {
        let begin = self.network.genesis.block().header.time;
        let medium = Medium { journal: Arc::new(self.journal.clone()), database: Arc::new(Memory::new()) };
        Clockwork::open(ClockworkOptions {
            genesis: self.network.genesis.clone(),
            medium,
            pool: Arc::new(self.pool.clone()),
            limits: Limits::DEFAULT,
            clocks: Clocks { chain: Arc::new(move || begin), uptime: Arc::new(|| Duration::ZERO) },
            seed: MAP_SEED,
            batch_seed: BatchSeed([1; 32]),
            memo: None,
            log: Box::new(|_| {}),
        })
        .unwrap()
    }
}

/// Has something ordered by a node that dies at every point of it, and looks at what the next life finds: one of the two
/// tips, the second where the order was answered. Answers with what is left where nobody died.
fn dies_at_every_point(
    bench: &Bench,
    tips: [BlockHash; 2],
    order: impl Fn(&mut Clockwork) -> Option<Tip>,
) -> Bench {
    let mut found = [0, 0];
    for at in 1.. {
        let victim = bench.after_crash(at);
        let mut clockwork = victim.open();
        assert_eq!(clockwork.handle().reader().tip().hash, tips[0]);
        victim.journal.crash_at(victim.journal.operations() + at);
        let answer = order(&mut clockwork);
        let died = victim.journal.has_crashed();
        drop(clockwork);
        for seed in 0..u64::from(cases(SEEDS).cases) {
            let next = victim.after_crash(seed);
            let mut clockwork = next.open();
            let tip = clockwork.handle().reader().tip().hash;
            let which = tips.iter().position(|expected| *expected == tip);
            found[which.unwrap_or_else(|| panic!("at {at}, seed {seed}: neither tip but {tip}"))] += 1;
            assert!(
                answer.is_none_or(|answer| answer.hash == tips[1] && tip == tips[1]),
                "at {at}, seed {seed}"
            );
            clockwork.look(|_, ledger, _| ledger.audit().unwrap());
            // Given again, or for the first time, it leads there.
            assert_eq!(order(&mut clockwork).unwrap().hash, tips[1], "at {at}, seed {seed}");
        }
        if !died {
            assert!(answer.is_some());
            assert!(found[0] > 0 && found[1] > found[0] / 8, "{found:?}");
            return victim.after_crash(at);
        }
    }
    unreachable!("numbers do not end")
}

#[test]
fn node_that_dies_while_it_leaves_a_block_has_left_it_or_not() {
    let bench = Bench::new();
    let (left, tip, other) = (bench.best[1].header.hash(), bench.tip(), bench.other);
    let without = dies_at_every_point(&bench, [tip, other], |clockwork| clockwork.invalidate(left)?.ok());
    let again = dies_at_every_point(&without, [other, tip], |clockwork| clockwork.reconsider(left)?.ok());
    assert_eq!(again.open().handle().reader().tip().hash, tip);
}
