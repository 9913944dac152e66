//! `cairn chain prune`: what is forgotten, and that nothing else changes.

use std::fs;

use cairn::node::{BlockRefused, Verdict};
use cairn::testkit::{Actor, Follower, MAP_SEED};
use cairn::types::Height;
use serde_json::json;

use super::stage::Folder;
use super::story::{ABANDONED, FORK, SIDE_FORK, TIP, answers, expected, grow, story, submit};

fn pruned(keep: u32) -> Folder {
    let folder = story().folder();
    let pruned = folder.json(&["prune", "--keep", &keep.to_string()]);
    assert_eq!(pruned["base"], json!(TIP - keep));
    let bytes = |name: &str| pruned[name].as_u64().expect("a number");
    assert_eq!(bytes("journal_bytes"), fs::metadata(folder.segment()).expect("the journal").len());
    assert!(bytes("journal_bytes") < bytes("journal_bytes_before"));
    folder
}

/// The story up to a height, and another miner's blocks above it.
fn another_branch(fork: u32, height: u32) -> Follower {
    let story = story();
    let mut follower = Follower::new(&story.network);
    let blocks = story.follower.branch();
    blocks.into_iter().take(fork as usize).for_each(|block| {
        follower.submit(block).expect("an honest block");
    });
    follower.mine_empty(Actor::new(6).address(), height - fork);
    follower
}

/// Wherever the base comes to lie: among what was abandoned, at a fork, above both.
#[test]
fn pruning_changes_nothing_but_what_is_forgotten() {
    let story = story();
    for base in [1, FORK - 1, FORK, FORK + 1, ABANDONED, ABANDONED + 1, SIDE_FORK, SIDE_FORK + 1, TIP - 1] {
        let folder = pruned(TIP - base);
        assert_eq!(folder.tip(), (story.tip(), u64::from(TIP)), "base {base}");
        assert_eq!(story.answers(&folder), story.expected(base), "base {base}");
        let verified = folder.json(&["verify"]);
        assert_eq!(verified["state"], json!(story.follower.ledger.commitments().state.to_string()));
        assert_eq!(folder.json(&["info"])["base"], json!(base));
    }
}

#[test]
fn side_branches_above_the_base_are_kept() {
    for (base, side_blocks) in [(FORK - 1, 5), (FORK, 5), (FORK + 1, 2), (SIDE_FORK, 2), (SIDE_FORK + 1, 0)] {
        let folder = pruned(TIP - base);
        assert_eq!(folder.json(&["info"])["side_blocks"], json!(side_blocks), "base {base}");
    }
}

#[test]
fn keeping_more_than_there_is_changes_nothing() {
    let folder = story().folder();
    let before = fs::read(folder.segment()).unwrap();
    for keep in ["60", "61", "4294967295"] {
        let pruned = folder.json(&["prune", "--keep", keep]);
        assert_eq!(pruned["base"], json!(0));
        assert_eq!(pruned["journal_bytes"], pruned["journal_bytes_before"]);
        assert_eq!(fs::read(folder.segment()).unwrap(), before);
    }
    assert_eq!(story().answers(&folder), story().expected(0));
}

#[test]
fn pruning_again_forgets_more_and_never_less() {
    let folder = pruned(30);
    let pruned = folder.json(&["prune", "--keep", "40"]);
    assert_eq!(pruned["base"], json!(30));
    assert_eq!(pruned["journal_bytes"], pruned["journal_bytes_before"]);
    let pruned = folder.json(&["prune", "--keep", "30"]);
    assert_eq!(pruned["journal_bytes"], pruned["journal_bytes_before"]);
    assert_eq!(story().answers(&folder), story().expected(30));
    let pruned = folder.json(&["prune", "--keep", "12"]);
    assert_eq!(pruned["base"], json!(48));
    assert_eq!(story().answers(&folder), story().expected(48));
    assert_eq!(folder.json(&["verify"])["valid"], json!(true));
}

#[test]
fn node_goes_on_above_the_base_and_starts_again() {
    let story = story();
    let folder = pruned(15);
    let (mut follower, mut above) = (story.follower.clone(), Vec::new());
    grow(&mut follower, TIP + 5, &mut above);
    let node = story.node(&folder.data());
    for block in &above {
        assert_eq!(submit(&node.handle(), block), Ok(Verdict::Followed { reverted: 0 }));
    }
    node.stop();
    for _ in 0..2 {
        let node = story.node(&folder.data());
        let told = answers(&node.handle());
        let wanted = expected(&follower, TIP - 15);
        assert_eq!(
            (&told.tip, &told.state, &told.histories),
            (&wanted.tip, &wanted.state, &wanted.histories)
        );
        node.stop();
        folder.json(&["reindex"]);
    }
    assert_eq!(folder.json(&["verify"])["height"], json!(TIP + 5));
}

#[test]
fn branch_that_begins_at_the_base_or_above_is_followed() {
    let story = story();
    for fork in [45, 46, 59] {
        let folder = pruned(TIP - 45);
        let other = another_branch(fork, TIP + 1);
        let node = story.node(&folder.data());
        let blocks = other.branch().split_off(fork as usize);
        let mut verdicts: Vec<_> = blocks.iter().map(|block| submit(&node.handle(), block)).collect();
        assert_eq!(verdicts.pop(), Some(Ok(Verdict::Followed { reverted: TIP - fork })), "fork {fork}");
        assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Side)), "fork {fork}");
        let told = answers(&node.handle());
        let wanted = expected(&other, 45);
        assert_eq!((told.tip, told.state), (wanted.tip, wanted.state));
        assert_eq!((told.histories, told.accounts), (wanted.histories, wanted.accounts));
        node.stop();
        assert_eq!(folder.tip().0, other.chain.tip().hash.to_string());
        assert_eq!(folder.json(&["verify"])["tip"], json!(other.chain.tip().hash.to_string()));
        // And once more, now that a reorganization lies above the base.
        folder.json(&["prune", "--keep", "5"]);
        assert_eq!(folder.json(&["verify"])["tip"], json!(other.chain.tip().hash.to_string()));
    }
}

