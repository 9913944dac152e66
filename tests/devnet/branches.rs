//! Branches to order.

use std::fs;
use std::path::PathBuf;
use std::thread;

use cairn::api::Code;
use cairn::devnet::desk::{NetworkView, ReorganizationOrder, ReorganizationView};
use cairn::devnet::{Devnet, DevnetError};
use cairn::types::{Amount, Height};
use serde_json::json;

use super::stage::{Stage, options};

#[test]
fn a_reorganization_is_really_mined_and_all_go_over_to_it() {
    let stage = Stage::start(4);
    stage.handle().mine(10, None).unwrap();
    let to = stage.account(4);
    let before = stage.balance(2, &to).pebbles();
    stage.handle().give(to, Amount::from_pebbles(3), Some(0)).unwrap();
    stage.handle().mine(3, Some(0)).unwrap();
    assert_eq!(stage.balance(2, &to).pebbles(), before + 3);
    let order = ReorganizationOrder { depth: 3, node: Some(1) };
    let made: ReorganizationView = stage.desk().post("/v1/reorganize", &order).unwrap();
    assert_eq!((made.depth, made.node), (3, 1));
    assert_eq!(stage.heights(), [Some(14); 4]);
    for node in stage.network().nodes {
        assert_eq!(node.tip, Some(made.to));
    }
    assert_eq!(stage.balance(2, &to).pebbles(), before + 3, "it was mined again");
    let node = stage.handle().roster().borrow()[3].live.clone().unwrap().node;
    let left = node.reader().header(&made.from).unwrap();
    assert_eq!(left.height.0, 13);
    let told = node.reader().reorganizations(1).unwrap();
    assert_eq!(told.len(), 1);
}

#[test]
fn a_reorganization_does_not_bring_back_what_all_have_left() {
    let stage = Stage::start(2);
    let left = stage.handle().mine(5, Some(0)).unwrap().blocks[3];
    stage.handle().rule(left, false).unwrap();
    assert_eq!(stage.heights(), [Some(3); 2]);
    let node = stage.handle().roster().borrow()[1].live.clone().unwrap().node;
    let before = node.reader().reorganizations(10).unwrap().len();
    let made = stage.handle().reorganize(1, Some(1)).unwrap();
    assert_eq!(stage.heights(), [Some(4); 2]);
    assert!(stage.network().nodes.iter().all(|node| node.tip == Some(made.to)));
    assert_eq!(node.reader().header(&made.to).unwrap().height, Height(4));
    assert_eq!(node.reader().reorganizations(10).unwrap().len(), before + 1, "nor does it for a moment");
    stage.handle().rule(left, true).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(5); 2]);
}

#[test]
fn a_reorganization_deeper_than_the_chain_is_refused() {
    let stage = Stage::start(2);
    stage.handle().mine(3, None).unwrap();
    for depth in [0, 4] {
        let order = ReorganizationOrder { depth, node: None };
        let refused = stage.desk().post::<ReorganizationView>("/v1/reorganize", &order).unwrap_err();
        assert_eq!(refused.code(), Some(Code::NotNow));
    }
    stage.handle().reorganize(3, None).unwrap();
    assert_eq!(stage.heights(), [Some(4); 2]);
}

/// Has node 1 of two begin a long reorganization, and does something as soon as it has left its blocks.
fn while_reorganizing<T>(stage: Stage, act: impl FnOnce(Stage) -> T) -> T {
    stage.handle().mine(300, None).unwrap();
    let height = || stage.handle().roster().borrow()[1].live.as_ref().unwrap().node.reader().tip().height.0;
    let handle = stage.handle();
    let reorganizing = thread::spawn(move || handle.reorganize(299, Some(1)).map(drop));
    while height() == 300 {
        assert!(!reorganizing.is_finished());
        thread::yield_now();
    }
    let acted = act(stage);
    let ended = reorganizing.join().unwrap().unwrap_err();
    assert!(matches!(ended, DevnetError::Order { node: 1, .. }), "{ended}");
    acted
}

