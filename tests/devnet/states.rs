//! States of the whole network: saved, and gone back to.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn::api::Code;
use cairn::devnet::desk::{LinkView, NetworkView, SnapshotOrder, SnapshotView};
use cairn::devnet::{Devnet, DevnetError, DevnetHandle, Seat};
use cairn::net::{Keep, Link};
use cairn::protocol::{Banned, BookSecret, Order, ProtocolReport};
use cairn::types::{Amount, BlockHash, StateRoot, Timestamp, Txid};
use serde_json::json;

use super::stage::{Stage, options};

/// Somebody who is banned.
const STRANGER: Banned = Banned::Address(STRANGER_AT);
const STRANGER_AT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A node's tip, its height, the state after it, and what waits there.
type Stand = (BlockHash, u32, StateRoot, Vec<Txid>);

/// Everything of a network that going back to a state must bring back.
#[derive(Debug, PartialEq)]
pub struct State {
    pub nodes: Vec<Option<Stand>>,
    ids: Vec<String>,
    links: Vec<LinkView>,
    bans: Vec<Option<Vec<Banned>>>,
}

/// What each node that runs knows of others.
fn reports(stage: &Stage) -> Vec<Option<ProtocolReport>> {
    let roster = stage.handle().roster().borrow().clone();
    let report = |seat: &Seat| Some(pollster::block_on(seat.live.as_ref()?.peers.report()).unwrap().machine);
    roster.iter().map(report).collect()
}

pub fn state(stage: &Stage) -> State {
    let roster = stage.handle().roster().borrow().clone();
    let nodes = roster.iter().map(|seat| {
        let node = &seat.live.as_ref()?.node;
        let reader = node.reader();
        let pool = reader
            .pool()
            .unwrap()
            .entries()
            .iter()
            .map(|entry| entry.transaction().transaction().body.txid())
            .collect();
        Some((reader.tip().hash, reader.tip().height.0, reader.tip().state, pool))
    });
    let network = stage.network();
    State {
        nodes: nodes.collect(),
        ids: network.nodes.iter().map(|node| node.id.clone()).collect(),
        links: network.links,
        bans: reports(stage)
            .into_iter()
            .map(|report| Some(report?.bans.iter().map(|(who, _)| *who).collect()))
            .collect(),
    }
}

/// Blocks, a payment in one and three that wait everywhere.
pub fn eventful(nodes: usize) -> Stage {
    let stage = Stage::start(nodes);
    let one = Amount::from_pebbles(1);
    stage.handle().give(stage.account(1), one, None).unwrap();
    stage.wait("the payment", |network| network.nodes.iter().all(|node| node.waiting == 1));
    stage.handle().mine(12, None).unwrap();
    for account in 2..5 {
        stage.handle().give(stage.account(account), one, None).unwrap();
    }
    stage.wait("the payments", |network| network.nodes.iter().all(|node| node.waiting == 3));
    stage
}

/// Has a node ban somebody, or forgive them.
fn ban(stage: &Stage, node: usize, order: Order) {
    let live = stage.handle().roster().borrow()[node].live.clone().unwrap();
    pollster::block_on(live.peers.order(order)).unwrap();
}

/// What a node keeps of others in this folder.
fn kept(folder: &Path) -> Keep {
    Keep::open(folder, Arc::new(|line: &str| panic!("{line}"))).unwrap()
}

