//! `cairn chain verify`: what it finds, and that it changes nothing.

use std::fs;

use cairn::consensus::SoundBlock;
use cairn::storage::{Location, Recovered, Trace};
use cairn::testkit::MAP_SEED;
use cairn::types::BlockHash;
use serde_json::{Value, json};

use super::stage::{Folder, flip};
use super::story::{BLOCKS, TIP, story};

const BASE: u8 = 0;
const BLOCK: u8 = 3;
const CONNECTED: u8 = 4;
const DISCONNECTED: u8 = 5;

/// What `verify --json` finds wrong; what it complains about stands beside.
fn unsound(folder: &Folder) -> (Value, String) {
    let before = folder.snapshot();
    let answer = folder.chain(&["verify", "--json"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(folder.snapshot() == before, "nothing is changed");
    let found: Value = serde_json::from_str(&answer.out).expect("one object");
    assert_eq!(found["valid"], json!(false));
    (found, answer.err)
}

#[test]
fn sound_chain_is_found_sound() {
    let story = story();
    let folder = story.folder();
    let before = folder.snapshot();
    let found = folder.json(&["verify"]);
    assert_eq!(found["valid"], json!(true));
    assert_eq!(found["damaged"], json!([]));
    assert_eq!(found["unfinished_bytes"], json!(0));
    assert_eq!(found["height"], json!(TIP));
    assert_eq!(found["tip"], json!(story.tip()));
    assert_eq!(found["state"], json!(story.follower.ledger.commitments().state.to_string()));
    // Genesis is one, though no record holds it.
    assert_eq!(found["blocks"], json!(BLOCKS + 1));
    // The base, blocks, steps, and the voucher of the stop.
    assert_eq!(found["records"], json!(1 + BLOCKS + TIP as usize + 6 + 1));
    assert!(folder.snapshot() == before, "nothing is changed");
    assert!(folder.chain(&["verify"]).success().starts_with("verdict"), "for people too");
}

#[test]
fn flipped_bit_is_found_in_every_kind_of_record() {
    let story = story();
    for kind in [BASE, BLOCK, CONNECTED, DISCONNECTED] {
        let folder = story.folder();
        let records = folder.records(story.chain());
        let (location, _) = records.iter().find(|(_, payload)| payload[0] == kind).unwrap();
        folder.flip_in_record(*location);
        let (found, error) = unsound(&folder);
        let place = format!("journal-0000000001 is damaged at byte {}", location.offset);
        assert!(error.contains(&place), "{kind}: {error}");
        assert_eq!(found["damaged"].as_array().unwrap().len(), 1, "{found}");
        assert!(found["damaged"][0].as_str().unwrap().contains(&place), "{found}");
        assert!(found["tip"].is_null(), "{found}");
    }
}

#[test]
fn each_damaged_record_is_found() {
    let story = story();
    let folder = story.folder();
    let records = folder.records(story.chain());
    let some: Vec<Location> = records.iter().skip(10).step_by(40).map(|(location, _)| *location).collect();
    some.iter().for_each(|location| folder.flip_in_record(*location));
    let (found, _) = unsound(&folder);
    assert_eq!(found["damaged"].as_array().unwrap().len(), some.len());
    assert_eq!(found["records"], json!(records.len() - some.len()));
}

#[test]
fn damaged_head_of_the_segment_is_found() {
    let folder = story().folder();
    flip(&folder.segment(), 20);
    let answer = folder.chain(&["verify"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("the header of journal-0000000001 is damaged"), "{answer:?}");
}

#[test]
fn torn_tail_is_told_and_is_no_damage() {
    let story = story();
    let folder = story.folder();
    let segment = folder.segment();
    let whole = fs::read(&segment).unwrap();
    let (last, _) = folder.records(story.chain()).pop().unwrap();
    let torn = [&whole[..], &whole[last.offset as usize..whole.len() - 5]].concat();
    fs::write(&segment, &torn).unwrap();
    let before = folder.snapshot();
    let found = folder.json(&["verify"]);
    assert_eq!(found["valid"], json!(true));
    assert_eq!(found["unfinished_bytes"], json!(torn.len() - whole.len()));
    assert_eq!(found["height"], json!(TIP));
    assert!(folder.snapshot() == before, "nothing is changed");
    // Opening cuts it off, and says so.
    let info = folder.json(&["info"]);
    assert!(info["notes"][0].as_str().unwrap().contains("bytes that a crash left unfinished"), "{info}");
    assert_eq!(fs::read(&segment).unwrap(), whole);
}

/// Nothing in the journal tells that more was there once; the database does, and the node goes by it.
#[test]
fn journal_that_ends_before_what_the_database_knows_is_not_sound() {
    let story = story();
    for from_the_end in [1, 2, 5, 40] {
        let folder = story.folder();
        let (last, _) = folder.records(story.chain()).into_iter().rev().nth(from_the_end).unwrap();
        let whole = fs::read(folder.segment()).unwrap();
        fs::write(folder.segment(), &whole[..last.end().offset as usize]).unwrap();
        // The voucher came after the database was told.
        if from_the_end == 1 {
            assert_eq!(folder.json(&["verify"])["valid"], json!(true));
            continue;
        }
        let (_, error) = unsound(&folder);
        let place = format!("the journal ends in journal-0000000001 at byte {}", last.end().offset);
        assert!(error.contains(&place), "{error}");
        assert!(folder.chain(&["info"]).failure(1).contains(&place), "a node says the same");
    }
}

#[test]
fn torn_record_that_the_database_knows_is_not_sound() {
    let story = story();
    let folder = story.folder();
    let (last, _) = folder.records(story.chain()).into_iter().rev().nth(1).unwrap();
    let whole = fs::read(folder.segment()).unwrap();
    fs::write(folder.segment(), &whole[..last.end().offset as usize - 5]).unwrap();
    let (found, error) = unsound(&folder);
    assert_eq!(found["unfinished_bytes"], json!(0), "no start cuts it off");
    assert!(error.contains(&format!("at byte {}", last.offset)), "{error}");
    assert!(!folder.chain(&["info"]).failure(1).is_empty());
}

/// Writes a block on the tip whose signature is none: every checksum holds, and nothing but verifying finds it. It is put
/// on, or only there.
fn with_broken_signature(is_connected: bool) -> (Folder, BlockHash) {
    let story = story();
    let folder = story.folder();
    let genesis = &story.network.genesis;
    let params = genesis.params();
    let mut recovered = Recovered::open(&folder.data(), genesis, None, MAP_SEED).expect("a sound store");
    let mut above = Vec::new();
    let mut follower = story.follower.clone();
    super::story::grow(&mut follower, TIP + 1, &mut above);
    let mut block = above.pop().expect("a block");
    let mut other = block.transactions.to_vec();
    other[0].witness.signatures = other[1].witness.signatures.clone();
    block.transactions = cairn::codec::List::new(other).expect("no longer than it was");
    cairn::testkit::remine(&mut block, params);
    let context = recovered.chain.context_above(&block.header.previous).expect("the tip is known");
    recovered.chain.recall(&block.header).expect("a header above the tip");
    let block = SoundBlock::examine(block, &context, params)
        .expect("a block but for its signature")
        .trust_signatures();
    let effective_time = recovered.chain.entry(&block.hash()).expect("just placed").effective_time;
    let applied = recovered.ledger.apply(&block, effective_time).expect("payments that can be made");
    recovered.store.block(block.block()).expect("room on the disk");
    if is_connected {
        let trace = Trace::new(&applied, &block, params);
        recovered.store.connected(block.hash(), &trace, true).expect("room on the disk");
    }
    recovered.store.sync().expect("room on the disk");
    (folder, block.hash())
}

#[test]
fn broken_signature_under_good_checksums_is_found() {
    for is_connected in [true, false] {
        let (folder, hash) = with_broken_signature(is_connected);
        let (found, error) = unsound(&folder);
        assert_eq!(found["damaged"], json!([]));
        assert!(error.contains(&hash.to_string()) && error.contains("signature"), "{error}");
        assert!(found["reason"].as_str().unwrap().contains(&hash.to_string()), "{found}");
    }
}

#[test]
fn journal_that_is_gone_is_said_to_be_missing() {
    let folder = story().folder();
    fs::remove_file(folder.segment()).unwrap();
    let answer = folder.chain(&["verify"]);
    assert!(answer.failure(1).contains("there is no journal here"), "{answer:?}");
}
