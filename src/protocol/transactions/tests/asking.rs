//! What is asked of whom, where nobody is up to anything.

use super::*;

#[test]
fn those_that_we_dialed_are_asked_for_their_pool_and_the_first_two_others() {
    let mut stage = Stage::with(&[]);
    let asks = |stage: &mut Stage, peer, side| {
        let acts = stage.acts(|stage, acts| stage.machine.connected(PeerId(peer), side, acts));
        acts.outputs == [Output::Send(vec![PeerId(peer)], Message::GetPool(()))]
    };
    assert!((1..10).all(|peer| asks(&mut stage, peer, Side::Dialer)));
    assert_eq!(
        [10, 11, 12, 13].map(|peer| asks(&mut stage, peer, Side::Listener)),
        [true, true, false, false]
    );
}

#[test]
fn offer_of_a_known_transaction_is_not_asked_for() {
    let mut stage = Stage::with(&[A]);
    let hashes = hashes(0, 3);
    stage.pool.0.insert(hashes[1]);
    assert_eq!(asked(&stage.offered(A, &hashes)), [(A, vec![hashes[0], hashes[2]])]);
    assert!(stage.offered(A, &hashes).outputs.is_empty(), "they are in flight");
}

#[test]
fn what_was_asked_is_submitted_together_and_not_asked_again_until_it_is_judged() {
    let mut stage = Stage::with(&[A, B]);
    let (transactions, hashes) = some(5);
    stage.offered(A, &hashes);
    let acts = stage.received(A, &transactions);
    assert_eq!(submitted(&acts), [(A, hashes.clone())]);
    assert!(acts.offences.is_empty());
    assert!(stage.offered(B, &hashes).outputs.is_empty(), "they are being judged");
    assert!(stage.later(10 * TIMEOUT).outputs.is_empty());
    stage.judged(A, &hashes, &refused(Blame::Nobody));
    assert_eq!(asked(&stage.offered(B, &hashes)), [(B, hashes)], "they may be good now");
}

#[test]
fn one_at_a_time_is_asked_and_the_next_when_the_first_is_silent() {
    let mut stage = Stage::with(&[A, B, C]);
    let hashes = hashes(0, 10);
    assert_eq!(asked(&stage.offered(A, &hashes)).len(), 1);
    assert!(stage.offered(B, &hashes).outputs.is_empty());
    assert!(stage.offered(C, &hashes).outputs.is_empty());
    assert_eq!(stage.machine.wake_at(), TIMEOUT);
    assert!(stage.later(TIMEOUT - 1).outputs.is_empty());
    let second = asked(&stage.later(1));
    assert_eq!(second.len(), 1);
    assert!(second[0].0 != A && second[0].1 == hashes, "all at once, in order");
    let third = asked(&stage.later(TIMEOUT));
    assert!(third[0].0 != A && third[0].0 != second[0].0);
    assert!(stage.later(TIMEOUT).outputs.is_empty());
    assert_eq!(stage.machine.wake_at(), u64::MAX, "all of it is forgotten");
    assert_eq!(asked(&stage.offered(A, &hashes)), [(A, hashes)]);
}

#[test]
fn what_is_skipped_is_asked_of_the_next_at_once() {
    let mut stage = Stage::with(&[A, B]);
    let (transactions, hashes) = some(4);
    stage.offered(A, &hashes);
    stage.offered(B, &hashes[1..]);
    let acts = stage.received(A, &transactions[3..]);
    assert_eq!(submitted(&acts), [(A, hashes[3..].to_vec())]);
    assert_eq!(asked(&acts), [(B, hashes[1..3].to_vec())], "the first has nobody else");
    assert_eq!(submitted(&stage.received(B, &transactions[1..3])), [(B, hashes[1..3].to_vec())]);
    assert_eq!(stage.machine.wake_at(), u64::MAX);
}

#[test]
fn what_one_owes_who_disconnects_is_asked_of_the_next_at_once() {
    let mut stage = Stage::with(&[A, B]);
    let count = IN_FLIGHT_MAX as u64 + 500;
    let hashes = hashes(0, count);
    for some in hashes.chunks(HASHES_MAX) {
        stage.offered(A, some);
    }
    stage.offered(B, &hashes[..100]);
    stage.offered(B, &hashes[5000..5100]);
    let acts = stage.disconnected(A);
    assert_eq!(
        asked(&acts),
        [(B, hashes[..100].to_vec())],
        "B was asked already for what A was too busy for"
    );
    assert!(stage.disconnected(B).outputs.is_empty());
    assert_eq!(stage.machine.wake_at(), u64::MAX);
    assert!(!stage.machine.is_tracked(&hashes[0]) && !stage.machine.is_tracked(&hashes[5400]));
}

#[test]
fn what_came_too_late_is_taken_and_nobody_is_blamed() {
    let mut stage = Stage::with(&[A, B]);
    let (transactions, hashes) = some(2);
    stage.offered(A, &hashes);
    stage.offered(B, &hashes[..1]);
    assert_eq!(asked(&stage.later(TIMEOUT)), [(B, hashes[..1].to_vec())]);
    let late = stage.received(A, &transactions);
    assert_eq!(submitted(&late), [(A, hashes)]);
    let second = stage.received(B, &transactions[..1]);
    assert!(second.outputs.is_empty() && second.offences.is_empty(), "it was asked, and did what it should");
    assert_eq!(stage.received(A, &transactions).offences.len(), 1, "once is enough");
}

#[test]
fn who_answers_in_time_after_all_is_asked_as_before() {
    let mut stage = Stage::with(&[A]);
    let (transactions, all) = some(2);
    stage.offered(A, &all);
    stage.later(TIMEOUT);
    let more: Vec<TxHash> = hashes(0, 1000);
    assert_eq!(asked(&stage.offered(A, &more))[0].1.len(), IN_FLIGHT_MAX / 8, "less after a timeout");
    let acts = stage.received(A, &transactions[..1]);
    assert_eq!(asked(&acts), [(A, more[IN_FLIGHT_MAX / 8..].to_vec())], "more with each answer");
}

#[test]
fn who_has_room_is_asked_for_what_another_is_too_busy_for() {
    let mut stage = Stage::with(&[A, B]);
    let hashes = hashes(0, IN_FLIGHT_MAX as u64 + 1000);
    for some in hashes.chunks(HASHES_MAX) {
        stage.offered(A, some);
    }
    let acts = stage.offered(B, &hashes[5000..]);
    assert_eq!(asked(&acts), [(B, hashes[5000..].to_vec())]);
}

#[test]
fn what_waits_is_asked_when_there_is_room() {
    let mut stage = Stage::with(&[A]);
    let (transactions, some) = some(1000);
    stage.offered(A, &some);
    let more = hashes(0, 10_000);
    for some in more.chunks(HASHES_MAX) {
        stage.offered(A, some);
    }
    let acts = stage.received(A, &transactions);
    assert_eq!(asked(&acts), [(A, more[4000..5000].to_vec())]);
}
