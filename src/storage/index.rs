//! Where to look for a transaction, an address or a reference.
//!
//! An entry says that something of interest *may* stand at a place in the block of a height; whoever finds it looks there.
//! So entries need not be taken back when a block is: they then point at what is not there any more, and are passed over.
//! The same block can be indexed twice, and the outcome is the same.

use crate::codec::encoded_len;
use crate::crypto::{Digest, sha256};
use crate::types::{
    Address, BLOCK_TRANSACTIONS_MAX, Block, FirstDigits, FirstLetters, Height, Reference,
    TRANSACTION_BYTES_MAX, Txid,
};

/// Bytes of an entry's key: what is looked for (9), the height (4) and the position in the block (3), both big-endian and
/// inverted: what is newest comes first.
pub(super) const KEY_BYTES: usize = 16;
/// No position is as high.
const POSITION_MAX: u32 = (1 << 24) - 1;
const _: () = assert!(BLOCK_TRANSACTIONS_MAX < POSITION_MAX as usize, "a position fits into three bytes");

/// What can be looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject<'a> {
    /// A transaction.
    Transaction(&'a Txid),
    /// Everything that pays an address or that it pays, rewards included.
    Address(&'a Address),
    /// Every payment with this reference, to whomever.
    Reference(&'a Reference),
}

/// A subject as entries name it: its kind, and enough of a hash that others are met as good as never.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SubjectKey([u8; SUBJECT_BYTES]);

impl SubjectKey {
    /// Of an entry's key; nothing where these bytes are none.
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        key.first_chunk().copied().map(Self)
    }
}

/// Bytes of a key that say what is looked for.
const SUBJECT_BYTES: usize = 9;
/// What the keys of entries for transactions begin with.
const TRANSACTION_KIND: u8 = 0;
/// And those of entries for addresses.
const ADDRESS_KIND: u8 = 1;

impl Subject<'_> {
    /// As entries name it.
    pub fn key(&self) -> SubjectKey {
        let (kind, hash) = match self {
            Subject::Transaction(txid) => (TRANSACTION_KIND, *txid.as_bytes()),
            Subject::Address(address) => (ADDRESS_KIND, *address.as_bytes()),
            Subject::Reference(reference) => (2, sha256(reference)),
        };
        let mut key = [kind; SUBJECT_BYTES];
        key[1..].copy_from_slice(&hash[..8]);
        SubjectKey(key)
    }

    /// The keys of all entries below a height, and beyond where the order says that somebody has come.
    pub(super) fn range(&self, order: Order, below: Height) -> ([u8; KEY_BYTES], [u8; KEY_BYTES]) {
        let SubjectKey(subject) = self.key();
        let key = |place: Place| {
            let mut key = [0; KEY_BYTES];
            key[..9].copy_from_slice(&subject);
            key[9..].copy_from_slice(&place.order());
            key
        };
        // The newest below the height is the last that a block below it could have.
        let newest = Place::above_all_below(below);
        let mut end = [0xff; KEY_BYTES];
        end[..9].copy_from_slice(&subject);
        match order {
            Order::Newest { before } => {
                let start = before.filter(|before| before.height < below).unwrap_or(newest);
                (after(key(start)), end)
            }
            Order::Oldest { after: seen } => (after(key(newest)), seen.map_or(end, key)),
        }
    }
}

/// The lowest and the highest key that an entry for a transaction whose name begins so can have.
pub(super) fn keys_like(digits: &FirstDigits) -> ([u8; KEY_BYTES], [u8; KEY_BYTES]) {
    keys_between(TRANSACTION_KIND, digits.range())
}

/// The same of an address that begins so.
pub(super) fn keys_of_addresses(letters: &FirstLetters) -> ([u8; KEY_BYTES], [u8; KEY_BYTES]) {
    keys_between(ADDRESS_KIND, letters.range())
}

fn keys_between(kind: u8, (low, high): (Digest, Digest)) -> ([u8; KEY_BYTES], [u8; KEY_BYTES]) {
    let (mut from, mut to) = ([0; KEY_BYTES], [0xff; KEY_BYTES]);
    (from[0], to[0]) = (kind, kind);
    from[1..SUBJECT_BYTES].copy_from_slice(&low[..SUBJECT_BYTES - 1]);
    to[1..SUBJECT_BYTES].copy_from_slice(&high[..SUBJECT_BYTES - 1]);
    (from, to)
}

