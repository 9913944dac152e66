//! The book: every account and every contact, by name. Nothing in it is secret.

use super::{Account, AccountKind, Contact, KeyringError, NAME_LETTERS_MAX, Name};
use crate::types::{Address, Prefix};

/// Accounts in a book. Whoever wants to tell more payers apart gives them references instead of addresses.
pub const ACCOUNTS_KEPT_MAX: usize = 1000;
/// Contacts in a book.
pub const CONTACTS_MAX: usize = 1000;

/// Accounts and contacts, in the order in which they came.
///
/// # Invariants
/// No two have names that a person would take for the same, and no two accounts have the same address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Book {
    accounts: Vec<Account>,
    contacts: Vec<Contact>,
}

impl Book {
    /// A book of these.
    ///
    /// # Errors
    /// When they do not go together, or are too many.
    pub fn new(accounts: Vec<Account>, contacts: Vec<Contact>) -> Result<Self, KeyringError> {
        let mut book = Self::default();
        accounts.into_iter().try_for_each(|account| book.add_account(account).map(|_| ()))?;
        contacts.into_iter().try_for_each(|contact| book.add_contact(contact))?;
        Ok(book)
    }

    /// All accounts.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// All contacts.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// The account that is named, and where none is, the first.
    ///
    /// # Errors
    /// When there is none.
    pub fn account_or_first(&self, name: Option<&str>) -> Result<&Account, KeyringError> {
        match name {
            Some(name) => self.account(name),
            None => self.accounts.first().ok_or(KeyringError::NoAccounts),
        }
    }

    /// The account of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn account(&self, name: &str) -> Result<&Account, KeyringError> {
        self.accounts
            .iter()
            .find(|account| account.name().is_like(name))
            .ok_or_else(|| KeyringError::NoAccount(name.to_owned()))
    }

    /// The account with this address.
    pub fn account_at(&self, address: &Address) -> Option<&Account> {
        self.accounts.iter().find(|account| account.address() == *address)
    }

    /// What the owner of an address is called.
    pub fn name_of(&self, address: &Address) -> Option<&Name> {
        let contact = || self.contacts.iter().find(|contact| contact.address == *address);
        self.account_at(address).map(Account::name).or_else(|| contact().map(|contact| &contact.name))
    }

    /// Where somebody is paid who is named by an account, a contact, or an address of this network.
    ///
    /// # Errors
    /// Says whether this is an address with something wrong, or nobody.
    pub fn address_of(&self, text: &str, prefix: &Prefix) -> Result<Address, KeyringError> {
        if let Ok(account) = self.account(text) {
            return Ok(account.address());
        }
        if let Some(contact) = self.contacts.iter().find(|contact| contact.name.is_like(text)) {
            return Ok(contact.address);
        }
        Address::parse(text, prefix).map_err(|reason| {
            if text.len() > NAME_LETTERS_MAX {
                KeyringError::Address { text: text.to_owned(), reason: Box::new(reason) }
            } else {
                KeyringError::NoPayee { text: text.to_owned(), prefix: prefix.clone() }
            }
        })
    }

    pub(super) fn add_account(&mut self, account: Account) -> Result<&Account, KeyringError> {
        if self.accounts.len() >= ACCOUNTS_KEPT_MAX {
            return Err(KeyringError::AccountsFull);
        }
        if let Some(there) = self.account_at(&account.address()) {
            return Err(KeyringError::AddressTaken(there.name().clone()));
        }
        self.check_free(account.name())?;
        self.accounts.push(account);
        Ok(&self.accounts[self.accounts.len() - 1])
    }

    /// Adds an account whose key is known; in the place of one that was only watched until now, where there is one.
    pub(super) fn give_key(&mut self, account: Account) -> Result<&Account, KeyringError> {
        let is_it = |it: &Account| it.address() == account.address();
        let watched = |it: &Account| is_it(it) && matches!(it.kind(), AccountKind::Watched { .. });
        let Some(at) = self.accounts.iter().position(watched) else { return self.add_account(account) };
        if !account.name().is_like(self.accounts[at].name().as_str()) {
            self.check_free(account.name())?;
        }
        self.accounts[at] = account;
        Ok(&self.accounts[at])
    }

    pub(super) fn add_contact(&mut self, contact: Contact) -> Result<(), KeyringError> {
        if self.contacts.len() >= CONTACTS_MAX {
            return Err(KeyringError::ContactsFull);
        }
        self.check_free(&contact.name)?;
        self.contacts.push(contact);
        Ok(())
    }

    pub(super) fn remove_account(&mut self, name: &str) -> Result<Account, KeyringError> {
        let at = self.accounts.iter().position(|account| account.name().is_like(name));
        at.map(|at| self.accounts.remove(at)).ok_or_else(|| KeyringError::NoAccount(name.to_owned()))
    }

    pub(super) fn remove_contact(&mut self, name: &str) -> Result<Contact, KeyringError> {
        let at = self.contacts.iter().position(|contact| contact.name.is_like(name));
        at.map(|at| self.contacts.remove(at)).ok_or_else(|| KeyringError::NoContact(name.to_owned()))
    }

    /// Gives an account or a contact another name.
    pub(super) fn rename(&mut self, from: &str, to: Name) -> Result<(), KeyringError> {
        // Only its capital letters may change.
        if !to.is_like(from) {
            self.check_free(&to)?;
        }
        let account = self.accounts.iter_mut().find(|account| account.name.is_like(from));
        let contact = self.contacts.iter_mut().find(|contact| contact.name.is_like(from));
        let name = account.map(|account| &mut account.name).or(contact.map(|contact| &mut contact.name));
        *name.ok_or_else(|| KeyringError::Nobody(from.to_owned()))? = to;
        Ok(())
    }

    fn check_free(&self, name: &Name) -> Result<(), KeyringError> {
        let accounts = self.accounts.iter().map(Account::name);
        let contacts = self.contacts.iter().map(|contact| &contact.name);
        match accounts.chain(contacts).find(|taken| taken.is_like(name.as_str())) {
            Some(taken) => Err(KeyringError::NameTaken(taken.clone())),
            None => Ok(()),
        }
    }
}
