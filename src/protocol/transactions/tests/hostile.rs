//! Peers that are up to something.

use super::*;
use crate::protocol::transactions::requests::{
    IN_FLIGHT_ALL_MAX, MODEST_IN_FLIGHT, MODEST_WAITING, TRACKED_MAX,
};

/// Offers as many as wanted from a peer, each another; how many of them it is asked for.
fn flood(stage: &mut Stage, peer: PeerId, count: u64) -> usize {
    let mut total = 0;
    for from in (0..count).step_by(HASHES_MAX) {
        let acts = stage.offered(peer, &hashes((peer.0 << 32) + from, HASHES_MAX as u64));
        total += asked(&acts).iter().map(|(_, asked)| asked.len()).sum::<usize>();
    }
    total
}

#[test]
fn offers_of_millions_take_no_more_than_their_bounds() {
    let mut stage = Stage::with(&[A, B]);
    assert_eq!(flood(&mut stage, A, 2_000_000), IN_FLIGHT_MAX);
    let tracked = |stage: &Stage, peer: PeerId, number| {
        stage.machine.is_tracked(&hashes((peer.0 << 32) + number, 1)[0])
    };
    assert!(tracked(&stage, A, (IN_FLIGHT_MAX + WAITING_MAX) as u64 - 1));
    assert!(!tracked(&stage, A, (IN_FLIGHT_MAX + WAITING_MAX) as u64));
    assert_eq!(flood(&mut stage, B, 1000), 1000, "another is not kept from being asked");
}

#[test]
fn many_who_dialed_us_cannot_keep_those_that_we_dialed_from_being_asked() {
    let mut stage = Stage::with(&[]);
    for peer in 1..=20 {
        stage.machine.connected(PeerId(peer), Side::Listener, &mut Acts::default());
    }
    let asked: Vec<usize> = (1..=20).map(|peer| flood(&mut stage, PeerId(peer), 60_000)).collect();
    assert_eq!(asked[..5], [IN_FLIGHT_MAX; 5], "half of what there is");
    assert_eq!(asked[5..], [MODEST_IN_FLIGHT; 15], "the others are not kept from it either");
    let tracked = |peer: u64| {
        let all = hashes(peer << 32, 60_000);
        all.iter().filter(|hash| stage.machine.is_tracked(hash)).count()
    };
    let tracked: Vec<usize> = (1..=20).map(tracked).collect();
    assert_eq!(tracked[..4].iter().sum::<usize>(), TRACKED_MAX / 2);
    assert_eq!(tracked[5..], [MODEST_IN_FLIGHT + MODEST_WAITING; 15]);
    stage.machine.connected(PeerId(99), Side::Dialer, &mut Acts::default());
    assert_eq!(flood(&mut stage, PeerId(99), 6000), IN_FLIGHT_MAX);
}

#[test]
fn when_those_who_took_all_the_room_go_it_is_there_for_others() {
    let mut stage = Stage::with(&[]);
    for peer in 1..=6 {
        stage.machine.connected(PeerId(peer), Side::Listener, &mut Acts::default());
    }
    let total: usize = (1..=6).map(|peer| flood(&mut stage, PeerId(peer), 6000)).sum();
    assert_eq!(total, IN_FLIGHT_ALL_MAX / 2 + MODEST_IN_FLIGHT, "the last has to wait");
    let acts = stage.disconnected(PeerId(1));
    assert!(asked(&acts).iter().all(|(peer, _)| *peer == PeerId(6)));
    let more = asked(&acts).iter().map(|(_, asked)| asked.len()).sum::<usize>();
    assert_eq!(more, IN_FLIGHT_MAX - MODEST_IN_FLIGHT);
}

#[test]
fn who_never_answers_is_asked_less_and_then_nothing_for_long() {
    let mut stage = Stage::with(&[A]);
    let mut each = Vec::new();
    for _ in 0..TIMEOUTS_MAX {
        stage.later(TIMEOUT);
        each.push(flood(&mut stage, A, 100_000) + asked(&stage.later(0)).len());
    }
    assert_eq!(each[0], IN_FLIGHT_MAX);
    stage.later(TIMEOUT);
    assert_eq!(flood(&mut stage, A, 100_000), 0);
    assert_eq!(stage.machine.wake_at(), u64::MAX);
    assert!(!stage.machine.is_tracked(&hashes(1 << 32, 1)[0]), "nothing is kept for it");
    stage.later(ALONE_TIMES * TIMEOUT);
    assert_eq!(flood(&mut stage, A, 1000), 1, "it may have become better");
    stage.later(TIMEOUT);
    assert_eq!(flood(&mut stage, A, 1000), 0, "it has not");
}

