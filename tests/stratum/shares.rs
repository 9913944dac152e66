//! Which shares count.

use std::collections::BTreeSet;

use cairn::node::{Share, WorkerName};
use cairn::stratum::{Ending, Input, JOBS_MAX, Order, SHARES_MAX};
use cairn::testkit::{Actor, Outcome};
use cairn::types::BlockHash;
use serde_json::{Value, json};

use crate::stage::{ASSIGNED, NOW, Stage, address, code, words};
use crate::stranger::{Turned, share_target};

fn worker(name: &str) -> WorkerName {
    WorkerName { miner: Actor::new(100).address(), worker: name.to_owned() }
}

#[test]
fn share_as_hard_as_asked_is_accepted_and_counted() {
    let mut stage = Stage::at_work();
    let answer = stage.submit(stage.share());
    assert_eq!((&answer["result"], &answer["error"]), (&json!(true), &Value::Null));
    let [Order::Count(name, Share::Accepted(difficulty))] = &stage.others[..] else { panic!() };
    assert_eq!((name, difficulty.number()), (&worker(""), 1e-6));
}

#[test]
fn share_sent_again_is_a_duplicate_however_many_jobs_there_were_since() {
    let mut stage = Stage::at_work();
    let (work, share) = (stage.work.clone().unwrap(), stage.share());
    assert_eq!(stage.submit(share)["result"], true);
    assert_eq!(code(&stage.submit(share)), 22);
    stage.pass(11.0);
    stage.offer();
    let again = stage.work.clone().unwrap();
    assert_ne!(work.job, again.job);
    assert_eq!(code(&stage.submit_to(&work, share)), 22);
    assert_eq!(stage.others.last(), Some(&Order::Count(worker(""), Share::Rejected)));
}

#[test]
fn jobs_of_one_template_are_never_the_same_work_not_even_within_a_second() {
    let mut stage = Stage::at_work();
    let mut headers = BTreeSet::new();
    for round in 1..=JOBS_MAX {
        let work = stage.work.clone().unwrap();
        assert_eq!(work.time, NOW.0);
        assert!(headers.insert(work.header(&ASSIGNED, work.unturned())), "job {}", work.job);
        // Each begins anew where the one before began.
        assert_eq!(stage.submit(stage.share())["result"], true);
        let other = if round % 2 == 0 { 1e-6 } else { 2e-6 };
        stage.ask("mining.suggest_difficulty", &json!([other]));
    }
}

#[test]
fn job_begins_when_it_is_sent_and_its_shares_are_judged_by_that() {
    let mut stage = Stage::at_work();
    let (first, share) = (stage.work.clone().unwrap(), stage.share());
    stage.now.time.0 += 50;
    stage.pass(50.0);
    let second = stage.work.clone().unwrap();
    assert_eq!((first.time, second.time), (NOW.0, NOW.0 + 50));
    let early = second.find(&ASSIGNED, Turned { time: NOW.0 + 49, ..second.unturned() }, f64::MAX, -1.0);
    assert!(words(&stage.submit_to(&second, early)).starts_with("the time is before the job's"));
    assert_eq!(stage.submit_to(&first, share)["result"], true);
    assert_eq!(stage.submit(stage.share())["result"], true);
}

#[test]
fn other_extranonce_time_nonce_or_version_is_another_share() {
    let mut stage = Stage::at_work();
    stage.ask("mining.configure", &json!([["version-rolling"], {"version-rolling.mask": "1fffe000"}]));
    let work = stage.work.clone().unwrap();
    let target = share_target(1e-6);
    let plain = work.unturned();
    let others = [
        plain,
        Turned { extranonce: [0, 0, 0, 1], ..plain },
        Turned { time: plain.time + 1, ..plain },
        Turned { version: 1 << 13, ..plain },
        Turned { version: 0x1fff_e000, ..plain },
    ];
    for from in others {
        let share = work.find(&ASSIGNED, from, target, work.block_target());
        assert_eq!(stage.submit(share)["result"], true, "{share:?}");
    }
}

#[test]
fn share_not_as_hard_as_asked_is_low() {
    let mut stage = Stage::at_work();
    let work = stage.work.clone().unwrap();
    let easy = work.find(&ASSIGNED, work.unturned(), f64::MAX, share_target(1e-6));
    let answer = stage.submit(easy);
    assert_eq!(code(&answer), 23);
    assert!(words(&answer).ends_with("asked for is 1.000e-6"), "{answer}");
    assert_eq!(stage.others, [Order::Count(worker(""), Share::Rejected)]);
}

