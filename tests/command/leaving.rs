//! `cairn chain invalidate` and `reconsider`: a block left by somebody whose node is stopped.

use cairn::consensus::{Genesis, GenesisFile};
use cairn::node::{Node, NodeOptions};
use serde_json::json;

use super::stage::Folder;
use super::story::{SIDE, SIDE_FORK, TIP, story};

#[test]
fn block_is_left_until_it_is_reconsidered() {
    let story = story();
    let folder = story.folder();
    let hash = story.at(SIDE_FORK + 1).to_string();
    let left = folder.json(&["invalidate", &hash]);
    assert_eq!((&left["height_before"], &left["tip_before"]), (&json!(TIP), &json!(story.tip())));
    // The branch that nobody followed is the best there is now.
    assert_eq!(left["height"], json!(SIDE));
    let info = folder.json(&["info"]);
    assert_eq!((&info["tip"], &info["ruled_out"]), (&left["tip"], &json!([hash])));
    assert!(folder.json(&["verify"])["valid"].as_bool().unwrap());
    assert_eq!(folder.json(&["reindex"])["tip"], left["tip"]);
    assert!(
        folder.chain(&["export", "left.blocks", "--to", &TIP.to_string()]).failure(1).contains("no height")
    );

    let back = folder.json(&["reconsider", &hash]);
    assert_eq!((&back["tip"], &back["tip_before"]), (&json!(story.tip()), &left["tip"]));
    assert_eq!(folder.json(&["info"])["ruled_out"], json!([]));
    assert_eq!(story.answers(&folder), story.expected(0));
}

#[test]
fn what_cannot_be_left_is_named() {
    let story = story();
    let folder = story.folder();
    let says = |folder: &Folder, hash: &str, what: &str| {
        for order in ["invalidate", "reconsider"] {
            let refused = folder.chain(&[order, hash]);
            assert!(refused.failure(1).contains(what), "{}", refused.err);
        }
    };
    says(&folder, &story.at(0).to_string(), "genesis cannot be left");
    says(&folder, &"00".repeat(32), "is not known here");
    assert!(folder.chain(&["invalidate", "first"]).failure(2).contains("first"));
    assert_eq!(folder.tip().1, u64::from(TIP));

    let mut file: GenesisFile = serde_json::from_str(&story.genesis_text).unwrap();
    file.lab = false;
    let folder = Folder::new();
    let genesis = Genesis::new(&file).unwrap();
    Node::start(NodeOptions::new(folder.data(), genesis, file.to_json())).unwrap().stop();
    says(&folder, &"00".repeat(32), "in a laboratory alone");
}
