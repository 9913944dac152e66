//! The database is made again from the journal, by itself, whatever has become of it.

use std::fs;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn::consensus::Genesis;
use cairn::node::{Node, NodeOptions};
use cairn::storage::{Batch, JournalError, KeyValue, Recovered, Sled, SledOptions, StorageError};
use cairn::testkit::{Actor, devnet_file};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::folders::{answers, cut, earlier, expected, files, flip_bit, later, replace, segment};
use super::prepared::{genesis, genesis_text};
use super::{Prepared, SEED, check_against_replay, recover, start, submit_all};

/// Whatever was done: the node opens, says what it mended if it had to, and knows everything that it knew.
fn heals(folder: &Path, what: &str) -> Vec<String> {
    let recovered = recover(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    check_against_replay(&recovered);
    assert_eq!(recovered.chain.tip().hash, expected_tip(), "{what}");
    recovered.notes.clone()
}

fn expected_tip() -> cairn::types::BlockHash {
    recover(later().path()).unwrap().chain.tip().hash
}

#[test]
fn state_is_taken_from_the_database_and_not_made_again_at_every_start() {
    let folder = later();
    for _ in 0..2 {
        assert_eq!(heals(folder.path(), "nothing"), [""; 0]);
        assert_eq!(answers(&start(folder.path()).unwrap()), expected());
    }
}

#[test]
fn database_that_is_gone_is_made_again() {
    let folder = later();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let node = start(folder.path()).unwrap();
    assert_eq!(answers(&node), expected());
}

/// The line comes before the work, and whoever reads it can still end it.
#[test]
fn start_that_makes_the_database_says_so_first_and_can_be_called_off() {
    let folder = later();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let mut options = NodeOptions::new(folder.path(), genesis(), genesis_text());
    let stop = Arc::clone(&options.stop);
    options.log = Box::new(move |line| {
        assert!(line.contains("the database is made from the journal"), "{line}");
        stop.store(true, Ordering::Relaxed);
    });
    let called_off = Node::start(options).err();
    assert!(matches!(called_off, Some(StorageError::Journal(JournalError::CalledOff))), "{called_off:?}");
    assert_eq!(answers(&start(folder.path()).unwrap()), expected());

    // Already while the journal is checked.
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let options = NodeOptions::new(folder.path(), genesis(), genesis_text());
    options.stop.store(true, Ordering::Relaxed);
    assert!(Node::start(options).is_err());
    assert_eq!(answers(&start(folder.path()).unwrap()), expected());
}

#[test]
fn file_of_the_database_that_is_gone_or_cut_short_is_mended() {
    for (at, file) in files(&later().path().join("sled")).iter().enumerate() {
        let name = file.file_name().unwrap();
        let length = fs::metadata(file).unwrap().len();
        for quarter in 0..=4 {
            let folder = later();
            let file = &files(&folder.path().join("sled"))[at];
            match quarter {
                4 => fs::remove_file(file).unwrap(),
                _ => cut(file, length * quarter / 4),
            }
            let what = format!("{} at {quarter} quarters", name.display());
            let notes = heals(folder.path(), &what);
            if quarter == 2 {
                assert_eq!(answers(&start(folder.path()).unwrap()), expected(), "{what}: {notes:?}");
            }
        }
    }
}

#[test]
fn bit_flipped_in_the_database_is_mended_or_does_no_harm() {
    for seed in super::seeds(24) {
        let folder = later();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let files = files(&folder.path().join("sled"));
        let file = &files[random.next_u32() as usize % files.len()];
        // Most of a log is empty: where it is written.
        let bytes = fs::read(file).unwrap();
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
        if bytes.is_empty() {
            continue;
        }
        let bit = random.next_u64() % (written * 8);
        flip_bit(file, bit);
        let what = format!("seed {seed}: bit {bit} of {}", file.display());
        let notes = heals(folder.path(), &what);
        if seed % 4 == 0 {
            let node = start(folder.path()).unwrap();
            submit_all(&node, &Prepared::get().blocks[super::folders::LATER..][..20]);
            node.stop();
            let recovered =
                recover(folder.path()).unwrap_or_else(|error| panic!("{what}: {notes:?}: {error}"));
            check_against_replay(&recovered);
        }
    }
}

#[test]
fn damaged_database_is_kept_until_a_start_that_finds_a_sound_one() {
    let folder = later();
    let sled = folder.path().join("sled");
    let log = sled.join("db");
    let length = fs::metadata(&log).unwrap().len() as usize;
    fs::write(&log, vec![7; length]).unwrap();
    let notes = heals(folder.path(), "a log of sevens");
    assert!(notes.iter().any(|note| note.contains("damaged")), "{notes:?}");
    let aside = folder.path().join("sled.damaged");
    assert!(aside.is_dir());
    assert_eq!(heals(folder.path(), "again"), [""; 0]);
    assert!(!aside.exists());
}

/// Takes all chunks but the last out of each run of the indexes: what opening does not look at.
fn open_gaps_in_indexes(folder: &Path) {
    let (store, _) = Sled::open(&folder.join("sled"), SledOptions { cache_bytes: 1 << 20 }).unwrap();
    let scan = store.scan((Bound::Included(&[0xf1, 1]), Bound::Excluded(&[0xf1, 2])));
    let chunks: Vec<_> = scan.map(|pair| pair.unwrap().0).collect();
    let run = |chunk: &[u8]| chunk[..6].to_vec();
    let mut batch = Batch::new();
    for pair in chunks.windows(2).filter(|pair| run(&pair[0]) == run(&pair[1])) {
        batch.remove(pair[0].clone());
    }
    assert!(!batch.is_empty());
    store.apply(batch).unwrap();
    store.sync().unwrap();
}

/// Waits until a node has ended by itself, over its database.
fn ends_over_its_database(node: Node) {
    let mut conditions = node.handle().conditions();
    let stopped = pollster::block_on(conditions.wait_for(|condition| condition.stopped.is_some())).unwrap();
    let reason = stopped.stopped.clone().unwrap();
    assert!(reason.contains("has a gap") && reason.contains("made again from the journal"), "{reason}");
    drop(stopped);
    node.stop();
}

#[test]
fn gap_in_the_indexes_that_a_reader_meets_is_mended_by_the_next_start() {
    let folder = later();
    open_gaps_in_indexes(folder.path());
    let node = start(folder.path()).unwrap();
    let reader = node.handle().reader();
    let met = (0..12).any(|number| reader.history(&Actor::new(number).address(), None, 1000).is_err());
    assert!(met);
    ends_over_its_database(node);
    assert!(folder.path().join("sled.damaged").is_dir());
    assert_eq!(answers(&start(folder.path()).unwrap()), expected());
    assert!(!folder.path().join("sled.damaged").exists());
}

/// Each start adds a run, until they are merged.
#[test]
fn gap_in_the_indexes_that_a_merge_meets_is_mended_by_the_next_start() {
    let folder = later();
    open_gaps_in_indexes(folder.path());
    let aside = folder.path().join("sled.damaged");
    let blocks = &Prepared::get().blocks[super::folders::LATER..][..60];
    for blocks in blocks.chunks(15) {
        let node = start(folder.path()).unwrap();
        for block in blocks {
            // Refused where it ends already.
            let _ = pollster::block_on(node.handle().submit_block(block.clone())).wait();
        }
        node.stop();
        if aside.exists() {
            break;
        }
    }
    if !aside.exists() {
        ends_over_its_database(start(folder.path()).unwrap());
    }
    let node = start(folder.path()).unwrap();
    submit_all(&node, blocks);
    let sound = later();
    let expected = start(sound.path()).unwrap();
    submit_all(&expected, blocks);
    assert_eq!(answers(&node), answers(&expected));
}

#[test]
fn database_that_came_back_as_it_was_earlier_catches_up() {
    let folder = later();
    replace(&folder.path().join("sled"), &earlier().path().join("sled"));
    assert_eq!(heals(folder.path(), "earlier"), [""; 0]);
    assert_eq!(answers(&start(folder.path()).unwrap()), expected());
}

#[test]
fn database_of_another_chain_is_made_anew() {
    let other = tempfile::tempdir().unwrap();
    let file = devnet_file(3);
    let text = serde_json::to_string(&file).unwrap();
    drop(Recovered::open(other.path(), &Genesis::new(&file).unwrap(), Some(&text), SEED).unwrap());
    let folder = later();
    replace(&folder.path().join("sled"), &other.path().join("sled"));
    heals(folder.path(), "another chain's");
    assert_eq!(answers(&start(folder.path()).unwrap()), expected());
}

#[test]
fn journal_shorter_than_the_database_remembers_is_refused_and_left_alone() {
    let folder = later();
    replace(&folder.path().join("journal-1"), &earlier().path().join("journal-1"));
    let before = fs::read(segment(folder.path())).unwrap();
    let error = recover(folder.path()).unwrap_err();
    let StorageError::Journal(JournalError::EndsEarly { segment: 1, offset }) = error else {
        panic!("{error}")
    };
    assert_eq!(offset, before.len() as u64);
    assert!(error.to_string().contains(&format!("journal-0000000001 at byte {offset}")), "{error}");
    assert_eq!(fs::read(segment(folder.path())).unwrap(), before);
    // Whoever accepts the loss removes the database.
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    check_against_replay(&recover(folder.path()).unwrap());
}

#[test]
fn folder_of_another_chain_is_refused() {
    let folder = later();
    let genesis = Genesis::new(&devnet_file(3)).unwrap();
    let error = Recovered::open(folder.path(), &genesis, Some(&genesis_text()), SEED).unwrap_err();
    assert!(matches!(error, StorageError::AnotherChain { .. }), "{error}");
}
