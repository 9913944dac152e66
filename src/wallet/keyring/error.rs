//! Why a keyring cannot be changed like that.

use super::{ACCOUNTS_KEPT_MAX, CONTACTS_MAX, Name, PASSPHRASE_BYTES_MAX, SEEDS_MAX};
use crate::types::{AddressError, Prefix};
use crate::wallet::AccountError;
use crate::wallet::mistyped::DATA_LETTERS;

/// Why something cannot be found in a keyring, or done to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// An account or a contact has this name, or one that a person would take for the same.
    #[error(
        "`{0}` is taken: names are unique over accounts and contacts, and capital letters make no difference"
    )]
    NameTaken(Name),
    /// The address is an account already.
    #[error("this address is the account `{0}` already")]
    AddressTaken(Name),
    /// No account has this name.
    #[error("there is no account `{0}`: `cairn wallet list` says which there are")]
    NoAccount(String),
    /// There is no account at all.
    #[error("this wallet has no account: `cairn wallet account new NAME` makes one")]
    NoAccounts,
    /// No contact has this name.
    #[error("there is no contact `{0}`: `cairn wallet contacts list` says which there are")]
    NoContact(String),
    /// Neither a name in the book nor an address.
    #[error("`{0}` is no account, no contact and no address")]
    Nobody(String),
    /// The same where an address would do: what one looks like is said.
    #[error(
        "`{text}` is no account, no contact and no address; on this chain an address is `{prefix}1` and {DATA_LETTERS} small letters and digits"
    )]
    NoPayee {
        /// What was said.
        text: String,
        /// What addresses begin with.
        prefix: Prefix,
    },
    /// An address, but not of this network, or mistyped.
    #[error("`{text}`: {reason}")]
    Address {
        /// What was said.
        text: String,
        /// What is wrong with it.
        reason: Box<AddressError>,
    },
    /// As many accounts as there may be.
    #[error(
        "a wallet keeps at most {ACCOUNTS_KEPT_MAX} accounts: begin another, or tell payments apart by references"
    )]
    AccountsFull,
    /// As many contacts as there may be.
    #[error("a wallet keeps at most {CONTACTS_MAX} contacts")]
    ContactsFull,
    /// As many seeds as there may be.
    #[error("a wallet keeps at most {SEEDS_MAX} sets of words")]
    SeedsFull,
    /// The same words with the same passphrase.
    #[error("these words are in the wallet already")]
    SeedTaken,
    /// There are no words from which an account could follow.
    #[error(
        "this wallet has no words to make accounts from: `cairn wallet new` or `restore` makes one that has"
    )]
    NoSeed,
    /// A passphrase beyond its bound.
    #[error("a passphrase has at most {PASSPHRASE_BYTES_MAX} bytes")]
    PassphraseLong,
    /// An account beyond the last that a path can name.
    #[error(transparent)]
    Number(#[from] AccountError),
}
