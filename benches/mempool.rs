//! What the pool costs by itself: letting in, offering, following the chain; and what letting in costs through the node's
//! door, signatures and all, beside what verifying them alone costs.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cairn::chain::Chain;
use cairn::consensus::{
    AllocationEntry, CheckedBlock, CheckedTransaction, Genesis, SoundBlock, SoundTransaction,
    check_signatures, check_transactions,
};
use cairn::crypto::{sha256, verify_batch};
use cairn::ledger::Ledger;
use cairn::mempool::{Change, Limits, Mempool};
use cairn::node::{Node, NodeOptions};
use cairn::template::{Groundwork, Template};
use cairn::testkit::{Actor, BATCH_SEED, Draft, MAP_SEED, devnet_file};
use cairn::types::{Address, Amount, EffectiveTime, Height, Prefix, Transaction};
use support::{figure, median, ms, ratio, timed, yardstick};

const PAYMENTS: usize = 50_000;
/// Accounts beside the senders', which are paid.
const OTHERS: usize = 200_000;
const MINED: usize = 5_000;
const RETURNED: usize = 20_000;
const NEXT: Height = Height(1);

fn main() {
    let rate = yardstick();
    let scene = Scene::new();
    through_the_door(&scene, rate);
    admission(&scene);
    order(&scene);
    template(&scene);
    mined(&scene);
    returned(&scene);
}

/// All payments submitted to a node at once, each answered for itself.
fn through_the_door(scene: &Scene, rate: f64) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("admission");
    let time = median(5, || {
        let _ = fs::remove_dir_all(&folder);
        let options = NodeOptions::new(&folder, scene.genesis.clone(), "");
        let node = Node::start(options).expect("a node");
        let handle = node.handle();
        let payments: Vec<Transaction> =
            scene.payments.iter().map(|payment| payment.transaction().clone()).collect();
        let time = timed(|| {
            let submit = |payment| pollster::block_on(handle.submit_transaction(payment));
            let answers: Vec<_> = payments.into_iter().map(submit).collect();
            for answer in answers {
                answer.wait().expect("an honest payment");
            }
        });
        assert_eq!(handle.reader().pool().expect("the tip").entries().len(), PAYMENTS);
        time
    });
    let _ = fs::remove_dir_all(&folder);
    let admitted = PAYMENTS as f64 / time.as_secs_f64();
    figure("admission_through_the_door", admitted, "tx/s");
    ratio("admission_over_yardstick", admitted / rate, "yardstick");
}

fn stranger(number: usize) -> Address {
    Address::from_bytes(sha256(&number.to_le_bytes()))
}

/// Independent payments between accounts of a ledger, and a block of the first of them.
struct Scene {
    genesis: Genesis,
    ledger: Ledger,
    payments: Vec<Arc<CheckedTransaction>>,
    block: CheckedBlock,
}

impl Scene {
    fn new() -> Self {
        let mut file = devnet_file(0);
        let prefix: Prefix = file.prefix.parse().expect("a prefix");
        let senders: Vec<Actor> = (0..PAYMENTS as u32).map(Actor::new).collect();
        let addresses = senders.iter().map(Actor::address).chain((0..OTHERS).map(stranger));
        let amount = Amount::from_pebbles(1_000_000);
        file.allocation =
            addresses.map(|address| AllocationEntry { address: address.to_text(&prefix), amount }).collect();
        let genesis = Genesis::new(&file).expect("a chain");
        let params = genesis.params();
        let pay = |(number, sender): (usize, &Actor)| {
            let fee = 10 + (number * 7919 % 1000) as u64;
            let body = sender.payment(params, 0, stranger(number * 97 % OTHERS), 1000, fee);
            SoundTransaction::examine(sender.sign(params, body), params).expect("a payment")
        };
        let sound = senders.iter().enumerate().map(pay).collect();
        let checked = check_transactions(sound, |claims| verify_batch(claims, BATCH_SEED));
        let payments: Vec<_> =
            checked.into_iter().map(|verdict| Arc::new(verdict.expect("well signed"))).collect();
        let ledger = Ledger::new(&genesis, MAP_SEED);
        let block = mine(&genesis, &ledger, &payments[..MINED]);
        Self { genesis, ledger, payments, block }
    }

    fn pool(&self) -> Mempool {
        Mempool::new(Arc::new(self.genesis.params().clone()), Limits::DEFAULT, MAP_SEED)
    }

