//! Links that are cut, slow and lossy.

use std::time::Duration;

use cairn::net::{Far, FaultsRefused, Link};
use cairn::testkit::Actor;

use super::stage::{Member, changed_network, network, settle, until_so, wait_for_tip};

/// So many nodes that are all connected to each other.
fn mesh(count: usize) -> Vec<Member> {
    let network = network();
    let mut members = vec![Member::new(&network)];
    let door = members[0].address;
    members.extend((1..count).map(|_| Member::knowing(&network, &[door])));
    members.iter().for_each(|member| until_so("all others", || member.connected().len() == count - 1));
    members
}

/// Cuts the links from some to others, whoever makes them.
fn cut_off(some: &[Member], others: &[Member]) {
    let cut = Some(Link { cut: true, ..Link::default() });
    for (here, there) in some.iter().flat_map(|here| others.iter().map(move |there| (here, there))) {
        for (from, to) in [(here, there), (there, here)] {
            from.faults.set(Far::Node(to.id()), cut).unwrap();
            from.faults.set(Far::Address(to.address), cut).unwrap();
        }
    }
}

#[test]
fn two_halves_that_both_mined_agree_once_their_links_are_healed() {
    let members = mesh(6);
    wait_for_tip(&members, members[0].mine_empty(5, 1));
    let (left, right) = members.split_at(3);
    cut_off(left, right);
    let shorter = left[0].mine_empty(3, 2);
    let longer = right[1].mine_empty(6, 3);
    wait_for_tip(left, shorter);
    wait_for_tip(right, longer);
    assert!(left.iter().all(|member| member.tip() == shorter), "nothing passes a cut link");
    members.iter().for_each(|member| member.faults.heal());
    wait_for_tip(&members, longer);
    wait_for_tip(&members, left[2].mine_empty(1, 4));
}

#[test]
fn payment_in_a_block_that_was_taken_off_comes_to_all_who_never_had_that_block() {
    let members = mesh(4);
    let (left, right) = members.split_at(2);
    cut_off(left, right);
    let payment = Actor::new(1).pay(members[0].network.params(), 0, &Actor::new(9), 1000, 10);
    left[0].node.send(&payment).unwrap();
    wait_for_tip(left, left[0].mine(1));
    assert!(left[1].node.reader().pool().unwrap().entries().is_empty(), "it is mined");
    let longer = right[0].mine_empty(2, 2);
    wait_for_tip(right, longer);
    members.iter().for_each(|member| member.faults.heal());
    wait_for_tip(&members, longer);
    until_so("the payment everywhere", || members.iter().all(|member| member.has(&payment)));
    wait_for_tip(&members, right[1].mine(3));
    assert!(members.iter().all(|member| member.node.reader().pool().unwrap().entries().is_empty()));
}

#[test]
fn nodes_whose_links_are_slow_and_lossy_agree() {
    let members = mesh(4);
    let millis = Duration::from_millis;
    let link = Link { delay: millis(30), jitter: millis(20), loss: 0.1, ..Link::default() };
    members.iter().for_each(|member| member.faults.set(Far::All, Some(link)).unwrap());
    let payments: Vec<_> = (0..8)
        .map(|who| Actor::new(who).pay(members[0].network.params(), 0, &Actor::new(9), 1000, 10))
        .collect();
    for (number, payment) in payments.iter().enumerate() {
        members[number % 4].node.send(payment).unwrap();
        members[(number + 1) % 4].mine(number as u64);
    }
    settle(&members);
    until_so("all payments everywhere", || {
        members.iter().all(|member| payments.iter().all(|payment| member.has(payment)))
    });
}

#[test]
fn faults_are_refused_on_a_chain_that_is_no_laboratory() {
    let member = Member::new(&changed_network(|file| file.lab = false));
    let link = Link { cut: true, ..Link::default() };
    assert_eq!(member.handle().faults().set(Far::All, Some(link)), Err(FaultsRefused));
    assert!(member.handle().faults().all().is_empty());
}
