//! What an attacker can fill, and what stays.

use std::collections::BTreeSet;

use cairn::protocol::{
    AddressBook, BOOK_MAX, BUCKET_PLACES, BUCKETS_BY_GROUP_MAX, BUCKETS_BY_SOURCE_MAX, BookSecret, Group,
    NEW_BUCKETS, PeerAddress, Source, TRIED_BUCKETS, UNSEEN_SECONDS_MAX,
};
use cairn::types::Timestamp;

use super::{DAY, HOUR, NOW, after, at, book, place, tell, told, tried, varied};

#[test]
fn one_teller_fills_a_sixteenth_of_the_new_and_one_group_of_its_addresses_one_bucket() {
    let mut flooded = book();
    tell(&mut flooded, 1, (0..10_000).map(|host| place(1, host)));
    assert!(flooded.len() as u64 <= BUCKET_PLACES, "{}", flooded.len());
    assert!(flooded.len() as u64 > BUCKET_PLACES / 2, "there is room for some");

    let mut flooded = book();
    tell(&mut flooded, 1, (0..40_000).map(|number| place(number / 10, number % 10)));
    let share = BUCKETS_BY_SOURCE_MAX * BUCKET_PLACES;
    assert!(flooded.len() as u64 <= share, "{} of {share}", flooded.len());
    assert!(flooded.len() as u64 > share / 2, "{} of {share}", flooded.len());
    assert_eq!(share * 16, NEW_BUCKETS * BUCKET_PLACES);

    // Its neighbours fill no more than it does: they are the same group.
    let neighbour = Source::Peer(place(5001, 99));
    let more: Vec<_> = (40_000..60_000).map(|number| told(place(number / 10, number % 10))).collect();
    flooded.add(&more, neighbour, NOW);
    assert!(flooded.len() as u64 <= share);
}

#[test]
fn one_group_fills_a_sixteenth_of_the_tried_however_often_we_connect_to_it() {
    let mut book = book();
    for host in 0..5000 {
        book.connected(place(1, host), NOW);
    }
    let share = BUCKETS_BY_GROUP_MAX * BUCKET_PLACES;
    assert!((share / 2..=share).contains(&(tried(&book) as u64)), "{} of {share}", tried(&book));
    assert_eq!(share * 16, TRIED_BUCKETS * BUCKET_PLACES);
}

#[test]
fn no_flood_makes_a_book_larger_than_its_places() {
    let mut book = book();
    for teller in 0..300 {
        tell(&mut book, teller, (0..500).map(|number| place(number, teller)));
    }
    assert!((BOOK_MAX / 2..=BOOK_MAX).contains(&book.len()), "{}", book.len());
    assert_eq!(book.iter().count(), book.len());
}

#[test]
fn good_addresses_stay_and_terrible_ones_give_way() {
    let fill = |book: &mut AddressBook, hosts: std::ops::Range<u32>, now| {
        let addresses: Vec<_> = hosts.map(|host| PeerAddress::new(place(1, host), now)).collect();
        book.add(&addresses, Source::Peer(place(5001, 1)), now)
    };
    let mut full = book();
    fill(&mut full, 0..5000, NOW);
    let first: Vec<_> = full.iter().map(|known| known.address).collect();
    assert_eq!(first.len() as u64, BUCKET_PLACES);
    assert_eq!(fill(&mut full, 5000..10_000, NOW), 0);
    assert!(first.iter().all(|address| full.find(*address).is_some()));

    // Nobody saw them for longer than they are kept.
    let mut old = full.clone();
    fill(&mut old, 10_000..15_000, after(UNSEEN_SECONDS_MAX));
    assert!(first.iter().all(|address| old.find(*address).is_none()), "all of them gave way");

    // Three failures, none of them because our own network was down.
    let mut failing = full.clone();
    for attempt in 0..3 {
        failing.connected(place(9, 9), after(attempt * HOUR));
        failing.failed(first[0], after(attempt * HOUR + 1));
    }
    fill(&mut failing, 10_000..15_000, after(2 * HOUR + 30));
    assert!(failing.find(first[0]).is_some(), "an attempt of this minute is undecided");
    fill(&mut failing, 10_000..15_000, after(3 * HOUR));
    assert!(failing.find(first[0]).is_none());
    assert!(first[1..].iter().all(|address| failing.find(*address).is_some()));

    // Our clock was ahead, and what it saw then is worth nothing.
    let mut ahead = book();
    fill(&mut ahead, 0..5000, after(DAY));
    for host in 0..5000 {
        ahead.attempted(place(1, host), after(DAY));
    }
    fill(&mut ahead, 5000..10_000, NOW);
    assert!(ahead.iter().all(|known| known.seen <= NOW));
}

