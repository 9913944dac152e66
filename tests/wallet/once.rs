//! Orders with a key: one order, however often it is said and whatever nodes say.

use std::collections::BTreeMap;

use cairn::codec::List;
use cairn::types::{Action, Amount, Height, Nonce, Note, Timestamp, Transaction};
use cairn::wallet::{
    Earlier, KEY_SECONDS, KEYS_MAX, Look, ORDER_KEY_LETTERS_MAX, OUTBOX_MAX, OrderKey, Ordered, Outbox,
    OutboxError, Progress, Purpose, SETTLED_DEPTH, Sent, UNHEARD_DEPTH, UNHEARD_SECONDS, Word,
};
use proptest::prelude::*;

use crate::outbox::{CHAIN, NOW, pay, policy, settle, transaction};

fn key(text: &str) -> OrderKey {
    text.parse().unwrap()
}

fn add(outbox: &mut Outbox, transaction: &Transaction, key: &OrderKey) -> Result<(), OutboxError> {
    outbox.add(transaction.clone(), Purpose::Order(Some(key)), None, NOW)
}

fn ordered<'a>(outbox: &'a Outbox, key: &OrderKey) -> Ordered<'a> {
    outbox.ordered(key, &policy(1).address(), &[pay(5)], Height(1)).unwrap()
}

/// What stands for an order.
fn stands(outbox: &Outbox, key: &OrderKey) -> Transaction {
    match ordered(outbox, key) {
        Ordered::Signed(sent) => sent.transaction().clone(),
        other => panic!("{other:?}"),
    }
}

fn again(outbox: &Outbox) -> Outbox {
    Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap()
}

#[test]
fn keys_are_short_and_have_no_spaces() {
    for text in ["a", "INVOICE-42/2026", &"x".repeat(ORDER_KEY_LETTERS_MAX)] {
        assert_eq!(key(text).to_string(), text);
    }
    for text in ["", "two words", "line\n", "ä", &"x".repeat(ORDER_KEY_LETTERS_MAX + 1)] {
        assert!(text.parse::<OrderKey>().is_err(), "{text:?}");
    }
}

