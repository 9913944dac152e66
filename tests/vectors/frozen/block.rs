//! A coinbase, a header, and a block that holds both and two transactions.

use cairn::codec::{Blob, List, decode, encode};
use cairn::types::{
    Address, Amount, Bits, Block, BlockHash, Coinbase, Commitments, Header, Height, HistoryRoot, MerkleRoot,
    StateRoot, Timestamp, TxRoot,
};

use super::transaction::{payment, sweep};
use super::{sha256d, text};

fn coinbase() -> Coinbase {
    Coinbase {
        height: Height(1000),
        recipient: Address::from_bytes([0xcc; 32]),
        amount: Amount::from_pebbles(5_000_070_250),
        extra: Blob::new("12345678 and the rest").expect("8 to 100 bytes"),
    }
}

fn coinbase_bytes() -> Vec<u8> {
    [
        &[251, 232, 3][..],                // height 1,000
        &[0xcc; 32],                       // recipient
        &[253, 106, 4, 7, 42, 1, 0, 0, 0], // amount 5,000,070,250
        &[21],                             // extra, last
        b"12345678 and the rest",
    ]
    .concat()
}

fn commitments() -> Commitments {
    Commitments { state: StateRoot::from_bytes([0x51; 32]), history: HistoryRoot::from_bytes([0x52; 32]) }
}

fn block() -> Block {
    let header = Header {
        version: 0x2000_0001,
        previous: BlockHash::from_bytes([0xbb; 32]),
        merkle_root: MerkleRoot::ZERO,
        time: Timestamp(1_700_000_060),
        bits: Bits(0x1f0f_ffff),
        nonce: 0x0403_0201,
    };
    let transactions = List::new(vec![payment(), sweep()]).expect("two");
    let mut block = Block { header, commitments: commitments(), coinbase: coinbase(), transactions };
    block.header.merkle_root = block.merkle_root();
    block
}

/// Three leaves: the third is carried up. Beside their root stand the commitments.
fn merkle_root() -> [u8; 32] {
    let leaves = [coinbase_bytes(), encode(&payment()), encode(&sweep())].map(|bytes| sha256d(&[&bytes]));
    let tx_root = sha256d(&[&sha256d(&[&leaves[0], &leaves[1]]), &leaves[2]]);
    let commitments = sha256d(&[&[1], &[0x51; 32], &[0x52; 32]]);
    sha256d(&[&tx_root, &commitments])
}

fn header_bytes() -> Vec<u8> {
    [
        &[1, 0, 0, 0x20][..],      // version
        &[0xbb; 32],               // previous
        &merkle_root(),            //
        &[60, 0xf1, 0x53, 0x65],   // time
        &[0xff, 0xff, 0x0f, 0x1f], // bits
        &[1, 2, 3, 4],             // nonce
    ]
    .concat()
}

fn block_bytes() -> Vec<u8> {
    [
        &header_bytes()[..],
        &[0x51; 32], // state
        &[0x52; 32], // history
        &coinbase_bytes(),
        &[2], // transactions
        &encode(&payment()),
        &encode(&sweep()),
    ]
    .concat()
}

#[test]
fn coinbase_is_laid_out_as_it_always_was() {
    assert_eq!(text(encode(&coinbase())), text(coinbase_bytes()));
    assert_eq!(decode(&coinbase_bytes()), Ok(coinbase()));
    assert_eq!(*coinbase().hash().as_bytes(), sha256d(&[&coinbase_bytes()]));
    assert_eq!(
        coinbase().hash().to_string(),
        "b6c64cebc0f3b2395e7c89e09001ff82214576c6b2adba37764a78f1341910ae"
    );
}

#[test]
fn header_is_bitcoins_80_bytes() {
    assert_eq!(text(block().header.to_bytes()), text(header_bytes()));
    assert_eq!(text(encode(&block().header)), text(header_bytes()));
    assert_eq!(*block().header.hash().as_bytes(), sha256d(&[&header_bytes()]));
    assert_eq!(
        block().header.hash().to_string(),
        "75b1b4aa6699a4c0e53170a181505570cc0abf7b4374e55a13219e941a8c4adc"
    );
}

#[test]
fn merkle_root_covers_transactions_and_commitments_as_it_always_did() {
    let leaves = [coinbase().hash(), payment().hash(), sweep().hash()];
    assert_eq!(*commitments().merkle_root(&TxRoot::over(leaves)).as_bytes(), merkle_root());
    assert_eq!(*block().merkle_root().as_bytes(), merkle_root());
    assert_eq!(text(merkle_root()), "33802f09c2cb60c01624a3f9b524e62a4ab61490e8d7051f9b677ac7a709ddd9");
}

#[test]
fn block_is_laid_out_as_it_always_was() {
    assert_eq!(text(encode(&block())), text(block_bytes()));
    assert_eq!(decode(&block_bytes()), Ok(block()));
    assert_eq!(
        text(sha256d(&[&block_bytes()])),
        "b4db9dc0df0d31e552fe53a3d08b37d5ba43f2569311f297e6d44dcd7d702a64"
    );
}
