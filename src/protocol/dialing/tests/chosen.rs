//! Whom we choose ourselves, out of the book, and how often.

use super::*;

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

/// Anchors of the book as it would be found after a kill.
fn anchors(world: &World) -> Vec<SocketAddr> {
    world.dialing.book().clone().take_anchors()
}

#[test]
fn anchors_are_kept_while_it_runs_and_only_those_that_last() {
    let many: Vec<_> = (1..100).map(|group| place(group, 1)).collect();
    let mut world = world(&settings(false), &many);
    world.run(9_000, |_| Meets);
    assert_eq!(
        (anchors(&world).len(), world.kept.len()),
        (0, 0),
        "it may be that one of them brings it down"
    );
    world.run(MINUTE, |_| Meets);
    let first: Vec<_> = world.dialed[..2].iter().map(|(_, address)| *address).collect();
    assert_eq!(anchors(&world), first);
    assert!((1..=2).contains(&world.kept.len()), "{:?}", world.kept);
    world.run(HOUR, |_| Meets);
    assert!(world.kept.len() <= 2, "nothing changed: {:?}", world.kept);

    // The oldest hangs up, and the next takes its place.
    let oldest = *world.met.keys().next().unwrap();
    world.hang_up(oldest);
    world.run(15_000, |_| Meets);
    assert_eq!(anchors(&world)[0], first[1]);
    assert!(!anchors(&world).contains(&first[0]));
    // Where nobody is left they are still those.
    let last = anchors(&world);
    world.hang_up_on_all();
    world.run(HOUR, |_| Refuses);
    assert_eq!(anchors(&world), last);
}

#[test]
fn book_is_not_kept_all_the_time_where_connections_come_and_go() {
    let many: Vec<_> = (1..250).map(|group| place(group, 1)).collect();
    let mut world = world(&settings(true), &many);
    for _ in 0..200 {
        world.run(15_000, |_| Meets);
        let oldest = *world.met.keys().next().unwrap();
        world.hang_up(oldest);
    }
    assert!((20..=110).contains(&world.kept.len()), "{} in 50 minutes", world.kept.len());
    assert!(world.kept.windows(2).all(|two| two[1] - two[0] >= 30_000));
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
