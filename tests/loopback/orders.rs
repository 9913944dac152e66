//! Who is connected to whom, and who shall not be.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cairn::protocol::{Banned, Order};

use super::stage::{Member, changed_network, names, network, until_so, wait_for_tip};

/// Another address of the same node, and how often somebody came there.
fn detour(to: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, came) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&came);
    thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let (Ok(near), Ok(far)) = (stream, TcpStream::connect(to)) else { continue };
            for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    (address, came)
}

#[test]
fn node_that_reaches_itself_hangs_up_and_does_not_try_again() {
    let network = network();
    let mut member = Member::new(&network);
    let (address, came) = detour(member.address);
    member.go_offline();
    member.settings.added = names(&[address, member.address]);
    member.go_online();
    until_so("a call", || came.load(Ordering::SeqCst) > 0);
    until_so("an end of it", || member.report().machine.peers.is_empty());
    let other = Member::knowing(&network, &[member.address]);
    other.wait_for(&member);
    until_so("the other alone", || member.connected() == [other.id()]);
    wait_for_tip(&[member, other], network.genesis.block().header.hash());
    assert_eq!(came.load(Ordering::SeqCst), 1);
}

#[test]
fn two_nodes_that_were_told_of_each_other_end_with_one_connection() {
    let network = network();
    let (mut one, mut other) = (Member::new(&network), Member::new(&network));
    one.go_offline();
    other.go_offline();
    (one.settings.added, other.settings.added) = (names(&[other.address]), names(&[one.address]));
    one.go_online();
    other.go_online();
    let (one_id, other_id) = (one.id(), other.id());
    // The same two ends, again and again: at first there may be two connections, of which one goes.
    let mut same = (Vec::new(), 0);
    until_so("one connection", || {
        let ends: Vec<_> =
            [&one, &other].map(|member| member.report().machine.peers).into_iter().flatten().collect();
        let ends: Vec<_> = ends.into_iter().map(|peer| (peer.met.peer, peer.met.node)).collect();
        let are_both = ends.len() == 2 && (ends[0].1, ends[1].1) == (other_id, one_id);
        same = if are_both && same.0 == ends { (ends, same.1 + 1) } else { (ends, 0) };
        same.1 >= 50
    });
    let tip = one.mine_empty(2, 1);
    wait_for_tip(&[one, other], tip);
}

#[test]
fn node_of_another_chain_is_named_and_left_alone() {
    let network = network();
    let foreign = changed_network(|file| file.time.0 += 1);
    let theirs = Member::new(&foreign);
    let ours = Member::tied_to(&network, &[theirs.address]);
    let chain = foreign.params().chain.to_string();
    until_so("a line on their chain", || ours.log().iter().any(|line| line.contains(&chain)));
    let chain = network.params().chain.to_string();
    until_so("a line on our chain", || theirs.log().iter().any(|line| line.contains(&chain)));
    // Both go on.
    for (member, network) in [(ours, network), (theirs, foreign)] {
        let guest = Member::tied_to(&network, &[member.address]);
        guest.wait_for(&member);
        let tip = member.mine_empty(2, 1);
        wait_for_tip(&[member, guest], tip);
    }
}

#[test]
fn node_that_is_banned_by_order_stays_away_until_it_is_forgiven() {
    let network = network();
    let mut here = Member::new(&network);
    let there = Member::tied_to(&network, &[here.address]);
    let node = there.id();
    there.wait_for(&here);
    until_so("it is here", || here.connected() == [node]);
    here.order(Order::Ban(Banned::Node(node), 3600));
    until_so("it is gone", || here.connected().is_empty());
    assert_eq!(here.report().machine.bans.first().map(|(who, _)| *who), Some(Banned::Node(node)));
    stays_away(&here, &there);
    here.kill();
    here.settings.added = names(&[there.address]);
    here.start();
    assert_eq!(here.report().machine.bans.len(), 1, "it was kept at once");
    stays_away(&here, &there);
    here.order(Order::Unban(Banned::Node(node)));
    until_so("it is back", || here.connected() == [node]);
    assert!(here.report().machine.bans.is_empty());
}

/// Whatever is tried meanwhile, no connection comes of it; a third one is let in.
fn stays_away(here: &Member, banned: &Member) {
    let third = Member::tied_to(&here.network, &[here.address]);
    third.wait_for(here);
    let tip = here.mine_empty(1, 7);
    until_so("a block", || third.tip() == tip);
    assert!(!here.connected().contains(&banned.id()));
    assert_ne!(banned.tip(), tip);
}

#[test]
fn node_that_is_added_is_called_until_it_is_removed() {
    let network = network();
    let (here, mut there) = (Member::tied_to(&network, &[]), Member::tied_to(&network, &[]));
    let name = there.address.to_string();
    here.order(Order::Add(name.clone()));
    here.wait_for(&there);
    there.kill();
    until_so("it is gone", || here.connected().is_empty());
    there.start();
    here.wait_for(&there);
    assert_eq!(here.report().machine.added, std::slice::from_ref(&name));
    here.order(Order::Remove(name));
    until_so("it was hung up on", || {
        here.report().machine.peers.is_empty() && there.report().machine.peers.is_empty()
    });
    assert!(here.report().machine.added.is_empty());
}

#[test]
fn report_of_a_port_that_has_ended_says_so() {
    let mut member = Member::new(&network());
    let handle = member.handle();
    member.go_offline();
    assert!(!member.is_online());
    pollster::block_on(handle.report()).unwrap_err();
}
