//! Stems, rule by rule.

use super::*;
use crate::protocol::scene::{Pool, at, hashes, submitted, transaction};

const A: PeerId = PeerId(1);
const B: PeerId = PeerId(2);
const STRANGER: PeerId = PeerId(50);
/// Long enough for any epoch to end.
const EPOCH: u64 = EPOCH_MILLIS + EPOCH_MORE_MILLIS;

/// A machine that dialed these, and that this stranger dialed.
fn stem(enabled: bool, dialed: &[PeerId]) -> Stem {
    let mut stem = Stem::new(enabled, true, [3; 32]);
    dialed.iter().for_each(|peer| stem.connected(*peer, Side::Dialer));
    stem.connected(STRANGER, Side::Listener);
    stem
}

/// Takes in a stem; whether it was submitted.
fn receive(stem: &mut Stem, now: Now, peer: PeerId, number: u64, pool: &Pool) -> Option<TxHash> {
    let transaction = transaction(number);
    let hash = transaction.hash();
    let mut acts = Acts::default();
    stem.received(now, peer, (hash, transaction), pool, &mut acts);
    assert!(acts.offences.is_empty());
    submitted(&acts).first().map(|(_, hashes)| hashes[0])
}

/// The node lets these in: what is sent along stems, and what is offered to all.
fn admit(stem: &mut Stem, now: Now, hashes: &[TxHash]) -> (Vec<(PeerId, TxHash)>, Vec<TxHash>) {
    let mut acts = Acts::default();
    let open = stem.admitted(now, hashes, &mut acts);
    let sent = acts.outputs.into_iter().map(|output| match output {
        Output::SendStem(peer, hash) => (peer, hash),
        other => panic!("{other:?}"),
    });
    (sent.collect(), open)
}

/// A moment at which the machine is, or is not, one that ends stems.
fn moment(stem: &mut Stem, is_diffuser: bool) -> Now {
    let mut now = at(0);
    stem.turn(now);
    while stem.is_diffuser != is_diffuser {
        now = at(now.millis + EPOCH);
        stem.turn(now);
    }
    now
}

#[test]
fn our_own_go_along_one_stem_and_are_withheld() {
    let mut stem = stem(true, &[A, B]);
    let hashes = hashes(0, 20);
    let (sent, open) = admit(&mut stem, at(0), &hashes);
    assert!(open.is_empty());
    assert_eq!(sent.len(), 20);
    assert!(sent.iter().all(|(relay, _)| *relay == sent[0].0), "all take the same way");
    assert!(hashes.iter().all(|hash| stem.is_withheld(hash)));
    assert_eq!(admit(&mut stem, at(1), &hashes), (vec![], vec![]), "once");
}

#[test]
fn without_anybody_that_we_dialed_our_own_are_offered_at_once() {
    let mut stem = stem(true, &[]);
    let hashes = hashes(0, 2);
    assert_eq!(admit(&mut stem, at(0), &hashes), (vec![], hashes.clone()));
    assert!(!stem.is_withheld(&hashes[0]));
    assert_eq!(stem.wake_at(), u64::MAX);
}

#[test]
fn even_where_stems_end_our_own_take_one() {
    let mut stem = stem(true, &[A, B]);
    let now = moment(&mut stem, true);
    let (sent, open) = admit(&mut stem, now, &hashes(0, 1));
    assert_eq!((sent.len(), open.len()), (1, 0));
    let hash = receive(&mut stem, now, STRANGER, 0, &Pool::default()).unwrap();
    assert_eq!(admit(&mut stem, now, &[hash]), (vec![], vec![hash]), "another's ends here");
}

#[test]
fn stem_of_another_is_submitted_and_goes_on_when_it_is_good() {
    let mut stem = stem(true, &[A, B]);
    let now = moment(&mut stem, false);
    let hash = receive(&mut stem, now, STRANGER, 0, &Pool::default()).unwrap();
    assert!(stem.is_withheld(&hash), "from the first moment");
    assert_eq!(receive(&mut stem, now, A, 0, &Pool::default()), None, "it is here");
    stem.judged(&[(hash, JudgedTransaction::Admitted)]);
    let (sent, open) = admit(&mut stem, now, &[hash]);
    assert_eq!((sent.len(), open.len()), (1, 0));
    assert!(stem.is_withheld(&hash));
}

#[test]
fn stem_of_a_known_transaction_is_let_go() {
    let mut stem = stem(true, &[A, B]);
    let pool = Pool([transaction(0).hash()].into());
    assert_eq!(receive(&mut stem, at(0), STRANGER, 0, &pool), None);
    assert_eq!(stem.wake_at(), u64::MAX);
}