#[test]
fn failures_count_once_while_we_reach_nobody() {
    let mut book = book();
    tell(&mut book, 1, [place(1, 1)]);
    let failures = |book: &AddressBook| book.find(place(1, 1)).unwrap().failures;
    for attempt in 0..10 {
        book.failed(place(1, 1), after(attempt));
    }
    assert_eq!(failures(&book), 1);
    book.connected(place(2, 2), after(20));
    for attempt in 21..30 {
        book.failed(place(1, 1), after(attempt));
    }
    assert_eq!(failures(&book), 2);
    book.connected(place(1, 1), after(40));
    assert_eq!(failures(&book), 0);
}

#[test]
fn tried_addresses_survive_a_flood_of_new_ones() {
    let mut book = book();
    for group in 0..100 {
        book.connected(place(group, 1), NOW);
    }
    let held: Vec<_> = book.iter().filter(|known| known.tried).collect();
    assert!(held.len() > 90, "{}", held.len());
    for teller in 0..200 {
        tell(&mut book, teller, (0..500).map(|number| place(1000 + number, teller)));
    }
    assert!(held.iter().all(|known| book.find(known.address) == Some(*known)));
}

#[test]
fn tried_address_stays_until_it_fails_and_then_goes_back_to_the_new() {
    let mut book = book();
    // Two that want the same place: the second stays among the new.
    let known = |book: &AddressBook, host| book.find(place(1, host)).unwrap();
    let mut hosts = 0..;
    let second = loop {
        let host = hosts.next().unwrap();
        tell(&mut book, 1 + host, [place(1, host)]);
        book.connected(place(1, host), NOW);
        if !known(&book, host).tried {
            break host;
        }
    };
    assert_eq!(known(&book, second).connected, Some(NOW));
    let before: BTreeSet<_> = book.iter().filter(|known| known.tried).map(|known| known.address).collect();
    book.connected(place(1, second), after(HOUR));
    assert!(!known(&book, second).tried, "the first is still good");

    for host in 0..second {
        book.failed(place(1, host), after(HOUR));
    }
    book.connected(place(1, second), after(2 * HOUR));
    assert!(known(&book, second).tried);
    let back: Vec<_> = before.iter().filter(|first| !book.find(**first).unwrap().tried).collect();
    assert_eq!(back.len(), 1);
    assert_eq!(book.find(*back[0]).unwrap().connected, Some(NOW), "what was known of it is");
}

#[test]
fn times_that_cannot_be_are_not_believed() {
    let mut book = book();
    let peer = Source::Peer(place(9, 9));
    let mut seen = |host, claimed, from| {
        book.add(&[PeerAddress::new(place(1, host), Timestamp(claimed))], from, NOW);
        book.find(place(1, host)).unwrap().seen.0
    };
    assert_eq!(seen(1, NOW.0, peer), NOW.0 - 2 * HOUR, "hearsay is two hours older");
    assert_eq!(seen(2, NOW.0 + DAY, peer), NOW.0 - 5 * DAY - 2 * HOUR);
    assert_eq!(seen(3, u32::MAX, peer), NOW.0 - 5 * DAY - 2 * HOUR);
    assert_eq!(seen(4, 0, peer), NOW.0 - UNSEEN_SECONDS_MAX - 2 * HOUR);
    assert_eq!(seen(5, NOW.0 - DAY, Source::Own), NOW.0 - DAY);
    assert_eq!(seen(6, NOW.0, Source::Peer(place(1, 6))), NOW.0, "who speaks for itself is there");
    assert_eq!(seen(5, NOW.0, peer), NOW.0 - 2 * HOUR, "seen anew");
    assert_eq!(seen(5, 0, peer), NOW.0 - 2 * HOUR, "and never before");
}

