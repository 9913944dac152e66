//! What the state is made of: a map from keys to accounts, rewards and the supply.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use crate::codec::{Canonical, Decode, Encode};
use crate::crypto::{Digest, Tag};
use crate::types::{Address, Amount, Height, Nonce};

static KEY: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/key"));

const ACCOUNT: u8 = 0;
const REWARD: u8 = 1;
const SUPPLY: u8 = 2;

/// Where an entry stands in the state: `tagged_hash("cairn/key", kind ‖ id)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct StateKey(Digest);

impl StateKey {
    /// Bits of a key, so levels of the tree at most.
    pub const BITS: usize = 256;

    /// Of an account: kind 0, the address.
    pub fn account(address: &Address) -> Self {
        let mut id = [ACCOUNT; 33];
        id[1..].copy_from_slice(address.as_bytes());
        Self(KEY.hash(&id))
    }

    /// Of the reward that the block at this height earned: kind 1, the height in four bytes, little-endian.
    pub fn reward(height: Height) -> Self {
        let mut id = [REWARD; 5];
        id[1..].copy_from_slice(&height.0.to_le_bytes());
        Self(KEY.hash(&id))
    }

    /// Of the supply: kind 2.
    pub fn supply() -> Self {
        Self(KEY.hash(&[SUPPLY]))
    }

    /// The key that these bytes are.
    pub const fn from_bytes(bytes: Digest) -> Self {
        Self(bytes)
    }

    /// The key's bytes.
    pub const fn as_bytes(&self) -> &Digest {
        &self.0
    }

    /// The bit that decides between left and right at this level, highest first.
    pub(super) fn bit(&self, level: usize) -> bool {
        self.0[level / 8] >> (7 - level % 8) & 1 == 1
    }

    /// The key on the other side at the given level, alike above it.
    pub(super) fn flipped(mut self, level: usize) -> Self {
        self.0[level / 8] ^= 0x80 >> (level % 8);
        self
    }

    /// The order of keys; quicker than comparing all bytes where keys are many and random.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let beginning = |key: &Self| key.0.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        beginning(self).cmp(&beginning(other)).then_with(|| self.cmp(other))
    }

    /// How many bits both keys begin with alike.
    pub(super) fn shared_bits(&self, other: &Self) -> usize {
        match self.0.iter().zip(&other.0).position(|(own, other)| own != other) {
            Some(at) => 8 * at + (self.0[at] ^ other.0[at]).leading_zeros() as usize,
            None => Self::BITS,
        }
    }

    /// The first bits as a number, for a table of `2^bits` places.
    pub(super) fn prefix(&self, bits: usize) -> usize {
        let [a, b, c, d, ..] = self.0;
        (u64::from(u32::from_be_bytes([a, b, c, d])) >> (32 - bits)) as usize
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateKey({})", hex::encode(self.0))
    }
}

/// What an account has, and how often it has spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Account {
    /// What it can spend.
    pub balance: Amount,
    /// The nonce of its next transaction.
    pub nonce: Nonce,
}

/// What a miner is owed and cannot spend yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Reward {
    /// Who.
    pub recipient: Address,
    /// How much.
    pub amount: Amount,
}

/// How much money there is beyond the allocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Supply {
    /// All subsidies so far.
    pub issued: Amount,
    /// All account charges so far.
    pub burned: Amount,
}

/// One entry of the state.
///
/// A reward is kept behind a pointer: there are as many as blocks to maturity, and accounts by the million should not
/// be as wide as they are.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Entry {
    /// An account.
    Account(Account),
    /// A reward that has yet to mature.
    Reward(Box<Reward>),
    /// The supply.
    Supply(Supply),
}

impl Canonical for Entry {
    const BYTES_MAX: usize = 64;
}

/// Whatever answers what stands in the state: the tree, a plan on top of it, a pinned tip.
pub trait View {
    /// The entry under this key.
    fn entry(&self, key: &StateKey) -> Option<Entry>;

    /// The account under this key, which must be an account's.
    fn account_at(&self, key: &StateKey) -> Option<Account> {
        match self.entry(key)? {
            Entry::Account(account) => Some(account),
            Entry::Reward(_) | Entry::Supply(_) => None,
        }
    }

    /// The account of this address, or nothing where it was never paid.
    fn account(&self, address: &Address) -> Option<Account> {
        self.account_at(&StateKey::account(address))
    }

    /// What the block at this height earned, while it has not matured.
    fn reward(&self, height: Height) -> Option<Reward> {
        match self.entry(&StateKey::reward(height))? {
            Entry::Reward(reward) => Some(*reward),
            Entry::Account(_) | Entry::Supply(_) => None,
        }
    }

    /// The supply; nothing issued and nothing burned at genesis.
    fn supply(&self) -> Supply {
        match self.entry(&StateKey::supply()) {
            Some(Entry::Supply(supply)) => supply,
            Some(Entry::Account(_) | Entry::Reward(_)) | None => Supply::default(),
        }
    }
}
