//! What is asked, believed, shown and passed on.

use super::*;
use crate::protocol::{AddressBook, BookSecret, Group, NodeId, Settings};
use crate::types::Timestamp;

const START: u32 = 1_800_000_000;
const HOUR: u64 = 60 * 60 * 1000;

struct World {
    gossip: Gossip,
    dialing: Dialing,
    millis: u64,
}

/// The `host`th address of the `group`th group.
fn place(group: u8, host: u16) -> SocketAddr {
    let [a, b] = host.to_be_bytes();
    SocketAddr::from(([50, group, a, b], 8333))
}

/// Addresses in groups of their own, from a number on.
fn crowd(from: u16, count: u16) -> Vec<SocketAddr> {
    let bytes = (from..from + count).map(u16::to_be_bytes);
    bytes.map(|[a, b]| SocketAddr::from(([60 + a, b, 0, 1], 8333))).collect()
}

fn world(lab: bool) -> World {
    let settings = Settings::new(NodeId([0; 32]), lab);
    let book = AddressBook::new(BookSecret([7; 32]), lab);
    let dialing = Dialing::new(&settings, book, [1; 32]);
    World { gossip: Gossip::new(lab, [2; 32]), dialing, millis: 1000 }
}

impl World {
    fn now(&self) -> Now {
        let wall = Timestamp(START + (self.millis / 1000) as u32);
        Now { millis: self.millis, wall, chain: wall }
    }

    fn fresh(&self, addresses: &[SocketAddr]) -> Addresses {
        let told = addresses.iter().map(|address| PeerAddress::new(*address, self.now().wall));
        Addresses::new(told.collect()).unwrap()
    }

    fn dialed(&mut self, peer: u64, address: SocketAddr) -> Acts {
        self.greeted(peer, address, None, Side::Dialer)
    }

    fn inbound(&mut self, peer: u64, address: SocketAddr, listening: Option<SocketAddr>) -> Acts {
        self.greeted(peer, address, listening, Side::Listener)
    }

    fn greeted(&mut self, peer: u64, address: SocketAddr, listening: Option<SocketAddr>, side: Side) -> Acts {
        let (mut acts, now) = (Acts::default(), self.now());
        let met = Met { peer: PeerId(peer), address, side, node: NodeId([1; 32]) };
        self.gossip.greeted(now, &met, listening, &mut self.dialing, &mut acts);
        acts
    }

    fn asked(&mut self, peer: u64) -> Acts {
        let mut acts = Acts::default();
        self.gossip.asked(self.now(), PeerId(peer), &self.dialing, &mut acts);
        acts
    }

    /// What a peer is shown.
    fn shown(&mut self, peer: u64) -> Vec<SocketAddr> {
        let sent = sent(&self.asked(peer));
        assert_eq!(sent.len(), 1);
        sent.into_iter().flat_map(|(_, told)| told).collect()
    }

    fn told(&mut self, peer: u64, addresses: &[SocketAddr]) -> Acts {
        let (mut acts, told) = (Acts::default(), self.fresh(addresses));
        self.gossip.told(self.now(), PeerId(peer), &told, &mut self.dialing, &mut acts);
        acts
    }

    fn knows(&self, address: SocketAddr) -> bool {
        self.dialing.book().find(address).is_some()
    }
}

/// Whom addresses were sent to, and which.
fn sent(acts: &Acts) -> Vec<(u64, Vec<SocketAddr>)> {
    let mut sent = Vec::new();
    for output in &acts.outputs {
        if let Output::Send(to, Message::Addresses(told)) = output {
            let addresses: Vec<_> = told.iter().map(PeerAddress::address).collect();
            assert!(!to.is_empty());
            sent.extend(to.iter().map(|peer| (peer.0, addresses.clone())));
        }
    }
    sent
}

fn questions(acts: &Acts) -> usize {
    let ask = |output: &&Output| matches!(output, Output::Send(_, Message::GetAddresses(())));
    acts.outputs.iter().filter(ask).count()
}

fn blamed(acts: &Acts, what: &'static str) -> bool {
    acts.offences.iter().any(|(_, offence)| *offence == Offence::TooMany(what))
}

#[test]
fn those_that_we_dialed_are_asked_once_and_nobody_else() {
    let mut world = world(false);
    assert_eq!(questions(&world.dialed(1, place(1, 1))), 1);
    assert_eq!(questions(&world.inbound(2, place(2, 1), None)), 0);
    assert_eq!(world.gossip.wake_at(), u64::MAX);
}

