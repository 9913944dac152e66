//! How a command ended that neither did what was asked nor failed at it: scripts are to tell these apart.

use crate::types::Txid;

/// An end with an exit code of its own.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// Nobody agreed to what was to be done.
    #[error("{0}: nothing was sent")]
    Declined(String),
    /// It is on its way, and was waited for long enough.
    #[error("{txid} is on its way and {why}; `cairn wallet show {txid}` says what becomes of it")]
    OnItsWay {
        /// What is on its way.
        txid: Txid,
        /// Why nobody waits any more.
        why: String,
    },
    /// It was sent and can never be mined.
    #[error("{txid} was sent and will not be mined: {why}")]
    Lost {
        /// What was sent.
        txid: Txid,
        /// What came in between.
        why: String,
    },
}

impl Ended {
    fn code(&self) -> u8 {
        match self {
            Self::Declined(_) => 3,
            Self::OnItsWay { .. } => 4,
            Self::Lost { .. } => 5,
        }
    }
}

/// The exit code for an error of a wallet's command.
pub(super) fn code_of(error: &anyhow::Error) -> u8 {
    error.downcast_ref().map_or(1, Ended::code)
}