    fn admitted(&self, count: usize) -> Mempool {
        let mut pool = self.pool();
        self.admit(&mut pool, count);
        pool
    }

    fn admit(&self, pool: &mut Mempool, count: usize) {
        for payment in &self.payments[..count] {
            pool.admit(Arc::clone(payment), &self.ledger, NEXT, 0).expect("an honest payment");
        }
    }
}

fn groundwork(genesis: &Genesis, ledger: &Ledger) -> Groundwork {
    let chain = Chain::new(genesis);
    let previous = chain.tip().hash;
    let context = chain.context_above(&previous).expect("the tip");
    Groundwork { previous, context, commitments: ledger.commitments() }
}

fn mine(genesis: &Genesis, ledger: &Ledger, payments: &[Arc<CheckedTransaction>]) -> CheckedBlock {
    let (groundwork, params) = (groundwork(genesis, ledger), genesis.params());
    let payments = payments.iter().map(|payment| payment.transaction().clone()).collect();
    let draft = Draft::on(groundwork, stranger(1), payments);
    let sound =
        SoundBlock::examine(draft.mine(params), &groundwork.context, params).expect("an honest block");
    let verdicts = check_signatures(vec![sound], |_| true, |_| Ok(()));
    verdicts.into_iter().next().expect("a verdict").expect("good signatures")
}

fn admission(scene: &Scene) {
    let time = median(9, || {
        let mut pool = scene.pool();
        timed(|| scene.admit(&mut pool, PAYMENTS))
    });
    figure("admission_alone", time.as_secs_f64() * 1e6 / PAYMENTS as f64, "us");
}

fn order(scene: &Scene) {
    let pool = scene.admitted(PAYMENTS);
    figure("pool_bytes", pool.bytes() as f64 / 1e6, "MB");
    for count in [500, 5_000, PAYMENTS] {
        let time = median(21, || timed(|| pool.ordered().take(count).map(|entry| entry.arrival()).max()));
        figure(&format!("ordered_first_{count}_of_{PAYMENTS}"), ms(time), "ms");
    }
    figure("view_of_50k", ms(median(21, || timed(|| pool.view(0)))), "ms");
}

/// The best block of 5,000 from a pool of ten times as many, its merkle branch included.
fn template(scene: &Scene) {
    let pool = scene.admitted(PAYMENTS);
    let mut params = scene.genesis.params().clone();
    params.block_actions_max = MINED as u32;
    let groundwork = groundwork(&scene.genesis, &scene.ledger);
    let time = median(21, || {
        timed(|| {
            let ordered = pool.ordered().map(|entry| entry.transaction());
            let template = Template::assemble(&params, groundwork, groundwork.context.median_time, ordered);
            assert_eq!(template.transactions().len(), MINED);
        })
    });
    figure(&format!("template_of_{MINED}_from_{PAYMENTS}"), ms(time), "ms");
}

/// A block that empties the pool, and the same block above a pool of ten times as many.
fn mined(scene: &Scene) {
    let mut ledger = scene.ledger.clone();
    ledger.apply(&scene.block, EffectiveTime(60)).expect("the block applies");
    for count in [MINED, PAYMENTS] {
        let full = scene.admitted(count);
        let time = median(15, || {
            let mut pool = full.clone();
            let change = Change { connected: &[&scene.block], ..Change::default() };
            let time = timed(|| pool.reconcile(change, &ledger, Height(2), 0));
            assert_eq!(pool.len(), count - MINED);
            time
        });
        figure(&format!("reconcile_{MINED}_mined_of_{count}"), ms(time), "ms");
    }
}

/// Ten blocks of 2,000 that come back to an empty pool, and to one that holds the rest.
fn returned(scene: &Scene) {
    for others in [0, PAYMENTS - RETURNED] {
        let mut full = scene.pool();
        for payment in &scene.payments[RETURNED..RETURNED + others] {
            full.admit(Arc::clone(payment), &scene.ledger, NEXT, 0).expect("an honest payment");
        }
        let time = median(9, || {
            let mut pool = full.clone();
            let returned = scene.payments[..RETURNED].to_vec();
            let change = Change { disconnected: 10, returned, connected: &[] };
            let time = timed(|| pool.reconcile(change, &scene.ledger, NEXT, 0));
            assert_eq!(pool.ready_len(), RETURNED + others);
            time
        });
        figure(&format!("return_{RETURNED}_to_{others}"), ms(time), "ms");
    }
}
