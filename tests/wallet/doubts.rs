//! What a wallet makes of a node's word about what it signed: a liar gets nothing paid twice, and honest nodes are believed.

use cairn::codec::List;
use cairn::types::{Action, Amount, Height, Nonce, Note, Timestamp, Transaction, Txid};
use cairn::wallet::{
    Earlier, LOST_DEPTH, Look, Outbox, Progress, Purpose, SETTLED_DEPTH, Sent, UNHEARD_DEPTH,
    UNHEARD_SECONDS, Word, is_shut_out, is_void,
};
use proptest::prelude::*;

use crate::outbox::{CHAIN, NOW, outbox, pay, policy, settle, transaction};

const LATER: Timestamp = Timestamp(NOW.0 + UNHEARD_SECONDS);

fn look(nonce: u64) -> Look {
    Look { nonce: Nonce(nonce), tip: Height(20), now: NOW }
}

fn progress_of(outbox: &Outbox, txid: &Txid) -> Progress {
    outbox.find(txid).expect("nothing is forgotten").progress()
}

/// What stands against paying 5 once more with this nonce.
fn against(outbox: &Outbox, nonce: u64) -> Option<Earlier<'_>> {
    outbox.earlier(&policy(1).address(), &[pay(5)], Nonce(nonce))
}

fn is_doubtful(outbox: &Outbox, nonce: u64) -> bool {
    matches!(against(outbox, nonce), Some(Earlier::Doubtful { .. }))
}

#[test]
fn each_word_of_a_node_moves_what_was_signed_to_its_place_and_none_makes_it_forgotten() {
    use Progress::{Mined, Passed, Refused, Signed, Taken};
    let (passed, mined) = (Passed { height: Height(20) }, Mined { height: Height(7) });
    let (long_passed, elsewhere) = (Passed { height: Height(3) }, Mined { height: Height(9) });
    // Before, and after Pending, Confirmed, Replaced, Expired, Unknown.
    let not_beyond = [
        (Signed, [Taken, elsewhere, passed, Refused, Signed]),
        (Taken, [Taken, elsewhere, passed, Refused, Taken]),
        (Refused, [Taken, elsewhere, Refused, Refused, Refused]),
        (long_passed, [Taken, elsewhere, long_passed, Refused, long_passed]),
        (mined, [Taken, elsewhere, passed, Refused, mined]),
    ];
    let beyond = [
        (Signed, [Taken, elsewhere, passed, passed, passed]),
        (Taken, [Taken, elsewhere, passed, passed, passed]),
        (Refused, [Taken, elsewhere, passed, passed, passed]),
        (long_passed, [Taken, elsewhere, long_passed, long_passed, long_passed]),
        (mined, [Taken, elsewhere, passed, passed, mined]),
    ];
    let words = [Word::Pending, Word::Confirmed(Height(9)), Word::Replaced, Word::Expired, Word::Unknown];
    let mut signed = transaction(1, 4, 5, 1);
    signed.body.expiry = Some(Height(20));
    let txid = signed.body.txid();
    for (nonce, table) in [(4, not_beyond), (5, beyond)] {
        for (before, expected) in table {
            for (word, after) in words.into_iter().zip(expected) {
                let mut outbox = outbox(std::slice::from_ref(&signed));
                outbox.note(&txid, before, NOW);
                outbox.hear(&txid, word, &look(nonce));
                assert_eq!(progress_of(&outbox, &txid), after, "{before:?}, {word:?}, account at {nonce}");
            }
        }
    }
}

#[test]
fn payment_without_a_last_block_or_before_it_does_not_give_its_nonce_away() {
    for expiry in [None, Some(Height(21))] {
        let mut signed = transaction(1, 4, 5, 1);
        signed.body.expiry = expiry;
        let txid = signed.body.txid();
        let mut outbox = outbox(&[signed]);
        outbox.note(&txid, Progress::Taken, NOW);
        outbox.hear(&txid, Word::Expired, &look(4));
        assert_eq!(outbox.next_nonce(&policy(1).address(), Nonce(4)), Ok(Nonce(5)), "{expiry:?}");
    }
}