#[test]
fn order_with_a_key_is_the_same_whoever_was_told_and_until_it_is_long_over() {
    let (first, a) = (transaction(1, 0, 5, 1), key("a"));
    let txid = first.body.txid();
    let mut outbox = Outbox::default();
    assert_eq!(ordered(&outbox, &a), Ordered::New);
    add(&mut outbox, &first, &a).unwrap();
    for progress in [Progress::Signed, Progress::Taken, Progress::Mined { height: Height(9) }] {
        outbox.note(&txid, progress, NOW);
        outbox.report(&txid);
        outbox = again(&outbox);
        assert_eq!(stands(&outbox, &a), first);
    }
    assert_eq!(ordered(&outbox, &key("b")), Ordered::New, "with another key it is another order");
    settle(&mut outbox, Height(9 + SETTLED_DEPTH), NOW);
    assert_eq!(outbox.iter().count(), 0);
    match ordered(&again(&outbox), &a) {
        Ordered::Over(kept) => assert_eq!((kept.txid, kept.is_mined), (txid, true)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn key_of_one_order_is_refused_to_another() {
    let (first, a) = (transaction(1, 0, 5, 1), key("a"));
    let other_order = Err(OutboxError::OtherOrder { key: a.clone(), txid: first.body.txid() });
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    outbox.note(&first.body.txid(), Progress::Mined { height: Height(9) }, NOW);
    outbox.report(&first.body.txid());
    for _ in 0..2 {
        assert_eq!(outbox.ordered(&a, &policy(1).address(), &[pay(6)], Height(1)), other_order);
        assert_eq!(outbox.ordered(&a, &policy(2).address(), &[pay(5)], Height(1)), other_order);
        settle(&mut outbox, Height(9 + SETTLED_DEPTH), NOW);
    }
}

#[test]
fn refused_order_is_signed_anew_with_its_own_number_alone() {
    let (first, a) = (transaction(1, 4, 5, 1), key("a"));
    let txid = first.body.txid();
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    outbox.note(&txid, Progress::Refused, NOW);
    assert_eq!(ordered(&outbox, &a), Ordered::Refused(Nonce(4)));
    // Another took its number: it may be mined all the same, and is not signed with a further one.
    let other = transaction(1, 4, 6, 1);
    let mut taken = outbox.clone();
    taken.add(other.clone(), Purpose::Order(None), None, NOW).unwrap();
    assert_eq!(stands(&taken, &a), first);
    taken.note(&other.body.txid(), Progress::Mined { height: Height(9) }, NOW);
    assert_eq!(stands(&taken, &a), first);
    // Nor where a node says that its number is used.
    outbox.hear(&txid, Word::Unknown, &Look { nonce: Nonce(5), tip: Height(9), now: NOW });
    assert_eq!(stands(&outbox, &a), first);
}

#[test]
fn order_whose_last_block_has_passed_is_not_signed_anew() {
    let (mut first, a) = (transaction(1, 4, 5, 1), key("a"));
    first.body.expiry = Some(Height(7));
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    outbox.note(&first.body.txid(), Progress::Refused, NOW);
    let at = |height| outbox.ordered(&a, &policy(1).address(), &[pay(5)], Height(height)).unwrap();
    assert_eq!(at(7), Ordered::Refused(Nonce(4)));
    assert!(
        matches!(at(8), Ordered::Signed(_)),
        "whoever waits for it is told that it is lost, and pays with another key"
    );
}

#[test]
fn order_that_somebody_was_told_is_lost_is_not_signed_anew_nor_one_that_was_paid_beside() {
    let (first, a) = (transaction(1, 4, 5, 1), key("a"));
    let txid = first.body.txid();
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    outbox.note(&txid, Progress::Refused, NOW);
    let (mut lost, mut weighed) = (outbox.clone(), outbox);
    lost.lose(&txid);
    weighed.weigh(&txid);
    assert_eq!((stands(&again(&lost), &a), stands(&again(&weighed), &a)), (first.clone(), first));
}

#[test]
fn order_that_is_refused_without_end_does_not_fill_the_outbox() {
    let (mut outbox, a) = (Outbox::default(), key("a"));
    for fee in 1..=OUTBOX_MAX as u64 + 3 {
        let transaction = transaction(1, 4, 5, fee);
        add(&mut outbox, &transaction, &a).unwrap();
        outbox.note(&transaction.body.txid(), Progress::Refused, NOW);
    }
    assert_eq!(outbox.iter().count(), OUTBOX_MAX);
    assert_eq!(ordered(&outbox, &a), Ordered::Refused(Nonce(4)));
    let first = transaction(1, 4, 5, 1).body.txid();
    assert!(
        outbox.find(&first).is_some(),
        "any of them may be mined, and the first and the last are asked for"
    );
}

#[test]
fn refused_order_is_forgotten_long_after_its_last_block_and_its_key_is_not() {
    let (mut first, a) = (transaction(1, 4, 5, 1), key("a"));
    first.body.expiry = Some(Height(7));
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    outbox.note(&first.body.txid(), Progress::Refused, NOW);
    let later = Timestamp(NOW.0 + UNHEARD_SECONDS);
    settle(&mut outbox, Height(7 + UNHEARD_DEPTH), NOW);
    settle(&mut outbox, Height(7 + UNHEARD_DEPTH - 1), later);
    assert_eq!(outbox.iter().count(), 1);
    settle(&mut outbox, Height(7 + UNHEARD_DEPTH), later);
    assert_eq!(outbox.iter().count(), 0);
    assert!(matches!(ordered(&outbox, &a), Ordered::Over(kept) if !kept.is_mined));
}

#[test]
fn raised_fee_belongs_to_the_order_and_what_takes_it_back_does_not() {
    let (first, bump, a) = (transaction(1, 0, 5, 1), transaction(1, 0, 5, 9), key("a"));
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    outbox.note(&first.body.txid(), Progress::Taken, NOW);
    outbox.add(bump.clone(), Purpose::InPlaceOf(&first.body.txid()), None, NOW).unwrap();
    assert_eq!(stands(&outbox, &a), bump);
    let mut cancel = transaction(1, 0, 5, 20);
    cancel.body.actions = List::new(vec![Action::Note(Note::default())]).unwrap();
    outbox.add(cancel.clone(), Purpose::InPlaceOf(&bump.body.txid()), None, NOW).unwrap();
    assert_eq!(outbox.find(&cancel.body.txid()).and_then(Sent::once), None);
    outbox.note(&cancel.body.txid(), Progress::Mined { height: Height(9) }, NOW);
    outbox.report(&cancel.body.txid());
    // Whatever is forgotten of it, it was no success.
    settle(&mut outbox, Height(9 + UNHEARD_DEPTH), Timestamp(NOW.0 + UNHEARD_SECONDS));
    assert_eq!(outbox.iter().count(), 0);
    assert!(matches!(ordered(&outbox, &a), Ordered::Over(kept) if !kept.is_mined));
}

#[test]
fn orders_without_a_key_are_not_answered_with_one_that_has() {
    let (first, a) = (transaction(1, 0, 5, 1), key("a"));
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    let against = |outbox: &Outbox| {
        outbox.earlier(&policy(1).address(), &[pay(5)], Nonce(1)).map(|it| matches!(it, Earlier::Waits(_)))
    };
    assert_eq!(against(&outbox), Some(true), "it is said that one waits");
    outbox.note(&first.body.txid(), Progress::Mined { height: Height(9) }, NOW);
    assert_eq!(against(&outbox), None, "whoever gave the key asks by that");
}

#[test]
fn one_transaction_is_not_signed_for_two_orders() {
    let (first, a) = (transaction(1, 0, 5, 1), key("a"));
    let mut outbox = Outbox::default();
    add(&mut outbox, &first, &a).unwrap();
    outbox.note(&first.body.txid(), Progress::Refused, NOW);
    let refused = Err(OutboxError::OtherOrders { txid: first.body.txid() });
    assert_eq!(add(&mut outbox, &first, &key("b")), refused);
    assert_eq!(outbox.add(first.clone(), Purpose::Order(None), None, NOW), refused);
    assert_eq!(add(&mut outbox, &first, &a), Ok(()));
}

/// One more order with a key of its own, so many seconds later.
fn one_more(outbox: &mut Outbox, seconds: u32) -> Result<(), OutboxError> {
    let now = Timestamp(NOW.0 + seconds);
    outbox.add(transaction(1, u64::from(u32::MAX), 5, 1), Purpose::Order(Some(&key("more"))), None, now)
}

#[test]
fn keys_are_forgotten_when_they_are_old_and_others_need_the_room() {
    let mut outbox = Outbox::default();
    for at in 0..KEYS_MAX as u64 {
        let transaction = transaction(1, at, 5, 1);
        add(&mut outbox, &transaction, &key(&at.to_string())).unwrap();
        outbox.note(&transaction.body.txid(), Progress::Mined { height: Height(1) }, NOW);
        outbox.report(&transaction.body.txid());
        // Several wait at a time, and all of their keys will be kept.
        if at % 8 == 7 && at + 8 < KEYS_MAX as u64 {
            settle(&mut outbox, Height(1 + SETTLED_DEPTH), Timestamp(NOW.0 + at as u32));
        }
    }
    assert_eq!(outbox.iter().count(), 8);
    assert_eq!(one_more(&mut outbox, KEY_SECONDS - 1), Err(OutboxError::KeysFull));
    settle(&mut outbox, Height(1 + SETTLED_DEPTH), NOW);
    let mut outbox = again(&outbox);
    assert_eq!(one_more(&mut outbox, KEY_SECONDS - 1), Err(OutboxError::KeysFull));
    assert!(matches!(ordered(&outbox, &key("0")), Ordered::Over(_)));
    assert_eq!(one_more(&mut outbox, KEY_SECONDS + 8), Ok(()));
    let left = |at: u64| matches!(ordered(&outbox, &key(&at.to_string())), Ordered::Over(_));
    assert_eq!((0..KEYS_MAX as u64).filter(|at| left(*at)).count(), KEYS_MAX - 1);
}

/// What happens to a wallet whose owner says orders with keys over and over.
#[derive(Clone, Debug)]
enum Event {
    Said {
        key: usize,
        expected: u64,
        expiry: Option<u32>,
    },
    /// Something else is ordered without a key.
    Rival {
        expected: u64,
    },
    /// Its owner takes it back.
    TakenBack {
        which: usize,
    },
    /// So many seconds go by.
    Later {
        seconds: u32,
    },
    Heard {
        which: usize,
        word: Word,
        nonce: u64,
        tip: u32,
    },
    Told {
        which: usize,
        is_taken: bool,
    },
    Raised {
        which: usize,
    },
    Reported {
        which: usize,
    },
}

fn events() -> impl Strategy<Value = Event> {
    let which = 0..8_usize;
    let word = prop_oneof![
        Just(Word::Pending),
        (0..9_u32).prop_map(|height| Word::Confirmed(Height(height))),
        Just(Word::Replaced),
        Just(Word::Expired),
        Just(Word::Unknown),
    ];
    let tip = prop_oneof![0..20_u32, Just(u32::MAX)];
    prop_oneof![
        4 => (0..3_usize, 0..5_u64, prop::option::weighted(0.2, 0..20_u32))
            .prop_map(|(key, expected, expiry)| Event::Said { key, expected, expiry }),
        1 => (0..5_u64).prop_map(|expected| Event::Rival { expected }),
        1 => which.clone().prop_map(|which| Event::TakenBack { which }),
        1 => (0..=UNHEARD_SECONDS).prop_map(|seconds| Event::Later { seconds }),
        4 => (which.clone(), word, 0..5_u64, tip)
            .prop_map(|(which, word, nonce, tip)| Event::Heard { which, word, nonce, tip }),
        2 => (which.clone(), any::<bool>()).prop_map(|(which, is_taken)| Event::Told { which, is_taken }),
        1 => which.clone().prop_map(|which| Event::Raised { which }),
        1 => which.prop_map(|which| Event::Reported { which }),
    ]
}

/// A wallet, and all that was ever signed, as nobody but the test remembers it: what for, and the transaction.
#[derive(Default)]
struct World {
    outbox: Outbox,
    log: Vec<(Option<OrderKey>, Transaction)>,
    tip: u32,
    seconds: u32,
}

impl World {
    fn now(&self) -> Timestamp {
        Timestamp(NOW.0 + self.seconds)
    }

    fn sign(&mut self, key: Option<OrderKey>, mut transaction: Transaction, purpose: Purpose<'_>) {
        // No two are the same.
        transaction.body.fee = Amount::from_pebbles(1 + self.log.len() as u64);
        self.outbox.add(transaction.clone(), purpose, None, self.now()).unwrap();
        self.log.push((key, transaction));
    }

    /// Says an order as the commands do.
    fn say(&mut self, key: &OrderKey, expected: u64, expiry: Option<u32>) {
        let account = policy(1).address();
        let nonce = match self.outbox.ordered(key, &account, &[pay(5)], Height(self.tip)).unwrap() {
            Ordered::New => self.outbox.next_nonce(&account, Nonce(expected)),
            Ordered::Refused(nonce) => Ok(nonce),
            Ordered::Signed(_) | Ordered::Over(_) => return,
        };
        let Ok(nonce) = nonce else { return };
        let mut transaction = transaction(1, nonce.0, 5, 1);
        transaction.body.expiry = expiry.map(Height);
        self.sign(Some(key.clone()), transaction, Purpose::Order(Some(key)));
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Said { key: named, expected, expiry } => {
                self.say(&key(&named.to_string()), expected, expiry);
            }
            Event::Rival { expected } => {
                if let Ok(nonce) = self.outbox.next_nonce(&policy(1).address(), Nonce(expected)) {
                    self.sign(None, transaction(1, nonce.0, 6, 1), Purpose::Order(None));
                }
            }
            Event::Later { seconds } => self.seconds = self.seconds.saturating_add(seconds),
            Event::Heard { which, .. }
            | Event::Told { which, .. }
            | Event::Raised { which }
            | Event::TakenBack { which }
            | Event::Reported { which } => self.happen_to(which, event),
        }
    }

    fn happen_to(&mut self, which: usize, event: &Event) {
        let Some((key, meant)) = self.log.get(which % self.log.len().max(1)).cloned() else { return };
        let txid = meant.body.txid();
        match *event {
            Event::Heard { word, nonce, tip, .. } => {
                let look = Look { nonce: Nonce(nonce), tip: Height(tip), now: self.now() };
                self.tip = tip;
                self.outbox.hear(&txid, word, &look);
                self.outbox.settle(&meant.body.policy.address(), &look);
            }
            Event::Told { is_taken, .. } => {
                let progress = if is_taken { Progress::Taken } else { Progress::Refused };
                self.outbox.note(&txid, progress, self.now());
            }
            // What the wallet forgot it cannot replace.
            Event::Raised { .. } if self.outbox.find(&txid).is_some() => {
                self.sign(key, meant, Purpose::InPlaceOf(&txid));
            }
            Event::TakenBack { .. } if self.outbox.find(&txid).is_some() => {
                let mut cancel = meant;
                cancel.body.actions = List::new(vec![Action::Note(Note::default())]).unwrap();
                self.sign(None, cancel, Purpose::InPlaceOf(&txid));
            }
            Event::Reported { .. } => self.outbox.report(&txid),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_nodes_say_all_that_is_signed_for_an_order_has_one_number(
        events in proptest::collection::vec(events(), 1..40),
    ) {
        let mut world = World::default();
        for event in events {
            world.happen(&event);
            world.outbox = again(&world.outbox);
        }
        let mut numbers = BTreeMap::new();
        for (key, signed) in world.log.iter().filter_map(|(key, signed)| Some((key.as_ref()?, signed))) {
            let number = numbers.entry(key).or_insert(signed.body.nonce);
            prop_assert_eq!(*number, signed.body.nonce, "two of {} can be mined", key);
        }
    }
}
