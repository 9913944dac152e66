//! Blocks and transactions that others ask for.

use std::sync::atomic::Ordering;

use cairn::codec::{List, encoded_len};
use cairn::net::{BLOCKS_WANTED_MAX, End, OUTBOX_BYTES_MAX, TRANSACTIONS_WANTED_MAX};
use cairn::protocol::{HASHES_MAX, Message, Served, TRANSACTIONS_BYTES_MAX};
use cairn::testkit::Network;
use cairn::types::{ACTIONS_MAX, BlockHash, Transaction, TxHash};

use crate::hall::{Hall, number};

const MIB: usize = 1 << 20;

fn unknown(number: u8) -> BlockHash {
    BlockHash::from_bytes([number; 32])
}

fn stored(hashes: &[BlockHash]) -> Vec<Served> {
    hashes.iter().copied().map(Served::Stored).collect()
}

#[test]
fn blocks_come_in_the_order_in_which_they_were_asked_for_and_the_rest_is_missing() {
    let mut hall = Hall::new();
    let (one, two) = (hall.shelve(1, 1000), hall.shelve(2, 3 * MIB));
    let (mut raw, _, sending) = hall.introduce();
    sending.send_blocks(stored(&[unknown(8), one, unknown(9), unknown(10), two, one, unknown(11)]));
    let missing = |numbers: &[u8]| {
        Some(Message::Missing(List::new(numbers.iter().map(|number| unknown(*number)).collect()).unwrap()))
    };
    assert_eq!(raw.receive(), missing(&[8]));
    assert_eq!(raw.receive().as_ref().map(number), Some(1));
    assert_eq!(raw.receive(), missing(&[9, 10]));
    assert_eq!(raw.receive().as_ref().map(number), Some(2));
    assert_eq!(raw.receive().as_ref().map(number), Some(1));
    assert_eq!(raw.receive(), missing(&[11]));
}

#[test]
fn no_block_is_read_for_who_does_not_read() {
    let mut hall = Hall::new();
    let block = hall.shelve(1, MIB);
    let (mut raw, _, sending) = hall.introduce();
    sending.send_blocks(stored(&[block; 100]));
    // What the system takes, and what waits.
    let mut before = usize::MAX;
    cairn::testkit::until("nothing more is read", || {
        let read = hall.shelf.read.load(Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(200));
        (std::mem::replace(&mut before, read) == read).then_some(())
    });
    assert!(before < 50, "{before} blocks were read");
    assert!(sending.waiting_bytes() < 3 * MIB);
    for _ in 0..100 {
        assert_eq!(raw.receive().as_ref().map(number), Some(1));
    }
}

#[test]
fn who_asks_for_more_than_anybody_needs_is_let_go() {
    let mut hall = Hall::new();
    let (_raw, _, sending) = hall.introduce();
    sending.send_blocks(stored(&vec![unknown(1); BLOCKS_WANTED_MAX + 1]));
    assert!(matches!(hall.end(), End::Greedy));
    hall.event();
    let (_raw, _, sending) = hall.introduce();
    sending.send_transactions(&vec![TxHash::from_bytes([1; 32]); TRANSACTIONS_WANTED_MAX + 1]);
    assert!(matches!(hall.end(), End::Greedy));
}

#[test]
fn transactions_come_together_as_many_as_a_message_takes() {
    let mut hall = Hall::new();
    let network = Network::new(2);
    let pay = |nonce: u64| -> Transaction {
        let params = network.params();
        network.actors[0].pay(params, nonce, &network.actors[1], 1, 1000)
    };
    let transactions: Vec<Transaction> = (0..3).map(pay).collect();
    let hashes: Vec<TxHash> = transactions.iter().map(Transaction::hash).collect();
    hall.shelf.transactions.lock().unwrap().extend(hashes.iter().copied().zip(transactions.iter().cloned()));
    let (mut raw, _, sending) = hall.introduce();
    let unknown = TxHash::from_bytes([9; 32]);
    sending.send_transactions(&[hashes[0], unknown, hashes[1], hashes[2]]);
    let Some(Message::Transactions(came)) = raw.receive() else { panic!("no transactions came") };
    assert_eq!(came[..], transactions);
    sending.send_transactions(&[&vec![hashes[0]; HASHES_MAX][..], &[hashes[1]]].concat());
    let counts = [(); 2].map(|()| match raw.receive() {
        Some(Message::Transactions(came)) => came.len(),
        other => panic!("no transactions came: {other:?}"),
    });
    assert_eq!(counts, [HASHES_MAX, 1]);
}

#[test]
fn large_transactions_come_as_they_are_taken() {
    let mut hall = Hall::new();
    let network = Network::new(2);
    let (params, payer) = (network.params(), &network.actors[0]);
    let payment = payer.payment(params, 0, network.actors[1].address(), 1, 1000);
    let large =
        payer.sign(params, payer.body(params, 0, 1000, vec![payment.actions[0].clone(); ACTIONS_MAX]));
    let (hash, bytes) = (large.hash(), encoded_len(&large));
    let count = 4 * HASHES_MAX;
    assert!(bytes * count > OUTBOX_BYTES_MAX, "together they are more than can wait");
    hall.shelf.transactions.lock().unwrap().insert(hash, large);
    let (mut raw, _, sending) = hall.introduce();
    sending.send_transactions(&vec![hash; count]);
    let (mut came, mut messages) = (0, 0);
    while came < count {
        let Some(Message::Transactions(together)) = raw.receive() else { panic!("{came} came") };
        assert!(together.len() * bytes <= TRANSACTIONS_BYTES_MAX);
        (came, messages) = (came + together.len(), messages + 1);
    }
    assert_eq!(came, count);
    assert!(messages > 4);
}
