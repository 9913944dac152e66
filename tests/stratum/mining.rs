//! Strangers mine here, and are paid.

use cairn::testkit::{Actor, until};
use cairn::types::PEBBLES_PER_COIN;

use crate::running::{Running, user};
use crate::stage::code;
use crate::stranger::{Stranger, Turned, share_target};

#[test]
fn stranger_mines_blocks_and_their_rewards_mature_for_it() {
    let running = Running::new();
    let recipient = Actor::new(100).address();
    let mut stranger = Stranger::greet(running.address(), &format!("{}.rig", user(100)));
    for height in 1..=6 {
        let job = stranger.work.clone().unwrap();
        assert_eq!(stranger.mine_block()["result"], true);
        let next = stranger.wait_for_work(|work| work.previous != job.previous);
        assert!(next.clean);
        assert_eq!(running.node.tip().height.0, height);
    }
    assert_eq!(running.earned(&recipient), 6 * 50 * PEBBLES_PER_COIN);
    let account = running.node.reader().account(&recipient).unwrap().unwrap();
    assert_eq!(account.balance.pebbles() % (50 * PEBBLES_PER_COIN), 0);
    assert!(account.balance.pebbles() >= 2 * 50 * PEBBLES_PER_COIN, "the first of them are mature");
    let report = until("six blocks", || running.worker("rig").filter(|report| report.blocks == 6));
    assert_eq!((report.name.miner, report.accepted, report.rejected), (recipient, 6, 0));
    assert!(report.hash_rate > 0.0);
    let log = running.log.lock().unwrap().clone();
    let tip = running.node.tip();
    assert_eq!(log[5], format!("rig of {} found block {} at height 6", user(100), tip.hash));
}

#[test]
fn strangers_mine_side_by_side_and_never_the_same() {
    let running = Running::new();
    let mut strangers: Vec<Stranger> =
        (0..4).map(|number| Stranger::greet(running.address(), &format!("{}.s{number}", user(50)))).collect();
    let mut assigned: Vec<_> = strangers.iter().map(|stranger| stranger.extranonce1.clone()).collect();
    assigned.sort();
    assigned.dedup();
    assert_eq!(assigned.len(), 4);
    for round in 0..8 {
        let stranger = &mut strangers[round % 4];
        let tip = running.node.tip().hash;
        let reversed: Vec<u8> =
            tip.as_bytes().chunks(4).flat_map(|word| word.iter().rev()).copied().collect();
        stranger.wait_for_work(|work| work.previous == reversed);
        assert_eq!(stranger.mine_block()["result"], true);
        until("the next tip", || (running.node.tip().hash != tip).then_some(()));
    }
    until("two blocks of each", || {
        (0..4)
            .all(|number| running.worker(&format!("s{number}")).is_some_and(|it| it.blocks == 2))
            .then_some(())
    });
    assert_eq!(running.earned(&Actor::new(50).address()), 8 * 50 * PEBBLES_PER_COIN);
}

#[test]
fn block_with_everything_turned_is_taken() {
    let running = Running::new();
    let mut stranger = Stranger::connect(running.address());
    let granted = stranger.ask("mining.configure", &serde_json::json!([["version-rolling"], {}]));
    assert_eq!(granted["result"]["version-rolling.mask"], "1fffe000");
    let subscribed = stranger.ask("mining.subscribe", &serde_json::json!([]));
    stranger.extranonce1 = hex::decode(subscribed["result"][1].as_str().unwrap()).unwrap();
    stranger.user = user(3);
    stranger.ask("mining.authorize", &serde_json::json!([user(3), ""]));
    let work = stranger.wait_for_work(|_| true);
    let from = Turned { extranonce: [9, 8, 7, 6], time: work.time + 100, nonce: 0, version: 0x0abc_e000 };
    let turned = work.find(&stranger.extranonce1, from, work.block_target(), -1.0);
    assert_eq!(stranger.submit(turned)["result"], true);
    let reader =
        until("the block", || Some(running.node.reader()).filter(|reader| reader.tip().height.0 == 1));
    let header = reader.header_at(cairn::types::Height(1)).unwrap().header;
    assert_eq!((header.version, header.time.0), (0x2abc_e000, work.time + 100));
}

#[test]
fn rejected_shares_show_in_the_workers_report() {
    let running = Running::new();
    let mut stranger = Stranger::greet(running.address(), &user(4));
    let work = stranger.work.clone().unwrap();
    let poor = work.find(&stranger.extranonce1, work.unturned(), f64::MAX, share_target(stranger.difficulty));
    assert_eq!(code(&stranger.submit(poor)), 23);
    assert!(running.worker("").is_none(), "nobody yet");
    let good = work.find(
        &stranger.extranonce1,
        work.unturned(),
        share_target(stranger.difficulty),
        work.block_target(),
    );
    assert_eq!(stranger.submit(good)["result"], true);
    assert_eq!(code(&stranger.submit(poor)), 23);
    let report = until("a report", || running.worker("").filter(|report| report.rejected > 0));
    assert_eq!((report.accepted, report.rejected, report.blocks), (1, 1, 0));
}