#[test]
fn share_is_judged_by_the_difficulty_that_its_job_was_sent_with() {
    let mut stage = Stage::at_work();
    let (before, share) = (stage.work.clone().unwrap(), stage.share());
    stage.ask("mining.suggest_difficulty", &json!([1e-4]));
    let after = stage.work.clone().unwrap();
    assert_ne!(before.job, after.job);
    assert_eq!(code(&stage.submit_to(&after, share)), 23);
    assert_eq!(stage.submit_to(&before, share)["result"], true);
}

#[test]
fn share_of_an_older_tip_or_an_unknown_job_is_stale() {
    let mut stage = Stage::with(|_| ());
    stage.greet();
    let work = stage.work.clone().unwrap();
    stage.move_tip();
    assert_eq!(code(&stage.submit_to(&work, work.unturned())), 21);
    let mut unknown = stage.work.clone().unwrap();
    unknown.job = "ffff".to_owned();
    assert_eq!(code(&stage.submit_to(&unknown, unknown.unturned())), 21);
}

#[test]
fn time_may_run_from_the_jobs_to_what_nodes_would_take() {
    let mut stage = Stage::at_work();
    let drift = stage.follower.params().future_drift;
    let work = stage.work.clone().unwrap();
    assert_eq!(work.time, NOW.0);
    for (time, fine) in [(NOW.0 - 1, false), (NOW.0, true), (NOW.0 + drift, true), (NOW.0 + drift + 1, false)]
    {
        let from = Turned { time, ..work.unturned() };
        let share = work.find(&ASSIGNED, from, share_target(1e-6), work.block_target());
        let answer = stage.submit(share);
        assert_eq!(answer["result"] == true, fine, "{answer}");
        assert!(fine || code(&answer) == 20);
    }
}

#[test]
fn version_bits_outside_of_what_was_granted_are_refused() {
    let mut stage = Stage::at_work();
    let submit = |stage: &mut Stage, version: u32| {
        let work = stage.work.clone().unwrap();
        let from = Turned { version, ..work.unturned() };
        stage.submit(work.find(&ASSIGNED, from, share_target(1e-6), work.block_target()))
    };
    assert_eq!(words(&submit(&mut stage, 1 << 13)), "version bits outside of the mask 00000000");
    stage.ask("mining.configure", &json!([["version-rolling"], {"version-rolling.mask": "0000e000"}]));
    assert_eq!(submit(&mut stage, 1 << 13)["result"], true);
    for outside in [1 << 16, 1 << 12, 1 << 29] {
        assert_eq!(code(&submit(&mut stage, outside)), 20);
    }
}

#[test]
fn share_of_somebody_who_did_not_authorize_is_refused_and_not_counted() {
    let mut stage = Stage::at_work();
    let work = stage.work.clone().unwrap();
    let line = work.submission("a", &format!("{}.rig", address()), stage.share()).to_string();
    let answer = stage.receive(&line).remove(0);
    assert_eq!((code(&answer), &answer["id"]), (20, &json!("a")));
    assert!(words(&answer).starts_with("not authorized"));
    assert!(stage.others.is_empty());
    stage.authorize(&format!("{}.rig", address()));
    assert_eq!(stage.receive(&line)[0]["result"], true);
    assert!(matches!(&stage.others[..], [Order::Count(name, _)] if *name == worker("rig")));
}

#[test]
fn words_of_another_length_are_refused() {
    let mut stage = Stage::at_work();
    let job = stage.work.clone().unwrap().job;
    for (at, wrong) in
        [(2, "00"), (2, "000000000"), (3, "6553f1"), (4, "zzzzzzzz"), (4, "+1234567"), (5, "2000")]
    {
        let mut params =
            [&address(), &job, "00000000", "6553f2f4", "00000000", "00000000"].map(|text| json!(text));
        params[at] = json!(wrong);
        let answer = stage.ask("mining.submit", &json!(params));
        assert_eq!(code(&answer), 20);
        assert!(words(&answer).starts_with("expected "), "{answer}");
    }
}

/// A session on a chain whose blocks take two hashes, and a block for it.
fn solving() -> (Stage, Turned) {
    let mut stage = Stage::with(|_| ());
    stage.greet();
    let work = stage.work.clone().unwrap();
    let block = work.find(&ASSIGNED, work.unturned(), work.block_target(), -1.0);
    (stage, block)
}

