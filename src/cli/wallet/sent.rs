//! What a wallet signed, in a file beside it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use super::guard::{check_own, check_private};
use super::now;
use super::vault::Vault;
use crate::cli::secrets::{beside, write_secret};
use crate::types::{BlockHash, ChainId, Transaction, Txid};
use crate::wallet::{Outbox, Progress, Purpose};

/// The file, while nobody else changes it: whoever has one holds the wallet's lock.
pub(super) struct SentFile {
    path: PathBuf,
    chain: ChainId,
    pub outbox: Outbox,
}

impl SentFile {
    /// As it is now, beside a wallet of this chain.
    ///
    /// # Security
    /// Whoever could write it could have a payment forgotten and made again.
    pub fn read(vault: &Vault, chain: ChainId) -> Result<Self> {
        let path = beside(vault.path(), ".sent");
        let shown = path.display();
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self { path, chain, outbox: Outbox::default() });
            }
            opened => opened.with_context(|| format!("cannot read {shown}"))?,
        };
        let found = file.metadata().with_context(|| format!("cannot read {shown}"))?;
        check_own(&path, &found, vault.path())?;
        check_private(&path, &found, 0o077, "600")?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
        let outbox = Outbox::from_json(&text, chain).with_context(|| {
            format!("{shown}: it remembers what was signed and not yet mined; where nothing is on its way, move it away")
        })?;
        Ok(Self { path, chain, outbox })
    }

    /// Writes a transaction down; from then on it outlives this process. Whoever orders one beside another knows of the doubts about
    /// that.
    pub fn add(
        &mut self,
        transaction: &Transaction,
        purpose: Purpose<'_>,
        seen: Option<BlockHash>,
    ) -> Result<()> {
        self.outbox.add(transaction.clone(), purpose, seen, now())?;
        if let Purpose::Beside(named) = purpose {
            self.outbox.weigh(named);
        }
        self.save()
    }

    /// Notes what became of one.
    pub fn note(&mut self, txid: &Txid, progress: Progress) -> Result<()> {
        self.outbox.note(txid, progress, now());
        self.save()
    }

    /// Notes that one is lost, with all of its order, unless another of it was sent meanwhile.
    pub fn lose(&mut self, txid: &Txid) -> Result<()> {
        ensure!(self.outbox.lose(txid), "another was signed for the same order meanwhile");
        self.save()
    }

    /// Writes what was noted.
    pub fn save(&self) -> Result<()> {
        write_secret(&self.path, &self.outbox.to_json(self.chain))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}
