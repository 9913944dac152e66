//! What a chain begins with, for machines that have no node to ask: kept beside the wallets when a node told it, built in, or
//! read from a file.
//!
//! # Security
//! Whoever told it: its hash is the chain's name, which the wallet knows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::Options;
use super::network::BUILT_IN;
use super::vault::Vault;
use crate::cli::config::read_genesis;
use crate::cli::secrets::write_secret;
use crate::client::Client;
use crate::consensus::Genesis;
use crate::types::ChainId;
use crate::wallet::keystore::Network;

/// Where a chain's genesis is kept.
fn place(vault: &Vault, chain: ChainId) -> PathBuf {
    vault.path().with_file_name(format!("{chain}.genesis.json"))
}

/// Keeps what a node tells, for the day when there is none. That it could not be kept is said when it is missed.
pub(super) fn keep_told(vault: &Vault, client: &Client, chain: ChainId) {
    let place = place(vault, chain);
    if !place.exists()
        && let Ok(told) = client.network()
        // It is asked once more, and could answer anything.
        && let text = told.genesis_file().to_json()
        && Genesis::from_json(&text).is_ok_and(|genesis| genesis.params().chain == chain)
    {
        let _ = write_secret(&place, &text);
    }
}

/// Keeps what a file says that was named when the wallet was made, so that nobody has to name it again.
pub(super) fn keep(vault: &Vault, chain: ChainId, genesis: &str) {
    let place = place(vault, chain);
    let is_built_in = || Genesis::from_json(BUILT_IN).is_ok_and(|built_in| built_in.params().chain == chain);
    if !place.exists() && !is_built_in() {
        let _ = write_secret(&place, genesis);
    }
}

impl Options {
    /// What the wallet's chain begins with; no node is asked. A file that is named is kept for the next time.
    pub(super) fn ground(&self, network: &Network, named: Option<&Path>) -> Result<Genesis> {
        let (vault, chain) = (self.vault()?, network.chain());
        let place = place(&vault, chain);
        if let Some(file) = named {
            let text = read_genesis(file)?;
            let genesis = Genesis::from_json(&text).with_context(|| file.display().to_string())?;
            let found = genesis.params().chain;
            ensure!(
                found == chain,
                "{} begins chain {found}, and this wallet is for {}, chain {chain}",
                file.display(),
                network.name()
            );
            keep(&vault, chain, &text);
            return Ok(genesis);
        }
        let kept = fs::read_to_string(&place).ok();
        let known = kept.iter().map(String::as_str).chain([BUILT_IN]);
        let mut known = known.filter_map(|text| Genesis::from_json(text).ok());
        match known.find(|genesis| genesis.params().chain == chain) {
            Some(genesis) => Ok(genesis),
            None => bail!(
                "this wallet is for {}, chain {chain}, and no node has told it what that begins with: name the genesis file with \
                 --genesis, once",
                network.name()
            ),
        }
    }
}