#[test]
fn nonce_that_is_said_to_be_used_does_not_have_the_same_signed_again() {
    let first = transaction(1, 4, 5, 1);
    let txid = first.body.txid();
    let mut outbox = outbox(&[first]);
    outbox.hear(&txid, Word::Unknown, &look(5));
    // It holds its nonce no longer, so others can be paid; just this stays in doubt.
    assert_eq!(outbox.next_nonce(&policy(1).address(), Nonce(5)), Ok(Nonce(5)));
    assert!(is_doubtful(&outbox, 5));
    assert_eq!(outbox.earlier(&policy(1).address(), &[pay(6)], Nonce(5)), None);
    // With its own nonce it takes its place.
    assert_eq!(against(&outbox, 4), None);
    assert!(is_doubtful(&Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap(), 5));
    // It comes back.
    outbox.hear(&txid, Word::Pending, &look(4));
    assert!(matches!(against(&outbox, 5), Some(Earlier::Unheard(_))));
    outbox.report(&txid);
    assert!(matches!(against(&outbox, 5), Some(Earlier::Waits(_))));
    // Nobody is told of a doubt by being told where it stood.
    outbox.hear(&txid, Word::Unknown, &look(5));
    outbox.report(&txid);
    assert!(is_doubtful(&outbox, 5));
}

#[test]
fn doubt_ends_when_somebody_was_told_that_a_bump_of_it_is_mined() {
    let (first, bump) = (transaction(1, 4, 5, 1), transaction(1, 4, 5, 9));
    let names = [first.body.txid(), bump.body.txid()];
    let mut outbox = outbox(&[first, bump]);
    names.iter().for_each(|txid| outbox.note(txid, Progress::Taken, NOW));
    outbox.report(&names[1]);
    outbox.hear(&names[0], Word::Replaced, &look(4));
    assert!(matches!(against(&outbox, 5), Some(Earlier::Waits(sent)) if *sent.txid() == names[1]));
    outbox.hear(&names[1], Word::Confirmed(Height(20)), &look(5));
    assert_eq!(against(&outbox, 5), None, "the same may be paid anew");
    // A block may be taken back.
    outbox.hear(&names[1], Word::Pending, &look(4));
    assert!(against(&outbox, 5).is_some());
}

#[test]
fn payment_that_was_taken_back_stays_in_doubt_whatever_is_said_to_be_mined() {
    let (first, cancel) = (transaction(1, 4, 5, 1), transaction(1, 4, 0, 9));
    let names = [first.body.txid(), cancel.body.txid()];
    let mut outbox = outbox(&[first, cancel]);
    outbox.note(&names[0], Progress::Taken, NOW);
    outbox.report(&names[0]);
    outbox.hear(&names[0], Word::Replaced, &look(4));
    let instead = match against(&outbox, 5) {
        Some(Earlier::Doubtful { sent, instead }) if *sent.txid() == names[0] => instead.map(Sent::txid),
        other => panic!("{other:?}"),
    };
    assert_eq!(instead, Some(&names[1]));
    outbox.hear(&names[1], Word::Confirmed(Height(20)), &look(5));
    outbox.report(&names[1]);
    assert!(is_doubtful(&outbox, 5), "the block is a node's word, and a miner may hold the first");
    outbox.weigh(&names[0]);
    assert_eq!(against(&outbox, 5), None);
}

#[test]
fn what_was_refused_stays_in_doubt_while_another_has_its_nonce() {
    let (refused, other) = (transaction(1, 4, 5, 1), transaction(1, 4, 6, 1));
    let names = [refused.body.txid(), other.body.txid()];
    let mut outbox = outbox(&[refused, other]);
    outbox.note(&names[0], Progress::Refused, NOW);
    outbox.note(&names[1], Progress::Taken, NOW);
    assert!(is_doubtful(&outbox, 5), "whoever refused it may have kept it, and mine it instead");
    outbox.hear(&names[1], Word::Confirmed(Height(20)), &look(5));
    assert!(is_doubtful(&outbox, 5), "that the other is mined is a node's word");
}

