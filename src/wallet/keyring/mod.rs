//! What a wallet holds: secrets, and a book of the accounts that follow from them and of people who are paid.
//!
//! Whatever is in the book's accounts and can be spent from has its secret here; a [`Keyring`] cannot be built otherwise.

mod account;
mod book;
mod error;
mod gap;
mod name;
mod secrets;

pub use account::{Account, AccountKind, Contact, SeedIndex};
pub use book::{ACCOUNTS_KEPT_MAX, Book, CONTACTS_MAX};
pub use error::KeyringError;
pub use gap::{GAP, Gap};
pub use name::{NAME_LETTERS_MAX, Name, NameError};
pub use secrets::{PASSPHRASE_BYTES_MAX, SEEDS_MAX};
pub(super) use secrets::{SECRETS_BYTES_MAX, Secrets};

use super::Mnemonic;
use crate::crypto::{PublicKey, SecretKey};
use crate::types::{Address, Policy};

/// The secrets of a wallet and its book.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    book: Book,
    secrets: Secrets,
}

impl Keyring {
    /// The two together, where each account has its secret and each secret key its account.
    pub(super) fn join(book: Book, secrets: Secrets) -> Option<Self> {
        let keyring = Self { book, secrets };
        let imported = |account: &&Account| matches!(account.kind(), AccountKind::Imported { .. });
        let count = keyring.book.accounts().iter().filter(imported).count();
        let all = keyring.book.accounts().iter().all(|account| keyring.holds_secret_of(account));
        (all && count == keyring.secrets.key_count()).then_some(keyring)
    }

    /// Whether the key that the book says an account has is the one that follows from the secrets.
    fn holds_secret_of(&self, account: &Account) -> bool {
        account.own_key().is_none_or(|key| self.secret_of(account).is_some_and(|it| it.public_key() == key))
    }