#[test]
fn stem_that_is_refused_is_forgotten() {
    let mut stem = stem(true, &[A, B]);
    let hash = receive(&mut stem, at(0), STRANGER, 0, &Pool::default()).unwrap();
    stem.judged(&[(hash, JudgedTransaction::Closed)]);
    assert!(!stem.is_withheld(&hash));
    assert_eq!((stem.wake_at(), stem.counts.len()), (u64::MAX, 0));
}

#[test]
fn stem_without_a_verdict_is_forgotten_in_the_end() {
    let mut stem = stem(true, &[A, B]);
    receive(&mut stem, at(0), STRANGER, 0, &Pool::default()).unwrap();
    assert_eq!(stem.wake_at(), VERDICT_MILLIS);
    assert!(stem.woken(at(VERDICT_MILLIS)).is_empty(), "it is not here, so it cannot be offered");
    assert!(stem.kept.is_empty() && stem.counts.is_empty() && stem.embargoes.is_empty());
}

#[test]
fn stem_does_not_go_back_where_it_came_from() {
    let mut stem = stem(true, &[A]);
    let now = moment(&mut stem, false);
    let hash = receive(&mut stem, now, A, 0, &Pool::default()).unwrap();
    assert_eq!(admit(&mut stem, now, &[hash]), (vec![], vec![hash]), "there is nobody else");
    stem.connected(B, Side::Dialer);
    let hash = receive(&mut stem, now, A, 1, &Pool::default()).unwrap();
    assert_eq!(admit(&mut stem, now, &[hash]), (vec![(B, hash)], vec![]));
}

#[test]
fn each_who_sends_stems_has_one_of_two_relays_for_an_epoch() {
    let dialed: Vec<PeerId> = (1..=8).map(PeerId).collect();
    let mut stem = stem(true, &dialed);
    let now = moment(&mut stem, false);
    let mut relays = BTreeSet::new();
    for source in 100..140 {
        stem.connected(PeerId(source), Side::Listener);
        let mut ways = BTreeSet::new();
        for number in 0..3 {
            let hash =
                receive(&mut stem, now, PeerId(source), source * 10 + number, &Pool::default()).unwrap();
            ways.extend(admit(&mut stem, now, &[hash]).0.into_iter().map(|(relay, _)| relay));
        }
        assert_eq!(ways.len(), 1, "the same way for all that it sends");
        relays.extend(ways);
    }
    assert_eq!(relays.len(), RELAYS_MAX);
}

#[test]
fn relays_and_where_stems_end_are_drawn_anew_in_each_epoch() {
    let dialed: Vec<PeerId> = (1..=8).map(PeerId).collect();
    let mut stem = stem(true, &dialed);
    let (mut drawn, mut diffusing) = (BTreeSet::new(), 0);
    for epoch in 0..1000 {
        stem.turn(at(epoch * EPOCH));
        drawn.extend(stem.relays.clone());
        diffusing += u64::from(stem.is_diffuser);
    }
    assert_eq!(drawn.len(), 8);
    assert!((70..130).contains(&diffusing), "{diffusing} of a thousand");
    let ends = stem.epoch_ends;
    stem.turn(at(ends - 1));
    assert_eq!(stem.epoch_ends, ends, "not before");
}

#[test]
fn what_is_not_seen_in_time_is_offered_to_all() {
    let mut stem = stem(true, &[A, B]);
    let hashes = hashes(0, 3);
    admit(&mut stem, at(0), &hashes);
    assert_eq!(stem.wake_at(), EMBARGO_MILLIS_IN_LAB);
    assert!(stem.woken(at(EMBARGO_MILLIS_IN_LAB - 1)).is_empty());
    assert_eq!(stem.woken(at(EMBARGO_MILLIS_IN_LAB)), hashes);
    assert!(!stem.is_withheld(&hashes[0]));
    assert_eq!(stem.wake_at(), u64::MAX);
}

#[test]
fn elsewhere_nobody_can_foresee_when() {
    let mut stem = Stem::new(true, false, [3; 32]);
    stem.connected(A, Side::Dialer);
    admit(&mut stem, at(0), &hashes(0, 500));
    let mut ends: Vec<u64> = stem.embargoes.iter().map(|(until, _)| *until).collect();
    assert!(ends[0] >= EMBARGO_MILLIS && ends[499] <= EMBARGO_MILLIS + 5 * EMBARGO_MORE_MILLIS);
    let mean = ends.iter().sum::<u64>() / 500;
    assert!((13_000..17_000).contains(&mean), "{mean}");
    ends.dedup();
    assert!(ends.len() > 400);
}