/// Whether two keys are of entries for the same.
pub(super) fn is_same_subject(one: &[u8], other: &[u8]) -> bool {
    one[..SUBJECT_BYTES] == other[..SUBJECT_BYTES]
}

/// The first key that an entry for anything behind this one's subject can have.
pub(super) fn behind_subject(key: &[u8]) -> [u8; KEY_BYTES] {
    let mut last = [0xff; KEY_BYTES];
    last[..SUBJECT_BYTES].copy_from_slice(&key[..SUBJECT_BYTES]);
    after(last)
}

/// The next key.
fn after(mut key: [u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
    for byte in key.iter_mut().rev() {
        let (next, overflows) = byte.overflowing_add(1);
        *byte = next;
        if !overflows {
            break;
        }
    }
    key
}

/// A place at which to look: an entry of the block at a height.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Which block, on the branch that is followed.
    pub height: Height,
    /// Which entry: 0 is the coinbase, the first transaction 1.
    pub position: u32,
    /// Where it begins in the block's encoding.
    pub offset: u32,
    /// Bytes of its encoding.
    pub length: u32,
}

/// In which order places are gone through, and how far somebody has come. A place alone, or none, stands for the newest
/// first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The newest first.
    Newest {
        /// Below this place alone.
        before: Option<Place>,
    },
    /// The oldest first.
    Oldest {
        /// Above this place alone.
        after: Option<Place>,
    },
}

impl Order {
    /// Whether a place is still to come.
    pub fn is_to_come(&self, place: &Place) -> bool {
        match self {
            Self::Newest { before } => before.is_none_or(|before| *place < before),
            Self::Oldest { after } => after.is_none_or(|after| *place > after),
        }
    }
}

impl From<Option<Place>> for Order {
    fn from(before: Option<Place>) -> Self {
        Self::Newest { before }
    }
}

/// Bytes of an entry's value: offset (4) and length (2), both little-endian.
const VALUE_BYTES: usize = 6;
const _: () = assert!(TRANSACTION_BYTES_MAX < 1 << 16, "a length fits into two bytes");

/// One entry, as the database holds it.
pub(super) type Entry = ([u8; KEY_BYTES], [u8; VALUE_BYTES]);

impl Place {
    /// Above all that a block below this height has, and below all others.
    pub(super) fn above_all_below(height: Height) -> Self {
        Self { height, position: 0, offset: 0, length: 0 }
    }

    /// Above all that the block at this height has, and below all others.
    pub fn above_all_of(height: Height) -> Self {
        Self { height, position: POSITION_MAX, offset: u32::MAX, length: u32::MAX }
    }

    /// Newest first.
    fn order(&self) -> [u8; 7] {
        let ([a, b, c, d], [_, e, f, g]) = ((!self.height.0).to_be_bytes(), (!self.position).to_be_bytes());
        [a, b, c, d, e, f, g]
    }

    fn entry(&self, subject: Subject<'_>) -> Entry {
        let (mut key, mut value) = ([0; KEY_BYTES], [0; VALUE_BYTES]);
        key[..9].copy_from_slice(&subject.key().0);
        key[9..].copy_from_slice(&self.order());
        value[..4].copy_from_slice(&self.offset.to_le_bytes());
        value[4..].copy_from_slice(&self.length.to_le_bytes()[..2]);
        (key, value)
    }

    /// The place that an entry says; nothing where these bytes are none.
    pub(super) fn of(key: &[u8], value: &[u8]) -> Option<Self> {
        let (key, value) = (key.first_chunk::<KEY_BYTES>()?, value.first_chunk::<VALUE_BYTES>()?);
        let [_, _, _, _, _, _, _, _, _, a, b, c, d, e, f, g] = *key;
        let [h, i, j, k, l, m] = *value;
        Some(Self {
            height: Height(!u32::from_be_bytes([a, b, c, d])),
            position: !u32::from_be_bytes([0xff, e, f, g]),
            offset: u32::from_le_bytes([h, i, j, k]),
            length: u32::from(u16::from_le_bytes([l, m])),
        })
    }
}

