//! Whole nodes: killed, on damaged folders, on full disks. What was acknowledged is there; the rest heals, or is named.

mod ending;
mod prepared;

use std::path::Path;

use cairn::ledger::MapSeed;
use cairn::node::{Node, NodeOptions};
use cairn::storage::{Recovered, StorageError};
use prepared::{Prepared, genesis, genesis_text};

const SEED: MapSeed = MapSeed([1, 2, 3, 4]);

/// A node on a folder.
fn start(folder: &Path) -> Result<Node, StorageError> {
    let options = NodeOptions::new(folder, genesis(), genesis_text());
    Node::start(NodeOptions { check_threads: Some(2), ..options })
}

/// What a node would find in a folder.
fn recover(folder: &Path) -> Result<Recovered, StorageError> {
    Recovered::open(folder, &genesis(), &genesis_text(), SEED)
}
