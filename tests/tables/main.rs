//! The chain's database: stores of keys and values, and packed tables on them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod conformance;
mod damage;
mod kills;
mod packed;
mod tables;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cairn::storage::{Healing, KeyValue, KvError, Memory, Sled, SledOptions};
use tempfile::TempDir;

/// Opens a store with little cache, so that pages are really read from disk.
fn open(path: &Path) -> Result<(Sled, Vec<Healing>), KvError> {
    Sled::open(path, SledOptions { cache_bytes: 1 << 20 })
}

/// A store of each kind; the second of the pair keeps its folder.
fn stores() -> [(Arc<dyn KeyValue>, Option<TempDir>); 2] {
    let folder = tempfile::tempdir().unwrap();
    let sled = open(&folder.path().join("sled")).unwrap().0;
    [(Arc::new(Memory::new()), None), (Arc::new(sled), Some(folder))]
}

/// Draws that a seed repeats.
struct Dice(u64);

impl Dice {
    fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.draw() >> 11) as usize % bound
    }
}

/// Times the usual number, as `CAIRN_CASES_FACTOR` says.
fn cases(usual: usize) -> usize {
    let factor = env::var("CAIRN_CASES_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    usual * factor
}

/// Which folder a child works on; set in children alone.
const CHILD_FOLDER: &str = "CAIRN_TABLES_CHILD";

/// The folder of this process, if it is the child of a test.
fn child_folder() -> Option<PathBuf> {
    env::var_os(CHILD_FOLDER).map(PathBuf::from)
}

/// This test binary once more, running one test as a child on a folder.
fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD_FOLDER, folder);
    command
}
