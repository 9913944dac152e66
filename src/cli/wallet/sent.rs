//! What a wallet signed, in a file beside it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::now;
use super::vault::Vault;
use crate::cli::secrets::{beside, write_secret};
use crate::types::{Transaction, Txid};
use crate::wallet::{Outbox, Progress};

/// The file, while nobody else changes it: whoever has one holds the wallet's lock.
pub(super) struct SentFile {
    path: PathBuf,
    pub outbox: Outbox,
}

impl SentFile {
    /// As it is now.
    pub fn read(vault: &Vault) -> Result<Self> {
        let path = beside(vault.path(), ".sent");
        let shown = || path.display().to_string();
        let outbox = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Outbox::default(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", shown())),
            Ok(text) => Outbox::from_json(&text).with_context(|| {
                format!(
                    "{}: it remembers what was signed and not yet mined; where nothing is on its way, move it away",
                    shown()
                )
            })?,
        };
        Ok(Self { path, outbox })
    }

    /// Writes a transaction down; from then on it outlives this process.
    pub fn add(&mut self, transaction: &Transaction) -> Result<()> {
        self.outbox.add(transaction.clone(), now())?;
        self.save()
    }

    /// Notes what became of one.
    pub fn note(&mut self, txid: &Txid, progress: Progress) -> Result<()> {
        self.outbox.note(txid, progress, now());
        self.save()
    }

    /// Writes what was noted.
    pub fn save(&self) -> Result<()> {
        write_secret(&self.path, &self.outbox.to_json())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}