#[test]
fn known_peers_and_bans_are_in_a_snapshot_at_once_and_those_of_it_are_known_again() {
    let stage = Stage::start(3);
    let known = |report: &Option<ProtocolReport>| -> BTreeSet<SocketAddr> {
        report.as_ref().unwrap().known.iter().map(|known| known.address).collect()
    };
    ban(&stage, 1, Order::Ban(STRANGER, 1000));
    let node = |node: usize| format!("node-{node}");
    let at_once = kept(&stage.folder.path().join("generations/1").join(node(1))).bans().unwrap();
    assert!(
        at_once.is_banned(STRANGER_AT, None, Timestamp(0)),
        "an order to ban is kept when it is answered"
    );
    let before: Vec<_> = reports(&stage).iter().map(known).collect();
    stage.handle().snapshot(Some("kept".to_owned())).unwrap();
    let saved = |index: usize| kept(&stage.folder.path().join("snapshots/kept").join(node(index)));
    assert!(saved(1).bans().unwrap().is_banned(STRANGER_AT, None, Timestamp(0)));
    let books: Vec<BTreeSet<SocketAddr>> = (0..3)
        .map(|index| {
            saved(index).book(BookSecret([1; 32]), true).unwrap().iter().map(|known| known.address).collect()
        })
        .collect();
    for (book, before) in books.iter().zip(&before) {
        assert!(!book.is_empty() && book.is_superset(before), "{book:?} {before:?}");
    }
    stage.handle().revert("kept").unwrap();
    for (book, after) in books.iter().zip(reports(&stage).iter().map(known)) {
        assert!(after.is_superset(book), "{after:?} {book:?}");
    }
}

/// Lets everything become different from what it was.
fn go_on(stage: &Stage) {
    stage.handle().mine(5, None).unwrap();
    stage.handle().warp(100_000).unwrap();
    stage.handle().reorganize(2, Some(1)).unwrap();
    stage.handle().give(stage.account(6), Amount::from_pebbles(9), None).unwrap();
    stage.handle().part(&"0".parse().unwrap()).unwrap();
    ban(stage, 3, Order::Unban(STRANGER));
    ban(stage, 4, Order::Ban(STRANGER, 1000));
}

#[test]
fn every_node_is_back_at_the_block_the_state_the_pool_and_the_time_of_the_snapshot() {
    let stage = eventful(5);
    stage.handle().hold_clock(true).unwrap();
    ban(&stage, 3, Order::Ban(STRANGER, 1000));
    let slow = Link { delay: Duration::from_millis(3), jitter: Duration::from_millis(2), ..Link::default() };
    stage.handle().set_link(1, 2, slow).unwrap();
    let (before, clock) = (state(&stage), stage.network().clock);
    let saved = stage.handle().snapshot(Some("before".to_owned())).unwrap();
    assert_eq!(saved.nodes.len(), 5);
    assert_eq!(state(&stage), before, "saving changes nothing");
    for _ in 0..2 {
        go_on(&stage);
        assert_ne!(state(&stage), before);
        let back: SnapshotView = stage.desk().post("/v1/snapshots/before/revert", &json!({})).unwrap();
        assert!(back.nodes.iter().all(|node| node.waiting == 3 && node.height.0 == 12));
        assert_eq!(state(&stage), before);
        assert_eq!(stage.network().clock, clock);
    }
    stage.wait("all are connected again", |network| network.nodes.iter().all(|node| node.peers.len() == 4));
    stage.handle().mine(1, Some(3)).unwrap();
    stage.agree();
    assert_eq!(stage.network().nodes[0].waiting, 0);
}

