//! Why a wallet's file cannot be read, opened or made.

use super::{CostsError, PASSWORD_BYTES_MAX, VERSION, WALLET_BYTES_MAX};

/// Why a wallet's file cannot be read, opened or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// Longer than any wallet.
    #[error("{0} bytes are no wallet: the longest has {WALLET_BYTES_MAX}")]
    TooLong(usize),
    /// Nothing says that it is one.
    #[error("this is no wallet: no `cairn_wallet` stands in it")]
    NotAWallet,
    /// A version that this program does not know.
    #[error("this wallet is of version {0}, and this program knows {VERSION}: use a newer `cairn`")]
    LaterVersion(u32),
    /// A field is missing, unknown, or not what it should be.
    #[error(
        "the wallet is damaged or was edited: {field}: {reason}; take it from a backup, or restore it from its words"
    )]
    Malformed {
        /// The path to the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What the file says does not add up to its checksum.
    #[error(
        "the wallet is damaged: its checksum does not hold; take it from a backup, or restore it from its words"
    )]
    Damaged,
    /// Another password.
    #[error("wrong password")]
    WrongPassword,
    /// The password is right, and what stands beside the secrets is not what was sealed with them.
    #[error(
        "somebody changed this wallet who does not have its password: trust no address in it; take it from a backup, or restore \
         it from its words"
    )]
    Tampered,
    /// What was sealed goes with nothing that this program makes.
    #[error(
        "what is sealed in this wallet does not belong to its accounts; take it from a backup, or restore it from its words"
    )]
    Content,
    /// No password, or one beyond its bound.
    #[error("a password has 1 to {PASSWORD_BYTES_MAX} bytes")]
    Password,
    /// Costs out of bounds.
    #[error(transparent)]
    Costs(#[from] CostsError),
    /// Costs at which passwords are guessed too easily.
    #[error(
        "a password guards nothing when guesses are that cheap: take at least 7 MiB, and 35 MiB over all passes"
    )]
    WeakCosts,
    /// A name of a network that cannot be shown.
    #[error("the name of a network is 1 to 64 bytes of text without control characters")]
    NetworkName,
}
