//! One type for each hash that crosses a room, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use super::text::{HexError, json_as_text, parse_hex};
use crate::codec::{Decode, Encode};
use crate::crypto::{Digest, ZERO_DIGEST};

/// Declares a hash with its text form; `reversed` for the ones that Bitcoin's habit prints back to front.
macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident, $order:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub struct $name(Digest);

        impl $name {
            /// The hash that stands for nothing.
            pub const ZERO: Self = Self(ZERO_DIGEST);

            /// The hash that these bytes are.
            pub const fn from_bytes(bytes: Digest) -> Self {
                Self(bytes)
            }

            /// The hash in the order in which it was computed.
            pub const fn as_bytes(&self) -> &Digest {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode($order(self.0)))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                Ok(Self($order(parse_hex(text)?)))
            }
        }

        json_as_text!($name);
    };
}

fn forward(bytes: Digest) -> Digest {
    bytes
}

fn reversed(mut bytes: Digest) -> Digest {
    bytes.reverse();
    bytes
}

hash_type! {
    /// What people call a transaction, and what conflicts are about: the hash of its body, without its witness.
    Txid, forward
}
hash_type! {
    /// What machines call a transaction: the hash of all its bytes, its leaf in the merkle tree.
    ///
    /// # Security
    /// Caches, requests and rejections go by this name. By the [`Txid`] a stranger could attach a broken witness to
    /// somebody's payment, have it rejected, and the honest one would be taken for the same.
    TxHash, forward
}
hash_type! {
    /// SHA-256d of a header, printed back to front so that work shows as leading zeros.
    BlockHash, reversed
}
hash_type! {
    /// Root over the coinbase and the transactions of a block.
    TxRoot, forward
}
hash_type! {
    /// Root of the whole state: every account, every reward that has yet to mature, the supply.
    StateRoot, forward
}
hash_type! {
    /// Root over all earlier headers.
    HistoryRoot, forward
}
hash_type! {
    /// What the header commits to: the transactions' root and the commitments, hashed together.
    MerkleRoot, forward
}

/// The name of a network: the hash of its genesis block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChainId(pub BlockHash);

impl ChainId {
    /// The short form that transactions carry, for a clear error on the wrong network. What is signed is the whole.
    pub fn tag(&self) -> ChainTag {
        let bytes = self.0.as_bytes();
        ChainTag([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The first four bytes of a chain's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ChainTag(pub [u8; 4]);

impl fmt::Display for ChainTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChainTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainTag({self})")
    }
}

impl FromStr for ChainTag {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        Ok(Self(parse_hex(text)?))
    }
}

json_as_text!(ChainTag);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_hash_is_printed_back_to_front_and_read_back() {
        let mut bytes = ZERO_DIGEST;
        bytes[0] = 0xab;
        let hash = BlockHash::from_bytes(bytes);
        assert!(hash.to_string().ends_with("00ab"));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(serde_json::to_string(&hash).unwrap(), format!("\"{hash}\""));
        assert_eq!(serde_json::from_str::<BlockHash>(&format!("\"{hash}\"")).unwrap(), hash);
    }

    #[test]
    fn text_of_another_length_is_refused() {
        assert_eq!("abcd".parse::<Txid>(), Err(HexError { digits: 64 }));
        assert_eq!("zz".repeat(32).parse::<Txid>(), Err(HexError { digits: 64 }));
    }
}
