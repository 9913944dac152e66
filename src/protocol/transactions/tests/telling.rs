//! Who is told of what.

use super::*;
use crate::protocol::transactions::offers::{POOL_ANSWERS_MAX, POOL_MAX};

/// How long new transactions are gathered where these tests play.
const GATHER: u64 = 10;

#[test]
fn what_a_peer_sent_is_offered_to_all_others_once() {
    let mut stage = Stage::with(&[A, B, C]);
    let (transactions, hashes) = some(3);
    stage.offered(A, &hashes);
    stage.offered(B, &hashes[..1]);
    stage.received(A, &transactions);
    assert!(stage.judged(A, &hashes, &JudgedTransaction::Admitted).outputs.is_empty(), "in a while");
    assert_eq!(stage.admitted(&hashes), [], "they are not ours");
    assert_eq!(stage.machine.wake_at(), GATHER);
    assert!(stage.later(GATHER - 1).outputs.is_empty());
    assert_eq!(offers(&stage.later(1)), [(B, hashes[1..].to_vec()), (C, hashes.clone())]);
    assert!(stage.later(1000).outputs.is_empty());
    assert_eq!(stage.machine.wake_at(), u64::MAX);
    assert_eq!(stage.admitted(&hashes), hashes, "nobody sent them this time");
}

#[test]
fn whichever_is_heard_first_verdict_or_event_all_is_offered_once() {
    let mut stage = Stage::with(&[A, B]);
    let (transactions, hashes) = some(3);
    stage.offered(A, &hashes);
    stage.received(A, &transactions);
    assert_eq!(stage.admitted(&hashes), []);
    assert_eq!(offers(&stage.later(GATHER)), [(B, hashes.clone())]);
    stage.judged(A, &hashes, &JudgedTransaction::Admitted);
    assert!(stage.later(GATHER).outputs.is_empty());
}

#[test]
fn what_nobody_sent_is_ours_and_what_others_offer_is_no_secret() {
    let mut stage = Stage::with(&[A, B]);
    let hashes = hashes(0, 2);
    stage.offered(A, &hashes[..1]);
    assert_eq!(stage.admitted(&hashes), hashes[1..]);
    assert_eq!(offers(&stage.later(GATHER)), [(B, hashes[..1].to_vec())]);
    stage.acts(|stage, acts| stage.machine.announce(at(stage.millis), &hashes[1..], acts));
    let told = offers(&stage.later(GATHER));
    assert_eq!(told, [(A, hashes[1..].to_vec()), (B, hashes[1..].to_vec())]);
}

#[test]
fn what_a_peer_tells_us_of_in_the_meantime_it_is_not_told() {
    let mut stage = Stage::with(&[A, B]);
    let hashes = hashes(0, 2);
    stage.admitted(&hashes);
    stage.acts(|stage, acts| stage.machine.announce(at(stage.millis), &hashes, acts));
    stage.offered(A, &hashes[..1]);
    assert_eq!(offers(&stage.later(GATHER)), [(A, hashes[1..].to_vec()), (B, hashes)]);
}

#[test]
fn a_full_message_goes_out_at_once() {
    let mut stage = Stage::with(&[A]);
    let hashes = hashes(0, 2500);
    let acts = stage.acts(|stage, acts| stage.machine.announce(at(0), &hashes, acts));
    assert_eq!(offers(&acts), [(A, hashes[..1000].to_vec()), (A, hashes[1000..2000].to_vec())]);
    assert_eq!(offers(&stage.later(GATHER)), [(A, hashes[2000..].to_vec())]);
}

#[test]
fn elsewhere_each_peer_hears_at_a_moment_of_its_own_of_those_that_are_for_all() {
    let mut machine = Transactions::new(false, MapSeed([1; 4]), [2; 32]);
    for peer in 0..50 {
        machine.connected(PeerId(peer), Side::Dialer, &mut Acts::default());
    }
    machine.announce(at(0), &hashes(0, 1), &mut Acts::default());
    let mut moments = Vec::new();
    while machine.wake_at() != u64::MAX {
        let mut acts = Acts::default();
        let moment = machine.wake_at();
        machine.woken(at(moment), &Pool::default(), &|_| false, &mut acts);
        moments.extend(offers(&acts).iter().map(|_| moment));
    }
    assert_eq!(moments.len(), 50);
    let mean = moments.iter().sum::<u64>() / 50;
    assert!((120..300).contains(&mean), "{mean}");
    assert!(*moments.last().unwrap() <= 1000);
    let count = |moment: u64| moments.iter().filter(|other| **other == moment).count();
    assert!(moments.iter().all(|moment| moment % 100 == moments[0] % 100 && count(*moment) < 30));
    moments.dedup();
    assert!((4..=10).contains(&moments.len()), "{moments:?}");
}

#[test]
fn what_is_asked_is_sent_but_for_what_is_withheld() {
    let stage = Stage::with(&[A]);
    let hashes = hashes(0, 3);
    let mut acts = Acts::default();
    stage.machine.asked(A, &hashes, &|hash| *hash == hashes[1], &mut acts);
    assert_eq!(acts.outputs, [Output::SendTransactions(A, vec![hashes[0], hashes[2]])]);
    let mut acts = Acts::default();
    stage.machine.asked(A, &hashes, &|_| true, &mut acts);
    assert!(acts.outputs.is_empty());
}

