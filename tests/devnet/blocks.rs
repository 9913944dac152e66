//! When blocks come.

use std::thread;
use std::time::Duration;

use cairn::api::Code;
use cairn::devnet::desk::{BlocksMade, BlocksOrder, MiningView};
use cairn::devnet::{DevnetError, Mining, MiningError, Work};
use cairn::types::{Amount, Height};

use super::stage::{Stage, options};

#[test]
fn what_is_ordered_is_made_and_has_come_to_all_when_that_is_told() {
    let stage = Stage::start(5);
    let order = BlocksOrder { blocks: 25, node: Some(3) };
    let made: BlocksMade = stage.desk().post("/v1/mine", &order).unwrap();
    assert_eq!(made.blocks, 25);
    assert_eq!(stage.heights(), [Some(25); 5]);
    assert_eq!(stage.node(0).tip().unwrap().hash, made.tip.unwrap());
}

#[test]
fn orders_that_make_no_sense_are_told_why() {
    let stage = Stage::start(2);
    let refused = |blocks, node| {
        let order = BlocksOrder { blocks, node };
        stage.desk().post::<BlocksMade>("/v1/mine", &order).unwrap_err().code()
    };
    assert_eq!(refused(0, None), Some(Code::BadValue));
    assert_eq!(refused(1, Some(2)), Some(Code::NotFound));
    let mode = |mode: &str| {
        let order = MiningView { mode: mode.to_owned() };
        stage.desk().post::<MiningView>("/v1/mining", &order).map(|now| now.mode)
    };
    assert_eq!(mode("hourly").unwrap_err().code(), Some(Code::BadValue));
    assert_eq!(mode("work").unwrap_err().code(), Some(Code::BadValue), "blocks take no work here");
    assert_eq!(mode("interval=3600").unwrap(), "interval=3600");
}

#[test]
fn blocks_come_by_themselves_at_an_interval_and_several_nodes_make_them() {
    let stage = Stage::with(4, |options| options.mining = Some("interval=0.05".parse().unwrap()));
    stage.wait("twenty blocks", |network| network.nodes[0].height.is_some_and(|height| height.0 >= 20));
    stage.handle().set_mining(Mining::Manual).unwrap();
    stage.agree();
    let node = stage.node(0);
    let mut tags: Vec<String> = (1..=20_u32)
        .map(|height| node.block(height).unwrap().unwrap().coinbase.extra.0)
        .map(|extra| String::from_utf8_lossy(&hex::decode(extra).unwrap()).into_owned())
        .map(|extra| extra[extra.find("node").unwrap()..].to_owned())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    assert!(tags.len() > 1, "all by {tags:?}");
}

#[test]
fn in_automine_a_payment_is_in_a_block_at_once_and_no_block_comes_without_one() {
    let stage = Stage::with(3, |options| options.mining = Some("automine".parse().unwrap()));
    let to = stage.account(4);
    for paid in 1..=5 {
        let before = stage.balance(1, &to);
        stage.handle().give(to, Amount::from_pebbles(7), None).unwrap();
        stage.wait("a block", |network| network.nodes.iter().all(|node| node.waiting == 0));
        stage.agree();
        assert_eq!(stage.balance(1, &to).pebbles(), before.pebbles() + 7);
        assert_eq!(stage.heights(), [Some(paid); 3]);
    }
    thread::sleep(Duration::from_millis(700));
    assert_eq!(stage.heights(), [Some(5); 3]);
}

#[test]
fn in_automine_a_shorter_half_of_a_network_makes_its_own_blocks() {
    let stage = Stage::with(2, |options| options.mining = Some("automine".parse().unwrap()));
    stage.handle().part(&"0 | 1".parse().unwrap()).unwrap();
    let give = |node, to| {
        stage.handle().give(stage.account(to), Amount::from_pebbles(7), Some(node)).unwrap();
    };
    give(0, 0);
    stage.wait("a block", |network| network.nodes[0].height == Some(Height(1)));
    give(1, 0);
    // Blocks of the other half come faster than one is waited for that is on its way.
    for round in 0..20 {
        give(0, round % 5);
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(stage.heights()[1], Some(1));
}

#[test]
fn with_real_work_blocks_come_by_it_and_cannot_be_ordered() {
    let stage = Stage::with(2, |options| (options.work, options.mining) = (Work::Asert, None));
    assert_eq!(stage.handle().mining(), Mining::Work);
    stage.wait("a block", |network| {
        network.nodes.iter().all(|node| node.height.is_some_and(|height| height.0 > 0))
    });
    let refused = stage.handle().mine(1, None).unwrap_err();
    assert!(matches!(refused, DevnetError::Order { node: 0 | 1, made: 0, .. }), "{refused}");
    let refused = stage.handle().set_mining("automine".parse().unwrap()).unwrap_err();
    assert!(matches!(refused, DevnetError::Mining(MiningError::NotToOrder)));
}

#[test]
fn a_devnet_of_no_nodes_or_of_too_many_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for nodes in [0, 51] {
        let refused = cairn::devnet::Devnet::start(options(folder.path(), nodes)).err().unwrap();
        assert!(matches!(refused, DevnetError::Nodes(50)), "{refused}");
    }
}