#[test]
fn doubt_that_somebody_has_weighed_is_not_raised_again() {
    let first = transaction(1, 4, 5, 1);
    let txid = first.body.txid();
    let mut outbox = outbox(&[first]);
    outbox.note(&txid, Progress::Taken, NOW);
    outbox.report(&txid);
    outbox.hear(&txid, Word::Unknown, &look(5));
    assert!(is_doubtful(&outbox, 5), "that it waits was told before, and no doubt");
    outbox.weigh(&transaction(1, 9, 5, 1).body.txid());
    assert!(is_doubtful(&outbox, 5));
    outbox.weigh(&txid);
    outbox.hear(&txid, Word::Replaced, &look(5));
    assert_eq!(against(&outbox, 5), None);
    // Nor when a node has it for a while, and when it was refused first.
    outbox.hear(&txid, Word::Pending, &look(4));
    assert!(matches!(against(&outbox, 5), Some(Earlier::Waits(_))));
    outbox.note(&txid, Progress::Refused, NOW);
    let mut outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
    outbox.hear(&txid, Word::Unknown, &look(5));
    assert_eq!(
        (progress_of(&outbox, &txid), against(&outbox, 5)),
        (Progress::Passed { height: Height(20) }, None)
    );
    outbox.hear(&txid, Word::Confirmed(Height(20)), &look(5));
    assert_eq!(against(&outbox, 5), None, "that it may have been mined was known");
}

/// So many of the same, each beside the one before where `is_row`, whose orders were over, and all of them in doubt since.
fn in_doubt(count: usize, is_row: bool) -> (Outbox, Vec<Txid>) {
    let (mut outbox, mut names) = (Outbox::default(), Vec::<Txid>::new());
    for nonce in 0..count as u64 {
        let transaction = transaction(1, nonce, 5, 1);
        let txid = transaction.body.txid();
        let purpose = names.last().filter(|_| is_row).map_or(Purpose::Order(None), Purpose::Beside);
        outbox.add(transaction, purpose, None, NOW).unwrap();
        outbox.note(&txid, Progress::Taken, NOW);
        outbox.report(&txid);
        names.push(txid);
    }
    names.iter().for_each(|txid| outbox.hear(txid, Word::Unknown, &look(9)));
    (outbox, names)
}

#[test]
fn doubts_of_other_orders_of_the_same_stay() {
    let (mut outbox, names) = in_doubt(2, false);
    outbox.weigh(&names[1]);
    let left = against(&outbox, 9).map(|earlier| *earlier.sent().txid());
    assert_eq!(left, Some(names[0]), "who ordered that one knows nothing of this");
    outbox.weigh(&names[0]);
    assert_eq!(against(&outbox, 9), None);
}

#[test]
fn whoever_names_the_last_of_a_row_knows_of_those_before_it() {
    let (mut outbox, names) = in_doubt(3, true);
    assert_eq!(outbox.last_beside(outbox.find(&names[0]).unwrap()).txid(), &names[2]);
    outbox.weigh(&names[1]);
    let left = against(&outbox, 9).map(|earlier| *earlier.sent().txid());
    assert_eq!(left, Some(names[2]));
    outbox.weigh(&names[2]);
    assert_eq!(against(&outbox, 9), None);
}

/// One in doubt of which nobody was told, and one that somebody who knew that had made beside it.
fn with_one_beside() -> (Outbox, [Txid; 2]) {
    let (first, second) = (transaction(1, 4, 5, 1), transaction(1, 5, 5, 1));
    let names = [first.body.txid(), second.body.txid()];
    let mut outbox = outbox(&[first]);
    outbox.hear(&names[0], Word::Unknown, &look(5));
    outbox.weigh(&names[0]);
    outbox.add(second, Purpose::Beside(&names[0]), None, NOW).unwrap();
    outbox.note(&names[1], Progress::Taken, NOW);
    (outbox, names)
}

#[test]
fn who_goes_on_saying_an_order_beside_which_somebody_paid_once_more_pays_no_third() {
    let (mut outbox, names) = with_one_beside();
    outbox.report(&names[1]);
    outbox.note(&names[1], Progress::Mined { height: Height(20) }, NOW);
    let outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
    match against(&outbox, 6) {
        Some(Earlier::Doubtful { sent, .. }) if *sent.txid() == names[0] => {
            assert_eq!(outbox.last_beside(sent).txid(), &names[1], "that one is to be named");
        }
        other => panic!("a third would be paid: {other:?}"),
    }
    assert_eq!(outbox.known_to(&names[1]), names.into(), "whoever names the second knows of both");
}

