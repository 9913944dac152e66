//! What holding a node, saving it and going on from what was saved takes, by how long its chain is.
//!
//! A second save of the same node is told apart: whatever was sealed before need not be read again.
#![allow(clippy::expect_used, reason = "a benchmark that cannot go on should stop")]

mod support;

use std::path::Path;
use std::time::Duration;

use cairn::consensus::Genesis;
use cairn::node::{Node, NodeOptions};
use cairn::storage::restore;
use cairn::testkit::Workload;
use support::{figure, ms, timed};

/// Lengths of the chains.
const BLOCKS: [u32; 3] = [0, 1_000, 20_000];
/// Payments in each block, and accounts among which they go.
const PAYMENTS: u32 = 2;
const ACCOUNTS: u32 = 100;

fn main() {
    for blocks in BLOCKS {
        measure(blocks);
    }
}

fn start(folder: &Path, genesis: &Genesis) -> Node {
    Node::start(NodeOptions::new(folder, genesis.clone(), "{}")).expect("a node")
}

fn measure(blocks: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let workload = Workload { blocks, payments: PAYMENTS, accounts: ACCOUNTS };
    let genesis = workload.genesis();
    let node = start(&folder.path().join("node"), &genesis);
    grow(&node, &workload, &genesis);
    let tip = node.handle().reader().tip();
    let say = |what: &str, time: Duration| figure(&format!("{what}_{blocks}"), ms(time), "ms");

    let save = |name: &str| {
        let mut held = None;
        say(&format!("hold_{name}"), timed(|| held = pollster::block_on(node.handle().hold()).ok()));
        let held = held.expect("it runs");
        let to = folder.path().join(name);
        say(&format!("save_{name}"), timed(|| held.save_to(&to).expect("room")));
    };
    save("first");
    save("again");
    let to = folder.path().join("restored");
    say("restore", timed(|| restore(&folder.path().join("first"), &to, 1).expect("what was saved")));
    let mut restored = None;
    say("start", timed(|| restored = Some(start(&to, &genesis))));
    let restored = restored.expect("started").handle().reader().tip();
    assert_eq!((restored.hash, restored.state), (tip.hash, tip.state));
}

/// Submits all blocks, and waits until they are durable.
fn grow(node: &Node, workload: &Workload, genesis: &Genesis) {
    let handle = node.handle();
    let _bulk = handle.bulk();
    let mut pending = Vec::new();
    workload.make(genesis, |block| {
        pending.push(pollster::block_on(handle.submit_block(block.clone())));
    });
    for answer in pending {
        answer.wait().expect("an honest block");
    }
}
