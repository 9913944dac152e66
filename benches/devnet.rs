//! What a devnet of five nodes takes to be there, to confirm a first payment, to be saved as a whole and to be taken back.
#![allow(clippy::expect_used, reason = "a benchmark that cannot go on should stop")]

mod support;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cairn::api::Token;
use cairn::client::Client;
use cairn::devnet::{Devnet, DevnetOptions, Mining};
use cairn::types::Amount;
use support::{figure, ms, timed};

const NODES: usize = 5;
/// Lengths of the chains that are gone back to.
const BLOCKS: [usize; 3] = [10, 1_000, 10_000];
/// How often it is looked whether something has come.
const LOOK_EVERY: Duration = Duration::from_micros(200);

fn begin(folder: &Path, nodes: usize) -> Devnet {
    let token = Token::new("a-word-for-this-benchmark-alone").expect("a long one");
    let options = DevnetOptions {
        nodes: Some(nodes),
        mining: Some(Mining::Manual),
        ..DevnetOptions::new(folder, token)
    };
    Devnet::start(options).expect("a devnet")
}

fn main() {
    for nodes in [1, NODES] {
        first_payment(nodes);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let devnet = begin(folder.path(), NODES);
    let handle = devnet.handle();
    let mut height = 0;
    for blocks in BLOCKS {
        let more = timed(|| drop(handle.mine(blocks - height, Some(0)).expect("blocks")));
        figure(&format!("mine_each_to_{blocks}"), ms(more) / (blocks - height) as f64, "ms");
        height = blocks;
        settle(&devnet, blocks);
        let name = format!("at-{blocks}");
        let saved = timed(|| drop(handle.snapshot(Some(name.clone())).expect("room")));
        figure(&format!("snapshot_{blocks}"), ms(saved), "ms");
        handle.mine(3, Some(0)).expect("blocks");
        let back = timed(|| drop(handle.revert(&name).expect("what was saved")));
        figure(&format!("revert_{blocks}"), ms(back), "ms");
        settle(&devnet, blocks);
    }
    let ended = timed(|| drop(devnet));
    figure("stop", ms(ended), "ms");
    let again = timed(|| drop(begin(folder.path(), NODES)));
    figure("start_again_and_stop", ms(again), "ms");
}

/// From nothing to a payment that stands in a block, as a wallet sees it over HTTP.
fn first_payment(nodes: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    let devnet = begin(folder.path(), nodes);
    figure(&format!("ready_{nodes}_nodes"), ms(begun.elapsed()), "ms");
    let handle = devnet.handle();
    let places = handle.roster().borrow()[0].places;
    let client = Client::new(&format!("http://{}", places.http)).expect("an address");
    let to = handle.ground().accounts().nth(1).expect("ten accounts").address;
    let given = handle.give(to, Amount::from_pebbles(1), None).expect("coins");
    handle.mine(1, Some(0)).expect("a block");
    while client.prove_transaction(&given.txid).ok().flatten().is_none() {
        thread::sleep(LOOK_EVERY);
    }
    figure(&format!("first_payment_confirmed_{nodes}_nodes"), ms(begun.elapsed()), "ms");
}

/// Waits until all nodes are there.
fn settle(devnet: &Devnet, height: usize) {
    let roster = devnet.handle().roster();
    let is_there = || {
        let roster = roster.borrow();
        let mut tips =
            roster.iter().filter_map(|seat| Some(seat.live.as_ref()?.node.reader().tip().height.0));
        tips.all(|tip| tip as usize == height)
    };
    while !is_there() {
        thread::sleep(LOOK_EVERY);
    }
}
