//! What a connection may do to the server, and to others.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cairn::testkit::{devnet_file, until, within};
use serde_json::json;

use crate::running::{Running, user};
use crate::stage::code;
use crate::stranger::{Stranger, share_target};

#[test]
fn bytes_that_are_not_text_end_their_connection_and_no_other() {
    let running = Running::easy();
    let mut neighbour = Stranger::greet(running.address(), &user(1));
    let mut hello = TcpStream::connect(running.address()).unwrap();
    hello.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    hello.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
    let mut rest = vec![];
    let _ = hello.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert_eq!(neighbour.ask("mining.ping", &json!([]))["result"], "pong");
}

#[test]
fn line_that_does_not_end_ends_its_connection() {
    let running = Running::easy();
    let mut stranger = Stranger::connect(running.address());
    // It may be let go before all of it was sent.
    let _ = stranger.try_send(&[b'x'; 1 << 20]);
    // The reason, unless the end overtook it; then nothing more.
    assert!(stranger.line().is_none_or(|last| code(&last) == 20));
    assert!(stranger.line().is_none());
    Stranger::greet(running.address(), &user(1));
}

#[test]
fn web_browser_is_told_and_let_go() {
    let running = Running::easy();
    let mut stranger = Stranger::connect(running.address());
    stranger.send("GET / HTTP/1.1\r\nHost: x\r\n\r");
    assert_eq!(code(&stranger.line().unwrap()), 20);
    assert_eq!(stranger.line().unwrap()["error"][1], "it does not speak Stratum");
    assert!(stranger.line().is_none());
}

#[test]
fn flood_is_not_answered_for_ever_and_the_neighbour_is_served() {
    let running = Running::easy();
    let mut neighbour = Stranger::greet(running.address(), &user(1));
    let mut flood = TcpStream::connect(running.address()).unwrap();
    let mut answers = flood.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        let (mut bytes, mut lines) = (vec![0; 1 << 16], 0);
        while let Ok(count @ 1..) = answers.read(&mut bytes) {
            lines += bytes[..count].iter().filter(|byte| **byte == b'\n').count();
        }
        lines
    });
    let begun = Instant::now();
    let pings = b"{\"id\":1,\"method\":\"mining.ping\"}\n".repeat(1000);
    (0..50).for_each(|_| flood.write_all(&pings).unwrap());
    assert_eq!(neighbour.ask("mining.ping", &json!([]))["result"], "pong");
    flood.shutdown(std::net::Shutdown::Write).unwrap();
    let answered = reading.join().unwrap();
    let allowed = 10_000.0 + 1000.0 * begun.elapsed().as_secs_f64();
    assert!(answered >= 10_000 && (answered as f64) < allowed + 1.0, "{answered} of 50000");
}

#[test]
fn miner_that_reads_nothing_is_let_go() {
    let running = Running::easy();
    let mut deaf = TcpStream::connect(running.address()).unwrap();
    deaf.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    // Asked what takes a long line to answer, until neither side can write any more.
    let line = format!("{{\"id\":1,\"method\":\"{}\"}}\n", "m".repeat(3000));
    until("the end", || {
        deaf.write_all(line.as_bytes()).err().filter(|error| {
            error.kind() != std::io::ErrorKind::WouldBlock && error.kind() != std::io::ErrorKind::TimedOut
        })
    });
}

#[test]
fn sender_of_worthless_shares_is_told_and_let_go() {
    let running = Running::new();
    let mut stranger = Stranger::greet(running.address(), &user(1));
    let work = stranger.work.clone().unwrap();
    let poor = work.find(&stranger.extranonce1, work.unturned(), f64::MAX, share_target(stranger.difficulty));
    let line = work.submission(1, &stranger.user, poor).to_string();
    (0..256).for_each(|_| stranger.send(&line));
    (0..256).for_each(|_| assert_eq!(code(&stranger.line().unwrap()), 23));
    assert_eq!(stranger.line().unwrap()["error"][1], "nearly all of its shares are refused");
    assert!(stranger.line().is_none());
}

#[test]
fn one_address_has_no_more_connections_than_it_may() {
    let running = Running::of(&devnet_file(8), |options| options.connections_each_max = 3);
    let mut first: Vec<Stranger> = (0..3).map(|_| Stranger::greet(running.address(), &user(1))).collect();
    assert!(Stranger::connect(running.address()).line().is_none());
    assert_eq!(first[0].ask("mining.ping", &json!([]))["result"], "pong");
    drop(first.pop());
    until("a place", || {
        let mut stranger = Stranger::connect(running.address());
        let _ = stranger.try_send(b"{\"id\":1,\"method\":\"mining.ping\"}");
        stranger.line()
    });
}

#[test]
fn who_comes_when_there_is_no_room_waits_and_is_served_when_there_is() {
    let running = Running::of(&devnet_file(8), |options| options.connections_max = 2);
    let first = Stranger::greet(running.address(), &user(1));
    let _second = Stranger::greet(running.address(), &user(2));
    let address = running.address();
    let third = std::thread::spawn(move || Stranger::greet(address, &user(3)).extranonce1);
    drop(first);
    assert_eq!(third.join().unwrap().len(), 4);
}

#[test]
fn server_that_stops_hangs_up_on_everybody_and_is_gone_at_once() {
    let mut running = Running::easy();
    let mut strangers: Vec<Stranger> = (0..5).map(|_| Stranger::greet(running.address(), &user(1))).collect();
    let address = running.address();
    let begun = Instant::now();
    running.server.take().unwrap().stop();
    assert!(begun.elapsed() < Duration::from_secs(2));
    for stranger in &mut strangers {
        while stranger.line().is_some() {}
    }
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn miners_are_hung_up_on_when_the_node_ends() {
    let mut running = Running::easy();
    let mut stranger = Stranger::greet(running.address(), &user(1));
    running.node.stop();
    while stranger.line().is_some() {}
    within("the end", async { running.server.take().unwrap().stop() });
}