#[test]
fn who_ordered_what_somebody_weighed_is_told_of_it_where_it_was_mined_after_all() {
    let (mut outbox, names) = with_one_beside();
    outbox.report(&names[1]);
    outbox.note(&names[1], Progress::Mined { height: Height(20) }, NOW);
    for progress in [Progress::Taken, Progress::Mined { height: Height(21) }] {
        outbox.note(&names[0], progress, NOW);
        let unheard = matches!(against(&outbox, 6), Some(Earlier::Unheard(sent)) if *sent.txid() == names[0]);
        assert!(unheard, "{:?}", against(&outbox, 6));
    }
    outbox.report(&names[0]);
    assert_eq!(against(&outbox, 6), None);
}

#[test]
fn what_was_made_beside_one_is_remembered_for_as_long_as_that() {
    let (mut outbox, names) = with_one_beside();
    outbox.note(&names[1], Progress::Mined { height: Height(20) }, NOW);
    outbox.report(&names[1]);
    settle(&mut outbox, Height(20 + SETTLED_DEPTH), LATER);
    let made = outbox.made_beside(&policy(1).address(), &[pay(5)], &names[0]);
    assert_eq!(made.map(Sent::txid), Some(&names[1]), "an order that names the first would make a third");
    let deep = Height(20 + UNHEARD_DEPTH);
    settle(&mut outbox, deep, LATER);
    settle(&mut outbox, deep, LATER);
    assert_eq!(outbox.iter().count(), 0);
}

#[test]
fn higher_fee_for_what_was_over_is_no_order_of_its_own() {
    let (first, bump) = (transaction(1, 4, 5, 1), transaction(1, 4, 5, 9));
    let names = [first.body.txid(), bump.body.txid()];
    for is_over in [true, false] {
        let mut outbox = outbox(std::slice::from_ref(&first));
        outbox.note(&names[0], Progress::Taken, NOW);
        if is_over {
            outbox.report(&names[0]);
        }
        outbox.add(bump.clone(), Purpose::InPlaceOf(&names[0]), None, NOW).unwrap();
        let mut outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
        outbox.hear(&names[0], Word::Replaced, &look(5));
        outbox.hear(&names[1], Word::Confirmed(Height(9)), &look(5));
        assert_eq!(against(&outbox, 5).is_none(), is_over, "nobody was told of the raised one");
    }
}

#[test]
fn doubt_settles_by_height_and_by_our_own_clock() {
    let first = transaction(1, 4, 5, 1);
    let txid = first.body.txid();
    let mut outbox = outbox(&[first, transaction(1, 5, 6, 1)]);
    outbox.hear(&txid, Word::Unknown, &look(5));
    let deep = Height(20 + UNHEARD_DEPTH);
    // A node can name any height.
    settle(&mut outbox, Height(u32::MAX), Timestamp(LATER.0 - 1));
    settle(&mut outbox, Height(deep.0 - 1), LATER);
    assert!(is_doubtful(&outbox, 5));
    // Looking again does not begin it anew.
    outbox.hear(&txid, Word::Unknown, &Look { nonce: Nonce(5), tip: deep, now: LATER });
    settle(&mut outbox, deep, LATER);
    assert_eq!((outbox.find(&txid), outbox.iter().count()), (None, 1));
}

#[test]
fn doubt_does_not_settle_while_what_is_to_take_its_place_waits() {
    let (first, cancel) = (transaction(1, 4, 5, 1), transaction(1, 4, 0, 9));
    let txid = first.body.txid();
    let mut outbox = outbox(&[first, cancel.clone()]);
    outbox.hear(&txid, Word::Replaced, &look(4));
    settle(&mut outbox, Height(u32::MAX), LATER);
    assert!(is_doubtful(&outbox, 5));
    outbox.note(&cancel.body.txid(), Progress::Mined { height: Height(30) }, NOW);
    outbox.report(&cancel.body.txid());
    settle(&mut outbox, Height(30 + SETTLED_DEPTH), LATER);
    assert_eq!(outbox.iter().count(), 0);
}

