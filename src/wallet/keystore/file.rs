//! A wallet's file: what anybody who reads it sees, and what only its owner does.

use std::fmt;
use std::sync::LazyLock;

use super::lock::Lock;
use super::{KeystoreError, Network, Password, SealNonce, Unlocked, VERSION, form};
use crate::codec::{Encode, encode};
use crate::crypto::{Digest, Tag};
use crate::types::BlockHash;
use crate::wallet::keyring::{Account, Book, Contact, Keyring, SECRETS_BYTES_MAX, Secrets};

/// What the cipher adds to the secrets.
const TAG_BYTES: usize = 16;

/// Everything that is not secret, and that is sealed with the secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Public {
    pub network: Network,
    pub lock: Lock,
    pub nonce: SealNonce,
    pub book: Book,
}

/// The same as bytes: what the checksum is over, and what the cipher authenticates. JSON would not do: there are many
/// ways to write the same.
#[derive(Encode)]
struct Covered<'a> {
    version: u32,
    name: &'a str,
    chain: BlockHash,
    prefix: &'a str,
    lock: Lock,
    nonce: SealNonce,
    accounts: &'a [Account],
    contacts: &'a [Contact],
}

impl Public {
    pub fn covered(&self) -> Vec<u8> {
        encode(&Covered {
            version: VERSION,
            name: self.network.name(),
            chain: self.network.chain().0,
            prefix: self.network.prefix().as_str(),
            lock: self.lock.clone(),
            nonce: self.nonce,
            accounts: self.book.accounts(),
            contacts: self.book.contacts(),
        })
    }
}

/// A file that was read and whose checksum holds.
///
/// # Security
/// The checksum notices accidents. Somebody who means harm mends it, so what [`WalletFile::book`] says is good for showing and
/// for asking; before money moves, [`WalletFile::unlock`] says whether it is what the owner sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct WalletFile {
    public: Public,
    sealed: Vec<u8>,
}

impl fmt::Debug for WalletFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalletFile").field("public", &self.public).finish_non_exhaustive()
    }
}

static CHECKSUM: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/wallet/checksum"));

fn checksum_of(public: &Public, sealed: &[u8]) -> Digest {
    CHECKSUM.hash_pair(&CHECKSUM.hash(&public.covered()), &CHECKSUM.hash(sealed))
}

impl WalletFile {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// When they are no wallet, one of a later version, or one that was damaged; the field is named where it can be.
    pub fn read(bytes: &[u8]) -> Result<Self, KeystoreError> {
        form::read(bytes)
    }

    /// The file's text. It ends with a line break.
    ///
    /// # Panics
    /// Never: every field has a JSON form.
    pub fn to_json(&self) -> String {
        form::write(self)
    }

    pub(super) fn checked(public: Public, sealed: Vec<u8>, checksum: &Digest) -> Result<Self, KeystoreError> {
        if sealed.len() > SECRETS_BYTES_MAX + TAG_BYTES || checksum_of(&public, &sealed) != *checksum {
            return Err(KeystoreError::Damaged);
        }
        Ok(Self { public, sealed })
    }

    pub(super) fn new(public: Public, sealed: Vec<u8>) -> Self {
        Self { public, sealed }
    }

    pub(super) fn public(&self) -> &Public {
        &self.public
    }

    pub(super) fn sealed(&self) -> &[u8] {
        &self.sealed
    }

    pub(super) fn checksum(&self) -> Digest {
        checksum_of(&self.public, &self.sealed)
    }

    /// Which chain it is for.
    pub fn network(&self) -> &Network {
        &self.public.network
    }

    /// Accounts and contacts, as the file says.
    pub fn book(&self) -> &Book {
        &self.public.book
    }

    /// Whether it says to have no password.
    pub fn is_open(&self) -> bool {
        self.public.lock.is_open
    }

    /// Opens it. Slow on purpose, but for an open wallet, which [`Password::empty`] opens.
    ///
    /// # Errors
    /// For a wrong password, and where the file is not as its owner sealed it.
    pub fn unlock(&self, password: &Password) -> Result<Unlocked, KeystoreError> {
        let Public { network, lock, nonce, book } = &self.public;
        let key = lock.open(password)?;
        let secrets = key.open(nonce, &self.public.covered(), &self.sealed).ok_or(KeystoreError::Tampered)?;
        let secrets = Secrets::decode(&secrets).ok_or(KeystoreError::Content)?;
        let keyring = Keyring::join(book.clone(), secrets).ok_or(KeystoreError::Content)?;
        Ok(Unlocked::new(network.clone(), lock.clone(), key, keyring))
    }
}
