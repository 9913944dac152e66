//! The journal: what was synced stays, the rest goes from the end, and damage is not taken for a crash.

mod crashes;
mod damage;
mod faults;
mod life;
mod reading;

use std::sync::Arc;

use cairn::storage::{Files, Journal, JournalError, JournalOptions, Location, Opened, Position};
use cairn::testkit::SimulatedDisk;
use cairn::testkit::strategies::cases;
use cairn::types::{BlockHash, ChainId};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const CHAIN: ChainId = ChainId(BlockHash::from_bytes([0xca; 32]));

/// Small, so that there are many.
const SEGMENT_BYTES_MAX: u64 = 6000;

const SEGMENT_HEADER_BYTES: u64 = 64;
const RECORD_HEAD_BYTES: u64 = 24;

fn options(seed: u64) -> JournalOptions {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x5a17);
    let salt = Box::new(move || Ok(random.next_u64()));
    JournalOptions { segment_bytes_max: SEGMENT_BYTES_MAX, salt, ..JournalOptions::default() }
}

fn files(disk: &SimulatedDisk) -> Arc<dyn Files> {
    Arc::new(disk.clone())
}

fn create(disk: &SimulatedDisk) -> Journal {
    Journal::create(files(disk), CHAIN, options(disk.operations())).unwrap()
}

fn open(disk: &SimulatedDisk, from: Position) -> Result<Opened, JournalError> {
    Journal::open(files(disk), CHAIN, options(from.offset), from)
}

fn name(segment: u32) -> String {
    format!("journal-{segment:010}")
}

/// Everything in a journal, in order.
fn all(journal: &Journal) -> Vec<(Location, Vec<u8>)> {
    let records = journal.reader().records(Position::START, journal.end());
    records.collect::<Result<_, _>>().unwrap()
}

/// How many seeds: so many, or a hundred times that in the long run.
fn seeds(usual: u32) -> std::ops::Range<u64> {
    0..u64::from(cases(usual).cases)
}

/// Bytes that are different each time.
fn payload(number: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    ChaCha8Rng::seed_from_u64(number).fill_bytes(&mut bytes);
    bytes
}
