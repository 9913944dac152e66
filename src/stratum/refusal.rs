//! Why something that a miner asked for was refused.

use crate::types::Timestamp;
use crate::wallet::NoAddress;

/// What a miner is told instead of a result.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Nothing that this protocol knows.
    #[error("not a request: expected an object with a method and its parameters")]
    Request,
    /// It may be known elsewhere.
    #[error("there is no method {0}")]
    Method(String),
    /// A parameter is missing, or something else.
    #[error("expected {0}")]
    Parameter(&'static str),
    /// The user name does not begin with an address of this chain.
    #[error("the user name is the address to be paid, then perhaps a dot and a worker's name; this is {0}")]
    Address(#[from] NoAddress),
    /// The worker's name is too long, or cannot be printed.
    #[error("a worker's name has at most {0} letters, digits or signs of ASCII, and no spaces")]
    Worker(usize),
    /// One connection mines one coinbase.
    #[error("this connection pays another address: connect once for each")]
    OtherAddress,
    /// There are too many.
    #[error("at most {0} workers share a connection")]
    Workers(usize),
    /// Shares are counted for somebody.
    #[error("not authorized: say mining.authorize first")]
    Unauthorized,
    /// There is no such job, or not any more.
    #[error("stale: the job is not known any more")]
    Stale,
    /// The block that everybody looks for was just found by this miner.
    #[error("stale: the block of this job was found, the next job is on its way")]
    Solved,
    /// Before the job.
    #[error("the time is before the job's, {0}")]
    TimeTooOld(Timestamp),
    /// No node would take the block now.
    #[error("the time lies too far ahead, the latest is {0}")]
    TimeTooNew(Timestamp),
    /// Bits that nobody gave.
    #[error("version bits outside of the mask {0:08x}")]
    Version(u32),
    /// It came before.
    #[error("duplicate share")]
    Duplicate,
    /// Not as hard as asked.
    #[error("low difficulty: this share is {found:.3e}, asked for is {asked:.3e}")]
    LowDifficulty {
        /// How hard it is.
        found: f64,
        /// How hard it should be.
        asked: f64,
    },
}

impl Refusal {
    /// The number that miners look at.
    pub fn code(&self) -> u16 {
        match self {
            Self::Request
            | Self::Method(_)
            | Self::Parameter(_)
            | Self::Address(_)
            | Self::Worker(_)
            | Self::OtherAddress
            | Self::Workers(_)
            | Self::Unauthorized
            | Self::TimeTooOld(_)
            | Self::TimeTooNew(_)
            | Self::Version(_) => 20,
            Self::Stale | Self::Solved => 21,
            Self::Duplicate => 22,
            Self::LowDifficulty { .. } => 23,
        }
    }
}
