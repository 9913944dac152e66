//! The node that runs by turns: the same writer, on a disk in memory and by a clock that is set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cairn::crypto::BatchSeed;
use cairn::mempool::Limits;
use cairn::node::{Clocks, Clockwork, ClockworkOptions, Memo, Verdict};
use cairn::storage::{Medium, Memory};
use cairn::testkit::{Draft, Follower, MAP_SEED, Network, SimulatedDisk};
use cairn::types::{Block, Transaction};

/// What outlives a clockwork, and the clock.
struct Bench {
    network: Network,
    journal: SimulatedDisk,
    pool: SimulatedDisk,
    millis: Arc<AtomicU64>,
    memo: Option<Arc<Memo>>,
}

impl Bench {
    fn new() -> Self {
        Self {
            network: Network::new(4),
            journal: SimulatedDisk::new(),
            pool: SimulatedDisk::new(),
            millis: Arc::default(),
            memo: None,
        }
    }

    fn open(&self) -> Clockwork {
        let (millis, begin) = (Arc::clone(&self.millis), self.network.genesis.block().header.time);
        let uptime = move || Duration::from_millis(millis.load(Ordering::Relaxed));
        let clocks = Clocks { chain: Arc::new(move || begin), uptime: Arc::new(uptime) };
        let medium = Medium { journal: Arc::new(self.journal.clone()), database: Arc::new(Memory::new()) };
        Clockwork::open(ClockworkOptions {
            genesis: self.network.genesis.clone(),
            medium,
            pool: Arc::new(self.pool.clone()),
            limits: Limits::DEFAULT,
            clocks,
            seed: MAP_SEED,
            batch_seed: BatchSeed([1; 32]),
            memo: self.memo.clone(),
            log: Box::new(|_| {}),
        })
        .unwrap()
    }

    fn payment(&self, nonce: u64) -> Transaction {
        let [from, to] = [&self.network.actors[0], &self.network.actors[1]];
        from.pay(self.network.params(), nonce, to, 5, 100)
    }

    fn block(&self, clockwork: &mut Clockwork, transactions: Vec<Transaction>) -> Block {
        let groundwork = clockwork.groundwork().unwrap();
        Draft::on(groundwork, self.network.actors[2].address(), transactions).mine(self.network.params())
    }

    fn pass(&self, duration: Duration) {
        self.millis.fetch_add(duration.as_millis() as u64, Ordering::Relaxed);
    }
}

/// Submits a block, gives a turn, and takes the answer.
fn take(clockwork: &mut Clockwork, block: Block) -> Verdict {
    let mut pending = clockwork.submit_block(block);
    assert!(pending.ready().is_none(), "nothing happens without a turn");
    clockwork.turn();
    pending.ready().unwrap().unwrap()
}

#[test]
fn what_was_taken_in_is_there_after_a_crash() {
    let mut bench = Bench::new();
    let mut clockwork = bench.open();
    let mut admitted = clockwork.submit_transaction(bench.payment(0));
    clockwork.turn();
    assert!(admitted.ready().unwrap().is_ok());
    let block = bench.block(&mut clockwork, vec![bench.payment(0)]);
    assert_eq!(take(&mut clockwork, block.clone()), Verdict::Followed { reverted: 0 });
    assert_eq!(clockwork.handle().look(|_, pool| pool.len()), 0);
    drop(clockwork);
    bench.journal = bench.journal.after_crash(7);
    let clockwork = bench.open();
    assert_eq!(clockwork.handle().reader().tip().hash, block.header.hash());
}

#[test]
fn pool_is_read_back_and_stopping_leaves_everything_written() {
    let bench = Bench::new();
    let mut clockwork = bench.open();
    for nonce in 0..3 {
        drop(clockwork.submit_transaction(bench.payment(nonce)));
    }
    clockwork.turn();
    clockwork.stop();
    let clockwork = bench.open();
    assert_eq!(clockwork.handle().look(|_, pool| pool.len()), 3);
    assert_eq!(clockwork.stopped(), None);
}

#[test]
fn time_passes_when_it_is_told_to() {
    let bench = Bench::new();
    let mut clockwork = bench.open();
    let mut block = bench.block(&mut clockwork, Vec::new());
    // Two hours and ten minutes ahead, and then an hour.
    let drift = bench.network.params().future_drift;
    block.header.time.0 += drift + 3600;
    cairn::testkit::remine(&mut block, bench.network.params());
    assert_eq!(take(&mut clockwork, block), Verdict::Early { seconds: 3600 });
    let wish = clockwork.wake_at().unwrap();
    assert!(wish <= Duration::from_secs(1), "it looks at the clock now and then: {wish:?}");
    bench.pass(wish);
    assert_eq!(clockwork.wake_at(), Some(wish), "asking when does not put it off");
    clockwork.turn();
    assert!(clockwork.wake_at().unwrap() > wish);
}

#[test]
fn node_that_is_told_what_others_found_finds_the_same() {
    let mut bench = Bench::new();
    bench.memo = Some(Arc::new(Memo::new(MAP_SEED)));
    let (mut one, other) = (bench.open(), Bench { network: bench.network.clone(), ..Bench::new() });
    let other = Bench { memo: bench.memo.clone(), ..other };
    let mut other = other.open();
    let mut follower = Follower::new(&bench.network);
    for nonce in 0..3 {
        let block = bench.block(&mut one, vec![bench.payment(nonce)]);
        let mut broken = block.clone();
        broken.transactions = cairn::codec::List::new(Vec::new()).unwrap();
        for clockwork in [&mut one, &mut other] {
            let mut refused = clockwork.submit_block(broken.clone());
            clockwork.turn();
            let refused = refused.ready().unwrap().unwrap_err();
            assert_eq!(refused.blame(), cairn::consensus::Blame::Sender, "{refused}");
            assert_eq!(take(clockwork, block.clone()), Verdict::Followed { reverted: 0 });
        }
        follower.submit(block).unwrap();
    }
    let state = follower.ledger.commitments().state;
    for clockwork in [&one, &other] {
        assert_eq!(clockwork.handle().reader().tip().state, state);
    }
}
