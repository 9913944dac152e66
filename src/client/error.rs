//! Why there is no answer.

use crate::api::{Code, Problem};

/// Why a node gave no answer, or none that helps.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not an address.
    #[error("`{url}` is no address of a node: say http://HOST:PORT")]
    NoAddress {
        /// What was given.
        url: String,
    },
    /// Nobody answers.
    #[error("no node answers at {url}: {reason}; start one with `cairn node`, or name another")]
    Unreachable {
        /// Where.
        url: String,
        /// Why not.
        reason: String,
    },
    /// Somebody else answers, or a node of another time.
    #[error("what answers at {url} is no node that this program understands: {reason}")]
    NotANode {
        /// Where.
        url: String,
        /// What it said.
        reason: String,
    },
    /// The node says what is wrong.
    #[error("{}: {}. {}", .0.title, .0.detail, .0.advice)]
    Problem(Box<Problem>),
}

impl ClientError {
    /// What is wrong, where the node said so.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::NoAddress { .. } | Self::Unreachable { .. } | Self::NotANode { .. } => None,
        }
    }
}
