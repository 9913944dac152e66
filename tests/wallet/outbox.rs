//! What a wallet remembers of what it signed.

use std::collections::BTreeSet;

use cairn::codec::List;
use cairn::crypto::SecretKey;
use cairn::types::{
    Action, Address, Amount, BlockHash, Body, ChainId, Height, Nonce, Policy, Reference, Timestamp,
    Transaction, Txid, Witness,
};
use cairn::wallet::{
    Earlier, Look, OUTBOX_MAX, Outbox, OutboxError, Progress, Purpose, SETTLED_DEPTH, UNHEARD_DEPTH,
    UNHEARD_SECONDS,
};
use serde_json::json;

/// When all of this happens, unless it is said otherwise.
pub const NOW: Timestamp = Timestamp(1_800_000_000);

/// The chain that all of this is about.
pub const CHAIN: ChainId = ChainId(BlockHash::from_bytes([7; 32]));

/// Looks at all accounts, all of whose nonces are used, and forgets what is settled.
pub fn settle(outbox: &mut Outbox, tip: Height, now: Timestamp) {
    let mut accounts: BTreeSet<Address> = outbox.iter().map(|sent| *sent.account()).collect();
    accounts.insert(policy(1).address());
    let look = Look { nonce: Nonce(u64::MAX), tip, now };
    accounts.iter().for_each(|account| outbox.settle(account, &look));
}

pub fn policy(key: u8) -> Policy {
    Policy::Key(SecretKey::from_bytes(&[key; 32]).public_key())
}

pub fn pay(amount: u64) -> Action {
    let to = Address::from_bytes([9; 32]);
    Action::Pay { to, amount: Amount::from_pebbles(amount), reference: Reference::default() }
}

pub fn transaction(key: u8, nonce: u64, amount: u64, fee: u64) -> Transaction {
    let body = Body {
        chain: ChainId(BlockHash::from_bytes([3; 32])).tag(),
        policy: policy(key),
        nonce: Nonce(nonce),
        fee: Amount::from_pebbles(fee),
        expiry: None,
        actions: List::new(vec![pay(amount)]).unwrap(),
    };
    Transaction { body, witness: Witness::default() }
}

pub fn outbox(signed: &[Transaction]) -> Outbox {
    let mut outbox = Outbox::default();
    signed.iter().for_each(|signed| outbox.add(signed.clone(), Purpose::Order(None), None, NOW).unwrap());
    outbox
}

#[test]
fn what_was_written_is_read_back() {
    let mut outbox = outbox(&[transaction(1, 0, 5, 1), transaction(1, 1, 6, 1), transaction(2, 0, 7, 1)]);
    let names: Vec<_> = outbox.iter().map(|sent| *sent.txid()).collect();
    outbox.note(&names[0], Progress::Mined { height: Height(7) }, NOW);
    outbox.note(&names[1], Progress::Taken, NOW);
    assert_eq!(Outbox::from_json(&outbox.to_json(CHAIN), CHAIN), Ok(outbox));
}

#[test]
fn what_was_sent_on_another_chain_is_refused() {
    let found = ChainId(BlockHash::from_bytes([8; 32]));
    let text = outbox(&[transaction(1, 0, 5, 1)]).to_json(found);
    assert_eq!(Outbox::from_json(&text, CHAIN), Err(OutboxError::OtherChain { found }));
    // Earlier versions did not say.
    let silent = text.lines().filter(|line| !line.contains("\"chain\"")).collect::<String>();
    assert_eq!(Outbox::from_json(&silent, CHAIN).unwrap().iter().count(), 1);
}