#[test]
fn share_that_is_a_block_goes_out_before_it_is_answered() {
    let (mut stage, block) = solving();
    let line = stage.work.clone().unwrap().submission(1, &address(), block).to_string();
    let orders = stage.session.handle(stage.now, Input::Received(&line));
    let [Order::Submit { block, worker: finder }, Order::Send(answer), Order::Count(_, Share::Accepted(_))] =
        &orders[..]
    else {
        panic!("{orders:?}")
    };
    assert_eq!((answer.as_str(), finder), (r#"{"id":1,"result":true,"error":null}"#, &worker("")));
    assert_eq!(block.coinbase.recipient, Actor::new(100).address());
    assert_eq!(block.coinbase.extra[..8], [ASSIGNED, [0; 4]].concat());
    assert_eq!(stage.follower.submit((**block).clone()), Ok(Outcome::Followed { reverted: 0 }));
}

#[test]
fn one_block_of_a_miner_for_each_tip_is_on_its_way_unless_it_is_refused() {
    let (mut stage, block) = solving();
    assert_eq!(stage.submit(block)["result"], true);
    let work = stage.work.clone().unwrap();
    let from = Turned { nonce: block.nonce + 1, ..block };
    let other = work.find(&ASSIGNED, from, work.block_target(), -1.0);
    let answer = stage.submit(other);
    assert_eq!(code(&answer), 21);
    assert!(words(&answer).contains("was found"));
    stage.input(Input::BlockRefused(BlockHash::ZERO));
    assert_eq!(code(&stage.submit(other)), 21, "that was another");
    stage.input(Input::BlockRefused(stage.follower.groundwork().previous));
    assert_eq!(stage.submit(other)["result"], true);
    let submitted = |order: &&Order| matches!(order, Order::Submit { .. });
    assert_eq!(stage.others.iter().filter(submitted).count(), 2);
}

#[test]
fn shares_that_are_remembered_are_bounded() {
    // Nearly every hash is a share here, and half of them are no block.
    let mut stage = Stage::with(|_| ());
    stage.greet();
    let work = stage.work.clone().unwrap();
    let find_from = |nonce| {
        let from = Turned { nonce, ..work.unturned() };
        work.find(&ASSIGNED, from, share_target(2.4e-10), work.block_target())
    };
    let first = find_from(0);
    let mut share = first;
    for _ in 0..SHARES_MAX {
        assert_eq!(stage.submit_to(&work, share)["result"], true);
        share = find_from(share.nonce + 1);
    }
    assert_eq!(code(&stage.submit_to(&work, first)), 22);
    assert_eq!(stage.submit_to(&work, share)["result"], true);
    assert_eq!(stage.submit_to(&work, first)["result"], true, "the oldest is forgotten");
}

#[test]
fn who_sends_nearly_nothing_but_refused_shares_is_let_go() {
    let mut stage = Stage::at_work();
    let work = stage.work.clone().unwrap();
    let poor = work.find(&ASSIGNED, work.unturned(), f64::MAX, share_target(1e-6));
    let stranger = work.submission(1, "somebody", poor).to_string();
    let malformed = r#"{"id":1,"method":"mining.submit","params":[1]}"#;
    for _ in 0..85 {
        assert_eq!(code(&stage.submit_to(&work, poor)), 23);
        assert_eq!(code(&stage.receive(&stranger)[0]), 20);
        assert_eq!(code(&stage.receive(malformed)[0]), 20);
        assert!(!stage.others.contains(&Order::Close(Ending::Worthless)));
    }
    stage.submit_to(&work, poor);
    assert_eq!(stage.others.last(), Some(&Order::Close(Ending::Worthless)));
}

#[test]
fn who_is_late_or_twice_there_with_most_of_its_shares_stays() {
    let mut stage = Stage::at_work();
    let (work, share) = (stage.work.clone().unwrap(), stage.share());
    let mut gone = work.clone();
    gone.job = "ffff".to_owned();
    assert_eq!(stage.submit(share)["result"], true);
    for _ in 0..1000 {
        assert_eq!(code(&stage.submit_to(&work, share)), 22);
        assert_eq!(code(&stage.submit_to(&gone, share)), 21);
    }
    assert!(stage.others.iter().all(|order| matches!(order, Order::Count(..))));
}
