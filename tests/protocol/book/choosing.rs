//! Whom a book picks, and whom it tells others of.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::SocketAddr;

use cairn::protocol::{ADDRESSES_MAX, AddressBook, BUCKET_PLACES, Group, UNSEEN_SECONDS_MAX, Which};

use super::{DAY, HOUR, NOW, after, anybody, book, place, tell, varied};

#[test]
fn only_what_was_asked_for_and_is_wanted_is_picked() {
    let book = varied([1; 32]);
    for draw in 0..300 {
        let pick = |which| book.pick(draw, after(DAY), which, anybody).unwrap();
        assert!(book.find(pick(Which::Tried)).unwrap().tried);
        assert!(!book.find(pick(Which::New)).unwrap().tried);
        assert!(!book.find(book.feeler(draw, after(DAY), anybody).unwrap()).unwrap().tried);
        assert_eq!(pick(Which::Any), pick(Which::Any), "a draw decides");
        let taken = book.group(pick(Which::Any));
        let other = book.pick(draw, after(DAY), Which::Any, |address| book.group(address) != taken).unwrap();
        assert_ne!(book.group(other), taken);
        assert_eq!(book.pick(draw, after(DAY), Which::Any, |_| false), None);
    }
}

#[test]
fn picks_reach_all_groups_over_time() {
    let book = varied([2; 32]);
    let groups = |addresses: &mut dyn Iterator<Item = SocketAddr>| {
        addresses.map(|address| book.group(address)).collect::<BTreeSet<Group>>().len()
    };
    let known = groups(&mut book.iter().map(|known| known.address));
    let picked = groups(&mut (0..20_000).filter_map(|draw| book.pick(draw, after(DAY), Which::Any, anybody)));
    assert!(known > 500 && picked * 100 >= known * 98, "{picked} of {known}");
}

#[test]
fn recent_and_failed_attempts_make_a_pick_less_likely() {
    let mut book = book();
    tell(&mut book, 1, (0..2000).map(|group| place(group, 1)));
    let addresses: Vec<_> = book.iter().map(|known| known.address).collect();
    let (recent, rested) = addresses.split_at(addresses.len() / 2);
    for address in recent {
        book.attempted(*address, NOW);
    }
    let share = |book: &AddressBook, now| {
        let picked = (0..1000).filter_map(|draw| book.pick(draw, now, Which::Any, anybody));
        picked.filter(|address| recent.contains(address)).count()
    };
    assert!(share(&book, after(60)) < 50, "{}", share(&book, after(60)));
    assert!((400..600).contains(&share(&book, after(HOUR))), "{}", share(&book, after(HOUR)));
    for address in recent {
        book.failed(*address, NOW);
    }
    assert!((300..450).contains(&share(&book, after(HOUR))), "{}", share(&book, after(HOUR)));
    // If there is nobody else, it is tried all the same.
    let picked = book.pick(1, after(1), Which::Any, |address| !rested.contains(&address));
    assert!(picked.is_some());
}

#[test]
fn empty_book_has_nobody() {
    let book = book();
    assert!(book.is_empty());
    assert_eq!(book.pick(1, NOW, Which::Any, anybody), None);
    assert_eq!(book.sample(1, NOW, 10), []);
}

#[test]
fn sample_shows_a_part_of_what_is_good() {
    let mut large = book();
    for teller in 0..20 {
        tell(&mut large, teller, (0..500).map(|group| place(group, teller)));
    }
    assert!(large.len() > 4 * ADDRESSES_MAX * 100 / 23 / 4);
    let sample = large.sample(1, NOW, usize::MAX);
    assert_eq!(sample.len(), ADDRESSES_MAX);
    assert_eq!(large.sample(1, NOW, 10).len(), 10);
    assert_eq!(sample.iter().collect::<BTreeSet<_>>().len(), sample.len(), "each once");
    assert_ne!(large.sample(2, NOW, usize::MAX), sample);
    assert_eq!(large.sample(1, after(UNSEEN_SECONDS_MAX), 10), [], "nobody saw them of late");

    let mut small = book();
    for group in 0..20 {
        tell(&mut small, 1, [place(group, 1)]);
        assert_eq!(small.sample(1, NOW, usize::MAX).len(), (small.len() * 23).div_ceil(100));
    }
    assert_eq!(book().sample(1, NOW, usize::MAX), []);
}

#[test]
fn crowd_in_few_buckets_is_picked_no_more_often_than_these() {
    let mut book = book();
    for group in 0..150 {
        tell(&mut book, group, [place(group, 1)]);
    }
    tell(&mut book, 999, (0..5000).map(|host| place(999, host)));
    let crowd = book.iter().filter(|known| book.group(known.address) == book.group(place(999, 0))).count();
    assert!(crowd * 5 > book.len(), "{crowd} of {}", book.len());
    let picked = (0..1000).filter_map(|draw| book.pick(draw, NOW, Which::Any, anybody));
    let of_crowd = picked.filter(|address| book.group(*address) == book.group(place(999, 0))).count();
    assert!(of_crowd < 30, "{of_crowd} of 1000");
}

#[test]
fn half_of_all_picks_are_tried_however_many_are_new() {
    let mut book = book();
    for group in 0..20 {
        book.connected(place(group, 1), NOW);
    }
    for teller in 0..100 {
        tell(&mut book, teller, (0..500).map(|number| place(1000 + number, teller)));
    }
    let picked = (0..1000).filter_map(|draw| book.pick(draw, after(HOUR), Which::Any, anybody));
    let tried = picked.filter(|address| book.find(*address).unwrap().tried).count();
    assert!((430..570).contains(&tried), "{tried} of 1000");
}

#[test]
fn pick_looks_at_few_of_those_in_a_full_book() {
    let mut book = book();
    for group in 0..3000 {
        book.connected(place(group, 1), NOW);
    }
    for teller in 0..2000 {
        tell(&mut book, teller, (0..100).map(|number| place(3000 + number * 37 + teller * 3, teller)));
    }
    assert!(book.len() > 15_000, "{}", book.len());
    let looked = Cell::new(0);
    let wanted = |_| {
        looked.set(looked.get() + 1);
        true
    };
    (0..100).for_each(|draw| assert!(book.pick(draw, NOW, Which::Any, wanted).is_some()));
    assert!(looked.get() < 100 * 4 * BUCKET_PLACES, "{} for 100 picks", looked.get());
}
