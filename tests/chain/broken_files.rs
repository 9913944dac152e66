//! Chain files that are no good: what is said about them, and that whatever stood before the bad place is kept.

use cairn::testkit::{Network, devnet_file};

use super::command::Folder;
use super::story::story;

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
fn file_cut_between_blocks_is_whole() {
    let (folder, offsets) = (story().empty_folder(), story().offsets());
    folder.write("chain.blocks", &story().file()[..offsets[40]]);
    folder.json(&["import", "chain.blocks"]);
    assert_eq!(folder.tip(), (story().at(40).to_string(), 40));
}
