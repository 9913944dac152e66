//! What a broken rule says about whoever sent it: one exhaustive judgement for each error.

use super::{BlockError, HeaderError, TooEarly, TransactionError, Untimely};

/// What a rejection speaks against. What it means for a peer depends on what that peer owed us: whoever pushes a block
/// before checking it in full, as relays do, has vouched for its header and for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blame {
    /// Nobody: clocks or tips differ, and it may be valid elsewhere or later.
    Nobody,
    /// These bytes, which anybody can make and nobody need remember. The block that they claim to be may be fine.
    Sender,
    /// The block itself, and with it everything built on it, for ever. Where its work was checked, as it is before anything
    /// else, somebody did real work for it.
    Block,
}

impl TooEarly {
    /// Whom it speaks against.
    pub fn blame(&self) -> Blame {
        Blame::Nobody
    }
}

impl HeaderError {
    /// Whom it speaks against.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Bits(_) | Self::AboveLimit { .. } | Self::Work { .. } => Blame::Sender,
            Self::Difficulty { .. } | Self::TimeTooOld { .. } | Self::EndOfChain => Blame::Block,
        }
    }
}

impl TransactionError {
    /// Whom it speaks against, for a transaction that came alone.
    pub fn blame(&self) -> Blame {
        match self {
            Self::OtherChain { .. }
            | Self::TooLong { .. }
            | Self::NodeSized
            | Self::PaysNothing { .. }
            | Self::PayAllNotLast { .. }
            | Self::SecondNote { .. }
            | Self::Overflow
            | Self::Witness(_)
            | Self::Signature => Blame::Sender,
        }
    }
}

impl Untimely {
    /// Whom it speaks against, for a transaction that came alone: our tips may differ.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Locked { .. } | Self::Expired { .. } => Blame::Nobody,
        }
    }
}

impl BlockError {
    /// Whom it speaks against.
    ///
    /// # Security
    /// Anybody can send an honest header with another body. So a body that is not the header's, or that could be a
    /// part of the tree in disguise, condemns its sender and never the block.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Header(error) => error.blame(),
            Self::MerkleRoot { .. } | Self::NodeSized { .. } => Blame::Sender,
            Self::TooLong { .. }
            | Self::TooManyActions { .. }
            | Self::Height { .. }
            | Self::Overflow
            | Self::Reward { .. }
            | Self::Transaction { .. }
            | Self::Untimely { .. } => Blame::Block,
        }
    }
}
