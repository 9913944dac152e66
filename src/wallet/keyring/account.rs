//! Accounts: what an address is to the owner of a wallet.

use super::Name;
use crate::codec::Encode;
use crate::crypto::PublicKey;
use crate::types::{Address, Policy};

/// Which of a wallet's seeds, in the order in which they came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode)]
pub struct SeedIndex(pub u8);

/// What an account is made of.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub enum AccountKind {
    /// A key that follows from a seed, so that its words are enough to find it again.
    Derived {
        /// Which seed.
        seed: SeedIndex,
        /// Which of its keys.
        number: u32,
        /// The public half.
        key: PublicKey,
    },
    /// A key that came from elsewhere: it is in the wallet's file and nowhere else.
    Imported {
        /// The public half.
        key: PublicKey,
    },
    /// Somebody's address; nothing can be spent from here.
    Watched {
        /// Where.
        address: Address,
    },
    /// An address that several keys govern, some of them perhaps of this wallet.
    Shared {
        /// Who may spend.
        policy: Policy,
    },
}

/// An address of which a wallet keeps track, and what it is called.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Account {
    pub(super) name: Name,
    kind: AccountKind,
    /// What follows from the kind.
    address: Address,
}

impl Account {
    /// An account of this kind.
    pub fn new(name: Name, kind: AccountKind) -> Self {
        let address = match &kind {
            AccountKind::Derived { key, .. } | AccountKind::Imported { key } => Policy::Key(*key).address(),
            AccountKind::Watched { address } => *address,
            AccountKind::Shared { policy } => policy.address(),
        };
        Self { name, kind, address }
    }

    /// What it is called.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What it is made of.
    pub fn kind(&self) -> &AccountKind {
        &self.kind
    }

    /// Where it is paid.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Who may spend from it; nothing where that is not known.
    pub fn policy(&self) -> Option<Policy> {
        match &self.kind {
            AccountKind::Derived { key, .. } | AccountKind::Imported { key } => Some(Policy::Key(*key)),
            AccountKind::Watched { .. } => None,
            AccountKind::Shared { policy } => Some(policy.clone()),
        }
    }

    /// The public half of the one key that this wallet has for it.
    pub fn own_key(&self) -> Option<PublicKey> {
        match &self.kind {
            AccountKind::Derived { key, .. } | AccountKind::Imported { key } => Some(*key),
            AccountKind::Watched { .. } | AccountKind::Shared { .. } => None,
        }
    }
}

/// Somebody else's address, and what its owner is called here.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Contact {
    /// What they are called.
    pub name: Name,
    /// Where they are paid.
    pub address: Address,
}
