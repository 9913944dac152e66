//! The lock: from a password to a key, and what that key seals.

use std::fmt;
use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::{Costs, KeystoreError, Password, Protection};
use crate::codec::Encode;
use crate::crypto::{Digest, Tag};

/// 16 random bytes, new for each password: equal passwords make different keys, and no table of guesses serves twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode)]
pub struct Salt(pub [u8; 16]);

/// 24 random bytes, new each time that a wallet is sealed.
///
/// # Security
/// The same twice under one key would give away what changed in between. Among so many no draw ever meets another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode)]
pub struct SealNonce(pub [u8; 24]);

/// How a wallet is locked; all of it can be seen by anybody.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub(super) struct Lock {
    pub is_open: bool,
    pub costs: Costs,
    pub salt: Salt,
    /// What the right password leads to beside the key, hashed.
    pub verifier: Digest,
}

/// What seals and opens.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; 32]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

static VERIFIER: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/wallet/verifier"));

/// A key and its verifier.
///
/// # Security
/// The verifier tells a guess from the password, which the sealed part does as well: it makes no guess cheaper. The two
/// halves of what Argon2id yields say nothing of each other.
fn stretch(password: &Password, costs: Costs, salt: &Salt) -> (Key, Digest) {
    let bounded = "costs were within bounds when they were made";
    let params = Params::new(costs.memory_kib(), costs.passes(), costs.lanes(), Some(64)).expect(bounded);
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut both = Zeroizing::new([0; 64]);
    argon.hash_password_into(password.as_bytes(), &salt.0, &mut both[..]).expect(bounded);
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&both[..32]);
    (Key(key), VERIFIER.hash(&both[32..]))
}

impl Lock {
    /// A lock that only this opens.
    pub fn new(protection: &Protection, salt: Salt) -> Result<(Self, Key), KeystoreError> {
        let (password, costs) = match protection {
            Protection::Open => (&Password::empty(), Costs::OPEN),
            Protection::Password(_, costs) if !costs.protect() => return Err(KeystoreError::WeakCosts),
            Protection::Password(password, costs) => (password, *costs),
        };
        let (key, verifier) = stretch(password, costs, &salt);
        Ok((Self { is_open: matches!(protection, Protection::Open), costs, salt, verifier }, key))
    }

    /// The key, for whoever has the password.
    pub fn open(&self, password: &Password) -> Result<Key, KeystoreError> {
        let (key, verifier) = stretch(password, self.costs, &self.salt);
        if verifier == self.verifier { Ok(key) } else { Err(KeystoreError::WrongPassword) }
    }
}

impl Key {
    /// Seals secrets together with what stands beside them.
    pub fn seal(&self, nonce: &SealNonce, beside: &[u8], mut secrets: Zeroizing<Vec<u8>>) -> Vec<u8> {
        let bounded = "secrets are shorter than the cipher's bound";
        self.cipher().encrypt_in_place(&nonce.0.into(), beside, &mut *secrets).expect(bounded);
        std::mem::take(&mut *secrets)
    }

    /// The secrets; nothing where anything about them or beside them was changed.
    pub fn open(&self, nonce: &SealNonce, beside: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut secrets = Zeroizing::new(sealed.to_vec());
        self.cipher().decrypt_in_place(&nonce.0.into(), beside, &mut *secrets).ok()?;
        Some(secrets)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}
