//! The port as a whole, on a node.

use std::fs;
use std::time::{Duration, Instant};

use cairn::protocol::{Agent, Hello, Message};
use cairn::testkit::until;

use crate::stage::Stage;
use cairn::testkit::raw::rest;

#[test]
fn who_is_connected_is_reported_until_they_go() {
    let stage = Stage::new();
    assert!(stage.report().machine.peers.is_empty());
    let mut raw = stage.greet();
    let peer = until("it is met", || stage.report().machine.peers.first().cloned());
    assert_eq!(peer.met.node, raw.identity.node_id());
    assert_eq!(peer.met.address, raw.stream.local_addr().unwrap());
    assert_eq!(peer.agent, None);
    assert_eq!(stage.report().traffic[&peer.met.peer].last_message, None);
    let Some(Message::Hello(theirs)) = raw.receive() else { panic!("it does not say who it is") };
    let agent = Agent::new(b"raw".to_vec()).unwrap();
    raw.send(&Message::from(Hello { agent, port: None, ..*theirs }));
    let peer = until("it is heard", || {
        stage.report().machine.peers.first().filter(|peer| peer.agent.is_some()).cloned()
    });
    assert_eq!(peer.agent.as_deref(), Some("raw"));
    let traffic = stage.report().traffic[&peer.met.peer];
    assert!(traffic.bytes_in > 0 && traffic.bytes_out > 0 && traffic.last_message.is_some());
    drop(raw);
    until("it is gone", || stage.report().machine.peers.is_empty().then_some(()));
}

#[test]
fn port_that_stops_ends_its_connections_in_time_and_is_the_same_again() {
    let mut stage = Stage::new();
    let mut raw = stage.greet();
    until("it is met", || stage.report().machine.peers.first().cloned());
    let node = stage.report().node;
    let handle = stage.peers.as_ref().unwrap().handle();
    let begun = Instant::now();
    stage.peers.take().unwrap().stop();
    assert!(begun.elapsed() < Duration::from_secs(10));
    rest(&mut raw.stream);
    assert!(stage.runtime.block_on(handle.report()).is_err());
    assert!(stage.folder.path().join("net/peers.book").exists());
    stage.start();
    assert_eq!(stage.report().node, node);
    assert!(stage.log.lock().unwrap().is_empty(), "{:?}", stage.log.lock().unwrap());
}

#[test]
fn damaged_files_are_said_once_and_keep_nobody_from_starting() {
    let mut stage = Stage::new();
    let node = stage.report().node;
    stage.peers.take().unwrap().stop();
    for name in ["identity.key", "peers.book", "bans"] {
        fs::write(stage.folder.path().join("net").join(name), b"damaged").unwrap();
    }
    stage.start();
    assert_eq!(stage.log.lock().unwrap().len(), 3, "{:?}", stage.log.lock().unwrap());
    assert_ne!(stage.report().node, node);
    stage.greet();
}