#[test]
fn branch_that_begins_below_the_base_is_refused() {
    let story = story();
    let folder = pruned(TIP - 45);
    let other = another_branch(44, TIP + 2);
    let node = story.node(&folder.data());
    let blocks = other.branch().split_off(44);
    let verdicts: Vec<_> = blocks.iter().map(|block| submit(&node.handle(), block)).collect();
    let refused = &verdicts[(TIP - 44) as usize];
    assert_eq!(*refused, Err(BlockRefused::BelowBase { fork: Height(44), base: Height(45) }));
    let said = refused.clone().unwrap_err().to_string();
    assert!(said.contains("what lies below 45 was pruned: sync again from peers, or import"), "{said}");
    assert_eq!(node.handle().condition().stopped, None);
    // Our own branch goes on.
    let (mut follower, mut above) = (story.follower.clone(), Vec::new());
    grow(&mut follower, TIP + 1, &mut above);
    assert_eq!(submit(&node.handle(), &above[0]), Ok(Verdict::Followed { reverted: 0 }));
    node.stop();

    // It starts again beside a better branch that it cannot follow, and says the same of it.
    let node = story.node(&folder.data());
    assert_eq!(node.handle().reader().tip().height, Height(TIP + 1));
    assert_eq!(node.handle().condition().stopped, None);
    node.stop();
    assert_eq!(folder.json(&["verify"])["height"], json!(TIP + 1));
    folder.json(&["reindex"]);
    folder.json(&["prune", "--keep", "5"]);
    assert_eq!(folder.json(&["info"])["side_blocks"], json!(0));
}

#[test]
fn pruned_chain_is_rebuilt_without_its_database() {
    let folder = pruned(20);
    fs::remove_dir_all(folder.path("data/sled")).unwrap();
    assert_eq!(story().answers(&folder), story().expected(TIP - 20));
    let rebuilt = folder.json(&["reindex"]);
    assert_eq!((&rebuilt["base"], &rebuilt["indexed"]), (&json!(TIP - 20), &json!(TIP)));
    assert_eq!(story().answers(&folder), story().expected(TIP - 20));
}

/// No step lies above the base that would say where the indexes end.
#[test]
fn chain_that_kept_no_block_is_reindexed_and_goes_on() {
    let story = story();
    let folder = story.folder();
    cairn::storage::prune(&folder.data(), &story.network.genesis, MAP_SEED, 0).unwrap();
    let rebuilt = folder.json(&["reindex"]);
    assert_eq!((&rebuilt["base"], &rebuilt["indexed"]), (&json!(TIP), &json!(TIP)));
    let (mut follower, mut above) = (story.follower.clone(), Vec::new());
    grow(&mut follower, TIP + 1, &mut above);
    let node = story.node(&folder.data());
    assert_eq!(submit(&node.handle(), &above[0]), Ok(Verdict::Followed { reverted: 0 }));
    let (told, wanted) = (answers(&node.handle()), expected(&follower, TIP));
    assert_eq!((told.tip, told.histories), (wanted.tip, wanted.histories));
}

#[test]
fn flipped_bit_in_what_a_pruned_chain_begins_with_is_found() {
    let folder = pruned(20);
    let records = folder.records(story().chain());
    assert_eq!(records[..3].iter().map(|(_, payload)| payload[0]).collect::<Vec<_>>(), [0, 1, 2]);
    folder.flip_in_record(records[2].0);
    let answer = folder.chain(&["verify"]);
    let place = format!("journal-0000000001 is damaged at byte {}", records[2].0.offset);
    assert!(answer.code == Some(1) && answer.err.contains(&place), "{answer:?}");
}

#[test]
fn export_of_a_pruned_chain_says_why_not() {
    let folder = pruned(20);
    let answer = folder.chain(&["export", "chain.blocks"]);
    let error = answer.failure(1);
    assert!(error.contains("blocks up to height 40 were pruned here"), "{error}");
    assert!(!folder.has("chain.blocks"));
}

#[test]
fn import_into_a_pruned_chain_passes_over_what_it_had() {
    let folder = pruned(20);
    folder.write("chain.blocks", story().file());
    let imported = folder.json(&["import", "chain.blocks"]);
    assert_eq!((&imported["blocks"], &imported["known"]), (&json!(0), &json!(TIP)));
    assert_eq!(story().answers(&folder), story().expected(40));
}

/// Killed before the new journal counts, or before the old one is gone: either way one counts, and the other goes.
#[test]
fn pruning_that_was_interrupted_leaves_one_journal() {
    let folder = story().folder();
    fs::create_dir(folder.path("data/journal-2")).unwrap();
    folder.write("data/journal-2/journal-0000000001", "half");
    assert_eq!(folder.json(&["verify"])["valid"], json!(true));
    assert_eq!(story().answers(&folder), story().expected(0));
    assert!(!folder.has("data/journal-2"));

    let folder = pruned(20);
    fs::create_dir(folder.path("data/journal-1")).unwrap();
    assert_eq!(story().answers(&folder), story().expected(40));
    assert!(!folder.has("data/journal-1") && folder.has("data/journal-2"));
}
