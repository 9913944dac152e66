//! Strangers who speak nonsense, or nothing, or come in crowds: whatever they do, it ends with their connection.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cairn::net::Lane;
use cairn::protocol::Message;

use super::liar::boast;
use super::stage::{Member, network, until_so, wait_for_tip};
use cairn::testkit::raw::{Raw, connect, rest};

/// A node, and another that it is connected to.
fn pair() -> [Member; 2] {
    let network = network();
    let friend = Member::tied_to(&network, &[]);
    let member = Member::with(&network, |settings| {
        settings.added = vec![friend.address.to_string()];
        settings.discovers = false;
        settings.inbound_max = 8;
    });
    member.wait_for(&friend);
    [member, friend]
}

/// Whether the two still hear each other, over the connection that they had.
fn go_on(pair: &[Member], number: u64) {
    let since: Vec<_> = pair[1].report().machine.peers.iter().map(|peer| peer.met.peer).collect();
    let tip = pair[0].mine_empty(1, number);
    wait_for_tip(pair, tip);
    let tip = pair[1].mine_empty(1, number + 1);
    wait_for_tip(pair, tip);
    let now: Vec<_> = pair[1].report().machine.peers.iter().map(|peer| peer.met.peer).collect();
    assert_eq!(since, now, "it is the same connection");
}

#[test]
fn whoever_speaks_nonsense_ends_alone() {
    let pair = pair();
    let (address, chain) = (pair[0].address, pair[0].network.params().chain);
    let garbage: Vec<u8> = (0..100_000_u32).map(|at| (at * 31 % 251) as u8).collect();
    // Before it is known who they are.
    let mut stranger = connect(address);
    let _ = stranger.write_all(&garbage);
    rest(&mut stranger);
    go_on(&pair, 10);
    // Afterwards: bytes that nobody sealed, a chunk of no lane, a message of no kind, one that is too long.
    let spoil: [fn(&mut Raw, &[u8]); 5] = [
        |raw, garbage| drop(raw.stream.write_all(garbage)),
        |raw, garbage| raw.send_chunk(&garbage[..1000]),
        |raw, garbage| drop(raw.try_send_bytes(Lane::Urgent, &[&[200], &garbage[..20]].concat())),
        |raw, _| drop(raw.try_send_bytes(Lane::Bulk, &vec![9; 4 << 20])),
        |raw, _| drop(raw.try_send(&Message::Ping(1))),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let mut raw = Raw::greet(address, chain);
        spoil(&mut raw, &garbage);
        // What it had to say before it hung up is left unread.
        rest(&mut raw.stream);
        go_on(&pair, 20 + 2 * number as u64);
    }
    let mut greeted = Raw::greet(address, chain);
    greeted.send(&Message::from(boast()));
    greeted.send(&Message::from(boast()));
    rest(&mut greeted.stream);
    go_on(&pair, 40);
    until_so("they are gone", || pair[0].report().machine.peers.len() == 1);
}

#[test]
fn whoever_says_nothing_or_half_of_it_is_let_go_in_time() {
    let pair = pair();
    let (address, chain) = (pair[0].address, pair[0].network.params().chain);
    let silent = connect(address);
    let mut half = connect(address);
    half.write_all(&cairn::net::preamble(chain)[..7]).unwrap();
    let mut begun = Raw::greet(address, chain);
    until_so("it is met", || pair[0].report().machine.peers.len() == 2);
    go_on(&pair, 10);
    // Each of these ends with the other side's hanging up, or the test waits in vain.
    [silent, half].iter_mut().for_each(|stream| drop(rest(stream)));
    while begun.receive().is_some() {}
    until_so("it is gone", || pair[0].report().machine.peers.len() == 1);
    go_on(&pair, 20);
}

#[test]
fn crowd_at_the_door_holds_up_nobody_who_is_in() {
    let pair = pair();
    let (address, chain) = (pair[0].address, pair[0].network.params().chain);
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let callers = thread::spawn(move || {
        let mut streams: Vec<TcpStream> = (0..190).map_while(|_| TcpStream::connect(address).ok()).collect();
        while !over.load(Ordering::SeqCst) {
            streams.iter_mut().for_each(|stream| drop(stream.write_all(&[0])));
            streams.retain(|stream| stream.peer_addr().is_ok());
            thread::park_timeout(std::time::Duration::from_millis(50));
        }
        streams.len()
    });
    go_on(&pair, 10);
    // Those who say who they are come in, as many as there is room for.
    let mut guests: Vec<Raw> = Vec::new();
    for _ in 0..10 {
        guests.push(Raw::greet(address, chain));
        assert!(pair[0].report().machine.peers.len() <= 1 + 8 + 1);
    }
    go_on(&pair, 20);
    is_over.store(true, Ordering::SeqCst);
    callers.join().unwrap();
    drop(guests);
    until_so("they are gone", || pair[0].report().machine.peers.len() == 1);
    let newcomer = Member::tied_to(&pair[0].network, &[address]);
    newcomer.wait_for(&pair[0]);
    until_so("the tip", || newcomer.tip() == pair[0].tip());
}
