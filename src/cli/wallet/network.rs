//! Which chain a wallet is for, and whom to ask about it.

use std::path::Path;

use anyhow::{Context, Result};

use super::Options;
use super::place::settled_node;
use crate::api::view::AddressText;
use crate::cli::config::read_genesis;
use crate::cli::serving::USUAL_NODE;
use crate::client::{Client, ClientError};
use crate::consensus::Genesis;
use crate::types::{Address, Amount, ChainId};
use crate::wallet::keystore::Network;

/// The genesis of the devnet that the repository carries.
pub(super) const BUILT_IN: &str = include_str!("../../../genesis.json");

/// A chain, who said that it is this one, and a node that follows it.
pub(super) struct Asked {
    pub network: Network,
    pub from: String,
    pub node: Option<Client>,
    /// What the chain begins with, in JSON.
    pub genesis: String,
}

impl Options {
    /// The node that the options name, the settings, or the usual one. Nothing is asked yet.
    pub(super) fn client(&self) -> Result<Client> {
        let named = self.named_node().map_or_else(settled_node, |node| Ok(Some(node.to_owned())))?;
        Ok(Client::new(named.as_deref().unwrap_or(USUAL_NODE))?)
    }

    /// An empty variable is none.
    fn named_node(&self) -> Option<&str> {
        self.node.as_deref().filter(|node| !node.is_empty())
    }

    /// The chain of a genesis file where one is named; else the node's; else, where no node was named and none answers at the
    /// usual place, the one that is built in.
    pub(super) fn ask_network(&self, genesis: Option<&Path>) -> Result<Asked> {
        let client = self.client()?;
        let answer = client.network();
        if let Some(path) = genesis {
            let genesis = read_genesis(path)?;
            let network = network_of(&genesis).with_context(|| path.display().to_string())?;
            let same = answer.is_ok_and(|found| ChainId(found.chain) == network.chain());
            return Ok(Asked {
                network,
                from: path.display().to_string(),
                node: same.then_some(client),
                genesis,
            });
        }
        match answer {
            Ok(found) => {
                let genesis = found.genesis_file().to_json();
                let network = Network::new(&found.name, ChainId(found.chain), found.prefix)?;
                Ok(Asked {
                    network,
                    from: format!("the node at {}", client.url()),
                    node: Some(client),
                    genesis,
                })
            }
            Err(ClientError::Unreachable { .. }) if self.named_node().is_none() => {
                let from = format!("the genesis in this program, since no node answers at {}", client.url());
                Ok(Asked { network: network_of(BUILT_IN)?, from, node: None, genesis: BUILT_IN.to_owned() })
            }
            Err(error) => Err(error).context("name a genesis file with --genesis, and no node is needed"),
        }
    }
}

fn network_of(genesis: &str) -> Result<Network> {
    let genesis = Genesis::from_json(genesis)?;
    Ok(Network::new(genesis.name(), genesis.params().chain, genesis.params().prefix.clone())?)
}

/// Whether an address was ever paid, or paid anybody.
pub(super) fn was_used(node: &Client, network: &Network, address: &Address) -> Result<bool> {
    let account = node.account(&AddressText(address.to_text(network.prefix())))?;
    // Whoever was paid and has nothing left has paid somebody.
    let sums = [account.balance, account.immature, account.incoming];
    Ok(account.next_nonce.0 > 0 || sums.iter().any(|sum| *sum != Amount::ZERO))
}