#[test]
fn who_was_down_and_what_was_wrong_with_links_is_so_again() {
    let stage = eventful(3);
    stage.handle().kill(2).unwrap();
    stage.handle().part(&"0 | 1".parse().unwrap()).unwrap();
    let before = state(&stage);
    let saved: SnapshotView = stage.desk().post("/v1/snapshots", &SnapshotOrder::default()).unwrap();
    assert_eq!(saved.links, stage.network().links);
    stage.handle().restart(2).unwrap();
    stage.handle().heal().unwrap();
    stage.handle().mine(3, Some(2)).unwrap();
    let back = stage.handle().revert("1").unwrap().state;
    assert_eq!(back.nodes.iter().map(|node| node.up).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(state(&stage), before);
    stage.handle().mine(1, Some(0)).unwrap();
    assert_eq!(stage.heights(), [Some(13), Some(12), None]);
    stage.handle().restart(2).unwrap();
    assert!(stage.heights()[2].is_some_and(|height| height >= 12));
}

#[test]
fn all_that_waited_waits_again_when_it_is_said_that_the_network_is_back() {
    let stage = Stage::start(2);
    stage.pay_often(60);
    stage.handle().snapshot(Some("before".to_owned())).unwrap();
    let before = state(&stage);
    let check = |stage: &Stage| assert!(state(stage) == before, "{:#?}", stage.network().nodes);
    stage.handle().mine(1, None).unwrap();
    stage.handle().revert("before").unwrap();
    check(&stage);
    stage.handle().kill(1).unwrap();
    stage.handle().restart(1).unwrap();
    check(&stage);
    let stage = stage.again(|_| {}).unwrap();
    check(&stage);
    let file = stage.folder.path().join("state.cairn");
    stage.handle().dump(&file).unwrap();
    stage.handle().mine(1, None).unwrap();
    stage.handle().load(&file).unwrap();
    check(&stage);
}

#[test]
fn who_may_bring_back_what_was_left_is_said() {
    let stage = Stage::start(2);
    stage.handle().snapshot(Some("before".to_owned())).unwrap();
    let other = Stage::start(1);
    let back: SnapshotView = stage.desk().post("/v1/snapshots/before/revert", &json!({})).unwrap();
    assert!(back.strangers.is_empty());
    let node = other.handle().roster().borrow()[0].live.clone().unwrap();
    pollster::block_on(node.peers.order(Order::Add(stage.network().nodes[1].at.peers.clone()))).unwrap();
    stage.wait("somebody from elsewhere", |network| network.nodes[1].strangers == 1);
    stage.handle().mine(3, None).unwrap();
    let back: SnapshotView = stage.desk().post("/v1/snapshots/before/revert", &json!({})).unwrap();
    assert!(back.strangers.contains(&1), "{back:?}");
}

#[test]
fn cursors_of_what_was_meanwhile_lead_nowhere() {
    let stage = eventful(1);
    stage.handle().snapshot(None).unwrap();
    stage.handle().mine(1, None).unwrap();
    let node = || stage.handle().roster().borrow()[0].live.clone().unwrap().node;
    let meanwhile = node().cursor();
    stage.handle().revert("1").unwrap();
    stage.handle().mine(1, None).unwrap();
    assert!(node().events(meanwhile).is_err());
    assert!(node().events(node().cursor()).is_ok());
}

#[test]
fn cursors_of_a_node_that_came_after_the_snapshot_lead_nowhere_either() {
    let stage = Stage::start(1);
    stage.handle().snapshot(None).unwrap();
    let stage = stage.again(|options| options.nodes = Some(2)).unwrap();
    let node = || stage.handle().roster().borrow()[1].live.clone().unwrap().node;
    for _ in 0..2 {
        stage.handle().mine(2, None).unwrap();
        stage.agree();
        let meanwhile = node().cursor();
        stage.handle().revert("1").unwrap();
        stage.handle().mine(2, None).unwrap();
        stage.agree();
        assert!(node().events(meanwhile).is_err());
    }
}

#[test]
fn what_was_gone_back_to_lasts_and_so_do_snapshots() {
    let stage = eventful(2);
    stage.handle().snapshot(Some("kept".to_owned())).unwrap();
    stage.handle().mine(4, None).unwrap();
    stage.handle().revert("kept").unwrap();
    stage.handle().mine(1, Some(0)).unwrap();
    stage.agree();
    let before = state(&stage);
    let stage = stage.again(|_| {}).unwrap();
    stage.agree();
    assert_eq!(state(&stage).nodes, before.nodes);
    let folders = fs::read_dir(stage.folder.path().join("generations")).unwrap().count();
    assert_eq!(folders, 1, "what does not count is removed");
    stage.handle().mine(1, None).unwrap();
    stage.handle().revert("kept").unwrap();
    assert_eq!(stage.heights(), [Some(12); 2]);
}

#[test]
fn names_are_numbers_unless_they_are_given_and_none_is_taken_twice() {
    let stage = Stage::start(1);
    let make = |name: Option<&str>| {
        let order = SnapshotOrder { name: name.map(str::to_owned) };
        stage.desk().post::<SnapshotView>("/v1/snapshots", &order).map(|made| made.name)
    };
    assert_eq!(make(None).unwrap(), "1");
    assert_eq!(make(Some("with-a_name.2")).unwrap(), "with-a_name.2");
    assert_eq!(make(None).unwrap(), "2");
    assert_eq!(make(Some("2")).unwrap_err().code(), Some(Code::NotNow));
    for bad in ["", "..", "a/b", ".hidden", "ü", &"x".repeat(65)] {
        assert_eq!(make(Some(bad)).unwrap_err().code(), Some(Code::BadValue), "{bad}");
    }
    let left: Vec<SnapshotView> = stage.desk().post("/v1/snapshots/1/remove", &json!({})).unwrap();
    assert_eq!(left.len(), 2);
    let gone = stage.desk().post::<SnapshotView>("/v1/snapshots/1/revert", &json!({})).unwrap_err();
    assert_eq!(gone.code(), Some(Code::NotFound));
    assert_eq!(make(None).unwrap(), "1");
    // What somebody else put there, or an end left, has its name.
    let snapshots = stage.folder.path().join("snapshots");
    fs::create_dir(snapshots.join("3")).unwrap();
    assert_eq!(make(None).unwrap(), "4");
    fs::create_dir_all(snapshots.join(".4.part/node-0")).unwrap();
    stage.handle().remove_snapshot("4").unwrap();
    assert!(!snapshots.join("4").exists() && !snapshots.join(".4.part").exists());
}

#[test]
fn a_damaged_snapshot_is_told_and_nothing_changes() {
    let stage = eventful(2);
    stage.handle().snapshot(Some("torn".to_owned())).unwrap();
    let node = stage.folder.path().join("snapshots/torn/node-1");
    let pool = fs::read_dir(node.join("pool")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&pool).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&pool, bytes).unwrap();
    stage.handle().mine(1, None).unwrap();
    let before = state(&stage);
    let refused = stage.handle().revert("torn").unwrap_err();
    assert!(matches!(refused, DevnetError::Restore { node: 1, .. }), "{refused}");
    assert_eq!(state(&stage), before);
    let again = stage.again(|_| {}).unwrap();
    again.agree();
    assert_eq!(state(&again).nodes[0].as_ref().unwrap().0, before.nodes[0].as_ref().unwrap().0);
}

