//! Wallets on the disk: read by their owner alone, written whole or not at all, changed by one process at a time.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::guard::{FileLock, check_private};
use super::passwords::Passwords;
use super::place::Place;
use super::sent::SentFile;
use crate::cli::secrets::{random, write_secret};
use crate::types::Txid;
use crate::wallet::keystore::{Password, SealNonce, Unlocked, WALLET_BYTES_MAX, WalletFile};

/// One wallet on the disk.
///
/// # Security
/// Passwords are asked for before the lock is taken, so that whoever leaves a prompt alone keeps nobody waiting; under the lock
/// the file is read again, so that no change by another is lost.
pub(super) struct Vault {
    name: String,
    path: PathBuf,
    is_ours: bool,
}

/// A wallet that its owner opened, as it was then.
pub(super) struct Opened {
    pub wallet: Unlocked,
    password: Password,
    seen: WalletFile,
}

impl Vault {
    /// The wallet at this place, whether there is one or not.
    pub fn at(place: &Place) -> Self {
        // A link stays a link, and what it leads to is what is written.
        let path = fs::canonicalize(place.path()).unwrap_or_else(|_| place.path().to_owned());
        Self { name: place.name().to_owned(), path, is_ours: place.is_ours() }
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What anybody sees who has the file. No password is needed, and nothing is certain of it but that it was not damaged.
    pub fn read(&self) -> Result<WalletFile> {
        let shown = self.path.display();
        let folder = self.path.parent().filter(|_| self.is_ours);
        if let Some((folder, found)) = folder.and_then(|it| Some((it, fs::metadata(it).ok()?))) {
            check_private(folder, &found, 0o022, "700")?;
        }
        let file = File::open(&self.path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!(
                "there is no wallet {shown}: `cairn wallet new` makes one, `cairn wallet restore` brings one back, \
                 --wallet names another"
            ),
            _ => anyhow!("cannot read {shown}: {error}"),
        })?;
        let found = file.metadata().with_context(|| format!("cannot read {shown}"))?;
        check_private(&self.path, &found, 0o077, "600")?;
        let mut bytes = Vec::new();
        let limit = WALLET_BYTES_MAX as u64 + 1;
        file.take(limit).read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
        WalletFile::read(&bytes).with_context(|| shown.to_string())
    }

    /// Opens it, to use what is in it, and perhaps to change it afterwards.
    pub fn open(&self, passwords: &Passwords) -> Result<Opened> {
        let seen = self.read()?;
        let opened = passwords.unlock(&self.name, &seen);
        let (password, wallet) = opened.with_context(|| self.path.display().to_string())?;
        Ok(Opened { wallet, password, seen })
    }

    /// Opens it, has it changed, and writes what came of that. Where the change fails, nothing is written.
    pub fn change<T>(
        &self,
        passwords: &Passwords,
        change: impl FnOnce(&mut Unlocked) -> Result<T>,
    ) -> Result<T> {
        self.change_opened(self.open(passwords)?, change)
    }

    /// The same with a wallet that was opened before, in case somebody had to be asked something in between.
    pub fn change_opened<T>(
        &self,
        opened: Opened,
        change: impl FnOnce(&mut Unlocked) -> Result<T>,
    ) -> Result<T> {
        self.hold(opened, |wallet| {
            let done = change(wallet)?;
            self.write(wallet)?;
            Ok(done)
        })
    }

    /// Opens it, and has something signed and noted among what it sent.
    pub fn sign<T>(
        &self,
        passwords: &Passwords,
        sign: impl FnOnce(&Unlocked, &mut SentFile) -> Result<T>,
    ) -> Result<T> {
        self.hold(self.open(passwords)?, |wallet| {
            let chain = wallet.network().chain();
            sign(wallet, &mut SentFile::read(self, chain)?)
        })
    }

    /// Has something noted among what it sent. No password is needed.
    pub fn note<T>(&self, note: impl FnOnce(&mut SentFile) -> Result<T>) -> Result<T> {
        let _lock = self.lock()?;
        note(&mut SentFile::read(self, self.read()?.network().chain())?)
    }

    /// Notes that whoever sent one was told where it stands. Where that cannot be noted, the same command will say it once more.
    ///
    /// # Security
    /// Only once that was written: whoever was cut off before says the same again, and does not mean a second payment.
    pub fn reported(&self, txid: &Txid) {
        let _ = self.note(|file| {
            file.outbox.report(txid);
            file.save()
        });
    }

    /// Notes that whoever sent one was told that it waits.
    pub fn told(&self, txid: &Txid) {
        let _ = self.note(|file| {
            file.outbox.tell(txid);
            file.save()
        });
    }

    /// Has something done with it under its lock, as it is then.
    fn hold<T>(&self, opened: Opened, work: impl FnOnce(&mut Unlocked) -> Result<T>) -> Result<T> {
        let Opened { mut wallet, password, seen } = opened;
        let _lock = self.lock()?;
        let file = self.read()?;
        if file != seen {
            wallet = file.unlock(&password).with_context(|| self.path.display().to_string())?;
        }
        work(&mut wallet)
    }

    /// Refuses where there is something already.
    pub fn check_absent(&self) -> Result<()> {
        if fs::symlink_metadata(&self.path).is_ok() {
            bail!(
                "{} exists already, and no wallet is ever written over: name another with --wallet, or move it away",
                self.path.display()
            );
        }
        Ok(())
    }

    /// Writes a wallet where there was none.
    pub fn create(&self, wallet: &Unlocked) -> Result<()> {
        if self.is_ours
            && let Some(folder) = self.path.parent()
        {
            make_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let _lock = self.lock()?;
        self.check_absent()?;
        // What a wallet of that name sent before is remembered, if it was on this chain.
        SentFile::read(self, wallet.network().chain())?;
        self.write(wallet)
    }

    fn write(&self, wallet: &Unlocked) -> Result<()> {
        let text = wallet.seal(SealNonce(*random()?)).to_json();
        write_secret(&self.path, &text).with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn lock(&self) -> Result<FileLock> {
        FileLock::of(&self.path)
    }
}

/// A folder that nobody else can look into, with all folders above it.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
