//! The messages, and their bytes.
//!
//! A message is a byte that says which it is, and its content in the encoding of everything else. How long each may be is
//! known before a byte of it is read.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::{Compact, GetParts, Parts};
use crate::chain::LOCATOR_MAX;
use crate::codec::{Blob, Canonical, CodecError, Decode, Encode, List, decode, encode_into};
use crate::types::{
    BLOCK_BYTES_MAX, Block, BlockHash, HEADER_BYTES, Header, Height, TRANSACTION_BYTES_MAX, Timestamp,
    Transaction, TxHash, Work,
};

/// Headers in one answer.
pub const HEADERS_MAX: usize = 2000;
/// New tips that are told of at once, oldest first.
pub const NEWS_MAX: usize = 16;
/// Blocks that are asked for at once.
pub const BLOCKS_ASKED_MAX: usize = 16;
/// Transactions that are told of, or asked for, at once.
pub const HASHES_MAX: usize = 1000;
/// Bytes of the transactions in one message.
pub const TRANSACTIONS_BYTES_MAX: usize = 1 << 20;
/// Addresses in one answer.
pub const ADDRESSES_MAX: usize = 250;
/// Bytes that are made room for before a message is written: most have no more.
const SHORT_BYTES: usize = 192;

/// What a node calls its program, for people.
pub type Agent = Blob<0, 64>;

/// Versions of the protocol that somebody speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Versions {
    /// The oldest.
    pub oldest: u16,
    /// The newest.
    pub newest: u16,
}

impl Versions {
    /// Ours.
    pub const OURS: Self = Self { oldest: 1, newest: 1 };

    /// The newest that both speak.
    pub fn common(self, theirs: Self) -> Option<u16> {
        let newest = self.newest.min(theirs.newest);
        (newest >= self.oldest.max(theirs.oldest)).then_some(newest)
    }
}

/// The first message either way.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Hello {
    /// Versions of what follows.
    pub versions: Versions,
    /// The program.
    pub agent: Agent,
    /// The tip that is followed.
    pub tip: BlockHash,
    /// How high it is.
    pub height: Height,
    /// The work of its branch.
    pub work: Work,
    /// Blocks above this one can be had.
    pub base: Height,
    /// Where it can be reached, if it listens: at the address that it comes from.
    pub port: Option<u16>,
    /// Its clock, by which ours can be told to be wrong.
    pub time: Timestamp,
}

impl Canonical for Hello {
    const BYTES_MAX: usize = 256;
}

/// Where a node can be reached, perhaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub struct PeerAddress {
    ip: [u8; 16],
    port: u16,
    /// When it was last known to be there.
    pub seen: Timestamp,
}

impl PeerAddress {
    /// A place where somebody was seen.
    pub fn new(address: SocketAddr, seen: Timestamp) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        Self { ip: ip.octets(), port: address.port(), seen }
    }

    /// The place.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(Ipv6Addr::from(self.ip).to_canonical(), self.port)
    }
}

/// Addresses that somebody knows.
pub type Addresses = List<PeerAddress, 0, ADDRESSES_MAX>;

impl Canonical for Addresses {
    const BYTES_MAX: usize = 3 + ADDRESSES_MAX * 24;
}

/// Asks for headers above where two branches part.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct GetHeaders {
    /// The asker's branch, from its tip down.
    pub locator: List<BlockHash, 1, LOCATOR_MAX>,
}

impl Canonical for GetHeaders {
    const BYTES_MAX: usize = 3 + LOCATOR_MAX * 32;
}

/// A block of which nothing has been read but that it may have a header: the rest is looked at when its work is known.
#[derive(Clone, PartialEq, Eq)]
pub struct BlockBytes(Vec<u8>);

impl BlockBytes {
    /// The block's bytes.
    ///
    /// # Errors
    /// When they are too many, or too few for a header.
    pub fn new(bytes: Vec<u8>) -> Result<Self, MessageError> {
        if (HEADER_BYTES..=BLOCK_BYTES_MAX).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(MessageError::Length(bytes.len()))
        }
    }

    /// The header.
    pub fn header(&self) -> Header {
        Header::from_bytes(self.0.first_chunk().expect("there are bytes for a header"))
    }

    /// All of it, which takes some 25 times its bytes where somebody wants it to.
    ///
    /// # Errors
    /// When it is no block.
    pub fn decode(&self) -> Result<Block, CodecError> {
        decode(&self.0)
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl std::fmt::Debug for BlockBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlockBytes({}, {} bytes)", self.header().hash(), self.0.len())
    }
}

type Headers = List<Header, 0, HEADERS_MAX>;
type News = List<Header, 1, NEWS_MAX>;
type BlockHashes = List<BlockHash, 1, BLOCKS_ASKED_MAX>;
type TxHashes = List<TxHash, 1, HASHES_MAX>;
type Transactions = List<Transaction, 1, HASHES_MAX>;
type Stemmed = List<Transaction, 1, 1>;

