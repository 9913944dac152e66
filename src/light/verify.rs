//! What a node says, held against the headers that we follow.

use super::Headers;
use crate::ledger::{Account, Entry, Opening, ProofError, StateKey};
use crate::ledger::{BalanceProof, TransactionProof};
use crate::types::{Address, BlockHash, Height, Txid};

/// What an account had, as far as the work above it is to be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifiedBalance {
    /// The account; nothing where it provably does not exist.
    pub account: Option<Account>,
    /// After which block it was so.
    pub as_of: Height,
    /// The block above, whose header commits to it.
    pub proven_by: BlockHash,
    /// Headers on our branch that vouch for it: that one and all above it. One is the newest that can be proven; a node that
    /// answers with more may be keeping something back.
    pub confirmations: u32,
}

/// Where a transaction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inclusion {
    /// The block's height.
    pub height: Height,
    /// The block.
    pub block: BlockHash,
    /// Headers on our branch that vouch for it: the block's and all above it.
    pub confirmations: u32,
}

/// In what a node did not tell the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// The proof does not even hold by itself.
    #[error("the proof does not hold: {0}")]
    Proof(ProofError),
    /// It rests on a header above our tip. Perhaps no lie: with the headers up to there it can be asked again.
    #[error("the proof rests on a block at height {height}, but our headers end at {tip}: fetch those first")]
    AboveTip {
        /// Where it rests, as it says.
        height: Height,
        /// Where ours end.
        tip: Height,
    },
    /// It rests on a header of another branch, or of another chain.
    #[error(
        "the proof rests on block {found} at height {height}, where the branch with most work has {expected}"
    )]
    OtherBranch {
        /// Where.
        height: Height,
        /// Ours.
        expected: BlockHash,
        /// The proof's.
        found: BlockHash,
    },
    /// A header of ours commits to another height than it stands at: its miner lied, and a node would refuse its block.
    #[error("block {block} stands at height {height} and commits to height {claimed}: its miner lied")]
    Height {
        /// The block.
        block: BlockHash,
        /// Where it stands.
        height: Height,
        /// What it commits to.
        claimed: Height,
    },
    /// A proof of something that was not asked for.
    #[error("the proof is about transaction {found}, asked for was {expected}")]
    OtherTransaction {
        /// What was asked for.
        expected: Txid,
        /// What it is about.
        found: Txid,
    },
}

impl From<ProofError> for Lie {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

impl Headers {
    /// What an account had, by a proof whose header is on our branch.
    ///
    /// # Errors
    /// Which lie was told.
    pub fn verify_balance(&self, address: &Address, proof: &BalanceProof) -> Result<VerifiedBalance, Lie> {
        let proven = proof.verify(address)?;
        let found = proof.path.verify(&proof.opening.state, &StateKey::account(address))?;
        let account = match found {
            Some(Entry::Account(account)) => Some(*account),
            Some(Entry::Reward(_) | Entry::Supply(_)) | None => None,
        };
        let confirmations = self.confirmations(&proof.opening)?;
        Ok(VerifiedBalance { account, as_of: proven.as_of, proven_by: proven.proven_by, confirmations })
    }

    /// Where a transaction stands, by a proof whose header is on our branch.
    ///
    /// # Errors
    /// Which lie was told.
    pub fn verify_transaction(&self, txid: &Txid, proof: &TransactionProof) -> Result<Inclusion, Lie> {
        let (height, block) = proof.verify()?;
        let found = proof.transaction.body.txid();
        if found != *txid {
            return Err(Lie::OtherTransaction { expected: *txid, found });
        }
        let confirmations = self.confirmations(&proof.opening)?;
        Ok(Inclusion { height, block, confirmations })
    }

    /// How many of our headers vouch for this one, itself included.
    fn confirmations(&self, opening: &Opening) -> Result<u32, Lie> {
        let (found, claimed, tip) = (opening.header.hash(), opening.height(), self.height());
        match self.height_of(&found) {
            Some(height) if height == claimed => Ok(tip.0 - height.0 + 1),
            Some(height) => Err(Lie::Height { block: found, height, claimed }),
            None => Err(match self.hash(claimed) {
                Some(expected) => Lie::OtherBranch { height: claimed, expected, found },
                None => Lie::AboveTip { height: claimed, tip },
            }),
        }
    }
}
