//! A wallet's file: one text that a person may look at, in which secrets are sealed by a password.
//!
//! | part | who can read it | what notices a change |
//! |---|---|---|
//! | network, accounts, contacts, how it is locked | whoever has the file | the checksum, an accident; the seal, anything |
//! | words, passphrases, imported keys | whoever has the password too | the seal |
//!
//! The public part lets balances be asked for without a password. It is sealed together with the secrets, so every
//! change of the book takes the password as well: nobody can put an address of their own behind a contact's name and
//! wait for the next payment.
//!
//! A password becomes 64 bytes by Argon2id: half of them the key of XChaCha20-Poly1305, half of them, hashed, the
//! *verifier*. That tells three things apart which other wallets call "wrong password or corrupt": a wrong password, a
//! damaged file (its checksum), and a file that somebody changed on purpose. (Who changes salt, costs or verifier on
//! purpose makes every password wrong; nothing can tell those two apart.)
//!
//! Read `file.rs` first, then `lock.rs`; `form.rs` is the JSON.

mod costs;
mod error;
mod file;
mod form;
mod lock;
mod network;
mod password;
mod unlocked;

pub use costs::{Costs, CostsError, LANES_MAX, MEMORY_KIB_MAX, WORK_KIB_MAX};
pub use error::KeystoreError;
pub use file::WalletFile;
pub use lock::{Salt, SealNonce};
pub use network::Network;
pub use password::{PASSWORD_BYTES_MAX, Password, Protection};
pub use unlocked::Unlocked;

/// The form of the files that this program writes, and the latest that it reads.
pub const VERSION: u32 = 1;

/// Bytes of a file. A wallet that is full has fewer.
pub const WALLET_BYTES_MAX: usize = 4 << 20;
