//! What goes wrong in a devnet, to order, and that it heals.

use std::time::{Duration, Instant};

use cairn::api::Code;
use cairn::api::view::{LinkFaults, PeersView};
use cairn::devnet::DevnetError;
use cairn::devnet::desk::{EndsView, LinkView, MendedView, NetworkView, PartitionOrder};
use cairn::types::Amount;
use serde_json::json;

use super::stage::Stage;

fn part(stage: &Stage, groups: &[&[usize]]) -> NetworkView {
    let groups = groups.iter().map(|group| group.to_vec()).collect();
    stage.desk().post("/v1/partition", &PartitionOrder { groups }).unwrap()
}

fn healthy(a: usize, b: usize) -> LinkView {
    LinkView { a, b, faults: LinkFaults::default() }
}

#[test]
fn halves_of_a_network_go_their_own_ways_and_follow_the_longer_one_when_they_meet_again() {
    let stage = Stage::start(5);
    stage.handle().mine(3, None).unwrap();
    let network = part(&stage, &[&[0, 1], &[2, 3, 4]]);
    assert_eq!(network.links.len(), 6);
    stage.handle().mine(2, Some(0)).unwrap();
    stage.handle().mine(4, Some(3)).unwrap();
    assert_eq!(stage.heights(), [5, 5, 7, 7, 7].map(Some));
    let healed: NetworkView = stage.desk().post("/v1/heal", &json!({})).unwrap();
    assert!(healed.links.is_empty());
    let heights: Vec<_> = healed.nodes.iter().map(|node| node.height.map(|height| height.0)).collect();
    assert_eq!(heights, [Some(7); 5]);
    stage.agree();
}