#[test]
fn payment_is_shut_out_by_another_with_its_number_deep_enough() {
    let (first, rival) = (transaction(1, 4, 5, 1).body, transaction(1, 4, 6, 1).body);
    assert!(is_shut_out(&first, &rival, LOST_DEPTH));
    assert!(!is_shut_out(&first, &rival, LOST_DEPTH - 1), "that block may be taken back");
    assert!(!is_shut_out(&first, &first, LOST_DEPTH), "it is mined itself");
    for stranger in [transaction(1, 5, 6, 1), transaction(2, 4, 6, 1)] {
        assert!(!is_shut_out(&first, &stranger.body, LOST_DEPTH));
    }
}

#[test]
fn payment_is_void_once_its_last_block_lies_deep_enough_and_its_number_is_free() {
    let mut body = transaction(1, 4, 5, 1).body;
    assert!(!is_void(&body, Nonce(4), Height(u32::MAX)), "it has no last block");
    body.expiry = Some(Height(10));
    assert!(is_void(&body, Nonce(4), Height(10 + LOST_DEPTH)));
    assert!(is_void(&body, Nonce(3), Height(10 + LOST_DEPTH)));
    assert!(!is_void(&body, Nonce(4), Height(9 + LOST_DEPTH)), "that block may be taken back");
    assert!(!is_void(&body, Nonce(5), Height(10 + LOST_DEPTH)), "it may have been mined itself");
}

/// What can happen to a wallet whose node says whatever it likes.
#[derive(Clone, Debug)]
enum Event {
    /// Somebody types an order, while the node says what nonce it expects.
    Ordered { amount: u64, expected: u64, again: bool },
    /// The node is asked what became of one.
    Heard { which: usize, word: Word, nonce: u64, tip: u32 },
    /// It is told of one, and takes it or not.
    Told { which: usize, is_taken: bool },
    /// Its fee is raised, or it is taken back.
    Replaced { which: usize, is_bump: bool },
    /// Whoever sent it was told where it stands.
    Reported { which: usize },
}