#[test]
fn other_text_is_refused_with_its_place() {
    let malformed = |text: &str| match Outbox::from_json(text, CHAIN) {
        Err(OutboxError::Malformed(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(
        malformed(r#"{"cairn_outbox":1,"sent":[{"raw":"00","progress":"lost"}]}"#)
            .contains("sent[0].progress")
    );
    assert!(malformed(r#"{"cairn_outbox":1,"sent":[],"more":1}"#).contains("more"));
    malformed(r#"{"cairn_outbox":1,"sent":[{"raw":"00","progress":"taken"}]}"#);
    malformed(r#"{"cairn_outbox":0,"sent":[]}"#);
    malformed("");
    assert_eq!(Outbox::from_json(r#"{"cairn_outbox":4,"sent":[]}"#, CHAIN), Err(OutboxError::Later(4)));
}

/// The transaction that was signed before, if it waits.
fn waits(outbox: &Outbox, key: u8, amount: u64) -> Option<Transaction> {
    match outbox.earlier(&policy(key).address(), &[pay(amount)], Nonce(99)) {
        Some(Earlier::Waits(sent) | Earlier::Unheard(sent)) => Some(sent.transaction().clone()),
        None => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn same_payment_is_found_until_it_is_mined() {
    let first = transaction(1, 0, 5, 1);
    let txid = first.body.txid();
    let mut outbox = outbox(&[first.clone(), transaction(1, 1, 6, 1)]);
    assert_eq!(waits(&outbox, 1, 5), Some(first));
    assert_eq!((waits(&outbox, 1, 7), waits(&outbox, 2, 5)), (None, None));
    outbox.note(&txid, Progress::Taken, NOW);
    outbox.report(&txid);
    outbox.note(&txid, Progress::Mined { height: Height(3) }, NOW);
    assert_eq!(waits(&outbox, 1, 5), None);
}

#[test]
fn payment_of_which_nobody_was_told_comes_before_one_that_is_known_to_wait() {
    let (first, again) = (transaction(1, 0, 5, 1), transaction(1, 1, 5, 1));
    let (account, names) = (policy(1).address(), [first.body.txid(), again.body.txid()]);
    let mut outbox = outbox(&[first, again]);
    names.iter().for_each(|name| outbox.note(name, Progress::Taken, NOW));
    outbox.report(&names[1]);
    let earlier = outbox.earlier(&account, &[pay(5)], Nonce(2));
    assert!(matches!(earlier, Some(Earlier::Unheard(sent)) if *sent.txid() == names[0]), "{earlier:?}");
    outbox.report(&names[0]);
    let earlier = outbox.earlier(&account, &[pay(5)], Nonce(2));
    assert!(matches!(earlier, Some(Earlier::Waits(sent)) if *sent.txid() == names[1]), "{earlier:?}");
}

#[test]
fn whoever_was_told_that_it_waits_is_told_that_it_was_mined_before_the_same_is_paid_once_more() {
    let first = transaction(1, 0, 5, 1);
    let (account, txid) = (policy(1).address(), first.body.txid());
    let mut outbox = outbox(&[first]);
    outbox.note(&txid, Progress::Taken, NOW);
    outbox.tell(&txid);
    assert!(matches!(outbox.earlier(&account, &[pay(5)], Nonce(1)), Some(Earlier::Waits(_))));
    let mut outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
    outbox.note(&txid, Progress::Mined { height: Height(3) }, NOW);
    // A tip that a node made up does not settle it.
    settle(&mut outbox, Height(1_000_000), NOW);
    outbox.tell(&txid);
    assert!(matches!(outbox.earlier(&account, &[pay(5)], Nonce(1)), Some(Earlier::Unheard(_))));
    outbox.report(&txid);
    assert_eq!(outbox.earlier(&account, &[pay(5)], Nonce(1)), None);
}

#[test]
fn nobody_can_be_told_of_what_no_node_may_have_heard_of() {
    let first = transaction(1, 0, 5, 1);
    let (account, txid) = (policy(1).address(), first.body.txid());
    let mut outbox = outbox(&[first]);
    outbox.tell(&txid);
    outbox.report(&txid);
    assert!(matches!(outbox.earlier(&account, &[pay(5)], Nonce(1)), Some(Earlier::Unheard(_))));
}

#[test]
fn what_was_mined_is_the_same_payment_until_somebody_was_told() {
    let first = transaction(1, 0, 5, 1);
    let (account, txid) = (policy(1).address(), first.body.txid());
    let mut outbox = outbox(&[first, transaction(1, 1, 6, 1)]);
    outbox.note(&txid, Progress::Mined { height: Height(3) }, NOW);
    let earlier = outbox.earlier(&account, &[pay(5)], Nonce(2));
    assert!(matches!(earlier, Some(Earlier::Unheard(sent)) if *sent.txid() == txid), "{earlier:?}");
    assert_eq!(outbox.earlier(&policy(2).address(), &[pay(5)], Nonce(2)), None);
    outbox.report(&txid);
    let outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
    assert_eq!(outbox.earlier(&account, &[pay(5)], Nonce(2)), None);
}

#[test]
fn no_nonce_is_used_twice_whatever_a_node_says() {
    let mut outbox = outbox(&[transaction(1, 4, 5, 1), transaction(1, 5, 5, 1), transaction(2, 9, 5, 1)]);
    let account = policy(1).address();
    for (said, next) in [(4, 6), (5, 6), (6, 6), (8, 8)] {
        assert_eq!(outbox.next_nonce(&account, Nonce(said)), Ok(Nonce(next)));
    }
    assert_eq!(outbox.next_nonce(&policy(3).address(), Nonce(2)), Ok(Nonce(2)));
    // One that was taken back from the chain is known to the node that says so.
    let last = *outbox.iter().nth(1).unwrap().txid();
    outbox.note(&last, Progress::Mined { height: Height(3) }, NOW);
    assert_eq!(outbox.next_nonce(&account, Nonce(6)), Ok(Nonce(6)));
    outbox.add(transaction(1, u64::MAX, 5, 1), Purpose::Order(None), None, NOW).unwrap();
    assert_eq!(outbox.next_nonce(&account, Nonce(6)), Ok(Nonce(6)));
    assert_eq!(outbox.next_nonce(&account, Nonce(u64::MAX)), Err(OutboxError::NoncesUsedUp));
}

#[test]
fn holes_below_what_was_signed_are_filled_before_anything_behind_it() {
    let ahead = transaction(1, 7, 5, 1);
    let mut outbox = outbox(&[transaction(1, 4, 6, 1), transaction(1, 5, 6, 1), ahead.clone()]);
    let account = policy(1).address();
    // What waits behind a hole, and what was refused for lying too far ahead, would stop the account for ever.
    for progress in [Progress::Taken, Progress::Refused] {
        outbox.note(&ahead.body.txid(), progress, NOW);
        for (said, next) in [(2, 2), (3, 3), (4, 6), (6, 6)] {
            assert_eq!(outbox.next_nonce(&account, Nonce(said)), Ok(Nonce(next)), "{progress:?}");
        }
    }
    outbox.add(transaction(1, 6, 6, 1), Purpose::Order(None), None, NOW).unwrap();
    assert_eq!(outbox.next_nonce(&account, Nonce(4)), Ok(Nonce(7)));
}

#[test]
fn what_was_refused_gives_its_nonce_to_the_next_whatever_a_node_says() {
    let refused = transaction(1, 4, 5, 1);
    let mut outbox = outbox(&[refused.clone(), transaction(1, 5, 6, 1)]);
    let account = policy(1).address();
    outbox.note(&refused.body.txid(), Progress::Refused, NOW);
    assert_eq!(outbox.earlier(&account, &[pay(5)], Nonce(4)), None);
    assert_eq!(outbox.untold(&account, Nonce(0)).len(), 1);
    for said in [4, 5, 9] {
        assert_eq!(outbox.next_nonce(&account, Nonce(said)), Ok(Nonce(4)));
    }
    // Once it is used again, the next is behind all of them.
    outbox.add(transaction(1, 4, 5, 2), Purpose::Order(None), None, NOW).unwrap();
    assert_eq!(outbox.next_nonce(&account, Nonce(4)), Ok(Nonce(6)));
}

#[test]
fn node_that_forgot_is_told_the_last_bid_of_each_nonce_in_order() {
    let (second, bid) = (transaction(1, 5, 6, 1), transaction(1, 4, 5, 9));
    let outbox = outbox(&[transaction(1, 3, 4, 1), transaction(1, 4, 5, 1), second.clone(), bid.clone()]);
    let untold = outbox.untold(&policy(1).address(), Nonce(4));
    let untold: Vec<_> = untold.into_iter().map(|sent| sent.transaction().clone()).collect();
    assert_eq!(untold, [bid, second]);
}

#[test]
fn node_is_not_told_of_a_doubt_that_was_weighed_nor_of_one_beside_what_waits() {
    let (first, bid, other) = (transaction(1, 4, 5, 1), transaction(1, 4, 6, 9), transaction(1, 5, 5, 1));
    let mut outbox = outbox(&[first.clone(), bid.clone(), other.clone()]);
    let passed = Progress::Passed { height: Height(9) };
    for doubtful in [&bid, &other] {
        outbox.note(&doubtful.body.txid(), passed, NOW);
    }
    let untold = |outbox: &Outbox| -> Vec<_> {
        outbox.untold(&policy(1).address(), Nonce(4)).into_iter().map(|sent| *sent.txid()).collect()
    };
    assert_eq!(untold(&outbox), [first.body.txid(), other.body.txid()]);
    outbox.weigh(&other.body.txid());
    assert_eq!(untold(&outbox), [first.body.txid()], "the same was paid anew since");
}

#[test]
fn what_is_settled_is_forgotten_with_all_that_bid_for_its_nonce() {
    let (mined, other) = (transaction(1, 0, 5, 2), transaction(1, 1, 5, 1));
    let mut outbox = outbox(&[transaction(1, 0, 5, 1), mined.clone(), other.clone()]);
    outbox.note(&mined.body.txid(), Progress::Mined { height: Height(10) }, NOW);
    let later = Timestamp(NOW.0 + UNHEARD_SECONDS);
    settle(&mut outbox, Height(10 + UNHEARD_DEPTH - 1), later);
    settle(&mut outbox, Height(u32::MAX), NOW);
    assert_eq!(outbox.iter().count(), 3, "nobody was told yet");
    let mut unheard = outbox.clone();
    settle(&mut unheard, Height(10 + UNHEARD_DEPTH), later);
    assert_eq!(unheard.iter().count(), 1);
    outbox.report(&mined.body.txid());
    settle(&mut outbox, Height(10 + SETTLED_DEPTH - 1), later);
    settle(&mut outbox, Height(u32::MAX), NOW);
    assert_eq!(outbox.iter().count(), 3, "a node can name any height");
    settle(&mut outbox, Height(10 + SETTLED_DEPTH), later);
    assert_eq!(outbox.iter().map(|sent| *sent.txid()).collect::<Vec<_>>(), [other.body.txid()]);
}

#[test]
fn what_was_mined_is_not_settled_by_a_node_for_which_its_number_is_free() {
    let (mined, others) = (transaction(1, 3, 5, 1), transaction(2, 0, 5, 1));
    let mut outbox = outbox(&[mined.clone(), others.clone()]);
    for transaction in [&mined, &others] {
        outbox.note(&transaction.body.txid(), Progress::Mined { height: Height(10) }, NOW);
        outbox.report(&transaction.body.txid());
    }
    let (account, tip) = (policy(1).address(), Height(10 + SETTLED_DEPTH));
    outbox.settle(&account, &Look { nonce: Nonce(3), tip, now: NOW });
    assert_eq!(outbox.iter().count(), 2, "its block may have been thrown away");
    assert_eq!(outbox.untold(&account, Nonce(3))[0].txid(), &mined.body.txid());
    outbox.settle(&account, &Look { nonce: Nonce(4), tip, now: NOW });
    let left: Vec<_> = outbox.iter().map(|sent| *sent.txid()).collect();
    assert_eq!(left, [others.body.txid()], "another account was not looked at");
}

#[test]
fn what_a_node_had_once_gives_way_to_what_is_paid_now_and_what_none_had_does_so_unsaid() {
    let account = policy(1).address();
    let gives_way = |steps: &[Progress], height| {
        let order = transaction(1, 5, 10, 1);
        let mut outbox = outbox(std::slice::from_ref(&order));
        steps.iter().for_each(|step| outbox.note(&order.body.txid(), *step, NOW));
        let outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
        assert!(outbox.gives_way(&account, Nonce(4), Height(height)).next().is_none());
        outbox.gives_way(&account, Nonce(5), Height(height)).count()
    };
    let mined = Progress::Mined { height: Height(3) };
    assert_eq!(gives_way(&[Progress::Taken, Progress::Refused], 7), 1);
    assert_eq!(gives_way(&[mined, Progress::Refused], 7), 1);
    assert_eq!(gives_way(&[Progress::Refused], 7), 0, "whoever ordered it was told so");
    assert_eq!(gives_way(&[Progress::Taken], 7), 0, "it waits, and has its number");
    // Signed anew for the same fee it is the same.
    let order = transaction(1, 5, 10, 1);
    let mut outbox = outbox(std::slice::from_ref(&order));
    for progress in [Progress::Taken, Progress::Refused] {
        outbox.note(&order.body.txid(), progress, NOW);
    }
    outbox.add(order.clone(), Purpose::Order(None), None, NOW).unwrap();
    outbox.note(&order.body.txid(), Progress::Refused, NOW);
    assert_eq!(outbox.gives_way(&account, Nonce(5), Height(7)).count(), 1);
}

#[test]
fn what_was_mined_alone_and_told_is_settled_by_height() {
    let mined = transaction(1, 0, 5, 1);
    let mut outbox = outbox(std::slice::from_ref(&mined));
    outbox.note(&mined.body.txid(), Progress::Mined { height: Height(10) }, NOW);
    outbox.report(&mined.body.txid());
    settle(&mut outbox, Height(10 + SETTLED_DEPTH - 1), NOW);
    assert_eq!(outbox.iter().count(), 1);
    settle(&mut outbox, Height(10 + SETTLED_DEPTH), NOW);
    assert_eq!(outbox.iter().count(), 0);
}

#[test]
fn full_outbox_gives_up_what_was_mined_and_nothing_else() {
    let mut outbox = Outbox::default();
    (0..OUTBOX_MAX as u64)
        .for_each(|nonce| outbox.add(transaction(1, nonce, 5, 1), Purpose::Order(None), None, NOW).unwrap());
    let one_more = transaction(1, OUTBOX_MAX as u64, 5, 1);
    assert_eq!(outbox.add(one_more.clone(), Purpose::Order(None), None, NOW), Err(OutboxError::Full));
    let third = *outbox.iter().nth(2).unwrap().txid();
    outbox.note(&third, Progress::Mined { height: Height(1) }, NOW);
    outbox.add(one_more.clone(), Purpose::Order(None), None, NOW).unwrap();
    assert_eq!((outbox.find(&third), outbox.iter().count()), (None, OUTBOX_MAX));
    assert!(outbox.find(&one_more.body.txid()).is_some());
}

#[test]
fn number_that_was_seen_in_a_block_is_not_used_again_by_the_word_of_a_node_that_is_behind() {
    let mined = transaction(1, 4, 5, 1);
    let (account, txid) = (policy(1).address(), mined.body.txid());
    let mut outbox = outbox(&[mined]);
    outbox.note(&txid, Progress::Mined { height: Height(3) }, NOW);
    outbox.report(&txid);
    for _ in 0..2 {
        for free in [0, 4] {
            let behind = Err(OutboxError::Behind { free: Nonce(free) });
            assert_eq!(outbox.next_nonce(&account, Nonce(free)), behind);
        }
        assert_eq!(outbox.next_nonce(&account, Nonce(5)), Ok(Nonce(5)));
        assert_eq!(outbox.next_nonce(&policy(2).address(), Nonce(0)), Ok(Nonce(0)));
        // The number outlives what had it.
        settle(&mut outbox, Height(3 + SETTLED_DEPTH), NOW);
        assert_eq!(outbox.iter().count(), 0);
        outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
    }
    // Whoever showed that block may have lied: nobody is kept from paying for ever.
    settle(&mut outbox, Height(1), Timestamp(NOW.0 + UNHEARD_SECONDS));
    assert_eq!(outbox.next_nonce(&account, Nonce(4)), Ok(Nonce(4)));
}

#[test]
fn what_the_first_version_wrote_is_read() {
    let raw = hex::encode(cairn::codec::encode(&transaction(1, 0, 5, 1)));
    let account = hex::encode(policy(1).address().as_bytes());
    let sent = json!({ "raw": raw, "progress": "taken", "since": NOW.0, "made": NOW.0, "told": true });
    let text = json!({ "cairn_outbox": 1, "chain": CHAIN.0, "sent": [sent], "settled": { account: 3 } });
    let mut outbox = Outbox::from_json(&text.to_string(), CHAIN).unwrap();
    assert!(outbox.iter().all(|sent| sent.is_known() && sent.progress() == Progress::Taken));
    for (seconds, is_used) in [(0, true), (UNHEARD_SECONDS - 1, true), (UNHEARD_SECONDS, false)] {
        settle(&mut outbox, Height(1), Timestamp(NOW.0 + seconds));
        let next = outbox.next_nonce(&policy(1).address(), Nonce(2));
        assert_eq!(next.is_err(), is_used, "numbers below 3 were used, after {seconds} s");
    }
}

#[test]
fn of_two_with_one_number_no_more_than_one_stands_in_a_block() {
    let (first, bump) = (transaction(1, 4, 5, 1), transaction(1, 4, 5, 9));
    let names = [first.body.txid(), bump.body.txid()];
    let mut outbox = outbox(&[first, bump]);
    for (now, before) in [(0, 1), (1, 0)] {
        outbox.note(&names[now], Progress::Mined { height: Height(9) }, NOW);
        assert!(outbox.find(&names[now]).unwrap().is_mined());
        assert!(!outbox.find(&names[before]).unwrap().is_mined());
        outbox.report(&names[now]);
    }
    assert!(outbox.find(&names[0]).unwrap().is_doubtful());
    assert!(!outbox.find(&names[0]).unwrap().is_known(), "nobody was told that it was displaced");
}

#[test]
fn order_that_names_what_it_comes_beside_is_found_again_whatever_became_of_it() {
    let (first, second, bump) = (transaction(1, 0, 5, 1), transaction(1, 1, 5, 1), transaction(1, 1, 5, 9));
    let (account, named) = (policy(1).address(), first.body.txid());
    let mut outbox = outbox(&[first]);
    let made = |outbox: &Outbox| outbox.made_beside(&account, &[pay(5)], &named).map(|sent| *sent.txid());
    assert_eq!(made(&outbox), None);
    outbox.add(second.clone(), Purpose::Beside(&named), None, NOW).unwrap();
    let mut outbox = Outbox::from_json(&outbox.to_json(CHAIN), CHAIN).unwrap();
    assert_eq!(made(&outbox), Some(second.body.txid()));
    outbox.add(bump.clone(), Purpose::InPlaceOf(&second.body.txid()), None, NOW).unwrap();
    assert_eq!(made(&outbox), Some(bump.body.txid()));
    outbox.note(&second.body.txid(), Progress::Mined { height: Height(9) }, NOW);
    assert_eq!(made(&outbox), Some(second.body.txid()));
    assert_eq!(outbox.made_beside(&account, &[pay(6)], &named), None);
    // By the name of a higher fee of the first, too.
    let raised = transaction(1, 0, 5, 7);
    outbox.add(raised.clone(), Purpose::InPlaceOf(&named), None, NOW).unwrap();
    let made = outbox.made_beside(&account, &[pay(5)], &raised.body.txid());
    assert_eq!(made.map(|sent| *sent.txid()), Some(second.body.txid()));
}

#[test]
fn what_took_the_number_of_the_one_it_came_beside_is_not_made_beside_itself() {
    let (first, second) = (transaction(1, 0, 5, 1), transaction(1, 0, 5, 2));
    let names = [first.body.txid(), second.body.txid()];
    let mut outbox = outbox(&[first]);
    outbox.note(&names[0], Progress::Refused, NOW);
    outbox.add(second, Purpose::Beside(&names[0]), None, NOW).unwrap();
    let made =
        |named: &Txid| outbox.made_beside(&policy(1).address(), &[pay(5)], named).map(|sent| *sent.txid());
    assert_eq!(
        (made(&names[0]), made(&names[1])),
        (Some(names[1]), None),
        "who names the second means one more"
    );
    let again = transaction(1, 0, 5, 2);
    outbox.note(&names[1], Progress::Refused, NOW);
    outbox.add(again, Purpose::Beside(&names[1]), None, NOW).unwrap();
    let made = outbox.made_beside(&policy(1).address(), &[pay(5)], &names[1]).map(|sent| *sent.txid());
    assert_eq!(made, None, "signed again for the same fee it is the one that was named");
}