    /// What is not secret.
    pub fn book(&self) -> &Book {
        &self.book
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// How many sets of words there are.
    pub fn seed_count(&self) -> usize {
        self.secrets.seed_count()
    }

    /// The words of a seed.
    pub fn mnemonic(&self, seed: SeedIndex) -> Option<&Mnemonic> {
        self.secrets.mnemonic(seed)
    }

    /// The passphrase that goes with the words; empty where there is none.
    pub fn passphrase(&self, seed: SeedIndex) -> Option<&str> {
        self.secrets.passphrase(seed)
    }

    /// Takes words in, with their passphrase; no account follows from that alone.
    ///
    /// # Errors
    /// When they are there already, or there are too many.
    pub fn add_words(&mut self, mnemonic: Mnemonic, passphrase: &str) -> Result<SeedIndex, KeyringError> {
        self.secrets.add_words(mnemonic, passphrase)
    }

    /// The address that an account of these words has, whether it is in the book or not.
    ///
    /// # Errors
    /// When there are no such words, or no such account.
    pub fn address_at(&self, seed: SeedIndex, number: u32) -> Result<Address, KeyringError> {
        let seed = self.secrets.seed(seed).ok_or(KeyringError::NoSeed)?;
        Ok(Policy::Key(seed.account(number)?.public_key()).address())
    }

    /// Puts an account of these words into the book.
    ///
    /// # Errors
    /// When there are no such words, it is there already, or its name is taken.
    pub fn derive(&mut self, name: Name, seed: SeedIndex, number: u32) -> Result<&Account, KeyringError> {
        let key = self.secrets.seed(seed).ok_or(KeyringError::NoSeed)?.account(number)?.public_key();
        self.book.add_account(Account::new(name, AccountKind::Derived { seed, number, key }))
    }

    /// Puts the next account of these words into the book: the first that is not there. So whoever has the words meets
    /// no gap when they look for all accounts, and one that was removed comes back.
    ///
    /// # Errors
    /// See [`Keyring::derive`].
    pub fn derive_next(&mut self, name: Name, seed: SeedIndex) -> Result<&Account, KeyringError> {
        let mut number = 0;
        while self.has(seed, number)? {
            number += 1;
        }
        self.derive(name, seed, number)
    }

    /// Whether the book has this account of these words, by whatever way it came.
    fn has(&self, of: SeedIndex, which: u32) -> Result<bool, KeyringError> {
        let is_it = |account: &Account| match account.kind() {
            AccountKind::Derived { seed, number, .. } => (*seed, *number) == (of, which),
            _ => false,
        };
        let derived = self.book.accounts().iter().any(is_it);
        Ok(derived || self.book.account_at(&self.address_at(of, which)?).is_some())
    }

    /// Takes a key in that came from elsewhere, as an account.
    ///
    /// # Errors
    /// When it is there already, or its name is taken.
    pub fn import(&mut self, name: Name, secret: SecretKey) -> Result<&Account, KeyringError> {
        let key = secret.public_key();
        let account = self.book.give_key(Account::new(name, AccountKind::Imported { key }))?;
        self.secrets.add_key(secret);
        Ok(account)
    }

    /// Keeps track of somebody's address.
    ///
    /// # Errors
    /// When it is there already, or its name is taken.
    pub fn watch(&mut self, name: Name, address: Address) -> Result<&Account, KeyringError> {
        self.book.add_account(Account::new(name, AccountKind::Watched { address }))
    }

    /// Keeps track of an address that a policy governs.
    ///
    /// # Errors
    /// When it is there already, or its name is taken.
    pub fn share(&mut self, name: Name, policy: Policy) -> Result<&Account, KeyringError> {
        self.book.add_account(Account::new(name, AccountKind::Shared { policy }))
    }

    /// Forgets an account. A key that was imported is gone with it; one that follows from words comes back by
    /// [`Keyring::derive_next`].
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn remove_account(&mut self, name: &str) -> Result<Account, KeyringError> {
        let account = self.book.remove_account(name)?;
        if let AccountKind::Imported { key } = account.kind() {
            self.secrets.remove_key(key);
        }
        Ok(account)
    }

    /// Gives an account or a contact another name.
    ///
    /// # Errors
    /// When there is none of the first name, or the second is taken.
    pub fn rename(&mut self, from: &str, to: Name) -> Result<(), KeyringError> {
        self.book.rename(from, to)
    }

    /// Notes whose an address is.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn add_contact(&mut self, name: Name, address: Address) -> Result<(), KeyringError> {
        self.book.add_contact(Contact { name, address })
    }

    /// Forgets whose an address is.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn remove_contact(&mut self, name: &str) -> Result<Contact, KeyringError> {
        self.book.remove_contact(name)
    }

    /// The secret half of a key, where it is that of an account here.
    pub fn secret_key(&self, key: &PublicKey) -> Option<SecretKey> {
        let account = self.book.accounts().iter().find(|account| account.own_key() == Some(*key))?;
        self.secret_of(account)
    }

    /// The secret halves of those keys in a policy that are of accounts here, each once.
    pub fn secret_keys(&self, policy: &Policy) -> Vec<SecretKey> {
        let mut keys = Vec::new();
        collect_keys(policy, &mut keys);
        keys.iter().filter_map(|key| self.secret_key(key)).collect()
    }

    fn secret_of(&self, account: &Account) -> Option<SecretKey> {
        match account.kind() {
            AccountKind::Derived { seed, number, .. } => self.secrets.seed(*seed)?.account(*number).ok(),
            AccountKind::Imported { key } => self.secrets.imported(key).cloned(),
            AccountKind::Watched { .. } | AccountKind::Shared { .. } => None,
        }
    }
}

fn collect_keys(policy: &Policy, keys: &mut Vec<PublicKey>) {
    match policy {
        Policy::Key(key) if !keys.contains(key) => keys.push(*key),
        Policy::Threshold(threshold) => {
            threshold.children().iter().for_each(|child| collect_keys(child, keys));
        }
        Policy::Key(_) | Policy::After(_) | Policy::Preimage(_) => {}
    }
}