#[test]
fn in_a_lab_all_are_asked_often_at_first_and_then_every_minute() {
    let mut world = world(true);
    let mut asked = questions(&world.inbound(1, place(1, 1), None));
    let begun = world.millis;
    let mut times = Vec::new();
    while world.gossip.wake_at() <= begun + 600_000 {
        assert!(world.gossip.wake_at() > world.millis);
        world.millis = world.gossip.wake_at();
        let mut acts = Acts::default();
        world.gossip.woken(world.now(), &mut acts);
        asked += questions(&acts);
        times.push((world.millis - begun) / 1000);
    }
    assert_eq!(times[..13], [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 120]);
    assert_eq!((asked, times.len(), times[times.len() - 1]), (22, 21, 600));
    world.gossip.disconnected(PeerId(1));
    assert_eq!(world.gossip.wake_at(), u64::MAX);
}

#[test]
fn nobody_is_blamed_in_a_lab_for_asking_as_we_do() {
    let mut world = world(true);
    world.inbound(1, place(1, 1), None);
    for late in [0, 5_000, 9_400, 15_000] {
        world.millis = 1000 + late;
        assert!(world.asked(1).offences.is_empty(), "{late}");
    }
    world.millis += 1000;
    let again = world.asked(1);
    assert!(blamed(&again, "questions for addresses") && again.outputs.is_empty());
}

#[test]
fn each_connection_is_answered_once() {
    let mut world = world(false);
    world.inbound(1, place(1, 1), None);
    assert_eq!(sent(&world.asked(1)).len(), 1, "an empty answer is one");
    world.millis += 20 * HOUR;
    let again = world.asked(1);
    assert!(blamed(&again, "questions for addresses") && again.outputs.is_empty());
    // Who was never greeted is not known here.
    assert!(world.asked(9).outputs.is_empty());
}

#[test]
fn the_same_part_of_the_book_is_shown_for_a_day_and_to_nobody_itself() {
    let mut world = world(false);
    let now = world.now();
    let all = world.fresh(&crowd(0, 200));
    for some in all.chunks(50) {
        world.dialing.told(now, place(some[0].address().port() as u8, 1), some);
    }
    world.inbound(1, place(1, 1), None);
    let shown = world.shown(1);
    assert!((30..=ADDRESSES_MAX).contains(&shown.len()), "{}", shown.len());
    world.millis += 20 * HOUR;
    world.dialing.told(world.now(), place(2, 1), &world.fresh(&crowd(1000, 20)));
    for peer in 2..10 {
        world.inbound(peer, place(peer as u8, 1), None);
        assert_eq!(world.shown(peer), shown, "whoever asks");
    }
    world.dialed(10, shown[0]);
    assert_eq!(world.shown(10), shown[1..]);
    world.millis += 5 * HOUR;
    world.inbound(11, place(11, 1), None);
    assert_ne!(world.shown(11), shown);
}

#[test]
fn a_young_book_is_shown_anew_when_it_has_grown() {
    let mut world = world(false);
    world.inbound(1, place(1, 1), None);
    assert!(world.shown(1).is_empty());
    world.dialing.told(world.now(), place(2, 1), &world.fresh(&crowd(0, 20)));
    world.inbound(2, place(2, 1), None);
    assert!(!world.shown(2).is_empty());
}

#[test]
fn an_answer_may_be_long_if_it_was_asked_for_and_only_once() {
    let mut world = world(false);
    world.inbound(1, place(1, 1), None);
    let unasked = world.told(1, &crowd(0, 11));
    assert!(blamed(&unasked, "addresses") && !world.knows(crowd(0, 1)[0]));
    world.dialed(2, place(2, 1));
    // News that come in between do not use the question up.
    assert!(world.told(2, &crowd(300, 1)).offences.is_empty());
    assert!(world.told(2, &crowd(0, 250)).offences.is_empty());
    assert!(world.dialing.book().len() > 150, "{}", world.dialing.book().len());
    assert!(blamed(&world.told(2, &crowd(1000, 250)), "addresses"));
    assert!(!world.knows(crowd(1000, 1)[0]));
}

