//! What a laboratory does to its links. Time is looked at from below only: a slow machine fails nothing.

use std::time::{Duration, Instant};

use cairn::net::{End, Far, Faults, FaultsRefused, Link, Parcel, Patience};
use cairn::protocol::Message;
use cairn::testkit::{Network, devnet_file};

use crate::hall::{Hall, LONG, bulk, lab, number};
use cairn::testkit::raw::connect;

fn ping(number: u64) -> Parcel {
    Parcel::of(&Message::Ping(number))
}

#[test]
fn faults_are_refused_where_the_chain_is_no_laboratory() {
    let mut file = devnet_file(1);
    file.lab = false;
    let faults = Faults::new(Network::from_file(&file, 1).params(), [1; 32]);
    assert_eq!(faults.set(Far::All, Some(Link::default())), Err(FaultsRefused));
    assert!(faults.all().is_empty());
    assert_eq!(Faults::new(&lab(), [1; 32]).set(Far::All, None), Ok(()));
}

#[test]
fn slow_link_delivers_late_and_in_order() {
    let mut hall = Hall::new();
    let (mut raw, met, sending) = hall.introduce();
    let (delay, jitter) = (Duration::from_millis(200), Duration::from_millis(50));
    hall.faults.set(Far::Node(met.node), Some(Link { delay, jitter, ..Link::default() })).unwrap();
    let begun = Instant::now();
    (0..20).for_each(|number| sending.send(&ping(number)));
    for number in 0..20 {
        assert_eq!(raw.receive(), Some(Message::Ping(number)));
    }
    assert!(begun.elapsed() >= delay);
    // Healed, it is as before.
    hall.faults.heal();
    sending.send(&ping(99));
    assert_eq!(raw.receive(), Some(Message::Ping(99)));
}

#[test]
fn lossy_link_delivers_everything_in_order() {
    let mut hall = Hall::new();
    let (mut raw, _, sending) = hall.introduce();
    hall.faults.set(Far::All, Some(Link { loss: 0.2, ..Link::default() })).unwrap();
    let begun = Instant::now();
    (0..50).for_each(|number| sending.send(&ping(number)));
    for number in 0..50 {
        assert_eq!(raw.receive(), Some(Message::Ping(number)));
    }
    assert!(begun.elapsed() >= Duration::from_millis(200), "nothing was lost");
}

#[test]
fn narrow_link_takes_its_time_and_lets_urgent_messages_pass() {
    let mut hall = Hall::new();
    let (mut raw, met, sending) = hall.introduce();
    let narrow = Link { bytes_per_second: Some(400_000), ..Link::default() };
    hall.faults.set(Far::Address(met.address), Some(narrow)).unwrap();
    let begun = Instant::now();
    sending.send(&bulk(1, 200_000));
    sending.send(&ping(1));
    assert_eq!(raw.receive(), Some(Message::Ping(1)));
    assert_eq!(raw.receive().as_ref().map(number), Some(1));
    assert!(begun.elapsed() >= Duration::from_millis(400));
}

#[test]
fn cut_link_passes_nothing_either_way_until_it_heals() {
    let mut hall = Hall::new();
    let (mut raw, met, sending) = hall.introduce();
    hall.faults.set(Far::Node(met.node), Some(Link { cut: true, ..Link::default() })).unwrap();
    (0..3).for_each(|number| sending.send(&ping(number)));
    raw.send(&Message::Ping(7));
    raw.stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert_eq!(raw.receive(), None, "something passed");
    raw.stream.set_read_timeout(Some(LONG)).unwrap();
    let (mut other, _, to_other) = hall.introduce();
    to_other.send(&ping(8));
    assert_eq!(other.receive(), Some(Message::Ping(8)), "another link is no worse");
    hall.faults.set(Far::Node(met.node), None).unwrap();
    for number in 0..3 {
        assert_eq!(raw.receive(), Some(Message::Ping(number)));
    }
    assert_eq!(hall.message(), Message::Ping(7));
}

#[test]
fn link_that_stays_cut_ends() {
    let patience = Patience { dial: LONG, handshake: LONG, write: Duration::from_millis(300) };
    let mut hall = Hall::with(patience);
    let (_raw, met, sending) = hall.introduce();
    hall.faults.set(Far::Node(met.node), Some(Link { cut: true, ..Link::default() })).unwrap();
    sending.send(&ping(1));
    assert!(matches!(hall.end(), End::Stuck));
}

#[test]
fn nobody_is_greeted_over_a_cut_link() {
    let hall = Hall::with(Patience { dial: LONG, handshake: Duration::from_millis(300), write: LONG });
    hall.faults.set(Far::All, Some(Link { cut: true, ..Link::default() })).unwrap();
    let _stranger = connect(hall.address);
    assert!(matches!(hall.end(), End::Silent));
}