#[test]
fn what_waits_for_a_silent_one_goes_to_others() {
    let mut stage = Stage::with(&[A, B]);
    let busy = hashes(0, 6000);
    for some in busy.chunks(HASHES_MAX) {
        stage.offered(A, some);
    }
    // B has no room either, so that these wait for A.
    flood(&mut stage, B, IN_FLIGHT_MAX as u64);
    assert!(stage.offered(B, &busy[5000..]).outputs.is_empty());
    let acts = stage.later(TIMEOUT);
    let of_b: Vec<TxHash> =
        asked(&acts).into_iter().filter(|(peer, _)| *peer == B).flat_map(|it| it.1).collect();
    assert_eq!(of_b, busy[5000..5000 + IN_FLIGHT_MAX / 8]);
}

#[test]
fn what_nobody_asked_for_is_blamed_once_a_message_and_not_submitted() {
    let mut stage = Stage::with(&[A, B]);
    let (transactions, hashes) = some(10);
    stage.offered(A, &hashes[..5]);
    let acts = stage.received(A, &transactions);
    assert_eq!(submitted(&acts), [(A, hashes[..5].to_vec())]);
    assert_eq!(acts.offences, [(A, Offence::Unasked("transactions"))]);
    let other = stage.received(B, &transactions);
    assert!(other.outputs.is_empty(), "they were asked of A");
    assert_eq!(other.offences, [(B, Offence::Unasked("transactions"))]);
    assert_eq!(stage.received(A, &transactions[..5]).offences.len(), 1, "twice is once too often");
}

#[test]
fn strangers_among_the_answers_do_not_make_the_others_wait() {
    let mut stage = Stage::with(&[A]);
    let (transactions, hashes) = some(4);
    stage.offered(A, &hashes[..2]);
    let mixed = [&transactions[2..3], &transactions[..1], &transactions[3..], &transactions[1..2]].concat();
    let acts = stage.received(A, &mixed);
    assert_eq!(submitted(&acts), [(A, hashes[..2].to_vec())]);
    assert_eq!(acts.offences.len(), 1);
}

#[test]
fn the_same_offered_by_many_is_asked_of_those_that_we_dialed_first() {
    let mut stage = Stage::with(&[A]);
    let hashes = hashes(0, 1);
    for peer in 10..20 {
        stage.machine.connected(PeerId(peer), Side::Listener, &mut Acts::default());
        stage.offered(PeerId(peer), &hashes);
    }
    stage.offered(A, &hashes);
    let mut order = Vec::new();
    while let [(peer, _)] = asked(&stage.later(TIMEOUT))[..] {
        order.push(peer);
    }
    assert_eq!(order[0], A, "though it came last");
    assert_eq!(order.len(), OTHERS_MAX);
}

#[test]
fn who_sends_what_breaks_a_rule_is_blamed_for_each() {
    let mut stage = Stage::with(&[A]);
    let (transactions, hashes) = some(3);
    stage.offered(A, &hashes);
    stage.received(A, &transactions);
    let blame = (A, Offence::Transaction("it is bad".to_owned()));
    assert_eq!(stage.judged(A, &hashes[..1], &refused(Blame::Sender)).offences, [blame]);
    assert!(stage.judged(A, &hashes[1..2], &refused(Blame::Nobody)).offences.is_empty());
    stage.disconnected(A);
    assert!(stage.judged(A, &hashes[2..], &refused(Blame::Sender)).offences.is_empty(), "it is gone");
}

#[test]
fn who_sends_more_than_can_be_judged_is_asked_no_more_until_some_are() {
    let mut stage = Stage::with(&[A]);
    let (transactions, _) = some(30_000);
    let mut judged = Vec::new();
    for some in transactions.chunks(HASHES_MAX) {
        let hashes: Vec<TxHash> = some.iter().map(Transaction::hash).collect();
        let acts = stage.offered(A, &hashes);
        if !asked(&acts).is_empty() {
            stage.received(A, some);
            judged.extend(hashes);
        }
    }
    assert_eq!(judged.len(), 25_000);
    let acts = stage.judged(A, &judged, &JudgedTransaction::Admitted);
    assert_eq!(asked(&acts).iter().map(|(_, asked)| asked.len()).sum::<usize>(), 5000);
}

#[test]
fn nobody_is_heard_who_is_not_there() {
    let mut stage = Stage::with(&[A]);
    let (transactions, hashes) = some(2);
    stage.disconnected(A);
    assert!(stage.offered(A, &hashes).outputs.is_empty());
    assert!(stage.received(A, &transactions).outputs.is_empty());
    assert!(stage.pool_asked(A).offences.is_empty());
    assert_eq!(stage.machine.wake_at(), u64::MAX);
}
