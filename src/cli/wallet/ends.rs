//! How a command ended that neither did what was asked nor failed at it: scripts are to tell these apart.

use std::fmt::{self, Display};

use crate::types::{Height, Txid};

/// An end with an exit code of its own.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// Nobody agreed to what was to be done.
    #[error("{why}: {undone}")]
    Declined {
        /// Who or what stood against it.
        why: String,
        /// What did not happen for that reason.
        undone: Undone,
    },
    /// It would pay the same a second time.
    #[error("{why}: {undone}")]
    Repeats {
        /// The first.
        txid: Txid,
        /// What is known of that, and what to do.
        why: String,
        /// What did not happen for that reason.
        undone: Undone,
    },
    /// Another that was signed before comes before it, and nobody agreed to that being sent.
    #[error("{why}: {undone}")]
    ComesFirst {
        /// That one.
        txid: Txid,
        /// What is known of it, and what to do.
        why: String,
        /// What did not happen for that reason.
        undone: Undone,
    },
    /// It was ordered with a key that stands for another, or for one that was given up.
    #[error("{why}: nothing more was sent")]
    KeyTaken {
        /// What stands under that key.
        txid: Txid,
        /// What is known of that, and what to do.
        why: String,
    },
    /// What it was to take the place of stands in a block.
    #[error("too late: {txid} stands in the block at height {height}")]
    TooLate {
        /// That one.
        txid: Txid,
        /// Of its block.
        height: Height,
    },
    /// It is on its way, and was waited for long enough.
    #[error("{txid} is on its way and {why}; `cairn wallet show {txid}` says what becomes of it")]
    OnItsWay {
        /// What is on its way.
        txid: Txid,
        /// Why nobody waits any more.
        why: String,
    },
    /// It was sent, and a node says that it will not be mined, which it cannot know.
    #[error(
        "{txid} was sent and what becomes of it is in doubt: {why}; `cairn wallet show {txid}` asks once more, another node with --node"
    )]
    InDoubt {
        /// What was sent.
        txid: Txid,
        /// What the node said.
        why: String,
    },
    /// It was sent, and provably never will be mined.
    #[error("{txid} was sent and will not be mined, which the node proved: {why}")]
    Lost {
        /// What was sent.
        txid: Txid,
        /// What came in between.
        why: String,
    },
}

/// What did not happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Undone {
    /// A payment.
    Sent,
    /// A payment beside one that was made before.
    SentAgain,
    /// Another in the place of one that waits.
    Replaced,
    /// A file for others to sign.
    Prepared,
    /// A signature.
    Signed,
    /// A new account.
    Kept,
}

impl Display for Undone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sent => "nothing was sent",
            Self::SentAgain => "nothing more was sent",
            Self::Replaced => "what was sent stays as it is",
            Self::Prepared => "nothing was prepared",
            Self::Signed => "nothing was signed",
            Self::Kept => "nothing was kept",
        })
    }
}

impl Ended {
    /// Nobody agreed, so this did not happen.
    pub fn declined(why: impl Into<String>, undone: Undone) -> anyhow::Error {
        Self::Declined { why: why.into(), undone }.into()
    }

    fn code(&self) -> u8 {
        match self {
            Self::TooLate { .. } => 1,
            Self::Declined { .. }
            | Self::Repeats { .. }
            | Self::ComesFirst { .. }
            | Self::KeyTaken { .. } => 3,
            Self::OnItsWay { .. } | Self::InDoubt { .. } => 4,
            Self::Lost { .. } => 5,
        }
    }
}

/// The payment of which whoever reads this is told that it waits.
pub(super) fn told_of(error: &anyhow::Error) -> Option<&Txid> {
    match error.downcast_ref() {
        Some(Ended::OnItsWay { txid, .. }) => Some(txid),
        // Of a doubt nobody can be told; and a refusal to pay the same is no answer to whoever ordered the first.
        Some(
            Ended::Declined { .. }
            | Ended::Repeats { .. }
            | Ended::ComesFirst { .. }
            | Ended::KeyTaken { .. }
            | Ended::TooLate { .. }
            | Ended::InDoubt { .. }
            | Ended::Lost { .. },
        )
        | None => None,
    }
}

/// The exit code for an error of a wallet's command.
pub(super) fn code_of(error: &anyhow::Error) -> u8 {
    error.downcast_ref().map_or(1, Ended::code)
}
