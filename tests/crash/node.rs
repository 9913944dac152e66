//! Whole nodes: killed, on damaged folders, on full disks. What was acknowledged is there; the rest heals, or is named.

mod database;
mod ending;
mod folders;
mod full;
mod journal;
mod kills;
mod pool;
mod prepared;
mod reorganization;
mod saving;

use std::path::Path;

use cairn::ledger::MapSeed;
use cairn::node::{Node, NodeOptions, Verdict};
use cairn::storage::{Recovered, StorageError};
use cairn::testkit::strategies::cases;
use cairn::types::Block;
use prepared::{Prepared, genesis, genesis_text};

const SEED: MapSeed = MapSeed([1, 2, 3, 4]);

/// A node on a folder.
fn start(folder: &Path) -> Result<Node, StorageError> {
    let options = NodeOptions::new(folder, genesis(), genesis_text());
    Node::start(NodeOptions { check_threads: Some(2), ..options })
}

/// What a node would find in a folder.
fn recover(folder: &Path) -> Result<Recovered, StorageError> {
    Recovered::open(folder, &genesis(), Some(&genesis_text()), SEED)
}

/// Submits blocks as whoever brings many does, and waits until all of them are durable.
fn submit_all(node: &Node, blocks: &[Block]) {
    let handle = node.handle();
    let submit = |block: &Block| pollster::block_on(handle.submit_block(block.clone()));
    let answers: Vec<_> = blocks.iter().map(submit).collect();
    for answer in answers {
        let verdict = answer.wait();
        assert!(
            matches!(verdict, Ok(Verdict::Side | Verdict::Followed { .. } | Verdict::Known)),
            "{verdict:?}"
        );
    }
}

/// The state is the one that a replay from genesis leads to, and adds up.
fn check_against_replay(recovered: &Recovered) {
    let tip = recovered.chain.tip();
    assert_eq!(recovered.ledger.tip(), tip.hash);
    let (work, state) = Prepared::get().at(&tip.hash);
    assert_eq!((tip.work, recovered.ledger.commitments().state), (work, state));
    recovered.ledger.audit().unwrap();
}

/// How many seeds: so many, or more in the long run.
fn seeds(usual: u32) -> std::ops::Range<u64> {
    0..u64::from(cases(usual).cases)
}