#[test]
fn where_a_node_that_is_down_cannot_be_saved_it_is_said_how_to_go_on() {
    let stage = Stage::start(3);
    stage.handle().mine(2, None).unwrap();
    stage.handle().kill(1).unwrap();
    let chain = stage.folder.path().join("generations/1/node-1");
    fs::write(chain.join("manifest.json"), "nothing of ours").unwrap();
    let refused = stage.desk().post::<SnapshotView>("/v1/snapshots", &SnapshotOrder::default()).unwrap_err();
    assert_eq!(refused.code(), Some(Code::NotNow));
    let way_on = format!("remove {}, and begin it again", chain.display());
    assert!(refused.to_string().contains(&way_on), "{refused}");
    stage.handle().mine(1, None).unwrap();
    let stage = {
        let Stage { devnet, folder } = stage;
        drop(devnet);
        fs::remove_dir_all(&chain).unwrap();
        Stage { devnet: Devnet::start(options(folder.path(), 3)).unwrap(), folder }
    };
    let saved = stage.handle().snapshot(None).unwrap();
    assert_eq!(
        saved.nodes.iter().map(|node| (node.up, node.height.0)).collect::<Vec<_>>(),
        [(true, 3), (false, 0), (true, 3)]
    );
    stage.handle().restart(1).unwrap();
    stage.agree();
    assert_eq!(stage.heights(), [Some(3); 3]);
}

