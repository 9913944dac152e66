//! Who is let in.

use std::io::Write;
use std::time::Duration;

use cairn::net::{End, NoiseError, Patience, preamble};
use cairn::protocol::Message;
use cairn::testkit::until;

use crate::hall::{CHAIN, Hall, LONG, OTHER_CHAIN};
use cairn::testkit::raw::{connect, rest, their_preamble};

fn hasty() -> Hall {
    Hall::with(Patience { dial: LONG, handshake: Duration::from_millis(300), write: LONG })
}

#[test]
fn who_says_nothing_is_let_go() {
    let hall = hasty();
    let mut silent = connect(hall.address);
    assert_eq!(their_preamble(&mut silent), preamble(CHAIN));
    assert!(matches!(hall.end(), End::Silent));
    assert!(rest(&mut silent).is_empty());
    // Whoever stops in the middle, too.
    let mut slow = connect(hall.address);
    slow.write_all(&preamble(CHAIN)).unwrap();
    assert!(matches!(hall.end(), End::Silent));
}

#[test]
fn node_of_another_chain_is_told_which_we_are_of_and_let_go() {
    let hall = Hall::new();
    let mut stranger = connect(hall.address);
    stranger.write_all(&preamble(OTHER_CHAIN)).unwrap();
    assert_eq!(their_preamble(&mut stranger), preamble(CHAIN));
    assert!(rest(&mut stranger).is_empty());
    let End::Noise(error) = hall.end() else { panic!("it was let in") };
    assert_eq!(error, NoiseError::OtherChain { chain: OTHER_CHAIN });
    assert!(error.to_string().contains("0808080808"), "{error}");
}

#[test]
fn web_browser_is_let_go_at_once() {
    let hall = Hall::new();
    for request in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01", b"cairn/2\n", b"x"] {
        connect(hall.address).write_all(request).unwrap();
        assert!(matches!(hall.end(), End::Noise(NoiseError::Foreign)), "{request:?}");
    }
}

#[test]
fn who_is_greeted_is_known_and_heard() {
    let mut hall = Hall::new();
    let (mut raw, met, sending) = hall.greet();
    assert_eq!(met.address, raw.stream.local_addr().unwrap());
    raw.send(&Message::Ping(7));
    assert_eq!(hall.message(), Message::Ping(7));
    sending.send(&cairn::net::Parcel::of(&Message::Pong(7)));
    assert_eq!(raw.receive(), Some(Message::Pong(7)));
    // It may be counted a moment after it came.
    until("it is counted", || {
        let traffic = sending.traffic();
        (traffic.bytes_in > 9 && traffic.bytes_out > 9 && traffic.last_message.is_some()).then_some(())
    });
    let (_other, other_met, _) = hall.greet();
    assert_ne!(other_met.peer, met.peer, "no number is given twice");
}

#[test]
fn handshake_that_makes_no_sense_is_let_go() {
    let hall = Hall::new();
    let mut stranger = connect(hall.address);
    stranger.write_all(&preamble(CHAIN)).unwrap();
    stranger.write_all(&[0x55; 32]).unwrap();
    let _ = stranger.write_all(&[0x55; 64]);
    assert!(matches!(hall.end(), End::Noise(NoiseError::Unsealed)));
}