#[test]
fn what_is_told_unasked_trickles_in() {
    let (mut slow, mut lab) = (world(false), world(true));
    for world in [&mut slow, &mut lab] {
        world.inbound(1, place(1, 1), None);
        for second in 0..600 {
            world.told(1, &crowd(second * 10, 10));
            world.millis += 1000;
        }
    }
    let slow = slow.dialing.book().len();
    assert!((50..=70).contains(&slow), "{slow}: ten, and one in ten seconds");
    assert!(lab.dialing.book().len() > 500, "all that the book has a place for");
    // A peer that comes again and again gains ten each time.
    let mut again = world(false);
    for peer in 0..5 {
        again.inbound(peer, place(1, 1), None);
        for message in 0..20 {
            again.told(peer, &crowd((peer as u16) * 200 + message * 10, 10));
        }
        again.gossip.disconnected(PeerId(peer));
    }
    assert!(again.dialing.book().len() <= 50);
}

#[test]
fn what_is_new_is_passed_on_once_to_two_others_and_in_a_lab_to_all() {
    for lab in [false, true] {
        let mut world = world(lab);
        for peer in 1..=20 {
            world.inbound(peer, place(peer as u8, 1), None);
        }
        let news = crowd(0, 3);
        let passed = sent(&world.told(7, &news));
        let known: Vec<_> = news.iter().copied().filter(|address| world.knows(*address)).collect();
        assert_eq!(passed.len(), if lab { 19 } else { 2 });
        assert!(passed.iter().all(|(to, told)| *to != 7 && *told == known), "{passed:?}");
        assert!(passed.windows(2).all(|two| two[0].0 != two[1].0), "distinct ones");
        for peer in 1..=20 {
            assert!(sent(&world.told(peer, &news)).is_empty(), "it is no news any more");
        }
    }
}

#[test]
fn a_long_answer_is_passed_on_in_short_messages() {
    for (lab, most) in [(false, 2), (true, 25)] {
        let mut world = world(lab);
        world.dialed(1, place(1, 1));
        world.inbound(2, place(2, 1), None);
        world.inbound(3, place(3, 1), None);
        let passed = sent(&world.told(1, &crowd(0, 250)));
        assert!(passed.iter().all(|(_, told)| told.len() <= UNASKED_MAX));
        assert!(passed.len() <= 2 * most && passed.len() >= 2, "{}", passed.len());
    }
}

#[test]
fn where_a_newcomer_listens_is_passed_on_once_and_never_to_itself() {
    let mut world = world(true);
    world.inbound(1, SocketAddr::from(([127, 0, 0, 1], 50_001)), None);
    let listening = SocketAddr::from(([127, 0, 0, 1], 4002));
    let coming = world.inbound(2, SocketAddr::from(([127, 0, 0, 1], 50_002)), Some(listening));
    assert_eq!(sent(&coming), [(1, vec![listening])]);
    assert!(world.knows(listening));
    assert!(matches!(world.dialing.book().group(listening), Group::Place { .. }));
    world.gossip.disconnected(PeerId(2));
    let again = world.inbound(3, SocketAddr::from(([127, 0, 0, 1], 50_003)), Some(listening));
    assert!(sent(&again).is_empty());
    // Another tells of it and of one more: it hears of the other only.
    let mut fresh = self::world(true);
    fresh.dialed(5, listening);
    fresh.inbound(6, place(6, 1), None);
    fresh.inbound(7, place(7, 1), None);
    let other = place(9, 1);
    let mut passed = sent(&fresh.told(6, &[listening, other]));
    passed.sort();
    assert_eq!(passed, [(5, vec![other]), (7, vec![listening, other])]);
    assert!(!fresh.shown(5).contains(&listening));
}

#[test]
fn most_of_a_lab_is_shown_in_the_first_minute() {
    // All know the first one, and it shows each a part of its book.
    let mut first = world(true);
    let all: Vec<SocketAddr> = (1..=12).map(|peer| SocketAddr::from(([127, 0, 0, 1], 4000 + peer))).collect();
    for (peer, address) in all.iter().enumerate() {
        first.inbound(peer as u64, SocketAddr::from(([127, 0, 0, 1], 50_000)), Some(*address));
    }
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..12 {
        seen.extend(first.shown(0));
        first.millis += LAB_ASK_MILLIS;
    }
    assert!(seen.len() >= 8 && !seen.contains(&all[0]), "{}", seen.len());
}
