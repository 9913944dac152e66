//! Why a transaction does not enter the pool.

use crate::consensus::{Blame, TransactionError, Untimely};
use crate::types::{Amount, Nonce, TxHash};

/// A rule of the pool that a transaction does not meet. All of them depend on tips, on other transactions or on this
/// node's limits, so none speaks against whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// It is here.
    #[error("already in the pool")]
    Known,
    /// The same body is here under another witness.
    ///
    /// # Security
    /// Where a policy can be met in several ways, a stranger can make such a twin. If it replaced the one that is here,
    /// the two could replace each other for ever, each time at the cost of the whole network and at no fee.
    #[error("the same payment is in the pool with another witness, as {other}")]
    OtherWitness {
        /// The one that is here.
        other: TxHash,
    },
    /// The next block is outside its window of heights.
    #[error(transparent)]
    Untimely(#[from] Untimely),
    /// A transaction with its nonce was mined.
    #[error("nonce {found} was used, the sender's next is {expected}")]
    OldNonce {
        /// The account's next.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// So many nonces ahead that what lies between could never be here.
    #[error("nonce {found} is more than {ahead_max} beyond the sender's next, {expected}")]
    NonceTooFar {
        /// The sender's next, behind all that are here.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
        /// How far ahead it might be.
        ahead_max: usize,
    },
    /// The sender has no account, and nothing here pays it.
    #[error("the sender has no account, and nothing in the pool pays it")]
    UnknownSender,
    /// The sender has less than this and the transactions before it give away.
    #[error("costs {cost}, but the sender's earlier transactions leave {available}")]
    Balance {
        /// Payments, fee and charges.
        cost: Amount,
        /// The balance and what comes in, less what goes out before it.
        available: Amount,
    },
    /// Payments, fee and charges are more than there can be.
    #[error("costs more than there can be")]
    Overflow,
    /// `PayAll` with nothing left to pay.
    #[error("nothing is left for the payment of all")]
    NothingLeft,
    /// An earlier transaction of the sender pays all.
    #[error("the sender's transaction with nonce {nonce} pays all: nothing can follow before it is mined")]
    AfterPayAll {
        /// Of the one that pays all.
        nonce: Nonce,
    },
    /// Below what the pool asks at present.
    #[error("a fee of {fee} is below the floor, which asks for {needed}")]
    Floor {
        /// What it offers.
        fee: Amount,
        /// What would do.
        needed: Amount,
    },
    /// The pool is full, and what it would have to give up pays no less.
    #[error("the pool is full, and a fee of {fee} does not outbid what is in it; {needed} would")]
    Full {
        /// What it offers.
        fee: Amount,
        /// What would do.
        needed: Amount,
    },
    /// The pool is full, and it would need money that has not been mined.
    #[error("the pool is full, and the sender's confirmed balance of {balance} does not cover {cost}")]
    FullAndUnconfirmed {
        /// What the sender's transactions cost up to this one.
        cost: Amount,
        /// What it has.
        balance: Amount,
    },
    /// The pool is full of the sender's own transactions, which do not give way to each other.
    #[error(
        "the pool is full, and too little of it would give way but {own} transactions of the same sender"
    )]
    FullOfOwn {
        /// How many it has there.
        own: usize,
    },
    /// Too little more than the transaction of the same sender and nonce that is here.
    #[error("a fee of {fee} does not replace {replaced}, which takes {needed}")]
    Replacement {
        /// What it offers.
        fee: Amount,
        /// What would do.
        needed: Amount,
        /// The one that is here.
        replaced: TxHash,
    },
    /// The sender has as many here as an account may.
    #[error("the sender has {transactions_max} transactions in the pool, as many as an account may")]
    AccountFull {
        /// How many.
        transactions_max: usize,
    },
    /// No room to wait for an earlier nonce.
    #[error("nonce {found} would wait for {expected}, and there is no room to wait")]
    NoRoomToWait {
        /// The sender's next, behind all that are here.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
}

/// What makes a rejection stale, and so how long it is remembered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stale {
    /// Whatever comes next: it is not remembered.
    AtOnce,
    /// A new tip.
    NextTip,
    /// A new tip, or a floor that falls.
    Room,
    /// Nothing: it is broken for ever on this chain.
    Never,
}

impl AdmitError {
    /// Whom it speaks against.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Known
            | Self::OtherWitness { .. }
            | Self::Untimely(_)
            | Self::OldNonce { .. }
            | Self::NonceTooFar { .. }
            | Self::UnknownSender
            | Self::Balance { .. }
            | Self::Overflow
            | Self::NothingLeft
            | Self::AfterPayAll { .. }
            | Self::Floor { .. }
            | Self::Full { .. }
            | Self::FullAndUnconfirmed { .. }
            | Self::FullOfOwn { .. }
            | Self::Replacement { .. }
            | Self::AccountFull { .. }
            | Self::NoRoomToWait { .. } => Blame::Nobody,
        }
    }

    /// What makes it stale. What the next transaction of the same sender, or one that pays it, could change is not
    /// remembered at all: whoever sends a payment and what it is made from the wrong way round may send it again.
    pub fn stale(&self) -> Stale {
        match self {
            Self::Known
            | Self::NonceTooFar { .. }
            | Self::UnknownSender
            | Self::Balance { .. }
            | Self::NothingLeft
            | Self::NoRoomToWait { .. } => Stale::AtOnce,
            Self::OtherWitness { .. }
            | Self::Untimely(_)
            | Self::OldNonce { .. }
            | Self::Overflow
            | Self::AfterPayAll { .. }
            | Self::Replacement { .. }
            | Self::AccountFull { .. } => Stale::NextTip,
            Self::Floor { .. }
            | Self::Full { .. }
            | Self::FullAndUnconfirmed { .. }
            | Self::FullOfOwn { .. } => Stale::Room,
        }
    }
}

/// Why a transaction was rejected before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// It breaks a rule of the chain that no tip can mend.
    Broken(TransactionError),
    /// The pool did not take it.
    Refused(AdmitError),
}

impl Rejection {
    /// What makes it stale.
    pub fn stale(&self) -> Stale {
        match self {
            Self::Broken(_) => Stale::Never,
            Self::Refused(error) => error.stale(),
        }
    }
}
