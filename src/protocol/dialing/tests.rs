//! A world of nodes that answer or do not, and a clock that jumps.

use super::orders::ADDED_MAX;
use super::slots::ATTEMPTS_MAX;
use super::*;
use crate::protocol::{Agent, BOOK_MAX, Banned, Bans, BookSecret, NodeId, Output, Side};
use crate::types::Timestamp;

const START: u32 = 1_800_000_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// What becomes of an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Meets,
    Refuses,
    Hangs,
    IsUs,
}

use Answer::*;

struct World {
    dialing: Dialing,
    bans: Bans,
    millis: u64,
    peers: u64,
    names: BTreeMap<String, Vec<SocketAddr>>,
    /// What was dialed, and when.
    dialed: Vec<(u64, SocketAddr)>,
    /// What names were asked for, and when.
    asked: Vec<u64>,
    dropped: Vec<(PeerId, Farewell)>,
    met: BTreeMap<PeerId, (SocketAddr, Kind)>,
    wakes: usize,
}

fn settings(lab: bool) -> Settings {
    Settings { agent: Agent::default(), ..Settings::new(NodeId([0; 32]), lab) }
}

fn book(lab: bool, addresses: &[SocketAddr]) -> AddressBook {
    let mut book = AddressBook::new(BookSecret([7; 32]), lab);
    let told: Vec<_> = addresses.iter().map(|address| PeerAddress::new(*address, Timestamp(START))).collect();
    book.add(&told, Source::Own, Timestamp(START));
    book
}

