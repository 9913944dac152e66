//! A newcomer, those who have what it lacks, and those who say that they do.

use std::sync::Arc;

use cairn::protocol::Order;
use cairn::testkit::{Follower, Network};
use cairn::types::{Address, Block};

use super::liar::{Liar, Lie};
use super::stage::{Member, network, until_so, wait_for_tip};

fn branch(network: &Network, count: u32) -> Arc<Vec<Block>> {
    let mut follower = Follower::new(network);
    follower.mine_empty(Address::from_bytes([7; 32]), count);
    Arc::new(follower.branch())
}

/// Somebody who has all of it.
fn keeper(network: &Network, blocks: &[Block]) -> Member {
    let member = Member::tied_to(network, &[]);
    assert!(member.node.submit_all(blocks).iter().all(Result::is_ok));
    member
}

#[test]
fn newcomer_whom_some_stall_and_deceive_comes_to_the_true_tip() {
    let network = network();
    let blocks = branch(&network, 2000);
    let liars = [Lie::Stalls, Lie::OtherBodies, Lie::NoWork, Lie::Silent]
        .map(|lie| Liar::new(lie, network.params(), &blocks));
    let keepers: Vec<Member> = (0..3).map(|_| keeper(&network, &blocks)).collect();
    // For as long as it knows of nobody else it hears nothing but lies.
    let newcomer = Member::tied_to(&network, &liars.each_ref().map(|liar| liar.address));
    until_so("somebody shows headers", || liars.iter().any(|liar| liar.was_asked().1 > 0));
    for keeper in &keepers {
        newcomer.order(Order::Add(keeper.address.to_string()));
    }
    wait_for_tip(&[newcomer], blocks.last().unwrap().header.hash());
}

#[test]
fn newcomer_that_hears_everything_at_once_comes_to_the_true_tip() {
    let network = network();
    let blocks = branch(&network, 2000);
    let liars = [Lie::Stalls, Lie::OtherBodies].map(|lie| Liar::new(lie, network.params(), &blocks));
    let keepers: Vec<Member> = (0..3).map(|_| keeper(&network, &blocks)).collect();
    let addresses: Vec<_> = liars.iter().map(|liar| liar.address).collect();
    let addresses: Vec<_> =
        addresses.into_iter().chain(keepers.iter().map(|keeper| keeper.address)).collect();
    let newcomer = Member::tied_to(&network, &addresses);
    wait_for_tip(&[newcomer], blocks.last().unwrap().header.hash());
}

#[test]
fn whoever_shows_headers_without_work_or_other_bodies_is_hung_up_on() {
    let network = network();
    let blocks = branch(&network, 30);
    for lie in [Lie::NoWork, Lie::OtherBodies] {
        let liar = Liar::new(lie, network.params(), &blocks);
        let newcomer = Member::tied_to(&network, &[liar.address]);
        until_so("an end", || liar.ends() > 0);
        assert!(liar.was_asked().0 > 0, "{lie:?}");
        assert_eq!(newcomer.height(), 0, "{lie:?}");
        // It is added, so it is tried again; whoever is honest is heard meanwhile.
        let keeper = keeper(&network, &blocks);
        newcomer.order(Order::Add(keeper.address.to_string()));
        wait_for_tip(&[newcomer], blocks.last().unwrap().header.hash());
    }
}

#[test]
fn who_never_answers_is_given_up_where_there_are_others() {
    let network = network();
    let blocks = branch(&network, 30);
    let liar = Liar::new(Lie::Silent, network.params(), &blocks);
    let newcomer = Member::tied_to(&network, &[liar.address]);
    until_so("a question", || liar.was_asked().0 > 0);
    let keeper = keeper(&network, &blocks);
    newcomer.order(Order::Add(keeper.address.to_string()));
    wait_for_tip(&[newcomer, keeper], blocks.last().unwrap().header.hash());
}
