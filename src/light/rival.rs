//! A branch beside the one that is followed, while it has less work.

use super::HeadersError;
use crate::consensus::{Branch, Params, check_arrival, check_work};
use crate::types::{BlockHash, Header, Height, Timestamp};

/// Headers that are kept of a branch that has less work than ours, between two calls: as many as nodes hold for a peer.
/// A longer one has to come in one piece.
pub const RIVAL_HEADERS_MAX: usize = 10_000;

/// Between two heights at which all that the rules ask of a branch is kept; in between it is found again from the headers.
pub(super) const MARK_EVERY: usize = 256;

/// Headers above some header of ours. One rival is kept: whoever begins another replaces it.
#[derive(Clone, Debug)]
pub(super) struct Rival {
    /// The last header that both have.
    pub fork: Height,
    /// What stands above it.
    pub headers: Vec<Header>,
    /// The branch at each of their heights that [`MARK_EVERY`] divides.
    pub marks: Vec<Branch>,
    /// The branch up to the last of them.
    pub branch: Branch,
    /// The last of them.
    pub tip: BlockHash,
}

impl Rival {
    /// A branch that has nothing yet above this one, whose last header has this hash.
    pub fn on(branch: Branch, tip: BlockHash) -> Self {
        Self { fork: branch.height, headers: Vec::new(), marks: Vec::new(), branch, tip }
    }

    /// Adds the next header, by the rules that nodes judge it by; `index` is its place in what was handed over.
    pub fn push(
        &mut self,
        index: usize,
        header: &Header,
        now: Timestamp,
        params: &Params,
    ) -> Result<(), HeadersError> {
        if header.previous != self.tip {
            return Err(HeadersError::Skips { index });
        }
        let rule = |error| HeadersError::Rule { index, error };
        // Work first, as everywhere: nothing else is looked at for whoever has not done any.
        let hash = check_work(params, header).map_err(rule)?;
        let branch = self.branch.extend(header, params).map_err(rule)?;
        check_arrival(header.time, now, params).map_err(|error| HeadersError::TooEarly { index, error })?;
        self.headers.push(*header);
        if (branch.height.0 as usize).is_multiple_of(MARK_EVERY) {
            self.marks.push(branch.clone());
        }
        (self.branch, self.tip) = (branch, hash);
        Ok(())
    }
}