#[test]
fn a_node_that_is_killed_while_it_reorganizes_follows_the_others_when_it_is_back() {
    let stage = while_reorganizing(Stage::start(2), |stage| {
        stage.handle().kill(1).unwrap();
        stage
    });
    stage.handle().restart(1).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(300); 2]);
}

#[test]
fn a_network_that_ends_while_it_reorganizes_is_one_when_it_begins_again() {
    let folder = while_reorganizing(Stage::start(2), |stage| {
        drop(stage.devnet);
        stage.folder
    });
    let devnet = Devnet::start(options(folder.path(), 2)).unwrap();
    let stage = Stage { devnet, folder };
    stage.agree();
    assert_eq!(stage.heights(), [Some(300); 2]);
}

#[test]
fn a_block_that_is_left_is_left_by_who_was_down_and_by_who_hears_of_it_later() {
    let stage = Stage::start(3);
    stage.handle().mine(2, Some(0)).unwrap();
    stage.handle().kill(2).unwrap();
    stage.handle().part(&"1".parse().unwrap()).unwrap();
    let left = stage.handle().mine(3, Some(0)).unwrap().blocks[0];
    stage.handle().rule(left, false).unwrap();
    stage.handle().rule(left, true).unwrap();
    stage.handle().rule(left, false).unwrap();
    assert_eq!(stage.heights(), [Some(2), Some(2), None]);
    stage.handle().restart(2).unwrap();
    assert_eq!(stage.heights(), [Some(2); 3]);
    // It comes to one that had nothing to leave.
    let node = |index: usize| stage.handle().roster().borrow()[index].live.clone().unwrap().node;
    let block = node(0).reader().block(&left).unwrap().unwrap();
    pollster::block_on(node(1).submit_block(block)).wait().unwrap();
    stage.wait("it is left", |network| network.nodes[1].height == Some(Height(2)));
    assert!(node(1).reader().header(&left).is_some());
    stage.handle().heal().unwrap();
    stage.handle().kill(1).unwrap();
    stage.handle().rule(left, true).unwrap();
    stage.handle().restart(1).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(5); 3]);
}

/// Has the disk of node 0 fail; gives what is in its way.
fn fail_disk(stage: &Stage) -> PathBuf {
    // In the way of the next segment of its journal.
    let segment = stage.folder.path().join("generations/1/node-0/journal-1/journal-0000000002");
    fs::create_dir(&segment).unwrap();
    stage.handle().snapshot(None).unwrap_err();
    stage.handle().mine(1, Some(0)).unwrap_err();
    segment
}

#[test]
fn a_node_that_cannot_leave_a_block_is_named_and_the_others_leave_it() {
    let stage = Stage::start(2);
    let left = stage.handle().mine(3, Some(1)).unwrap().blocks[1];
    let segment = fail_disk(&stage);
    let told = stage.handle().rule(left, false).unwrap_err();
    assert!(matches!(told, DevnetError::NotAll { .. }) && told.to_string().contains("node 0: "), "{told}");
    assert_eq!(stage.heights()[1], Some(1));
    fs::remove_dir(&segment).unwrap();
    stage.handle().kill(0).unwrap();
    stage.handle().restart(0).unwrap();
    assert_eq!(stage.heights(), [Some(1); 2]);
}

#[test]
fn a_node_that_cannot_count_a_block_again_is_named_and_does_when_it_is_back() {
    let stage = Stage::start(2);
    let left = stage.handle().mine(3, Some(1)).unwrap().blocks[1];
    stage.handle().rule(left, false).unwrap();
    let segment = fail_disk(&stage);
    let told = stage.handle().rule(left, true).unwrap_err();
    assert!(matches!(told, DevnetError::NotAll { .. }) && told.to_string().contains("node 0: "), "{told}");
    assert_eq!(stage.heights()[1], Some(3));
    fs::remove_dir(&segment).unwrap();
    stage.handle().kill(0).unwrap();
    stage.handle().restart(0).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(3); 2]);
}

