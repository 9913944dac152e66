//! Jobs: a coinbase in two halves, a branch, and what comes of them.

use std::sync::Arc;

use cairn::codec::encoded_len;
use cairn::consensus::NODE_BYTES;
use cairn::crypto::sha256d;
use cairn::template::{Extranonce, Job, Payout, Rolled, TAG_BYTES_MAX, VERSION};
use cairn::testkit::Outcome;
use cairn::types::Timestamp;

use crate::stage::{Stage, address, miner, unrolled};

const TURNED: Extranonce = Extranonce { assigned: [1, 2, 3, 4], turned: [5, 6, 7, 8] };

/// What a miner that knows nothing of this chain makes of a job.
fn merkle_root_of_a_stranger(job: &Job, extranonce: Extranonce) -> [u8; 32] {
    let (front, back) = job.halves();
    let coinbase = [front, &extranonce.assigned, &extranonce.turned, back].concat();
    job.template().branch().iter().fold(sha256d(&coinbase), |root, next| sha256d(&[root, *next].concat()))
}

#[test]
fn halves_and_branch_lead_to_the_blocks_own_root() {
    let mut stage = Stage::new();
    for count in 0..8 {
        let job = Job::new(Arc::new(stage.template()), &miner());
        let block = job.block(&Rolled { extranonce: TURNED, ..unrolled(Timestamp(9)) });
        assert_eq!(
            *block.merkle_root().as_bytes(),
            merkle_root_of_a_stranger(&job, TURNED),
            "{count} transactions"
        );
        assert_eq!(block.header.merkle_root, block.merkle_root());
        stage.pay(count, 0, 9, 5, 10);
    }
}

#[test]
fn everything_turned_is_in_the_header_or_the_coinbase() {
    let stage = Stage::new();
    let job = Job::new(Arc::new(stage.template()), &miner());
    let rolled = Rolled { extranonce: TURNED, version: VERSION | 1 << 20, time: Timestamp(77), nonce: 99 };
    let block = job.block(&rolled);
    assert_eq!((block.header.version, block.header.time.0, block.header.nonce), (VERSION | 1 << 20, 77, 99));
    assert_eq!(block.coinbase.extra[..], *b"\x01\x02\x03\x04\x05\x06\x07\x08cairn");
    assert_eq!(block.header, job.header(&rolled));
    assert_eq!(block.coinbase.recipient, address(100));
}

#[test]
fn no_tag_makes_a_coinbase_of_the_length_that_is_forbidden() {
    let mut stage = Stage::new();
    let mut padded = 0;
    for length in 1..=TAG_BYTES_MAX {
        let tag = vec![b'x'; length];
        let payout = miner().with_tag(&tag).unwrap();
        let block = stage.block(stage.template(), &payout);
        assert_ne!(encoded_len(&block.coinbase), NODE_BYTES);
        padded += usize::from(block.coinbase.extra.len() != 8 + length);
        assert_eq!(stage.submit(block), Ok(Outcome::Followed { reverted: 0 }), "{length} bytes");
    }
    assert_eq!(padded, 1, "one length is padded, the others stay as they are");
}

#[test]
fn tag_that_is_empty_or_too_long_is_refused() {
    let payout = Payout::to(address(1));
    assert_eq!(payout.clone().with_tag(b"").unwrap_err().length, 0);
    assert_eq!(payout.with_tag(&[b'x'; TAG_BYTES_MAX + 1]).unwrap_err().length, TAG_BYTES_MAX + 1);
}