/// Damages a saved node so that comparing checksums does not show it: they are those of what is there now.
fn damage_unseen(saved: &Path) {
    let journal = saved.join("journal-1/journal-0000000001");
    let whole = fs::read(&journal).unwrap();
    let mut bytes = whole.clone();
    bytes[100] ^= 1;
    // The file that others link to stays what it is.
    fs::remove_file(&journal).unwrap();
    fs::write(&journal, &bytes).unwrap();
    let list = saved.join("saved.json");
    let text = fs::read_to_string(&list).unwrap();
    let [before, now] = [&whole, &bytes].map(|bytes| format!("\"crc32c\": {}", crc32c::crc32c(bytes)));
    assert!(text.contains(&before), "{text}");
    let text = text.replace(&before, &now);
    // What is written behind it is that of `saved` without a space.
    let (begin, end) = (text.find("\"saved\": ").unwrap() + 9, text.rfind(",\n  \"crc32c\"").unwrap());
    let plain: String = text[begin..end].split_whitespace().collect();
    let check = crc32c::crc32c(plain.as_bytes());
    fs::write(&list, format!("{},\n  \"crc32c\": {check}\n}}\n", &text[..end])).unwrap();
}

#[test]
fn where_no_node_begins_after_going_back_all_go_on_where_they_were() {
    let stage = eventful(2);
    stage.handle().kill(1).unwrap();
    stage.handle().snapshot(Some("bad".to_owned())).unwrap();
    damage_unseen(&stage.folder.path().join("snapshots/bad/node-0"));
    stage.handle().mine(1, Some(0)).unwrap();
    stage.handle().restart(1).unwrap();
    stage.agree();
    stage.handle().part(&"0 | 1".parse().unwrap()).unwrap();
    let before = state(&stage);
    let refused = stage.handle().revert("bad").unwrap_err();
    assert!(matches!(refused, DevnetError::NotBack(_)), "{refused}");
    assert_eq!(state(&stage), before);
    let stage = stage.again(|_| {}).unwrap();
    assert_eq!(state(&stage), before);
}

#[test]
fn where_one_node_does_not_begin_after_going_back_it_is_said_that_the_others_are_back() {
    let stage = eventful(3);
    stage.handle().snapshot(Some("bad".to_owned())).unwrap();
    damage_unseen(&stage.folder.path().join("snapshots/bad/node-1"));
    stage.handle().mine(1, None).unwrap();
    let said = stage.handle().revert("bad").unwrap_err().to_string();
    assert!(
        said.contains("is back at that state, but not all nodes run") && said.contains("node 1: "),
        "{said}"
    );
    assert_eq!(stage.heights(), [Some(12), None, Some(12)]);
}

#[test]
fn snapshots_while_blocks_and_payments_come_are_each_of_one_moment() {
    let stage = Stage::with(3, |options| options.mining = Some("interval=0.02".parse().unwrap()));
    for round in 0..8 {
        stage.handle().give(stage.account(round), Amount::from_pebbles(1), None).unwrap();
        let saved = stage.handle().snapshot(None).unwrap();
        let heights: Vec<u32> = saved.nodes.iter().map(|node| node.height.0).collect();
        // A block that was made is at its node; it may be on its way to the others.
        let (low, high) = (heights.iter().min().unwrap(), heights.iter().max().unwrap());
        assert!(high - low <= 2, "{heights:?}");
    }
    stage.handle().set_mining(cairn::devnet::Mining::Manual).unwrap();
    for saved in stage.handle().snapshots().unwrap().iter().rev() {
        stage.handle().revert(&saved.name).unwrap();
        let network: NetworkView = stage.network();
        for (node, saved) in network.nodes.iter().zip(&saved.nodes) {
            assert!(node.height.unwrap() >= saved.height);
        }
        // Of two branches that are as long each node keeps its own, until one grows.
        stage.handle().mine(1, None).unwrap();
        stage.agree();
    }
}

