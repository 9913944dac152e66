//! Blocks made by hand.

use crate::codec::{Blob, List};
use crate::consensus::{HeaderContext, Params, check_work};
use crate::template::Groundwork;
use crate::types::{
    Address, Amount, Block, BlockHash, Coinbase, Commitments, Extra, Header, Height, MerkleRoot, Timestamp,
    Transaction,
};

/// What a block is made from; change whatever the test is about, then [`Draft::mine`] it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where it stands.
    pub height: Height,
    /// The block below.
    pub previous: BlockHash,
    /// What the branch asks for.
    pub context: HeaderContext,
    /// When it is made; the earliest allowed time unless changed.
    pub time: Timestamp,
    /// What is true below.
    pub commitments: Commitments,
    /// Who is rewarded.
    pub recipient: Address,
    /// What happens.
    pub transactions: Vec<Transaction>,
    /// Makes otherwise equal blocks differ.
    pub salt: u64,
}

impl Draft {
    /// A block on this groundwork, at the earliest allowed time.
    pub fn on(groundwork: Groundwork, recipient: Address, transactions: Vec<Transaction>) -> Self {
        let Groundwork { previous, context, commitments } = groundwork;
        let HeaderContext { height, median_time: time, .. } = context;
        Self { height, previous, context, time, commitments, recipient, transactions, salt: 0 }
    }

    /// The block, its work done.
    ///
    /// # Panics
    /// When there are too many transactions, or fees beyond all money.
    pub fn mine(self, params: &Params) -> Block {
        let fees = self.transactions.iter().map(|transaction| transaction.body.fee);
        let amount = Amount::checked_sum(fees.chain([params.issuance.subsidy(self.height)]));
        let coinbase = Coinbase {
            height: self.height,
            recipient: self.recipient,
            amount: amount.expect("fees that can be paid"),
            extra: extra(self.salt),
        };
        let header = Header {
            version: 1,
            previous: self.previous,
            merkle_root: MerkleRoot::ZERO,
            time: self.time,
            bits: self.context.bits,
            nonce: 0,
        };
        let transactions = List::new(self.transactions).expect("as many as fit");
        let mut block = Block { header, commitments: self.commitments, coinbase, transactions };
        remine(&mut block, params);
        block
    }
}

fn extra(salt: u64) -> Extra {
    Blob::new(salt.to_le_bytes()).expect("8 bytes")
}

/// Does the work for a header as it stands.
///
/// # Panics
/// When no nonce will do: the target is too hard for a test.
pub fn mine(header: &mut Header, params: &Params) {
    let found = (0..=u32::MAX).find(|nonce| {
        header.nonce = *nonce;
        check_work(params, header).is_ok()
    });
    assert!(found.is_some(), "a target that can be met");
}

/// Makes the header fit the body again, and does its work.
pub fn remine(block: &mut Block, params: &Params) {
    block.header.merkle_root = block.merkle_root();
    mine(&mut block.header, params);
}
