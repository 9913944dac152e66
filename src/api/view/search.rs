//! What was found.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schemas::AddressText;
use crate::types::{BlockHash, Height, Txid};

/// Something that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Hit {
    /// A block.
    Block {
        /// Its name.
        hash: BlockHash,
        /// Where it stands.
        height: Height,
        /// Whether it is on the branch that is followed.
        followed: bool,
    },
    /// A transaction, mined or waiting.
    Transaction {
        /// Its name.
        txid: Txid,
    },
    /// An address of this network.
    Account {
        /// Whose.
        address: AddressText,
        /// Whether it was ever paid.
        known: bool,
    },
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchView {
    /// Best first.
    pub hits: Vec<Hit>,
}