#[test]
fn private_addresses_are_addresses_in_a_lab_alone() {
    let private =
        ["127.0.0.1:1", "127.0.0.1:2", "10.1.2.3:1", "192.168.0.1:1", "[::1]:1", "[fd00::1]:1"].map(at);
    let nowhere = [
        "1.2.3.4:0",
        "127.0.0.1:0",
        "0.0.0.0:1",
        "224.0.0.1:1",
        "255.255.255.255:1",
        "169.254.1.1:1",
        "192.0.2.1:1",
        "203.0.113.7:1",
        "[::]:1",
        "[fe80::1]:1",
        "[ff02::1]:1",
        "[2001:db8::1]:1",
        "[::ffff:0.0.0.0]:1",
    ]
    .map(at);
    for lab in [false, true] {
        let mut book = AddressBook::new(BookSecret([7; 32]), lab);
        for address in nowhere {
            assert_eq!(book.add(&[told(address)], Source::Own, NOW), 0, "{address}");
            book.connected(address, NOW);
            assert_eq!(book.find(address), None, "{address}");
        }
        for address in private {
            assert_eq!(book.add(&[told(address)], Source::Own, NOW), usize::from(lab), "{address}");
            book.connected(address, NOW);
            assert_eq!(book.find(address).is_some(), lab, "{address}");
        }
        book.set_anchors(&private, NOW);
        assert_eq!(book.take_anchors().len(), if lab { 2 } else { 0 });
    }
}

#[test]
fn groups_are_what_one_hand_holds() {
    let of = |text, lab| Group::of(at(text), lab);
    assert_eq!(of("1.2.3.4:5", false), Group::V4([1, 2]));
    assert_eq!(of("[::ffff:1.2.3.4]:5", false), Group::V4([1, 2]));
    assert_eq!(of("[2a00:1450:1::1]:5", true), Group::V6([0x2a, 0, 0x14, 0x50]));
    assert_eq!(of("127.0.0.1:1", false), Group::Elsewhere);
    assert_eq!(of("127.0.0.1:1", false), of("192.168.7.7:2", false));
    assert_ne!(of("127.0.0.1:1", true), of("127.0.0.1:2", true));
    assert_ne!(of("10.0.0.1:1", true), of("10.0.0.2:1", true));
}

#[test]
fn same_address_written_otherwise_is_the_same() {
    let mut book = book();
    book.add(&[told(at("1.2.3.4:5"))], Source::Own, NOW);
    assert_eq!(book.add(&[told(at("[::ffff:1.2.3.4]:5"))], Source::Own, NOW), 0);
    book.connected(at("[::ffff:1.2.3.4]:5"), NOW);
    assert_eq!((book.len(), book.find(at("1.2.3.4:5")).unwrap().tried), (1, true));
}

#[test]
fn anchors_are_taken_once() {
    let mut book = varied([3; 32]);
    assert_eq!(book.take_anchors(), [place(1, 0), at("[2a00:1450::1]:8333")]);
    assert_eq!(book.take_anchors(), []);
}

#[test]
fn who_is_there_is_not_seen_again_so_soon() {
    let mut book = book();
    book.connected(place(1, 1), NOW);
    let mut seen = |seconds| {
        book.seen(place(1, 1), after(seconds));
        book.find(place(1, 1)).unwrap().seen
    };
    assert_eq!(seen(HOUR / 3 - 1), NOW);
    assert_eq!(seen(HOUR / 3), after(HOUR / 3));
}

#[test]
fn who_was_there_once_is_forgiven_for_a_week() {
    let mut book = book();
    book.connected(place(1, 1), NOW);
    for attempt in 1..=10 {
        book.failed(place(1, 1), after(attempt * HOUR));
        book.connected(place(2, 2), after(attempt * HOUR + 1));
    }
    assert_eq!(book.find(place(1, 1)).unwrap().failures, 10);
    let is_told = |now| (0..50).any(|draw| book.sample(draw, now, 1)[0].address() == place(1, 1));
    assert!(is_told(after(7 * DAY)));
    assert!(!is_told(after(7 * DAY + 1)));
}