#[test]
fn what_others_offer_is_withheld_no_longer() {
    let mut stem = stem(true, &[A, B]);
    let hashes = hashes(0, 3);
    admit(&mut stem, at(0), &hashes);
    assert_eq!(stem.seen(&hashes[1..]), hashes[1..]);
    assert!(stem.seen(&hashes[1..]).is_empty(), "once");
    assert!(stem.is_withheld(&hashes[0]) && !stem.is_withheld(&hashes[1]));
    assert_eq!(stem.woken(at(EPOCH)), hashes[..1]);
}

#[test]
fn stem_that_is_seen_before_its_verdict_ends() {
    let mut stem = stem(true, &[A, B]);
    let now = moment(&mut stem, false);
    let hash = receive(&mut stem, now, STRANGER, 0, &Pool::default()).unwrap();
    assert!(stem.seen(&[hash]).is_empty(), "it is not here yet");
    assert!(!stem.is_withheld(&hash));
    assert_eq!(admit(&mut stem, now, &[hash]), (vec![], vec![hash]));
}

#[test]
fn what_is_mined_is_not_offered() {
    let mut stem = stem(true, &[A, B]);
    let hashes = hashes(0, 2);
    admit(&mut stem, at(0), &hashes);
    stem.mined(hashes[..1].iter().copied());
    assert_eq!(stem.woken(at(EPOCH)), hashes[1..]);
}

#[test]
fn what_went_along_one_who_disconnects_comes_out_in_time_and_the_next_takes_another() {
    let mut stem = stem(true, &[A, B]);
    let all = hashes(0, 2);
    let (sent, _) = admit(&mut stem, at(0), &all[..1]);
    let (gone, left) = if sent[0].0 == A { (A, B) } else { (B, A) };
    stem.disconnected(gone);
    assert!(stem.is_withheld(&all[0]));
    assert_eq!(admit(&mut stem, at(1), &all[1..]), (vec![(left, all[1])], vec![]));
    stem.disconnected(left);
    let last = hashes(5, 1);
    assert_eq!(admit(&mut stem, at(2), &last), (vec![], last));
    assert_eq!(stem.woken(at(EPOCH)), all);
}

#[test]
fn no_more_are_withheld_than_the_bound() {
    let mut stem = stem(true, &[A, B]);
    let hashes = hashes(0, WITHHELD_MAX as u64 + 10);
    let (sent, open) = admit(&mut stem, at(0), &hashes);
    assert_eq!((sent.len(), open), (WITHHELD_MAX, hashes[WITHHELD_MAX..].to_vec()));
}

#[test]
fn nobody_can_take_the_room_of_others_or_ours() {
    let mut stem = stem(true, &[A, B]);
    let mut total = 0;
    for source in 100..110 {
        stem.connected(PeerId(source), Side::Listener);
        let numbers = source * 1000..source * 1000 + 1000;
        let taken = numbers
            .filter(|number| receive(&mut stem, at(0), PeerId(source), *number, &Pool::default()).is_some());
        let taken = taken.count();
        assert!(taken <= WITHHELD_EACH_MAX);
        total += taken;
    }
    assert_eq!(total, OTHERS_WITHHELD_MAX);
    let (sent, open) = admit(&mut stem, at(0), &hashes(0, 250));
    assert_eq!((sent.len(), open.len()), (250, 0));
    (100..110).for_each(|peer| stem.disconnected(PeerId(peer)));
    stem.woken(at(EPOCH));
    assert!(stem.kept.is_empty() && stem.counts.is_empty() && stem.embargoes.is_empty());
}

#[test]
fn without_stems_all_is_offered_at_once() {
    let mut stem = stem(false, &[A, B]);
    let own = hashes(0, 1);
    assert_eq!(admit(&mut stem, at(0), &own), (vec![], own));
    let hash = receive(&mut stem, at(0), STRANGER, 0, &Pool::default()).unwrap();
    assert_eq!(admit(&mut stem, at(0), &[hash]), (vec![], vec![hash]));
}

#[test]
fn who_comes_and_goes_leaves_no_route() {
    let mut stem = stem(true, &[A, B]);
    let now = moment(&mut stem, false);
    for source in 100..200 {
        stem.connected(PeerId(source), Side::Listener);
        let hash = receive(&mut stem, now, PeerId(source), source, &Pool::default()).unwrap();
        if source % 2 == 0 {
            admit(&mut stem, now, &[hash]);
        }
        stem.disconnected(PeerId(source));
        admit(&mut stem, now, &[hash]);
    }
    assert!(stem.routes.is_empty());
}