impl Canonical for BlockHash {
    const BYTES_MAX: usize = 32;
}
impl Canonical for Stemmed {
    const BYTES_MAX: usize = 1 + TRANSACTION_BYTES_MAX;
}
impl Canonical for Headers {
    const BYTES_MAX: usize = 3 + HEADERS_MAX * HEADER_BYTES;
}
impl Canonical for News {
    const BYTES_MAX: usize = 3 + NEWS_MAX * HEADER_BYTES;
}
impl Canonical for BlockHashes {
    const BYTES_MAX: usize = 3 + BLOCKS_ASKED_MAX * 32;
}
impl Canonical for TxHashes {
    const BYTES_MAX: usize = 3 + HASHES_MAX * 32;
}
impl Canonical for Transactions {
    const BYTES_MAX: usize = 3 + TRANSACTIONS_BYTES_MAX;
}

/// Why bytes are no message. It speaks against whoever sent them.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MessageError {
    /// There is not even a kind.
    #[error("an empty message")]
    Empty,
    /// A kind that nobody knows. Newer versions have kinds of their own, but say so in their hello.
    #[error("a message of the unknown kind {0}")]
    Kind(u8),
    /// Not as long as such a message can be.
    #[error("a message of {0} bytes")]
    Length(usize),
    /// The content is not what its kind says.
    #[error("a message that cannot be read: {0}")]
    Content(#[from] CodecError),
}

/// Declares the messages: each with the byte that it begins with, and what it carries.
macro_rules! messages {
    ($($(#[$doc:meta])* $kind:literal $name:ident($content:ty),)*) => {
        /// What one node says to another.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Message {
            $($(#[$doc])* $name($content),)*
        }

        impl Message {
            /// The bytes.
            pub fn to_bytes(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(SHORT_BYTES);
                match self {
                    $(Self::$name(content) => {
                        bytes.push($kind);
                        content.write(&mut bytes);
                    })*
                }
                bytes
            }

            /// Reads a message.
            ///
            /// # Errors
            /// When it is none.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageError> {
                let (kind, content) = bytes.split_first().ok_or(MessageError::Empty)?;
                match kind {
                    $($kind => Ok(Self::$name(<$content>::read(content)?)),)*
                    other => Err(MessageError::Kind(*other)),
                }
            }
        }
    };
}

messages! {
    /// Who is there. Nothing else comes before it.
    0 Hello(Box<Hello>),
    /// Asks for the same number back.
    1 Ping(u64),
    /// The number.
    2 Pong(u64),
    /// Asks where others can be reached.
    3 GetAddresses(()),
    /// Where they can, or could.
    4 Addresses(Addresses),
    /// Asks for headers.
    5 GetHeaders(GetHeaders),
    /// Headers, each on the one before. Fewer than there can be are all there are.
    6 Headers(Headers),
    /// New tips, and what lies below them that was not told of yet.
    7 News(News),
    /// Asks for blocks.
    8 GetBlocks(BlockHashes),
    /// A block.
    9 Block(BlockBytes),
    /// These blocks are not here.
    10 Missing(BlockHashes),
    /// Transactions that can be had.
    11 Offer(TxHashes),
    /// Asks for transactions.
    12 GetTransactions(TxHashes),
    /// Transactions.
    13 Transactions(Transactions),
    /// Asks for an offer of all that wait for a block.
    14 GetPool(()),
    /// A block whose transactions are named.
    15 Compact(Arc<Compact>),
    /// Asks for some of them.
    16 GetParts(GetParts),
    /// Those.
    17 Parts(Parts),
    /// Wants new blocks to be sent at once, named, without asking (1), or no longer (0).
    18 Pushes(u64),
    /// Asks for a block whose transactions are named.
    19 GetCompact(BlockHash),
    /// A transaction that is to go a way before everybody hears of it.
    20 Stem(Stemmed),
}

impl From<Hello> for Message {
    fn from(hello: Hello) -> Self {
        Self::Hello(Box::new(hello))
    }
}

impl From<Compact> for Message {
    fn from(compact: Compact) -> Self {
        Self::Compact(Arc::new(compact))
    }
}

/// Messages are kept and passed on by the thousand, and most are short.
const _: () = assert!(size_of::<Message>() <= 64, "what is large lies apart");

/// What a message carries.
trait Content: Sized {
    fn write(&self, bytes: &mut Vec<u8>);
    fn read(bytes: &[u8]) -> Result<Self, MessageError>;
}

impl<T: Canonical> Content for T {
    fn write(&self, bytes: &mut Vec<u8>) {
        encode_into(self, bytes);
    }

    fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        Ok(decode(bytes)?)
    }
}

impl Content for Box<Hello> {
    fn write(&self, bytes: &mut Vec<u8>) {
        Hello::write(self, bytes);
    }

    fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        Hello::read(bytes).map(Self::new)
    }
}

impl<T: Canonical> Content for Arc<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        T::write(self, bytes);
    }

    fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        T::read(bytes).map(Self::new)
    }
}

impl Content for BlockBytes {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0);
    }

    fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        Self::new(bytes.to_vec())
    }
}

impl Content for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        if bytes.is_empty() { Ok(()) } else { Err(MessageError::Length(bytes.len())) }
    }
}

impl Content for u64 {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        bytes.try_into().map(Self::from_le_bytes).map_err(|_| MessageError::Length(bytes.len()))
    }
}

const _: () = assert!(TRANSACTIONS_BYTES_MAX >= TRANSACTION_BYTES_MAX, "any transaction can be sent");
