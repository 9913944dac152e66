//! When blocks come.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::consensus::{Params, PowMode};
use crate::miner::Pace;

/// When blocks come, and what brings them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Mining {
    /// When they are ordered, and not otherwise.
    Manual,
    /// At a pace, each by a node that chance picks.
    At(Pace),
    /// By work, as on any network.
    Work,
}

/// Why blocks do not come like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MiningError {
    /// Not a way to mine.
    #[error(
        "`{0}` is no way to mine: say `interval=SECONDS`, `automine`, `poisson=1`, or `manual`; or `work`, where blocks take work"
    )]
    Unknown(String),
    /// Difficulty would follow.
    #[error(
        "on this network difficulty follows the times of blocks: it mines by `work`, or is `manual`; one that mines to order begins without --asert"
    )]
    NotToOrder,
    /// Work that takes no work.
    #[error(
        "on this network a block takes no work, so that work would make thousands a second: say `interval=SECONDS`, `automine` or `manual`; one with real work begins with --asert"
    )]
    NoWork,
}

impl Mining {
    /// What is usual on a chain.
    pub fn usual(params: &Params) -> Self {
        match params.pow_mode {
            PowMode::Asert => Self::Work,
            PowMode::Fixed => Self::At(Pace::Interval(Duration::from_secs(params.spacing.into()))),
        }
    }

    /// That it can be on a chain.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(self, params: &Params) -> Result<Self, MiningError> {
        match (self, params.pow_mode) {
            (Self::At(_), PowMode::Asert) => Err(MiningError::NotToOrder),
            (Self::Work, PowMode::Fixed) => Err(MiningError::NoWork),
            _ => Ok(self),
        }
    }
}

impl FromStr for Mining {
    type Err = MiningError;

    fn from_str(text: &str) -> Result<Self, MiningError> {
        match text {
            "manual" => Ok(Self::Manual),
            "work" => Ok(Self::Work),
            pace => pace.parse().map(Self::At).map_err(|_| MiningError::Unknown(text.to_owned())),
        }
    }
}

impl fmt::Display for Mining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manual => f.write_str("manual"),
            Self::At(pace) => pace.fmt(f),
            Self::Work => f.write_str("work"),
        }
    }
}