/// The entries of one block, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BlockIndex {
    entries: Vec<Entry>,
}

impl BlockIndex {
    /// Indexes a block. `names` are those of its transactions, in their order, and whose account pays.
    pub fn new<'a>(block: &Block, names: impl Iterator<Item = (&'a Txid, &'a Address, usize)>) -> Self {
        let height = block.coinbase.height;
        let coinbase_offset = encoded_len(&block.header) + encoded_len(&block.commitments);
        let coinbase = encoded_len(&block.coinbase);
        let place = |position: u32, offset: usize, length: usize| Place {
            height,
            position,
            // A block is shorter than 2^32 bytes.
            offset: offset as u32,
            length: length as u32,
        };
        let mut entries =
            vec![place(0, coinbase_offset, coinbase).entry(Subject::Address(&block.coinbase.recipient))];
        let mut offset = coinbase_offset + coinbase + encoded_len(&(block.transactions.len() as u64));
        for ((position, transaction), (txid, sender, length)) in (1..).zip(&block.transactions).zip(names) {
            let place = place(position, offset, length);
            entries.push(place.entry(Subject::Transaction(txid)));
            entries.push(place.entry(Subject::Address(sender)));
            entries.extend(transaction.body.payments().flat_map(|(to, reference)| {
                let reference = (!reference.is_empty()).then(|| place.entry(Subject::Reference(reference)));
                [Some(place.entry(Subject::Address(to))), reference].into_iter().flatten()
            }));
            offset += length;
        }
        entries.sort_unstable();
        entries.dedup();
        Self { entries }
    }

    /// Indexes a block that was checked before, from its bytes alone.
    pub fn of(block: &Block) -> Self {
        let named = block.transactions.iter().map(|transaction| {
            let names = transaction.names();
            (names.txid, transaction.body.policy.address(), names.bytes)
        });
        let named: Vec<_> = named.collect();
        Self::new(block, named.iter().map(|(txid, sender, bytes)| (txid, sender, *bytes)))
    }

    /// Adds the entries of another block.
    pub fn add(&mut self, other: &Self) {
        self.entries.extend_from_slice(&other.entries);
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, sorted, each key once. Blocks of two branches may have something of the same subject at the same place,
    /// beginning at another byte: what was added last is on the branch that is followed.
    pub(super) fn into_entries(mut self) -> Vec<Entry> {
        self.entries.reverse();
        self.entries.sort_by_key(|(key, _)| *key);
        self.entries.dedup_by_key(|(key, _)| *key);
        self.entries
    }

    /// Where to look for something, newest first.
    pub fn places(&self, subject: Subject<'_>) -> impl DoubleEndedIterator<Item = Place> {
        let SubjectKey(subject) = subject.key();
        let start = self.entries.partition_point(|(key, _)| key[..9] < subject[..]);
        let count = self.entries[start..].partition_point(|(key, _)| key[..9] == subject[..]);
        self.entries[start..start + count].iter().filter_map(|(key, value)| Place::of(key, value))
    }

    /// Where a transaction may stand whose name begins so.
    pub fn transactions_like(&self, digits: &FirstDigits) -> impl Iterator<Item = Place> {
        let (from, to) = keys_like(digits);
        let start = self.entries.partition_point(|(key, _)| *key < from);
        let entries = self.entries[start..].iter().take_while(move |(key, _)| *key <= to);
        entries.filter_map(|(key, value)| Place::of(key, value))
    }

    /// Where something may stand that concerns addresses which begin so, and which that is: the newest place of each.
    pub fn addresses_like(&self, letters: &FirstLetters) -> impl Iterator<Item = (SubjectKey, Place)> {
        let (from, to) = keys_of_addresses(letters);
        let start = self.entries.partition_point(|(key, _)| *key < from);
        let end = self.entries.partition_point(|(key, _)| *key <= to);
        let addresses = self.entries[start..end].chunk_by(|(one, _), (other, _)| is_same_subject(one, other));
        addresses.filter_map(|entries| {
            let (key, value) = entries.first()?;
            Some((SubjectKey::of(key)?, Place::of(key, value)?))
        })
    }
}
