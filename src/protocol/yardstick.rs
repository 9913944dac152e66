//! What every header is held against, whether it is new or missed: its work, its branch, and what an operator knows.

use std::collections::BTreeMap;

use super::Settings;
use super::conduct::Offence;
use crate::consensus::{Branch, HeaderError, Params, check_work};
use crate::types::{BlockHash, Header, Height};

/// Blocks that a branch must have, if it comes so far.
pub(super) struct Checkpoints(BTreeMap<Height, BlockHash>);

/// The header's hash, if it did the work that it claims.
pub(super) fn worked(header: &Header, params: &Params) -> Result<BlockHash, Offence> {
    check_work(params, header).map_err(broken)
}

impl Checkpoints {
    pub fn new(settings: &Settings) -> Self {
        Self(settings.checkpoints.iter().copied().collect())
    }

    /// The branch with one more header, which did its work and has this hash.
    pub fn extend(
        &self,
        branch: &Branch,
        header: &Header,
        hash: BlockHash,
        params: &Params,
    ) -> Result<Branch, Offence> {
        let branch = branch.extend(header, params).map_err(broken)?;
        if self.0.get(&branch.height).is_some_and(|must| *must != hash) {
            return Err(Offence::Checkpoint(branch.height));
        }
        Ok(branch)
    }
}

fn broken(error: HeaderError) -> Offence {
    Offence::Header(error.to_string())
}
