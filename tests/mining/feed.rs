//! Templates as the node goes on.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use cairn::miner::template;
use cairn::node::Verdict;
use cairn::template::Job;
use cairn::testkit::{Follower, mine, within};
use cairn::types::Timestamp;

use crate::running::{Running, wait_for};
use crate::stage::{address, miner, unrolled};

#[test]
fn template_of_a_node_is_its_next_block() {
    let running = Running::new();
    running.pay(0, 0, 9, 5, 70);
    let template = within("a template", template(&running.node.handle())).unwrap();
    assert_eq!(template.transactions().len(), 1);
    assert_eq!(template.time(), running.node.clock.now());
    let job = Job::new(template.into(), &miner());
    let mut block = job.block(&unrolled(job.template().time()));
    mine(&mut block.header, running.network.params());
    assert_eq!(running.node.submit(&block), Ok(Verdict::Followed { reverted: 0 }));
    assert!(running.node.reader().pool().unwrap().entries().is_empty());
}

#[test]
fn template_is_made_though_the_tip_moved_while_its_ground_was_asked_for() {
    let running = Running::new();
    let (node, handle) = (&running.node, running.node.handle());
    let mut made = pin!(template(&handle));
    assert!(made.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    // Whoever asks after it is answered after it.
    let before = within("ground", handle.groundwork()).unwrap().unwrap();
    let mut follower = Follower::new(&running.network);
    follower.mine_empty(address(100), 1);
    node.submit_all(&follower.branch()).into_iter().for_each(|verdict| assert!(verdict.is_ok()));
    assert_ne!(node.tip().hash, before.previous);
    // No further block comes to wake it.
    let made = within("a template", made).unwrap();
    assert_eq!(made.groundwork().previous, node.tip().hash);
}

#[test]
fn newest_template_follows_the_tip_and_the_fees() {
    let running = Running::new();
    let mut templates = running.feed().templates();
    let first = wait_for(&mut templates, |_| true);
    assert_eq!(first.groundwork().previous, running.node.tip().hash);
    running.pay(0, 0, 9, 5, 70);
    let better = wait_for(&mut templates, |template| template.reward() > first.reward());
    assert_eq!((better.transactions().len(), better.groundwork()), (1, first.groundwork()));

    let job = Job::new(better, &miner());
    let mut block = job.block(&unrolled(job.template().time()));
    mine(&mut block.header, running.network.params());
    running.node.submit(&block).unwrap();
    let hash = block.header.hash();
    let next = wait_for(&mut templates, |template| template.groundwork().previous == hash);
    assert!(next.transactions().is_empty());
}

#[test]
fn templates_end_with_the_node() {
    let mut running = Running::new();
    let mut templates = running.feed().templates();
    wait_for(&mut templates, |_| true);
    running.node.stop();
    within("the end", async { while templates.changed().await.is_ok() {} });
}

#[test]
fn no_two_who_work_on_the_same_templates_are_assigned_the_same_half() {
    let running = Running::new();
    let feed = running.feed();
    let mut assigned: Vec<_> = (0..100).map(|_| feed.clone().assign()).collect();
    assigned.sort_unstable();
    assigned.dedup();
    assert_eq!(assigned.len(), 100);
}

#[test]
fn template_made_while_the_clock_is_behind_is_not_too_old() {
    let running = Running::new();
    running.node.clock.set(Timestamp(5));
    let template = within("a template", template(&running.node.handle())).unwrap();
    assert_eq!(template.time(), template.groundwork().context.median_time);
}
