//! Places that somebody named: an operator, or the chain's genesis; and ourselves.

use super::*;

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
fn a_place_that_is_named_once_more_is_tried_at_once() {
    let there = place(1, 1);
    let added = vec![there.to_string()];
    let mut world = world(&Settings { added: added.clone(), discovers: false, ..settings(false) }, &[]);
    world.run(HOUR, |_| Refuses);
    let tried = world.dialed.len();
    assert!(world.dialing.order_add(world.now(), &added[0]));
    world.run(1, |_| Refuses);
    assert_eq!(world.dialed.len(), tried + 1);
    world.run(250, |_| Refuses);
    assert_eq!(world.dialed.len(), tried + 2, "its rest begins anew");
    assert!(world.dialing.order_add(world.now(), &added[0]));
    world.run(1, |_| Meets);
    assert!(world.dialing.order_add(world.now(), &added[0]));
    world.run(MINUTE, |_| Meets);
    assert_eq!(world.dialed.len(), tried + 3, "and who is there is left alone");
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