#[test]
fn halves_that_are_as_long_keep_nobody_waiting_when_they_meet() {
    let stage = Stage::start(2);
    part(&stage, &[&[0], &[1]]);
    stage.handle().mine(2, Some(0)).unwrap();
    stage.handle().mine(2, Some(1)).unwrap();
    let begun = Instant::now();
    stage.handle().heal().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// Connections of a node, those among them over which nobody has said anything.
fn connections(stage: &Stage, node: usize) -> usize {
    stage.node(node).get::<PeersView>("/v1/peers").unwrap().peers.len()
}

#[test]
fn healing_answers_when_all_who_run_speak_to_each_other_again() {
    let stage = Stage::start(2);
    part(&stage, &[&[0], &[1]]);
    stage.handle().kill(0).unwrap();
    // So that only node 1 knows where the other is. The connection that it makes is given up, since nothing passes.
    std::fs::remove_file(stage.folder.path().join("generations/1/node-0/net/peers.book")).unwrap();
    stage.handle().restart(0).unwrap();
    for is_there in [true, false] {
        stage.wait("it is made, and given up", |network| {
            assert!(network.nodes[1].peers.is_empty(), "nobody has said who they are");
            (connections(&stage, 1) > 0) == is_there
        });
    }
    // Now there is a pause, before it is tried again.
    let healed: MendedView = stage.desk().post("/v1/heal", &json!({})).unwrap();
    assert_eq!(healed.missing, []);
    let peers: Vec<_> = healed.network.nodes.iter().map(|node| node.peers.clone()).collect();
    assert_eq!(peers, [[1], [0]]);
}

#[test]
fn links_that_do_not_stand_in_time_are_named() {
    let stage = Stage::start(2);
    // So slow that nobody has heard who is there in ten seconds.
    stage.handle().kill(1).unwrap();
    let link = |cut| LinkView {
        faults: LinkFaults { delay_ms: 60_000, cut, ..LinkFaults::default() },
        ..healthy(0, 1)
    };
    let cut: MendedView = stage.desk().post("/v1/links", &link(true)).unwrap();
    assert_eq!(cut.missing, []);
    stage.handle().restart(1).unwrap();
    let slow: MendedView = stage.desk().post("/v1/links", &link(false)).unwrap();
    assert_eq!(slow.missing, [EndsView { a: 0, b: 1 }]);
}

#[test]
fn nodes_that_have_not_caught_up_in_time_are_named() {
    let stage = Stage::start(2);
    let block = stage.handle().mine(2, Some(0)).unwrap().blocks[1];
    let node = stage.handle().roster().borrow()[1].live.clone().unwrap().node;
    pollster::block_on(node.invalidate(block)).unwrap();
    let healed: MendedView = stage.desk().post("/v1/heal", &json!({})).unwrap();
    assert_eq!((healed.missing, healed.behind), (vec![], vec![1]));
}

#[test]
fn a_payment_that_only_the_shorter_half_saw_is_mined_again_when_they_meet() {
    let stage = Stage::start(4);
    part(&stage, &[&[0, 1]]);
    let to = stage.account(5);
    let before = stage.balance(2, &to).pebbles();
    stage.handle().give(to, Amount::from_pebbles(1), Some(1)).unwrap();
    stage.wait("the payment", |network| network.nodes[0].waiting == 1);
    stage.handle().mine(1, Some(0)).unwrap();
    stage.handle().mine(2, Some(2)).unwrap();
    stage.handle().heal().unwrap();
    stage.agree();
    stage.wait("the payment", |network| network.nodes[3].waiting == 1);
    stage.handle().mine(1, Some(3)).unwrap();
    stage.wait("all is mined", |network| network.nodes.iter().all(|node| node.waiting == 0));
    assert_eq!(stage.balance(2, &to).pebbles(), before + 1);
}

#[test]
fn a_slow_link_is_slow_both_ways_and_healthy_again_when_nothing_is_said_of_it() {
    let stage = Stage::start(2);
    let slow = LinkView { faults: LinkFaults { delay_ms: 400, ..LinkFaults::default() }, ..healthy(0, 1) };
    let network: NetworkView = stage.desk().post("/v1/links", &slow).unwrap();
    assert_eq!(network.links, [slow]);
    for miner in [0, 1] {
        let before = stage.heights()[0];
        let begun = Instant::now();
        stage.handle().mine(1, Some(miner)).unwrap();
        stage.wait("the other hears", |network| {
            network.nodes[1 - miner].height.map(|height| height.0) > before
        });
        assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
    }
    let network: NetworkView = stage.desk().post("/v1/links", &healthy(1, 0)).unwrap();
    assert!(network.links.is_empty());
}

#[test]
fn links_that_make_no_sense_are_told_why() {
    let stage = Stage::start(2);
    let refused = |link: LinkView| stage.desk().post::<NetworkView>("/v1/links", &link).unwrap_err().code();
    assert_eq!(refused(healthy(0, 7)), Some(Code::NotFound));
    assert_eq!(refused(healthy(1, 1)), Some(Code::BadValue));
    let well = LinkFaults::default();
    for faults in [
        LinkFaults { loss_percent: 100.0, ..well },
        LinkFaults { delay_ms: 60_001, ..well },
        LinkFaults { bytes_per_second: Some(0), ..well },
    ] {
        assert_eq!(refused(LinkView { faults, ..healthy(0, 1) }), Some(Code::BadValue));
    }
    let twice = PartitionOrder { groups: vec![vec![0], vec![0, 1]] };
    let refused = stage.desk().post::<NetworkView>("/v1/partition", &twice).unwrap_err();
    assert_eq!(refused.code(), Some(Code::BadValue));
}

#[test]
fn a_killed_node_is_gone_and_comes_back_at_its_places_with_every_block() {
    let stage = Stage::start(3);
    stage.handle().mine(5, Some(1)).unwrap();
    let places = stage.network().nodes[1].at.clone();
    stage.handle().kill(1).unwrap();
    assert!(stage.node(1).tip().is_err());
    assert_eq!(stage.heights(), [Some(5), None, Some(5)]);
    let refused = stage.handle().kill(1).unwrap_err();
    assert!(refused.to_string().contains("restart 1"), "{refused}");
    stage.handle().mine(2, Some(0)).unwrap();
    stage.handle().restart(1).unwrap();
    assert_eq!(stage.network().nodes[1].at, places);
    assert!(stage.node(1).tip().unwrap().height.0 >= 5);
    stage.agree();
    assert_eq!(stage.heights(), [Some(7); 3]);
    assert!(stage.handle().restart(1).unwrap_err().to_string().contains("runs already"));
}

#[test]
fn a_node_that_was_away_while_links_were_cut_is_cut_off_when_it_comes_back() {
    let stage = Stage::start(3);
    stage.handle().kill(2).unwrap();
    part(&stage, &[&[2]]);
    stage.handle().restart(2).unwrap();
    stage.handle().mine(2, Some(0)).unwrap();
    assert_eq!(stage.heights(), [Some(2), Some(2), Some(0)]);
    stage.handle().heal().unwrap();
    stage.agree();
}

#[test]
fn a_node_whose_disk_fails_is_named_and_no_order_waits_for_it() {
    let stage = Stage::start(2);
    // In the way of the next segment of its journal.
    let segment = stage.folder.path().join("generations/1/node-0/journal-1/journal-0000000002");
    std::fs::create_dir(&segment).unwrap();
    let unsaved = stage.handle().snapshot(None).unwrap_err();
    assert!(matches!(unsaved, DevnetError::Save { node: 0, .. }), "{unsaved}");
    for _ in 0..2 {
        let refused = stage.handle().mine(1, Some(0)).unwrap_err();
        assert!(matches!(refused, DevnetError::Order { node: 0, made: 0, .. }), "{refused}");
    }
    let unsaved = stage.handle().snapshot(None).unwrap_err();
    assert!(unsaved.to_string().contains("`cairn devnet kill 0`"), "{unsaved}");
    std::fs::remove_dir(&segment).unwrap();
    stage.handle().kill(0).unwrap();
    stage.handle().restart(0).unwrap();
    stage.handle().mine(1, Some(0)).unwrap();
    stage.agree();
}

#[test]
fn with_all_nodes_down_orders_say_so() {
    let stage = Stage::start(1);
    stage.handle().kill(0).unwrap();
    for refused in [
        stage.handle().mine(1, None).err(),
        stage.handle().give(stage.account(0), Amount::from_pebbles(1), None).err(),
    ] {
        assert!(refused.unwrap().to_string().contains("restart 0"));
    }
}