/// The `host`th address of the `group`th group.
fn place(group: u8, host: u8) -> SocketAddr {
    SocketAddr::from(([50, group, 0, host], 8333))
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn world(settings: &Settings, addresses: &[SocketAddr]) -> World {
    World {
        dialing: Dialing::new(settings, book(settings.lab, addresses), [3; 32]),
        bans: Bans::new(),
        millis: 1000,
        peers: 0,
        names: BTreeMap::new(),
        dialed: Vec::new(),
        asked: Vec::new(),
        dropped: Vec::new(),
        met: BTreeMap::new(),
        wakes: 0,
    }
}

impl World {
    fn now(&self) -> Now {
        let wall = Timestamp(START + (self.millis / 1000) as u32);
        Now { millis: self.millis, wall, chain: wall }
    }

    /// Wakes it whenever it wants until so much time has passed. It never wants to be woken at once for nothing.
    fn run(&mut self, millis: u64, answer: impl Fn(SocketAddr) -> Answer) {
        let end = self.millis + millis;
        while self.dialing.wake_at() <= end {
            self.millis = self.dialing.wake_at().max(self.millis);
            let mut acts = Acts::default();
            self.dialing.woken(self.now(), &self.bans, &mut acts);
            self.wakes += 1;
            assert!(self.dialing.wake_at() > self.millis);
            acts.outputs.into_iter().for_each(|output| self.act(output, &answer));
            assert!(self.dialing.attempts.len() <= ATTEMPTS_MAX);
        }
        self.millis = end;
    }

    fn act(&mut self, output: Output, answer: &impl Fn(SocketAddr) -> Answer) {
        match output {
            Output::Dial(address) => {
                self.dialed.push((self.millis, address));
                match answer(address) {
                    Meets => drop(self.meet(address)),
                    Refuses => self.dialing.failed(self.now(), address),
                    Hangs => {}
                    IsUs => self.dialing.was_ourselves(self.now(), address),
                }
            }
            Output::Resolve(name) => {
                self.asked.push(self.millis);
                let found = self.names.get(&name).cloned().unwrap_or_default();
                self.dialing.resolved(self.now(), &name, &found);
            }
            other => panic!("{other:?}"),
        }
    }

    fn connect(&mut self, address: SocketAddr) -> (PeerId, Kind) {
        let peer = PeerId(self.peers);
        self.peers += 1;
        let met = Met { peer, address, side: Side::Dialer, node: NodeId([1; 32]) };
        (peer, self.dialing.connected(self.now(), &met))
    }

    fn meet(&mut self, address: SocketAddr) -> PeerId {
        let (peer, kind) = self.connect(address);
        self.greet(peer, None);
        if kind != Kind::Feeler {
            self.met.insert(peer, (address, kind));
        }
        peer
    }

    fn greet(&mut self, peer: PeerId, listening: Option<SocketAddr>) {
        let mut acts = Acts::default();
        let stays = self.dialing.greeted(self.now(), peer, listening, &mut acts);
        assert_eq!(stays, acts.outputs.is_empty());
        self.drops(acts);
    }

    fn drops(&mut self, acts: Acts) {
        for output in acts.outputs {
            let Output::Drop(peer, why) = output else { panic!("{output:?}") };
            self.hang_up(peer);
            self.dropped.push((peer, why));
        }
    }

    /// Somebody connects to us.
    fn inbound(&mut self, listening: SocketAddr) -> PeerId {
        let peer = PeerId(self.peers);
        self.peers += 1;
        self.greet(peer, Some(listening));
        peer
    }

    fn hang_up(&mut self, peer: PeerId) {
        self.met.remove(&peer);
        self.dialing.disconnected(self.now(), peer);
    }

    fn hang_up_on_all(&mut self) {
        let all: Vec<PeerId> = self.met.keys().copied().collect();
        all.into_iter().for_each(|peer| self.hang_up(peer));
    }

    fn of_kind(&self, wanted: Kind) -> Vec<SocketAddr> {
        self.met.values().filter(|(_, kind)| *kind == wanted).map(|(address, _)| *address).collect()
    }

    fn gaps(&self) -> Vec<u64> {
        self.dialed.windows(2).map(|two| two[1].0 - two[0].0).collect()
    }
}

#[test]
fn with_one_bootstrap_address_only_a_node_is_connected_at_once_and_again_when_it_comes_back() {
    for lab in [false, true] {
        let bootstrap = if lab { local(4001) } else { place(1, 1) };
        let mut world = world(&Settings { bootstrap: vec![bootstrap.to_string()], ..settings(lab) }, &[]);
        world.run(0, |_| Meets);
        assert_eq!(world.of_kind(Kind::Full), [bootstrap]);
        world.run(HOUR, |_| Meets);
        assert_eq!(world.dialed.len(), 1, "nobody else is there");
        world.hang_up_on_all();
        world.run(20 * MINUTE, |_| Refuses);
        let most = if lab { 5_000 } else { 60_000 };
        world.run(most, |_| Meets);
        assert_eq!(world.of_kind(Kind::Full), [bootstrap]);
    }
}

#[test]
fn refused_dials_back_off_to_a_bound() {
    for (lab, most) in [(false, 60_000), (true, 5_000)] {
        let bootstrap = if lab { local(4001) } else { place(1, 1) };
        let added = Settings { added: vec![bootstrap.to_string()], ..settings(lab) };
        let mut world = world(&added, &[]);
        world.run(10 * MINUTE, |_| Refuses);
        let gaps = world.gaps();
        assert_eq!(gaps[..5], [250, 500, 1000, 2000, 4000]);
        assert!(gaps[9..].iter().all(|gap| *gap == most), "{gaps:?}");
    }
}

#[test]
fn an_address_of_the_book_that_refuses_is_dialed_no_more_often_than_its_backoff_allows() {
    for lab in [false, true] {
        let only = if lab { local(4001) } else { place(1, 1) };
        let mut world = world(&Settings { bootstrap: Vec::new(), ..settings(lab) }, &[only]);
        world.run(20 * MINUTE, |_| Refuses);
        let most = if lab { 5_000 } else { 60_000 };
        let late: Vec<_> = world.gaps().into_iter().skip(12).collect();
        assert!(late.len() > 5 && late.iter().all(|gap| (most..most + 600).contains(gap)), "{late:?}");
        world.run(most + 600, |_| Meets);
        assert_eq!(world.met.len(), 1);
    }
}

#[test]
fn slots_go_to_distinct_groups_and_are_filled_at_a_walk() {
    let crowd: Vec<_> = (1..4).flat_map(|group| (1..30).map(move |host| place(group, host))).collect();
    let mut few = world(&Settings { outbound_max: 8, ..settings(false) }, &crowd);
    few.run(MINUTE, |_| Meets);
    assert_eq!(few.of_kind(Kind::Full).len(), 3, "one of each group");

    let many: Vec<_> = (1..100).map(|group| place(group, 1)).collect();
    let mut world = world(&settings(false), &many);
    world.run(MINUTE, |_| Meets);
    let full = world.of_kind(Kind::Full);
    let groups: std::collections::BTreeSet<_> =
        full.iter().map(|address| world.dialing.group(*address)).collect();
    assert_eq!((full.len(), groups.len()), (8, 8));
    assert!(world.gaps()[..7].iter().all(|gap| *gap == 500), "{:?}", world.gaps());
}

#[test]
fn slots_of_a_lab_are_filled_at_once_and_each_port_is_a_group() {
    let many: Vec<_> = (4001..4050).map(local).collect();
    let mut world = world(&settings(true), &many);
    world.run(0, |_| Meets);
    assert_eq!(world.of_kind(Kind::Full).len(), 8);
    // Told of later, they are dialed when they are told of.
    let mut late = self::world(&settings(true), &[]);
    late.run(5_000, |_| Meets);
    late.dialing.told(late.now(), local(1), &[PeerAddress::new(local(4001), late.now().wall)]);
    late.run(0, |_| Meets);
    assert_eq!(late.of_kind(Kind::Full), [local(4001)]);
}

#[test]
fn added_places_come_back_after_every_end_and_take_no_slot() {
    let many: Vec<_> = (1..100).map(|group| place(group, 1)).collect();
    let added: Vec<String> = (1..6).map(|host| place(200, host).to_string()).collect();
    let mut world = world(&Settings { added, ..settings(false) }, &many);
    for round in 0..50 {
        world.run(20_000, |_| Meets);
        assert_eq!((world.of_kind(Kind::Added).len(), world.of_kind(Kind::Full).len()), (5, 8), "{round}");
        let added: Vec<_> =
            world.met.iter().filter(|(_, (_, kind))| *kind == Kind::Added).map(|(peer, _)| *peer).collect();
        added.into_iter().for_each(|peer| world.hang_up(peer));
        // After a good connection the first attempt comes soon.
        world.run(250, |_| Meets);
        assert_eq!(world.of_kind(Kind::Added).len(), 5, "{round}");
    }
}

#[test]
fn whoever_accepts_and_hangs_up_at_once_is_dialed_ever_more_slowly() {
    let added = vec![place(1, 1).to_string()];
    let mut world = world(&Settings { added, discovers: false, ..settings(false) }, &[]);
    for _ in 0..12 {
        world.run(60_000, |_| Meets);
    }
    assert_eq!(world.dialed.len(), 1);
    world.hang_up_on_all();
    for _ in 0..3000 {
        world.run(100, |_| Meets);
        world.hang_up_on_all();
    }
    assert!((8..14).contains(&world.dialed.len()), "{}", world.dialed.len());
}

#[test]
fn we_are_never_dialed_again_and_of_us_no_more_is_kept_than_the_bound() {
    for lab in [false, true] {
        let us = if lab { local(4001) } else { place(1, 1) };
        let bootstrap = vec![us.to_string()];
        let mut world = world(&Settings { bootstrap, added: vec![us.to_string()], ..settings(lab) }, &[us]);
        world.run(HOUR, |_| IsUs);
        assert_eq!(world.dialed.len(), 1);
        let told = PeerAddress::new(us, world.now().wall);
        assert!(world.dialing.told(world.now(), place(9, 9), &[told]).is_empty());
        for port in 0..1000 {
            world.dialing.was_ourselves(world.now(), local(port));
        }
        assert_eq!(world.dialing.ours.len(), OURS_MAX);
    }
}

#[test]
fn nobody_is_dialed_who_is_banned_or_connected() {
    let many: Vec<_> = (1..20).map(|group| place(group, 1)).collect();
    let added = vec![place(1, 1).to_string(), place(2, 1).to_string()];
    let mut world = world(&Settings { added, ..settings(false) }, &many);
    for group in (1..20).step_by(2) {
        world.bans.ban(Banned::Address(place(group, 1).ip()), Timestamp(u32::MAX));
    }
    let two = world.inbound(place(2, 1));
    world.inbound(place(4, 1));
    world.run(10 * MINUTE, |_| Meets);
    let banned = |address: &SocketAddr| many.iter().step_by(2).any(|other| other == address);
    assert!(world.dialed.iter().all(|(_, address)| !banned(address)));
    assert!(world.dialed.iter().all(|(_, address)| ![place(2, 1), place(4, 1)].contains(address)));
    assert_eq!(world.of_kind(Kind::Full).len(), 7, "all others");
    // It goes: as an added place it is dialed.
    world.hang_up(two);
    world.run(0, |_| Meets);
    assert_eq!(world.of_kind(Kind::Added), [place(2, 1)]);
    // The ban is lifted: the other one is, too.
    world.bans.lift(Banned::Address(place(1, 1).ip()));
    world.run(MINUTE, |_| Meets);
    assert_eq!(world.of_kind(Kind::Added).len(), 2);
}

#[test]
fn nobody_is_looked_for_where_that_is_not_wanted() {
    let bootstrap = vec![place(9, 9).to_string(), "seed.example:8333".to_owned()];
    let added = vec![place(1, 1).to_string()];
    let quiet = Settings { discovers: false, bootstrap, added, ..settings(false) };
    let mut world = world(&quiet, &[place(2, 1), place(3, 1)]);
    world.run(HOUR, |_| Meets);
    assert_eq!(world.dialed, [(1000, place(1, 1))]);
    assert!(world.asked.is_empty());
}

#[test]
fn an_hour_with_nothing_to_do_takes_few_wakes() {
    let names = vec!["seed.example:8333".to_owned(), "127.0.0.1:1".to_owned()];
    for lab in [false, true] {
        for known in [vec![], (1..80).map(|group| place(group, 1)).collect::<Vec<_>>()] {
            for answer in [Meets, Refuses, Hangs, IsUs] {
                let settings = Settings { bootstrap: names.clone(), added: names.clone(), ..settings(lab) };
                let mut world = world(&settings, &known);
                world.run(HOUR, |_| answer);
                // Each dial and each question is an event of its own, after which there may be more to do.
                let events = world.dialed.len() + world.asked.len();
                assert!(world.wakes <= 500 + 3 * events, "{} wakes, {events} events", world.wakes);
                // A lab dials each of those that refuse every five seconds, others one in half a second.
                let most = if lab { 60 * 3600 } else { 3 * 3600 };
                assert!(events < most, "{events}");
                if answer == Meets {
                    assert!(world.wakes < 4000, "{}", world.wakes);
                }
            }
        }
    }
}

#[test]
fn feelers_look_at_new_addresses_and_leave() {
    let many: Vec<_> = (1..250).map(|group| place(group, 1)).collect();
    let mut world = world(&Settings { outbound_max: 0, ..settings(false) }, &many);
    world.run(2 * HOUR, |_| Meets);
    let feelers = world.dialed.len();
    assert!((35..90).contains(&feelers), "{feelers} in two hours");
    assert_eq!(world.dropped.len(), feelers);
    assert!(world.dropped.iter().all(|(_, why)| *why == Farewell::Seen));
    assert!(world.met.is_empty() && world.dialing.links.is_empty());
    for (_, address) in &world.dialed {
        assert!(world.dialing.book.find(*address).unwrap().tried);
    }
    // One that hangs is not joined by another.
    let mut slow = self::world(&Settings { outbound_max: 0, ..settings(true) }, &[local(1), local(2)]);
    slow.run(40 * MINUTE, |_| Hangs);
    assert!(slow.gaps().iter().all(|gap| *gap >= 60_000), "{:?}", slow.gaps());
}

#[test]
fn a_name_is_asked_for_and_its_addresses_are_tried_in_turn() {
    let name = "nodes.example:8333".to_owned();
    let mut world = world(&Settings { added: vec![name.clone()], discovers: false, ..settings(true) }, &[]);
    world.run(3 * MINUTE, |_| Meets);
    assert!(world.asked.len() > 30 && world.dialed.is_empty(), "nobody knows it, for now");
    world.names.insert(name.clone(), vec![place(1, 1), place(2, 1), place(2, 1), place(3, 1)]);
    world.asked.clear();
    world.run(18_000, |address| if address == place(3, 1) { Meets } else { Refuses });
    let dialed: Vec<_> = world.dialed.iter().map(|(_, address)| *address).collect();
    assert_eq!(dialed, [place(1, 1), place(2, 1), place(3, 1)]);
    assert_eq!((world.asked.len(), world.of_kind(Kind::Added)), (1, vec![place(3, 1)]));
    // It moves: when the place where it was does not answer any more, the name is asked for again.
    world.names.insert(name, vec![place(4, 1)]);
    world.run(MINUTE, |_| Meets);
    world.hang_up_on_all();
    world.run(MINUTE, |address| if address == place(4, 1) { Meets } else { Refuses });
    assert_eq!((world.asked.len(), world.of_kind(Kind::Added)), (2, vec![place(4, 1)]));
}

#[test]
fn a_name_that_is_never_answered_is_asked_for_again() {
    let mut world = world(&Settings { bootstrap: vec!["x.example:1".to_owned()], ..settings(false) }, &[]);
    let mut asked = 0;
    for _ in 0..10 * 60 {
        let mut acts = Acts::default();
        if world.dialing.wake_at() <= world.millis {
            world.dialing.woken(world.now(), &world.bans, &mut acts);
        }
        asked += acts.outputs.iter().filter(|output| matches!(output, Output::Resolve(_))).count();
        world.millis += 1000;
    }
    assert!((6..25).contains(&asked), "{asked}");
}

#[test]
fn bootstrap_places_go_into_the_book_and_are_not_asked_while_others_are_there() {
    let bootstrap: Vec<String> = (1..4).map(|group| place(group, 1).to_string()).collect();
    let name = "seed.example:8333".to_owned();
    let bootstrap = [bootstrap, vec![name.clone()]].concat();
    let mut world = world(&Settings { outbound_max: 2, bootstrap, ..settings(false) }, &[]);
    world.names.insert(name, vec![place(8, 1), place(9, 1)]);
    world.run(10 * MINUTE, |_| Meets);
    assert_eq!(world.of_kind(Kind::Full).len(), 2);
    // The name was asked for, or the slots were full before; it is not asked for again.
    assert!(world.asked.len() <= 1 && world.dialed.len() <= 6, "{:?}", world.dialed);
    let mut alone =
        self::world(&Settings { bootstrap: vec!["seed.example:8333".to_owned()], ..settings(false) }, &[]);
    alone.names = world.names.clone();
    alone.run(10 * MINUTE, |_| Meets);
    assert_eq!(alone.of_kind(Kind::Full).len(), 2, "the other one is found in the book");
    assert_eq!(alone.asked.len(), 1);
}

#[test]
fn attempts_are_bounded_and_given_up_when_nothing_is_heard_of_them() {
    let many: Vec<_> = (1..50).map(local).collect();
    let added: Vec<String> = (100..120).map(|port| local(port).to_string()).collect();
    let mut world = world(&Settings { added, ..settings(true) }, &many);
    world.run(1000, |_| Hangs);
    assert_eq!(world.dialed.len(), ATTEMPTS_MAX);
    world.run(MINUTE, |_| Hangs);
    assert_eq!(world.dialed.len(), 2 * ATTEMPTS_MAX);
    // One that comes late after all, when its slot is taken, is only looked at.
    world.dialing.outbound_max = 0;
    let first = SocketAddr::from(([127, 0, 0, 1], 9));
    assert_eq!(world.connect(first).1, Kind::Feeler);
}

#[test]
fn anchors_are_dialed_first_and_are_those_that_were_there_for_longest() {
    let many: Vec<_> = (1..100).map(|group| place(group, 1)).collect();
    let mut world = world(&settings(false), &many);
    world.run(2 * MINUTE, |_| Meets);
    let first: Vec<_> = world.dialed[..2].iter().map(|(_, address)| *address).collect();
    world.dialing.set_anchors(world.now());
    let kept = AddressBook::from_bytes(&world.dialing.book().to_bytes(), false).unwrap();
    world.dialing = Dialing::new(&settings(false), kept, [4; 32]);
    (world.dialed, world.met) = (Vec::new(), BTreeMap::new());
    world.run(5_000, |_| Meets);
    assert_eq!(world.dialed[..2].iter().map(|(_, address)| *address).collect::<Vec<_>>(), first);
}

#[test]
fn what_leads_to_a_node_that_is_connected_otherwise_is_left_alone() {
    let added = vec![local(4001).to_string()];
    let mut world = world(&Settings { added, ..settings(true) }, &[local(4001), local(4002)]);
    world.run(0, |_| Hangs);
    // Both dialed each other at once: theirs stays.
    let theirs = PeerId(77);
    let (ours, _) = world.connect(local(4001));
    world.dialing.same(world.now(), ours, theirs);
    world.dialing.disconnected(world.now(), ours);
    world.greet(theirs, None);
    world.run(10 * MINUTE, |_| Hangs);
    assert_eq!(world.dialed.iter().filter(|(_, address)| *address == local(4001)).count(), 1);
    assert_eq!(world.dialing.book().find(local(4001)).unwrap().failures, 0);
    world.hang_up(theirs);
    world.run(5_000, |_| Meets);
    assert!(world.of_kind(Kind::Added).contains(&local(4001)));
}

#[test]
fn an_operator_adds_and_removes_places_at_any_time() {
    let many: Vec<_> = (1..100).map(|group| place(group, 1)).collect();
    let mut world = world(&settings(false), &many);
    world.run(MINUTE, |_| Meets);
    let chosen = world.of_kind(Kind::Full)[0];
    let peer = *world.met.iter().find(|(_, (address, _))| *address == chosen).unwrap().0;
    assert!(world.dialing.order_add(world.now(), &chosen.to_string()));
    assert_eq!(world.dialing.kind(peer), Some(Kind::Added));
    world.run(MINUTE, |_| Meets);
    assert_eq!(world.dialing.full(), 8, "its slot was free");

    let mut acts = Acts::default();
    assert!(world.dialing.order_remove(world.now(), &chosen.to_string(), &mut acts));
    assert_eq!(acts.outputs, [Output::Drop(peer, Farewell::Ordered)]);
    world.drops(acts);
    world.dialed.clear();
    world.hang_up_on_all();
    world.run(9 * MINUTE, |_| Meets);
    assert!(world.dialed.iter().all(|(_, address)| *address != chosen));
    assert!(!world.dialing.order_remove(world.now(), &chosen.to_string(), &mut Acts::default()));

    for port in 1..=ADDED_MAX as u16 {
        assert!(world.dialing.order_add(world.now(), &local(port).to_string()));
    }
    assert!(!world.dialing.order_add(world.now(), "one.more:1"));
    assert_eq!(world.dialing.added().count(), ADDED_MAX);
}

#[test]
fn only_what_is_new_and_fresh_is_worth_telling_and_floods_are_bounded() {
    let mut world = world(&settings(false), &[]);
    let now = world.now();
    let fresh = PeerAddress::new(place(1, 1), Timestamp(now.wall.0 - 60));
    let stale = PeerAddress::new(place(2, 1), Timestamp(now.wall.0 - 3600));
    let future = PeerAddress::new(place(3, 1), Timestamp(now.wall.0 + 3600));
    let private = PeerAddress::new(local(1), now.wall);
    assert_eq!(world.dialing.told(now, place(9, 1), &[fresh, stale, future, private]), [fresh]);
    assert!(world.dialing.told(now, place(9, 1), &[fresh, stale]).is_empty());
    assert_eq!(world.dialing.known().len(), 3);

    let teller = place(10, 1);
    let mut passed = 0;
    for number in 0..100_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let told = PeerAddress::new(SocketAddr::from(([60 + a, b, c, 1], 8333)), now.wall);
        passed += world.dialing.told(now, teller, &[told]).len();
    }
    assert!(passed < BOOK_MAX / 10, "{passed}: one teller fills a part of the book and no more");
}

#[test]
fn in_a_lab_slots_fill_at_once_but_addresses_of_nobody_are_not_tried_without_end() {
    let there: Vec<_> = (1..=8).map(|group| place(group, 1)).collect();
    let mut quick = world(&settings(true), &there);
    quick.run(10, |_| Meets);
    assert_eq!(quick.dialing.full(), 8, "without a pause");

    let nobody: Vec<_> = (0..4000).map(|at| place((at / 250) as u8, (at % 250) as u8)).collect();
    let mut told = world(&settings(true), &nobody);
    told.run(MINUTE, |_| Refuses);
    assert!((20..200).contains(&told.dialed.len()), "{} in a minute", told.dialed.len());
}
