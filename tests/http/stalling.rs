//! Readers of events that stop reading: they end, and nobody else is harmed.

use std::time::Duration;

use cairn::api::{Manners, StreamLimits};
use cairn::testkit::{Actor, until};
use cairn::types::{Action, Amount};
use serde_json::json;

use crate::listening::{Heard, Listener, Serving};
use crate::stage::Stage;

/// What is told of one payer and one who is paid.
const KINDS: &str = "types=block,transaction,account";
/// Blocks after which buffers on the way must have been full.
const BLOCKS_MAX: u32 = 2000;

/// A block of which some hundred thousand bytes are told: payments of many references each.
fn mine_much(stage: &mut Stage) {
    let (params, payer) = (stage.network.params().clone(), Actor::new(0));
    let first = stage.node.reader().pending(&payer.address()).unwrap().0.0;
    let payments = (first..first + 8).map(|nonce| {
        let pay = |number: u64| Action::Pay {
            to: Actor::new(1).address(),
            amount: Amount::from_pebbles(1),
            reference: Actor::reference(&format!("{:032}", nonce * 256 + number)),
        };
        payer.sign(&params, payer.body(&params, nonce, 1, (0..200).map(pay).collect()))
    });
    let payments = payments.collect();
    stage.mine(payments);
}

/// Everybody who is told of them.
fn query(stage: &Stage) -> String {
    format!("?{KINDS}&address={},{}&after=0-0", stage.address(0), stage.address(1))
}

/// Mines until a stream has ended because nobody read it; how many blocks there are then.
fn mine_until_given_up(
    stage: &mut Stage,
    serving: &Serving,
    told: &mut Vec<Heard>,
    reads: &mut Listener,
) -> u32 {
    for height in 1..BLOCKS_MAX {
        mine_much(stage);
        told.extend(reads.all_up_to(&format!("0-{height}")));
        if serving.context.streams_given_up() > 0 {
            return height;
        }
    }
    panic!("nothing bounds what is kept for whoever does not read");
}

fn quick_to_give_up() -> StreamLimits {
    StreamLimits { slow: Duration::from_millis(500), ..StreamLimits::default() }
}

#[test]
fn whoever_stalls_is_told_where_to_go_on_and_others_hear_everything_meanwhile() {
    let mut stage = Stage::new();
    let serving = Serving::with_limits(stage.node.handle(), None, quick_to_give_up());
    let query = query(&stage);
    let (mut stalls, mut reads) = (serving.listen(&query), serving.listen(&query));
    let mut told = Vec::new();
    let mut height = mine_until_given_up(&mut stage, &serving, &mut told, &mut reads);
    // What comes then is not kept for whoever stalls; others are told, and the node goes on.
    for _ in 0..3 {
        height += 1;
        mine_much(&mut stage);
        told.extend(reads.all_up_to(&format!("0-{height}")));
    }
    assert_eq!(stage.node.tip().height.0, height);
    let mut heard: Vec<Heard> = std::iter::from_fn(|| stalls.end_or_next()).collect();
    let closing = heard.pop().unwrap();
    assert_eq!((closing.event.as_str(), &closing.data["why"]), ("closing", &json!("slow")));
    assert_eq!(closing.data["cursor"], closing.id.as_str());
    assert!(heard.len() < told.len(), "{} of {}", heard.len(), told.len());
    // Where it goes on, nothing is left out and nothing comes twice.
    let mut again = serving.listen_with(&query, &[("last-event-id", &closing.id)]).unwrap();
    heard.extend(again.all_up_to(&format!("0-{height}")));
    assert_eq!(heard, told);
    drop((stalls, again));
    until("places", || (serving.context.streams() == 1).then_some(()));
}

#[test]
fn whoever_never_reads_again_loses_the_connection_and_the_place() {
    let mut stage = Stage::new();
    let manners = Manners { write_time_max: Duration::from_secs(2), ..Manners::default() };
    let serving = Serving::with_manners(stage.node.handle(), None, quick_to_give_up(), &manners);
    let query = query(&stage);
    let (stalls, mut reads) = (serving.listen(&query), serving.listen(&query));
    let socket = serving.socket(&query);
    let mut told = Vec::new();
    mine_until_given_up(&mut stage, &serving, &mut told, &mut reads);
    for _ in 0..BLOCKS_MAX {
        if serving.context.streams_given_up() == 2 {
            break;
        }
        mine_much(&mut stage);
        let height = stage.node.tip().height;
        told.extend(reads.all_up_to(&format!("0-{height}")));
    }
    assert_eq!(serving.context.streams_given_up(), 2, "the one and the other way");
    until("places", || (serving.context.streams() == 1).then_some(()));
    drop((stalls, socket));
}