#[test]
fn a_block_that_counts_again_does_at_a_node_that_left_one_below_it_and_never_saw_it() {
    let stage = Stage::start(3);
    let low = *stage.handle().mine(3, Some(0)).unwrap().blocks.last().unwrap();
    stage.handle().kill(2).unwrap();
    let tip = *stage.handle().mine(2, Some(0)).unwrap().blocks.last().unwrap();
    stage.handle().rule(low, false).unwrap();
    stage.handle().restart(2).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(2); 3]);
    stage.handle().rule(tip, true).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(5); 3]);
}

#[test]
fn another_branch_stays_left_where_a_block_counts_again_that_a_node_never_saw() {
    let stage = Stage::start(3);
    let low = stage.handle().mine(1, Some(0)).unwrap().blocks[0];
    let other = stage.handle().mine(3, Some(0)).unwrap().blocks[0];
    stage.handle().rule(other, false).unwrap();
    stage.handle().kill(2).unwrap();
    let tip = stage.handle().mine(1, Some(0)).unwrap().blocks[0];
    stage.handle().rule(low, false).unwrap();
    stage.handle().restart(2).unwrap();
    assert_eq!(stage.heights(), [Some(0); 3]);
    stage.handle().rule(tip, true).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(2); 3]);
}

#[test]
fn nodes_that_are_left_out_for_once_count_a_block_again_when_they_are_back() {
    let stage = Stage::start(3);
    let left = stage.handle().mine(3, Some(0)).unwrap().blocks[1];
    stage.handle().rule(left, false).unwrap();
    let stage = stage.again(|options| options.nodes = Some(2)).unwrap();
    stage.handle().rule(left, true).unwrap();
    assert_eq!(stage.heights(), [Some(3); 2]);
    let stage = stage.again(|options| options.nodes = Some(3)).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(3); 3]);
}

#[test]
fn nodes_that_are_left_out_for_once_go_back_with_the_others_to_before_a_block_was_left() {
    let stage = Stage::start(2);
    let left = stage.handle().mine(3, Some(0)).unwrap().blocks[1];
    let stage = stage.again(|options| options.nodes = Some(1)).unwrap();
    stage.handle().snapshot(Some("before".to_owned())).unwrap();
    let stage = stage.again(|options| options.nodes = Some(2)).unwrap();
    stage.handle().rule(left, false).unwrap();
    let stage = stage.again(|options| options.nodes = Some(1)).unwrap();
    stage.handle().revert("before").unwrap();
    let stage = stage.again(|options| options.nodes = Some(2)).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(3); 2]);
}

#[test]
fn a_block_that_is_left_is_left_by_all_until_it_counts_again() {
    let stage = Stage::start(3);
    let made = stage.handle().mine(5, None).unwrap().blocks;
    let order = |what: &str| -> NetworkView {
        stage.desk().post(&format!("/v1/blocks/{}/{what}", made[2]), &json!({})).unwrap()
    };
    order("invalidate");
    assert_eq!(stage.heights(), [Some(2); 3]);
    stage.handle().mine(1, Some(2)).unwrap();
    assert_eq!(stage.heights(), [Some(3); 3]);
    order("reconsider");
    stage.agree();
    assert_eq!(stage.heights(), [Some(5); 3]);
    let unknown = format!("/v1/blocks/{}/invalidate", "11".repeat(32));
    let refused = stage.desk().post::<NetworkView>(&unknown, &json!({})).unwrap_err();
    assert_eq!(refused.code(), Some(Code::NotNow));
    let nonsense = stage.desk().post::<NetworkView>("/v1/blocks/tip/invalidate", &json!({})).unwrap_err();
    assert_eq!(nonsense.code(), Some(Code::BadValue));
}
