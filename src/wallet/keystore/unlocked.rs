//! A wallet that its owner opened.

use super::file::Public;
use super::lock::{Key, Lock};
use super::{KeystoreError, Network, Protection, Salt, SealNonce, WalletFile};
use crate::wallet::keyring::Keyring;

/// A wallet's keyring, to be used and changed. What was changed is kept by [`Unlocked::seal`].
#[derive(Debug)]
pub struct Unlocked {
    network: Network,
    lock: Lock,
    key: Key,
    keyring: Keyring,
}

impl Unlocked {
    /// A wallet with nothing in it.
    ///
    /// # Errors
    /// When its password would be guessed too easily.
    pub fn create(network: Network, protection: &Protection, salt: Salt) -> Result<Self, KeystoreError> {
        let (lock, key) = Lock::new(protection, salt)?;
        Ok(Self { network, lock, key, keyring: Keyring::default() })
    }

    pub(super) fn new(network: Network, lock: Lock, key: Key, keyring: Keyring) -> Self {
        Self { network, lock, key, keyring }
    }

    /// Which chain it is for.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What it holds, and what was sealed by its owner.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The same, to be changed.
    pub fn keyring_mut(&mut self) -> &mut Keyring {
        &mut self.keyring
    }

    /// From now on it is protected like this.
    ///
    /// # Errors
    /// When the password would be guessed too easily.
    pub fn protect(&mut self, protection: &Protection, salt: Salt) -> Result<(), KeystoreError> {
        (self.lock, self.key) = Lock::new(protection, salt)?;
        Ok(())
    }

    /// The file that holds all of this.
    pub fn seal(&self, nonce: SealNonce) -> WalletFile {
        let public = Public {
            network: self.network.clone(),
            lock: self.lock.clone(),
            nonce,
            book: self.keyring.book().clone(),
        };
        let sealed = self.key.seal(&nonce, &public.covered(), self.keyring.secrets().encode());
        WalletFile::new(public, sealed)
    }
}
