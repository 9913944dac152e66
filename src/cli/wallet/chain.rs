//! The chain that a wallet is for, as a node tells of it.

use anyhow::{Result, ensure};

use super::{Options, ground};
use crate::api::view::{AccountView, AddressText};
use crate::client::{Client, ClientError};
use crate::consensus::{Genesis, Params};
use crate::types::{Address, Height};
use crate::wallet::keystore::Network;

/// A node that follows the wallet's chain.
///
/// # Security
/// Its rules are not the node's word: they hash to the chain's name, which the wallet knows. Balances, heights and nonces are.
pub(super) struct Chain {
    pub client: Client,
    pub genesis: Genesis,
}

impl Options {
    /// The node, if it follows this chain.
    pub(super) fn chain(&self, network: &Network) -> Result<Chain> {
        let client = self.client()?;
        let genesis = client.genesis()?;
        let found = genesis.params().chain;
        ensure!(
            found == network.chain(),
            "the node at {} is one of {}, chain {found}, and this wallet is for {}, chain {}: name another node with --node, or \
             another wallet with --wallet",
            client.url(),
            genesis.name(),
            network.name(),
            network.chain()
        );
        ground::keep_told(&self.vault()?, &client, found);
        Ok(Chain { client, genesis })
    }
}

impl Chain {
    pub fn params(&self) -> &Params {
        self.genesis.params()
    }

    pub fn text(&self, address: &Address) -> String {
        address.to_text(&self.params().prefix)
    }

    /// What an account has, the pool included.
    pub fn account(&self, address: &Address) -> Result<AccountView, ClientError> {
        self.client.account(&AddressText(self.text(address)))
    }

    /// Whether the chain knows an account at this address: one that was paid and mined.
    pub fn has_account(&self, address: &Address) -> Result<bool, ClientError> {
        let account = self.account(address)?;
        // An account with nothing in it has spent it.
        Ok(account.nonce.0 > 0 || !account.balance.is_zero())
    }

    /// The height of the next block.
    pub fn next_height(&self) -> Result<Height, ClientError> {
        Ok(self.client.tip()?.height.next().unwrap_or(Height(u32::MAX)))
    }
}