#[test]
fn halves_that_were_apart_are_apart_again_and_do_not_meet_on_the_way() {
    let stage = Stage::start(4);
    stage.handle().mine(2, None).unwrap();
    stage.handle().part(&"0,1".parse().unwrap()).unwrap();
    stage.handle().mine(1, Some(0)).unwrap();
    stage.handle().mine(5, Some(2)).unwrap();
    let before = state(&stage);
    assert_eq!(stage.heights(), [3, 3, 7, 7].map(Some));
    stage.handle().snapshot(None).unwrap();
    stage.handle().heal().unwrap();
    stage.agree();
    for _ in 0..3 {
        stage.handle().revert("1").unwrap();
        assert_eq!(state(&stage), before);
    }
}

#[test]
fn what_is_ordered_while_the_network_goes_back_does_not_bring_back_what_was() {
    let stage = Stage::start(2);
    stage.handle().mine(3, None).unwrap();
    stage.handle().snapshot(Some("kept".to_owned())).unwrap();
    let generation = || {
        let text = fs::read_to_string(stage.folder.path().join("devnet.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["generation"].as_u64().unwrap()
    };
    let (handle, over) = (stage.handle(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let again = |order: &'static (dyn Fn(&DevnetHandle) + Sync)| {
            let (handle, over) = (&handle, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    order(handle);
                }
            });
        };
        again(&|handle| assert!(handle.warp(1).is_ok()));
        again(&|handle| assert!(handle.set_mining("interval=3600".parse().unwrap()).is_ok()));
        again(&|handle| assert!(handle.hold_clock(false).is_ok()));
        for round in 2..10 {
            let reverted = handle.revert("kept");
            let noted = generation();
            if reverted.is_err() || noted != round {
                over.store(true, Ordering::Relaxed);
            }
            reverted.unwrap();
            assert_eq!(noted, round);
        }
        over.store(true, Ordering::Relaxed);
    });
    drop(handle);
    let stage = stage.again(|_| {}).unwrap();
    assert_eq!(stage.heights(), [Some(3); 2]);
}

#[test]
fn orders_that_come_while_the_network_goes_back_wait_for_it() {
    let stage = Stage::start(3);
    stage.handle().mine(3, None).unwrap();
    stage.handle().snapshot(Some("kept".to_owned())).unwrap();
    let (handle, over, was_seen) = (stage.handle(), AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let orders: [Box<dyn Fn() -> Result<(), DevnetError> + Send>; 4] = [
            Box::new(|| handle.mine(1, Some(2)).map(drop)),
            Box::new(|| handle.mine(1, None).map(drop)),
            Box::new(|| handle.reorganize(1, Some(1)).map(drop)),
            Box::new(|| {
                let network = stage.network();
                assert_eq!(network.nodes.len(), 3);
                assert!(network.nodes.iter().all(|node| node.up != node.going_back), "{network:?}");
                was_seen.fetch_or(network.nodes.iter().any(|node| node.going_back), Ordering::Relaxed);
                Ok(())
            }),
        ];
        let over = &over;
        let giving = orders.map(|order| {
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    order()?;
                }
                Ok::<(), DevnetError>(())
            })
        });
        let reverted: Vec<_> = (0..6).map(|_| handle.revert("kept")).collect();
        over.store(true, Ordering::Relaxed);
        giving.into_iter().for_each(|giving| giving.join().unwrap().unwrap());
        assert!(reverted.iter().all(Result::is_ok), "{reverted:?}");
    });
    assert!(was_seen.load(Ordering::Relaxed));
}

#[test]
fn a_snapshot_is_never_taken_for_the_scratch_of_another() {
    let stage = Stage::start(1);
    for name in ["v1.part", "v1", "v1.2"] {
        stage.handle().snapshot(Some(name.to_owned())).unwrap();
    }
    assert_eq!(stage.handle().snapshots().unwrap().len(), 3);
}
