//! What becomes of what was submitted.

use crate::chain::ChainError;
use crate::consensus::{Blame, BlockError, TransactionError};
use crate::ledger::LedgerError;
use crate::mempool::{AdmitError, Admitted, Trial};
use crate::types::{BlockHash, Height};

/// What became of a block that was not refused. It is durable when this is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It was here before.
    Known,
    /// One below it is missing; it is kept for a while.
    Orphan {
        /// The lowest that is missing, as far as can be told.
        missing: BlockHash,
    },
    /// It lies ahead of our clock; it is kept until its time comes.
    Early {
        /// In how many seconds.
        seconds: u32,
    },
    /// It stands on a branch that is not followed.
    Side,
    /// It is the tip, or below it.
    Followed {
        /// How many blocks were taken off for it.
        reverted: u32,
    },
}

/// The node takes nothing in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the node takes nothing in: {reason}")]
pub struct Closed {
    /// Why, and what to do.
    pub reason: String,
}

impl Closed {
    /// It takes nothing in because it is no more.
    pub fn ended() -> Self {
        Self { reason: "it has ended".to_owned() }
    }
}

/// Why a block was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BlockRefused {
    /// By itself.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// For its place.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// For what it does.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It stands so far below the tip that nobody will follow it, on a branch with no more work than ours.
    #[error(
        "at {height} it is more than {depth_max} blocks below the tip at {tip}, on a branch of no more work"
    )]
    TooDeep {
        /// Where it stands.
        height: Height,
        /// Our tip.
        tip: Height,
        /// How deep a side branch may begin.
        depth_max: u32,
    },
    /// It lies ahead of our clock, too far for being kept until its time comes, or others that come sooner took the room.
    #[error("{seconds} seconds too early to be kept until then: look at the clock, or send it again")]
    TooEarly {
        /// How many seconds too early it came.
        seconds: u32,
    },
    /// Its branch leaves ours below the first block that is kept here.
    #[error(
        "its branch leaves ours at {fork}, and what lies below {base} was pruned: sync again from peers, or import"
    )]
    BelowBase {
        /// The last block that both have.
        fork: Height,
        /// Where our data begins.
        base: Height,
    },
    /// Nothing is taken in.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl BlockRefused {
    /// Whom it speaks against.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Block(error) => error.blame(),
            Self::Chain(error) => error.blame(),
            Self::Ledger(error) => error.blame(),
            Self::TooDeep { .. } | Self::TooEarly { .. } | Self::BelowBase { .. } | Self::Closed(_) => {
                Blame::Nobody
            }
        }
    }
}

/// Why a transaction was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TransactionRefused {
    /// By itself.
    #[error(transparent)]
    Broken(#[from] TransactionError),
    /// By the pool.
    #[error(transparent)]
    Pool(#[from] AdmitError),
    /// Nothing is taken in.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl TransactionRefused {
    /// Whom it speaks against.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Broken(error) => error.blame(),
            Self::Pool(error) => error.blame(),
            Self::Closed(_) => Blame::Nobody,
        }
    }
}

/// The answer to a block.
pub type BlockVerdict = Result<Verdict, BlockRefused>;
/// The answer to a transaction.
pub type TransactionVerdict = Result<Admitted, TransactionRefused>;
/// The answer to a transaction that is only tried.
pub type TrialVerdict = Result<Trial, TransactionRefused>;
