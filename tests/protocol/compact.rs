//! Blocks of which only what is new is sent.

use std::sync::Arc;

use cairn::codec::{Blob, Canonical, List, encode, encoded_len};
use cairn::consensus::{CheckedTransaction, NODE_BYTES, check_transaction};
use cairn::protocol::{Compact, CompactError, Message, Namer, Partial};
use cairn::testkit::{Actor, Follower, Network};
use cairn::types::{BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, Block, Transaction, TxHash};

const SENDERS: u32 = 8;
const EACH: u64 = 5;

struct Scene {
    block: Block,
    /// Everything that was in the pool, the block's own first.
    pool: Vec<Arc<CheckedTransaction>>,
}

fn scene() -> Scene {
    let network = Network::new(SENDERS);
    let mut follower = Follower::new(&network);
    let params = network.params();
    let pay = |number: u32, nonce, amount| Actor::new(number).pay(params, nonce, &Actor::new(90), amount, 1);
    let of_block: Vec<Transaction> =
        (0..SENDERS).flat_map(|number| (0..EACH).map(move |nonce| pay(number, nonce, 5))).collect();
    let others = (0..SENDERS).map(|number| pay(number, EACH, 6));
    let pool = of_block.iter().cloned().chain(others);
    let pool = pool.map(|transaction| Arc::new(check_transaction(transaction, params).unwrap())).collect();
    let hash = follower.mine(Actor::new(91).address(), of_block);
    Scene { block: follower.block(&hash).block().clone(), pool }
}

fn missing(partial: &Partial) -> Vec<u32> {
    partial.missing().collect()
}

/// What whoever sent the block answers.
fn parts(block: &Block, partial: &Partial) -> Vec<Transaction> {
    partial.missing().map(|place| block.transactions[place as usize].clone()).collect()
}

#[test]
fn block_is_found_whole_where_all_of_it_was_known() {
    let Scene { block, pool } = scene();
    let partial = Compact::of(&block).reconstruct(pool.iter().rev());
    assert_eq!((missing(&partial), partial.header()), (vec![], &block.header));
    assert_eq!(partial.complete(vec![], BLOCK_BYTES_MAX), Ok(block));
}

#[test]
fn what_was_not_known_is_asked_for_and_put_in_its_place() {
    let Scene { block, pool } = scene();
    for lacking in [vec![0], vec![39], vec![3, 4, 20], (0..40).collect()] {
        let known = pool.iter().enumerate().filter(|(place, _)| !lacking.contains(&(*place as u32)));
        let partial = Compact::of(&block).reconstruct(known.map(|(_, transaction)| transaction));
        assert_eq!(missing(&partial), lacking);
        let parts = parts(&block, &partial);
        assert_eq!(partial.complete(parts, BLOCK_BYTES_MAX), Ok(block.clone()), "{lacking:?}");
    }
}

#[test]
fn wrong_answers_come_to_nothing() {
    let Scene { block, pool } = scene();
    let partial = Compact::of(&block).reconstruct(&pool[2..]);
    let good = parts(&block, &partial);
    let swapped: Vec<Transaction> = good.iter().rev().cloned().collect();
    assert_eq!(partial.clone().complete(swapped, BLOCK_BYTES_MAX), Err(CompactError::Mixed));
    let other = vec![pool[40].transaction().clone(); 2];
    assert_eq!(partial.clone().complete(other, BLOCK_BYTES_MAX), Err(CompactError::Mixed));
    for count in [0, 1, 3] {
        let came = good.iter().cycle().take(count).cloned().collect();
        assert_eq!(
            partial.clone().complete(came, BLOCK_BYTES_MAX),
            Err(CompactError::Count { came: count, asked: 2 })
        );
    }
    assert_eq!(partial.complete(good, BLOCK_BYTES_MAX), Ok(block));
}

#[test]
fn name_that_stands_twice_finds_neither() {
    let Scene { block, pool } = scene();
    let mut compact = Compact::of(&block);
    let mut names = compact.names.to_vec();
    names[7] = names[3];
    compact.names = List::new(names).unwrap();
    let partial = compact.reconstruct(&pool);
    assert_eq!(missing(&partial), [3, 7]);
    let parts = parts(&block, &partial);
    assert_eq!(partial.complete(parts, BLOCK_BYTES_MAX), Ok(block));
}

#[test]
fn block_that_was_never_mined_like_that_is_noticed() {
    let Scene { block, pool } = scene();
    let mut compact = Compact::of(&block);
    compact.coinbase.amount = cairn::types::Amount::ZERO;
    assert_eq!(compact.reconstruct(&pool).complete(vec![], BLOCK_BYTES_MAX), Err(CompactError::Mixed));
    let mut compact = Compact::of(&block);
    let mut names = compact.names.to_vec();
    names.swap(1, 2);
    compact.names = List::new(names).unwrap();
    assert_eq!(compact.reconstruct(&pool).complete(vec![], BLOCK_BYTES_MAX), Err(CompactError::Mixed));
}

#[test]
fn block_that_is_longer_than_allowed_is_not_put_together() {
    let Scene { block, pool } = scene();
    let bytes = encoded_len(&block);
    let complete = |bytes_max| Compact::of(&block).reconstruct(&pool).complete(vec![], bytes_max);
    assert_eq!(complete(bytes), Ok(block.clone()));
    assert_eq!(complete(bytes - 1), Err(CompactError::TooLong { bytes }));
}

#[test]
fn entry_that_could_be_a_part_of_the_tree_is_not_passed_on() {
    let Scene { mut block, .. } = scene();
    block.transactions = List::default();
    let others = encoded_len(&block.coinbase) - block.coinbase.extra.len();
    block.coinbase.extra = Blob::new(vec![7; NODE_BYTES - others]).unwrap();
    assert_eq!(encoded_len(&block.coinbase), NODE_BYTES);
    block.header.merkle_root = block.merkle_root();
    let partial = Compact::of(&block).reconstruct([]);
    assert_eq!(partial.complete(vec![], BLOCK_BYTES_MAX), Err(CompactError::Mixed));
}

#[test]
fn names_are_of_their_block_alone() {
    let Scene { block, .. } = scene();
    let mut other = block.header;
    other.nonce ^= 1;
    let hash = TxHash::from_bytes([5; 32]);
    assert_eq!(Namer::new(&block.header).name(&hash), Namer::new(&block.header).name(&hash));
    assert_ne!(Namer::new(&block.header).name(&hash), Namer::new(&other).name(&hash));
}

#[test]
fn longest_compact_block_is_a_message() {
    let Scene { block, .. } = scene();
    let name = Namer::new(&block.header).name(&TxHash::ZERO);
    let mut compact = Compact::of(&block);
    assert!(encode(&compact).len() < 500, "forty payments and what is around them");
    compact.names = List::new(vec![name; BLOCK_TRANSACTIONS_MAX]).unwrap();
    assert!(encode(&compact).len() <= Compact::BYTES_MAX);
    let message = Message::from(compact);
    assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message));
}
