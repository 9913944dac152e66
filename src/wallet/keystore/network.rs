//! Which chain a wallet is for.

use super::KeystoreError;
use crate::types::{ChainId, Prefix};

/// Bytes of a network's name, as in its genesis.
const NAME_BYTES_MAX: usize = 64;

/// The chain that a wallet's addresses and signatures are for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    name: String,
    chain: ChainId,
    prefix: Prefix,
}

impl Network {
    /// The network of this name, with this first block, whose addresses begin like this.
    ///
    /// # Security
    /// The name is shown on terminals, so it must not steer one.
    ///
    /// # Errors
    /// When it has no name that can be shown.
    pub fn new(name: &str, chain: ChainId, prefix: Prefix) -> Result<Self, KeystoreError> {
        if (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control) {
            Ok(Self { name: name.to_owned(), chain, prefix })
        } else {
            Err(KeystoreError::NetworkName)
        }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of its first block.
    pub fn chain(&self) -> ChainId {
        self.chain
    }

    /// What its addresses begin with.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }
}
