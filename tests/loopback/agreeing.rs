//! Nodes that all mean well: they find each other and come to one tip.

use std::net::SocketAddr;

use cairn::node::{Cursor, NodeEvent};
use cairn::testkit::{Actor, Follower, TestNode};
use cairn::types::Address;

use super::stage::{Member, network, settle, until_so, wait_for_tip};

#[test]
fn eight_nodes_that_know_one_address_know_each_other_and_share_everything() {
    let network = network();
    let mut members = vec![Member::new(&network)];
    let door = members[0].address;
    members.extend((0..7).map(|_| Member::knowing(&network, &[door])));
    let addresses: Vec<SocketAddr> = members.iter().map(|member| member.address).collect();
    let mut nodes: Vec<_> = members.iter().map(Member::id).collect();
    nodes.sort();
    for member in &members {
        let others = addresses.iter().filter(|address| **address != member.address);
        let others: Vec<&SocketAddr> = others.collect();
        until_so("all addresses", || {
            let known = member.report().machine.known;
            others.iter().all(|other| known.iter().any(|known| known.address == **other))
        });
        let others: Vec<_> = nodes.iter().copied().filter(|node| *node != member.id()).collect();
        until_so("one connection to each of the others", || member.connected() == others);
    }
    for (number, member) in members.iter().enumerate() {
        let tip = member.mine(number as u64);
        wait_for_tip(&members, tip);
        let payment = Actor::new(number as u32).pay(network.params(), 0, &Actor::new(9), 1000, 10);
        member.node.send(&payment).unwrap();
        until_so("a payment everywhere", || members.iter().all(|member| member.has(&payment)));
    }
    wait_for_tip(&members, members[3].mine(100));
    assert!(members.iter().all(|member| member.node.reader().pool().unwrap().entries().is_empty()));
}

#[test]
fn node_keeps_while_it_runs_whom_it_comes_back_to_when_it_is_killed() {
    let network = network();
    let door = Member::new(&network);
    let mut member = Member::knowing(&network, &[door.address]);
    until_so("an anchor", || {
        member.kept_book().is_some_and(|mut book| book.take_anchors() == [door.address])
    });
    member.kill();
    assert_eq!(member.kept_book().unwrap().take_anchors(), [door.address]);
    member.settings.bootstrap.clear();
    member.start();
    member.wait_for(&door);
}

#[test]
fn nodes_that_make_few_connections_still_hear_of_everything() {
    let network = network();
    let mut members = vec![Member::new(&network)];
    let door = members[0].address;
    members.extend((0..7).map(|_| {
        Member::with(&network, |settings| {
            settings.bootstrap = vec![door.to_string()];
            settings.outbound_max = 2;
        })
    }));
    for member in &members[1..] {
        until_so("two connections", || member.connected().len() >= 2);
    }
    wait_for_tip(&members, members[7].mine_empty(3, 1));
    let payment = Actor::new(0).pay(network.params(), 0, &Actor::new(9), 1000, 10);
    members[5].node.send(&payment).unwrap();
    until_so("a payment everywhere", || members.iter().all(|member| member.has(&payment)));
}

/// Which blocks a node put on its branch, one on the other, as it tells it.
fn followed(node: &TestNode, count: usize) -> Vec<cairn::types::BlockHash> {
    let epoch = node.handle().cursor().epoch;
    let mut events = node.handle().events(Cursor::beginning(epoch)).unwrap();
    let mut grown = || match TestNode::next_event(&mut events) {
        NodeEvent::Grew { block, .. } => block,
        other @ NodeEvent::Reorganized { .. } => panic!("it went back: {other:?}"),
    };
    (0..count).map(|_| grown()).collect()
}

#[test]
fn thousand_blocks_at_once_pass_down_a_line_in_their_order() {
    let network = network();
    let mut follower = Follower::new(&network);
    follower.mine_empty(Address::from_bytes([7; 32]), 1000);
    let blocks = follower.branch();
    let mut members = vec![Member::tied_to(&network, &[])];
    for _ in 0..4 {
        let before = members.last().unwrap().address;
        members.push(Member::tied_to(&network, &[before]));
    }
    members.windows(2).for_each(|pair| pair[1].wait_for(&pair[0]));
    assert!(members[0].node.submit_all(&blocks).iter().all(Result::is_ok));
    wait_for_tip(&members, blocks.last().unwrap().header.hash());
    let hashes: Vec<_> = blocks.iter().map(|block| block.header.hash()).collect();
    for member in &members {
        assert_eq!(followed(&member.node, blocks.len()), hashes);
    }
}

#[test]
fn node_that_comes_back_finds_the_others_and_what_it_missed() {
    let network = network();
    let mut members = vec![Member::new(&network)];
    let door = members[0].address;
    members.extend((0..2).map(|_| Member::knowing(&network, &[door])));
    members.iter().for_each(|member| until_so("both others", || member.connected().len() == 2));
    wait_for_tip(&members, members[1].mine_empty(2, 1));
    // What it knows of others is kept at an orderly end; after that nobody need tell it.
    members[2].stop();
    members[2].settings.bootstrap.clear();
    let payment = Actor::new(1).pay(network.params(), 0, &Actor::new(9), 1000, 10);
    members[0].node.send(&payment).unwrap();
    let tip = members[1].mine_empty(3, 2);
    members[2].start();
    wait_for_tip(&members, tip);
    until_so("a payment that it missed", || members[2].has(&payment));
    members[2].kill();
    let tip = members[0].mine_empty(3, 3);
    members[2].start();
    wait_for_tip(&members, tip);
    settle(&members);
}