#[test]
fn who_asks_for_the_pool_hears_of_it_bit_by_bit_but_for_what_it_has_and_what_is_withheld() {
    let mut stage = Stage::with(&[A]);
    let all = hashes(0, 2600);
    stage.pool.0.extend(&all);
    stage.offered(A, &all[..100]);
    assert!(stage.pool_asked(A).outputs.is_empty());
    let mut told = Vec::new();
    for _ in 0..3 {
        stage.millis = stage.machine.wake_at();
        let now = at(stage.millis);
        let withheld = |hash: &TxHash| *hash == all[2000];
        let acts = stage.acts(|stage, acts| stage.machine.woken(now, &stage.pool, &withheld, acts));
        told.extend(offers(&acts).into_iter().map(|(_, told)| told));
    }
    assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1000, 499]);
    assert!(!told.concat().contains(&all[2000]) && !told.concat().contains(&all[99]));
    assert_eq!((stage.machine.wake_at(), stage.millis), (u64::MAX, 3 * GATHER));
}

#[test]
fn who_asks_for_the_pool_twice_is_blamed_and_not_answered() {
    let mut stage = Stage::with(&[A]);
    stage.pool.0.extend(hashes(0, 10));
    assert!(stage.pool_asked(A).offences.is_empty());
    assert_eq!(stage.pool_asked(A).offences, [(A, Offence::TooMany("questions for the pool"))]);
    assert_eq!(offers(&stage.later(GATHER)).len(), 1);
    assert_eq!(stage.machine.wake_at(), u64::MAX);
}

#[test]
fn few_hear_of_the_pool_at_a_time_and_in_the_end_all() {
    let peers: Vec<PeerId> = (1..=20).map(PeerId).collect();
    let mut stage = Stage::with(&peers);
    stage.pool.0.extend(hashes(0, 1500));
    for peer in &peers {
        stage.pool_asked(*peer);
    }
    assert_eq!(offers(&stage.later(GATHER)).len(), POOL_ANSWERS_MAX);
    stage.disconnected(PeerId(1));
    assert_eq!(stage.machine.wake_at(), 0, "the next in line is served");
    stage.disconnected(PeerId(20));
    let mut told = [0; 21];
    while stage.machine.wake_at() != u64::MAX {
        for (peer, hashes) in offers(&stage.later(GATHER)) {
            told[peer.0 as usize] += hashes.len();
        }
    }
    assert_eq!(told[2..=8], [500; 7]);
    assert_eq!(told[9..=19], [1500; 11]);
    assert_eq!(told[20], 0);
}

#[test]
fn no_more_of_a_pool_is_told_than_its_bound() {
    let mut stage = Stage::with(&[A]);
    stage.pool.0.extend(hashes(0, POOL_MAX as u64 + 1000));
    stage.pool_asked(A);
    let mut told = 0;
    while stage.machine.wake_at() != u64::MAX {
        told += offers(&stage.later(GATHER)).iter().map(|(_, told)| told.len()).sum::<usize>();
    }
    assert_eq!(told, POOL_MAX);
    assert!(stage.pool.pool(usize::MAX).len() > POOL_MAX);
}

#[test]
fn the_first_are_told_of_the_pool_unasked() {
    let mut stage = Stage::with(&[]);
    let all = hashes(0, 10);
    stage.pool.0.extend(&all);
    for peer in [A, B, C] {
        stage.machine.connected(peer, Side::Dialer, &mut Acts::default());
    }
    stage.later(0);
    assert!(stage.pool_asked(A).offences.is_empty(), "it may ask all the same");
    assert_eq!(offers(&stage.later(GATHER)), [(A, all.clone()), (B, all.clone())]);
    stage.disconnected(A);
    stage.disconnected(B);
    stage.machine.connected(PeerId(4), Side::Listener, &mut Acts::default());
    stage.later(0);
    assert_eq!(offers(&stage.later(GATHER)), [(PeerId(4), all)], "there was but one");
}

/// Much of what can happen, and all that comes of it.
fn play(keys: MapSeed) -> Vec<Output> {
    let mut stage = Stage::with_keys(keys, &[A, B, C]);
    let (transactions, of_a) = some(300);
    let mut outputs = stage.offered(A, &of_a).outputs;
    outputs.extend(stage.offered(B, &of_a[100..]).outputs);
    outputs.extend(stage.offered(C, &hashes(0, 1000)).outputs);
    outputs.extend(stage.offered(A, &hashes(500, 1000)).outputs);
    outputs.extend(stage.received(A, &transactions[150..]).outputs);
    outputs.extend(stage.judged(A, &of_a[150..], &JudgedTransaction::Admitted).outputs);
    outputs.extend(stage.later(GATHER).outputs);
    outputs.extend(stage.disconnected(C).outputs);
    outputs.extend(stage.later(TIMEOUT).outputs);
    outputs
}

#[test]
fn keys_of_maps_change_nothing() {
    let outputs = play(MapSeed([1, 2, 3, 4]));
    assert!(outputs.len() > 5, "{}", outputs.len());
    assert_eq!(outputs, play(MapSeed([5, 6, 7, 8])));
}
