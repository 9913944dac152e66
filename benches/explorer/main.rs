//! The explorer's pages where they are dearest: how long each takes beside a bare answer of the same node, and how long
//! that answer waits while others look at what is dear.
//!
//! Whoever asks is a second process on the same two cores.

#[allow(dead_code, reason = "pages are only looked at")]
#[path = "../http/load.rs"]
mod load;
#[path = "../http/stage.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use cairn::consensus::Genesis;
use cairn::node::NodeHandle;
use cairn::testkit::{Actor, Draft, Workload};
use cairn::types::{Action, Address, Amount, Block, Height, Transaction};
use load::{Asked, Load, run_errand};
use stage::Stage;
use support::{figure, ratio};

/// Payments of a block that is left.
const LEFT: Workload = Workload { blocks: 1, payments: 5000, accounts: 200_000 };
/// What waits: the payments of so many blocks, and each of them a step at a time.
const WAITING: u32 = 100_000;
/// Payments to the shop.
const BOUGHT: u32 = 5000;
/// How long each page is asked for.
const ASKED_FOR: Duration = Duration::from_secs(3);
/// What is asked beside a page, and beside what others ask.
const BARE: &str = "/v1/tip";

fn main() {
    if run_errand() {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explorer");
    let genesis = LEFT.genesis();
    left_blocks(&genesis, &folder);
    shop(&genesis, &folder);
    pool(&genesis, &folder);
    let _ = fs::remove_dir_all(&folder);
}

impl Stage {
    fn load(&self, connections: usize, path: &str) -> Load {
        Load::start(&self.address(), connections, Some(ASKED_FOR), &[Asked::path(path)])
    }

    /// Says how long a page takes, and how often a bare answer fits into that.
    fn measure(&self, name: &str, path: &str) {
        let bare = self.load(1, BARE).answered();
        let page = self.load(1, path).answered();
        figure(name, page.p50 / 1e3, "ms");
        figure(&format!("{name}_p99"), page.p99 / 1e3, "ms");
        ratio(&format!("{name}_over_bare"), page.p50 / bare.p50, "a bare answer");
    }
}

fn draft(genesis: &Genesis, handle: &NodeHandle, miner: u8, transactions: Vec<Transaction>) -> Block {
    let groundwork = pollster::block_on(handle.groundwork()).expect("a running node").expect("room above");
    Draft::on(groundwork, Address::from_bytes([miner; 32]), transactions).mine(genesis.params())
}

fn submit(handle: &NodeHandle, block: &Block) {
    let verdict = pollster::block_on(handle.submit_block(block.clone())).wait();
    assert!(verdict.is_ok(), "{verdict:?}");
}

fn send(handle: &NodeHandle, transactions: Vec<Transaction>) {
    let sent: Vec<_> = transactions
        .into_iter()
        .map(|transaction| pollster::block_on(handle.submit_transaction(transaction)))
        .collect();
    for sent in sent {
        sent.wait().expect("an honest payment");
    }
}

fn wait_for_indexes(handle: &NodeHandle) {
    while handle.reader().history(&Actor::new(0).address(), None, 1).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
}

/// A full block is left for two, of which the lower one has the same payments; and some of them wait again.
fn left_blocks(genesis: &Genesis, folder: &Path) {
    let payments = LEFT.payments(genesis, 0);
    let (again, waits) = payments.split_at(payments.len() / 2);
    let other = Stage::new(genesis, folder);
    let instead: Vec<Block> = [again.to_vec(), Vec::new()]
        .into_iter()
        .map(|transactions| {
            let block = draft(genesis, &other.handle(), 8, transactions);
            submit(&other.handle(), &block);
            block
        })
        .collect();
    other.end();
    let stage = Stage::new(genesis, folder);
    let left = draft(genesis, &stage.handle(), 7, payments.clone());
    submit(&stage.handle(), &left);
    stage.measure("block_of_5000", "/block/1");
    instead.iter().for_each(|block| submit(&stage.handle(), block));
    wait_for_indexes(&stage.handle());
    let changes = stage.handle().reader().reorganizations(1).expect("a journal");
    let step = changes.first().expect("a reorganization").cursor.sequence;
    stage.measure("story", &format!("/forks/{step}"));
    stage.measure("waiting_again", &format!("/tx/{}", waits[0].body.txid()));
    stage.end();
}

/// A shop that many paid, in payments of as many parts as there can be, and whom many are about to.
fn shop(genesis: &Genesis, folder: &Path) {
    let stage = Stage::new(genesis, folder);
    let (params, shop) = (genesis.params(), Actor::new(LEFT.accounts - 1));
    let pay = |payer: u32| {
        let reference = Actor::reference("for this and that");
        let pay = Action::Pay { to: shop.address(), amount: Amount::from_pebbles(1), reference };
        let payer = Actor::new(payer);
        payer.sign(params, payer.body(params, 0, 20_000, vec![pay; 100]))
    };
    for block in 0..BOUGHT / 250 {
        let payments = (block * 250..(block + 1) * 250).map(pay).collect();
        submit(&stage.handle(), &draft(genesis, &stage.handle(), 7, payments));
    }
    send(&stage.handle(), (BOUGHT..BOUGHT + 200).map(pay).collect());
    wait_for_indexes(&stage.handle());
    let text = shop.address().to_text(&params.prefix);
    stage.measure("shop", &format!("/account/{text}"));
    let block = stage.handle().reader().header_at(Height(1)).expect("a block").hash;
    stage.measure("block_of_25000_parts", &format!("/block/{block}"));
    stage.end();
}

/// A large pool that changes all the time.
fn pool(genesis: &Genesis, folder: &Path) {
    let stage = Stage::new(genesis, folder);
    let all = Workload { payments: WAITING, ..LEFT };
    send(&stage.handle(), all.payments(genesis, 0));
    stage.measure("pool_at_rest", "/mempool");
    let (handle, more) = (stage.handle(), Workload { payments: 40_000, ..all }.payments(genesis, 4));
    let dripping = thread::spawn(move || {
        for payment in more {
            send(&handle, vec![payment]);
            thread::sleep(Duration::from_millis(1));
        }
    });
    stage.measure("pool_that_changes", "/mempool");
    stage.measure("home", "/");
    let who = Actor::new(7).address().to_text(&genesis.params().prefix);
    stage.measure("account", &format!("/account/{who}"));
    let looked = stage.load(4, "/mempool");
    // What is asked lies in a file, which it has read by then.
    thread::sleep(Duration::from_millis(500));
    let asked = stage.load(1, BARE).answered();
    looked.answered();
    figure("bare_while_others_look", asked.p50 / 1e3, "ms");
    figure("bare_while_others_look_p99", asked.p99 / 1e3, "ms");
    dripping.join().expect("honest payments");
    stage.end();
}