fn words() -> impl Strategy<Value = Word> {
    prop_oneof![
        Just(Word::Pending),
        (0..9_u32).prop_map(|height| Word::Confirmed(Height(height))),
        Just(Word::Replaced),
        Just(Word::Expired),
        Just(Word::Unknown),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let which = 0..8_usize;
    let tip = prop_oneof![0..20_u32, Just(u32::MAX)];
    prop_oneof![
        3 => (1..3_u64, 0..5_u64, prop::bool::weighted(0.1))
            .prop_map(|(amount, expected, again)| Event::Ordered { amount, expected, again }),
        4 => (which.clone(), words(), 0..5_u64, tip)
            .prop_map(|(which, word, nonce, tip)| Event::Heard { which, word, nonce, tip }),
        2 => (which.clone(), any::<bool>()).prop_map(|(which, is_taken)| Event::Told { which, is_taken }),
        1 => (which.clone(), any::<bool>()).prop_map(|(which, is_bump)| Event::Replaced { which, is_bump }),
        1 => which.prop_map(|which| Event::Reported { which }),
    ]
}

/// All that was ever signed, as nobody but the test remembers it.
#[derive(Clone, Debug)]
struct Logged {
    transaction: Transaction,
    /// Whether it was ever said to stand in a block.
    was_mined: bool,
    /// Whether anybody was told of it.
    was_told: bool,
    /// Whether the same was paid once more on purpose since.
    was_weighed: bool,
}

#[derive(Default)]
struct World {
    outbox: Outbox,
    log: Vec<Logged>,
}

impl World {
    fn sign(&mut self, mut transaction: Transaction, purpose: Purpose<'_>) {
        // No two are the same.
        transaction.body.fee = Amount::from_pebbles(1 + self.log.len() as u64);
        self.outbox.add(transaction.clone(), purpose, None, NOW).unwrap();
        self.log.push(Logged { transaction, was_mined: false, was_told: false, was_weighed: false });
    }

    /// Says an order as the commands do; where `again`, beside the last of the same that the wallet knows.
    fn order(&mut self, amount: u64, expected: u64, again: bool) {
        let (account, actions) = (policy(1).address(), [pay(amount)]);
        // A number that was seen in a block is not used again.
        let Ok(nonce) = self.outbox.next_nonce(&account, Nonce(expected)) else { return };
        let named =
            self.outbox.iter().rfind(|sent| again && sent.does(&account, &actions)).map(|sent| *sent.txid());
        if named.is_some_and(|named| self.outbox.made_beside(&account, &actions, &named).is_some()) {
            return;
        }
        let known = named.map(|named| self.outbox.known_to(&named)).unwrap_or_default();
        match self.outbox.earlier(&account, &actions, nonce) {
            Some(Earlier::Unheard(_)) => return,
            Some(earlier) if earlier.sent().nonce() != nonce && !known.contains(earlier.sent().txid()) => {
                return;
            }
            _ => {}
        }
        // Who names a payment that waits knows nothing of doubts about others, and orders one more all the same.
        let same = self.log.iter_mut().filter(|it| it.transaction.body.actions[..] == actions);
        same.for_each(|logged| logged.was_weighed |= named.is_some());
        for before in self.log.iter().filter(|it| it.transaction.body.actions[..] == actions) {
            // Whoever raised the fee of what they were told of knows of both, whichever is mined.
            let one_order = || {
                let of_it = |it: &&Logged| {
                    let body = &it.transaction.body;
                    body.nonce == before.transaction.body.nonce && body.actions[..] == actions
                };
                self.log.iter().filter(of_it)
            };
            let is_over =
                one_order().any(|it| it.was_mined) && one_order().any(|it| it.was_told || it.was_weighed);
            assert!(
                before.was_weighed || before.transaction.body.nonce == nonce || is_over,
                "the same as {before:?} is signed with nonce {nonce:?}, and both can be mined"
            );
        }
        self.sign(
            transaction(1, nonce.0, amount, 1),
            named.as_ref().map_or(Purpose::Order(None), Purpose::Beside),
        );
        named.iter().for_each(|named| self.outbox.weigh(named));
    }

    fn happen(&mut self, event: &Event) {
        let meant = |which: usize| which % self.log.len().max(1);
        match *event {
            Event::Ordered { amount, expected, again } => self.order(amount, expected, again),
            _ if self.log.is_empty() => {}
            Event::Heard { which, word, nonce, tip } => {
                let logged = meant(which);
                let txid = self.log[logged].transaction.body.txid();
                // What the wallet forgot it does not ask about.
                if self.outbox.find(&txid).is_some() {
                    self.log[logged].was_mined |= matches!(word, Word::Confirmed(_));
                }
                let look = Look { nonce: Nonce(nonce), tip: Height(tip), now: NOW };
                self.outbox.hear(&txid, word, &look);
                self.outbox.settle(&policy(1).address(), &look);
            }
            Event::Told { which, is_taken } => {
                let txid = self.log[meant(which)].transaction.body.txid();
                self.outbox.note(&txid, if is_taken { Progress::Taken } else { Progress::Refused }, NOW);
            }
            Event::Replaced { which, is_bump } => {
                let mut instead = self.log[meant(which)].transaction.clone();
                if !is_bump {
                    instead.body.actions = List::new(vec![Action::Note(Note::default())]).unwrap();
                }
                let first = self.log[meant(which)].transaction.body.txid();
                self.sign(instead, Purpose::InPlaceOf(&first));
            }
            Event::Reported { which } => {
                let logged = meant(which);
                let txid = self.log[logged].transaction.body.txid();
                let sent = self.outbox.find(&txid).map(Sent::progress);
                if matches!(sent, Some(Progress::Taken | Progress::Mined { .. })) {
                    self.log[logged].was_told = true;
                    self.outbox.report(&txid);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_word_of_a_node_has_the_same_order_signed_beside_one_of_which_nobody_was_told(
        events in proptest::collection::vec(events(), 1..40),
    ) {
        let mut world = World::default();
        events.iter().for_each(|event| world.happen(event));
    }

    #[test]
    fn nothing_in_doubt_is_forgotten_while_our_clock_stands(
        events in proptest::collection::vec(events(), 1..40),
    ) {
        let mut world = World::default();
        events.iter().for_each(|event| world.happen(event));
        for logged in &world.log {
            let nonce = logged.transaction.body.nonce;
            let of_it = || world.log.iter().filter(|it| it.transaction.body.nonce == nonce);
            let is_over = of_it().any(|it| it.was_mined) && of_it().any(|it| it.was_told || it.was_weighed);
            prop_assert!(is_over || world.outbox.find(&logged.transaction.body.txid()).is_some());
        }
    }
}
