//! Chain files that are no good: what is said about them, and that whatever stood before the bad place is kept.

use cairn::storage::write_block;
use cairn::testkit::{Network, devnet_file, remine};
use cairn::types::{HEADER_BYTES, StateRoot};

use super::stage::Folder;
use super::story::{TIP, story};

/// What is said about a file that is imported into an empty folder; nothing else may come of it.
fn refused(bytes: &[u8]) -> (Folder, String) {
    let folder = story().empty_folder();
    folder.write("chain.blocks", bytes);
    let error = folder.chain(&["import", "chain.blocks"]).failure(1).to_owned();
    (folder, error)
}

#[test]
fn file_that_is_none_is_refused() {
    for bytes in [&b""[..], b"cairnblk", &[0; 300], b"{\"name\": \"genesis\"}"] {
        let (folder, error) = refused(bytes);
        assert_eq!(error, "error: chain.blocks: not a chain file\n");
        assert!(!folder.has("data"), "nothing was made for it");
    }
}

#[test]
fn missing_file_is_named() {
    let folder = story().empty_folder();
    let answer = folder.chain(&["import", "chain.blocks"]);
    assert!(answer.failure(1).starts_with("error: cannot read chain.blocks: "), "{answer:?}");
    assert!(!folder.has("data"));
}

#[test]
fn file_of_a_later_version_is_refused() {
    let mut bytes = story().file();
    bytes[8] = 2;
    let (folder, error) = refused(&bytes);
    assert!(error.contains("version 2, and this program knows 1 at most: use a later one"), "{error}");
    assert!(!folder.has("data"));
}

#[test]
fn file_of_another_chain_is_refused() {
    let mut other = devnet_file(1);
    other.name = "another".to_owned();
    let other_chain = Network::from_file(&other, 1).params().chain;
    let mut bytes = story().file();
    bytes[12..44].copy_from_slice(other_chain.0.as_bytes());
    let (folder, error) = refused(&bytes);
    let (found, ours) = (other_chain.to_string(), story().chain().to_string());
    assert!(error.contains(&format!("holds blocks of chain {found}, not of {ours}")), "{error}");
    assert!(!folder.has("data"));
}

#[test]
fn file_cut_within_a_block_is_kept_up_to_there() {
    let (bytes, offsets) = (story().file(), story().offsets());
    for cut in [offsets[40] + 100, offsets[40] + 3] {
        let (folder, error) = refused(&bytes[..cut]);
        let place = offsets[40];
        assert!(
            error.contains(&format!("ends within the block at byte {place}: it was cut short there")),
            "{error}"
        );
        assert_eq!(folder.tip(), (story().at(40).to_string(), 40));
    }
}

#[test]
fn file_cut_between_blocks_is_whole() {
    let (folder, offsets) = (story().empty_folder(), story().offsets());
    folder.write("chain.blocks", &story().file()[..offsets[40]]);
    folder.json(&["import", "chain.blocks"]);
    assert_eq!(folder.tip(), (story().at(40).to_string(), 40));
}

/// Wherever a bit is flipped: it is found out, and the blocks before are kept.
#[test]
fn flipped_bit_is_found_and_what_stood_before_is_kept() {
    let (bytes, offsets) = (story().file(), story().offsets());
    let start = offsets[33];
    // Within the header: previous, root, time, bits; within the body: commitments, coinbase, a signature at its end.
    let in_header = [4 + 10, 4 + 40, 4 + 69, 4 + 73];
    let in_body = [4 + HEADER_BYTES + 5, 4 + HEADER_BYTES + 140, offsets[34] - start - 3];
    for at in in_header.into_iter().chain(in_body) {
        let mut bytes = bytes.clone();
        bytes[start + at] ^= 1;
        let (folder, error) = refused(&bytes);
        assert!(error.starts_with("error: chain.blocks, taken in up to height 33: "), "{error}");
        assert_eq!(folder.tip(), (story().at(33).to_string(), 33), "byte {at} of the block: {error}");
        // The good file brings the rest.
        folder.write("chain.blocks", story().file());
        folder.json(&["import", "chain.blocks"]);
        assert_eq!(folder.tip(), (story().tip(), u64::from(TIP)), "byte {at} of the block: {error}");
    }
}

/// The ledger alone finds it out, when the block is in its place already.
#[test]
fn block_that_was_refused_is_refused_again_however_often_it_comes() {
    let story = story();
    let mut follower = story.follower.clone();
    let mut above = Vec::new();
    super::story::grow(&mut follower, TIP + 1, &mut above);
    let mut block = above.pop().expect("a block");
    block.commitments.state = StateRoot::from_bytes([9; 32]);
    remine(&mut block, story.network.params());
    let mut bytes = story.file();
    write_block(&mut bytes, &block).expect("room in memory");
    let (folder, first) = refused(&bytes);
    assert!(first.contains(&block.header.hash().to_string()), "{first}");
    for _ in 0..2 {
        let answer = folder.chain(&["import", "chain.blocks"]);
        assert!(answer.failure(1).contains(&block.header.hash().to_string()), "{answer:?}");
        assert_eq!(folder.tip(), (story.tip(), u64::from(TIP)));
    }
}

#[test]
fn length_beyond_all_blocks_is_refused() {
    let (mut bytes, offsets) = (story().file(), story().offsets());
    bytes[offsets[33]..offsets[33] + 4].copy_from_slice(&[0xff; 4]);
    let (folder, error) = refused(&bytes);
    assert!(error.contains(&format!("the block at byte {}", offsets[33])), "{error}");
    assert_eq!(folder.tip(), (story().at(33).to_string(), 33));
}

#[test]
fn file_with_a_gap_is_refused_at_the_gap() {
    let (bytes, offsets) = (story().file(), story().offsets());
    let without = [&bytes[..offsets[33]], &bytes[offsets[34]..]].concat();
    let (folder, error) = refused(&without);
    let missing = story().at(34).to_string();
    assert!(error.contains(&missing), "{error}");
    assert_eq!(folder.tip(), (story().at(33).to_string(), 33));
}
