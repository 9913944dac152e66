//! What goes over a connection, and what ends it.

use std::io::Write;
use std::time::Duration;

use cairn::net::{ChunkError, End, Lane, NoiseError, OUTBOX_BYTES_MAX, Parcel, Patience, URGENT_BYTES_MAX};
use cairn::protocol::{Input, Message, Served};
use cairn::testkit::until;

use crate::hall::{CURSED, Hall, LONG, bulk, number};

const MIB: usize = 1 << 20;

#[test]
fn messages_of_all_lengths_arrive_whole_and_in_order() {
    let mut hall = Hall::new();
    let (mut raw, _, sending) = hall.introduce();
    let lengths = [80, 16 << 10, (16 << 10) + 1, 8 * MIB, 100];
    for (at, bytes) in (1..).zip(lengths) {
        raw.send_bytes(Lane::Bulk, &bulk(at, bytes).bytes);
        let message = hall.message();
        assert_eq!(number(&message), at);
        sending.send(&Parcel::of(&message));
        assert_eq!(raw.receive(), Some(message));
    }
}

#[test]
fn what_is_no_message_is_told_and_what_is_no_chunk_ends_the_connection() {
    let mut hall = Hall::new();
    let (mut raw, met, _) = hall.introduce();
    raw.send_bytes(Lane::Urgent, &[250, 1, 2]);
    assert!(matches!(hall.input(), Input::Unreadable(peer, _) if peer == met.peer));
    raw.send(&Message::Ping(2));
    assert_eq!(hall.message(), Message::Ping(2));
    raw.send_chunk(&[9, 9]);
    assert!(matches!(hall.end(), End::Chunk(ChunkError::Kind(9))));
    let Input::Disconnected { peer, reason } = hall.input() else { panic!("it goes on") };
    assert_eq!(peer, met.peer);
    assert!(reason.contains("0x09"), "{reason}");
}

#[test]
fn frames_and_messages_that_are_too_long_end_their_connection() {
    let mut hall = Hall::new();
    let begin = |kind: u8, bytes: usize| [&[kind][..], &(bytes as u32).to_le_bytes(), b"x"].concat();
    let (mut raw, ..) = hall.greet();
    raw.send_chunk(&begin(2, 1025));
    assert!(matches!(hall.end(), End::Chunk(ChunkError::Length(1025))), "before anybody said who they are");
    hall.event();
    let (mut raw, ..) = hall.introduce();
    raw.send_chunk(&begin(2, URGENT_BYTES_MAX + 1));
    assert!(matches!(hall.end(), End::Chunk(ChunkError::Length(_))));
    hall.event();
    let (mut raw, ..) = hall.introduce();
    raw.stream.write_all(&[0xff, 0xff]).unwrap();
    assert!(matches!(hall.end(), End::Noise(NoiseError::Length(0xffff))));
    hall.event();
    let (mut raw, ..) = hall.introduce();
    raw.stream.write_all(&[30, 0]).unwrap();
    raw.stream.write_all(&[7; 30]).unwrap();
    assert!(matches!(hall.end(), End::Noise(NoiseError::Unsealed)));
}

#[test]
fn urgent_messages_overtake_long_ones() {
    let mut hall = Hall::new();
    let (mut raw, _, sending) = hall.introduce();
    // More than the system takes while nobody reads.
    sending.send(&bulk(1, 8 * MIB));
    sending.send(&bulk(2, MIB));
    sending.send(&Parcel::of(&Message::Ping(3)));
    assert_eq!(raw.receive(), Some(Message::Ping(3)));
    assert_eq!(raw.receive().as_ref().map(number), Some(1));
    assert_eq!(raw.receive().as_ref().map(number), Some(2));
}

#[test]
fn who_does_not_read_is_let_go_and_costs_no_more_than_a_queue() {
    let mut hall = Hall::new();
    let (_raw, _, sending) = hall.introduce();
    let parcel = bulk(1, MIB);
    for _ in 0..64 {
        sending.send(&parcel);
        assert!(sending.waiting_bytes() <= OUTBOX_BYTES_MAX);
    }
    assert!(matches!(hall.end(), End::Unread));
    assert!(matches!(hall.input(), Input::Disconnected { .. }));
}

#[test]
fn who_takes_nothing_for_too_long_is_let_go() {
    let patience = Patience { dial: LONG, handshake: LONG, write: Duration::from_millis(300) };
    let mut hall = Hall::with(patience);
    let (_raw, _, sending) = hall.introduce();
    sending.send(&bulk(1, 8 * MIB));
    assert!(matches!(hall.end(), End::Stuck));
}

#[test]
fn nothing_more_is_read_while_the_machine_lags() {
    let mut hall = Hall::new();
    let (mut raw, ..) = hall.introduce();
    raw.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let message = bulk(1, MIB);
    let sent = (0..256).take_while(|_| raw.try_send_bytes(message.lane, &message.bytes).is_ok()).count();
    assert!(sent < 128, "{sent} MiB were taken in, and nobody looked at them");
    for _ in 0..sent {
        assert_eq!(number(&hall.message()), 1);
    }
}

#[test]
fn who_is_hung_up_on_gets_what_was_said_before() {
    let mut hall = Hall::new();
    let (mut raw, _, sending) = hall.introduce();
    sending.send(&Parcel::of(&Message::Pong(1)));
    sending.hang_up();
    assert_eq!(raw.receive(), Some(Message::Pong(1)));
    assert_eq!(raw.receive(), None);
    assert!(matches!(hall.end(), End::Ordered));
}

#[test]
fn who_hangs_up_is_told_of() {
    let mut hall = Hall::new();
    let (raw, met, _) = hall.introduce();
    drop(raw);
    assert!(matches!(hall.end(), End::HungUp));
    assert!(matches!(hall.input(), Input::Disconnected { peer, .. } if peer == met.peer));
}

#[test]
fn fault_in_one_connection_ends_it_alone() {
    let mut hall = Hall::new();
    let (mut neighbour, _, to_neighbour) = hall.introduce();
    let (_raw, met, sending) = hall.introduce();
    sending.send_blocks(vec![Served::Stored(CURSED)]);
    let End::Fault(words) = hall.end() else { panic!("it goes on") };
    assert!(words.contains("a fault while reading"), "{words}");
    assert!(matches!(hall.input(), Input::Disconnected { peer, .. } if peer == met.peer));
    to_neighbour.send(&Parcel::of(&Message::Ping(1)));
    assert_eq!(neighbour.receive(), Some(Message::Ping(1)));
}

#[test]
fn messages_from_many_sides_all_arrive() {
    let mut hall = Hall::new();
    let mut raws: Vec<_> = (0..20).map(|_| hall.introduce()).collect();
    for (raw, ..) in &mut raws {
        raw.send(&Message::Ping(5));
    }
    for _ in &raws {
        assert_eq!(hall.message(), Message::Ping(5));
    }
    let parcel = bulk(3, MIB);
    for (_, _, sending) in &raws {
        sending.send(&parcel);
    }
    for (raw, ..) in &mut raws {
        assert_eq!(raw.receive().as_ref().map(number), Some(3));
    }
    until("all is sent", || raws.iter().all(|(_, _, sending)| sending.waiting_bytes() == 0).then_some(()));
}
