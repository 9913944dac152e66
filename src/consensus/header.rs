//! Rules of headers, one error each.

use super::{Params, WorkRule};
use crate::types::{Bits, BitsError, BlockHash, Header, Height, Target, Timestamp};

/// A rule that a header broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The bits stand for no target.
    #[error(transparent)]
    Bits(#[from] BitsError),
    /// The target is easier than this chain allows.
    #[error("target {target} is above the limit {limit}")]
    AboveLimit {
        /// What the bits stand for.
        target: Target,
        /// The chain's easiest.
        limit: Target,
    },
    /// The hash exceeds the target.
    #[error("hash {hash} does not meet the target {target}")]
    Work {
        /// The header's hash.
        hash: BlockHash,
        /// What it had to meet.
        target: Target,
    },
    /// Not the difficulty that the chain asks for at this height.
    #[error("bits {found}, but the chain asks for {expected}")]
    Difficulty {
        /// What the branch before it asks for.
        expected: Bits,
        /// What it carries.
        found: Bits,
    },
    /// There is no height for it.
    #[error("beyond the last height that can be counted")]
    EndOfChain,
    /// Earlier than the median of the blocks before.
    #[error("time {found} is before the median {median} of the blocks below")]
    TimeTooOld {
        /// M of the parent.
        median: Timestamp,
        /// What it carries.
        found: Timestamp,
    },
}

/// What the branch below a header asks of it, and of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderContext {
    /// Where it stands.
    pub height: Height,
    /// Bits it must carry.
    pub bits: Bits,
    /// Time it must not lie before.
    pub median_time: Timestamp,
}

/// Checks that the work was done that the header itself claims; needs no other block.
///
/// # Consensus
/// The bits stand for a target not above `pow_limit`, and the hash, read as a number, does not exceed it.
///
/// # Security
/// Whether it claims enough work is for [`check_header`]; until that is known, this may be no more than `pow_limit` asks.
///
/// # Errors
/// The rule that it broke.
pub fn check_work(params: &Params, header: &Header) -> Result<BlockHash, HeaderError> {
    let target = Target::from_bits(header.bits)?;
    if target > params.pow_limit {
        return Err(HeaderError::AboveLimit { target, limit: params.pow_limit });
    }
    let hash = header.hash();
    let done = match params.work_rule {
        WorkRule::Sha256d => target.is_met_by(&hash),
        #[cfg(feature = "lab")]
        WorkRule::Virtual => true,
    };
    if done { Ok(hash) } else { Err(HeaderError::Work { hash, target }) }
}

/// Checks a header against the branch below it.
///
/// # Consensus
/// Its bits are exactly those that the branch asks for; its time is not before the median of the last eleven blocks.
/// Equality is allowed, so any number of blocks may share a second. Its version may be anything.
///
/// # Errors
/// The rule that it broke.
pub fn check_header(header: &Header, context: &HeaderContext) -> Result<(), HeaderError> {
    if header.bits != context.bits {
        return Err(HeaderError::Difficulty { expected: context.bits, found: header.bits });
    }
    if header.time < context.median_time {
        return Err(HeaderError::TimeTooOld { median: context.median_time, found: header.time });
    }
    Ok(())
}

/// A header from the future: nobody's fault, and perhaps valid in a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{seconds_early} seconds too early; clocks may differ, it may be valid later")]
pub struct TooEarly {
    /// How long until it may be looked at again.
    pub seconds_early: u32,
}

/// Checks that a header that just arrived does not lie too far ahead of our clock. Never asked again, nor on replay:
/// whether a block is valid must not depend on when it is looked at.
///
/// # Security
/// A larger drift lets a miner push time forward and lower difficulty; a smaller one splits us from honest peers whose
/// clocks differ.
///
/// # Errors
/// When it must wait.
pub fn check_arrival(time: Timestamp, now: Timestamp, params: &Params) -> Result<(), TooEarly> {
    let latest = now.0.saturating_add(params.future_drift);
    match time.0.checked_sub(latest) {
        None | Some(0) => Ok(()),
        Some(seconds_early) => Err(TooEarly { seconds_early }),
    }
}
