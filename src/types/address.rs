//! Addresses: the hash of a policy, written so that a slip of the finger is noticed.

use std::fmt;
use std::str::FromStr;

use bech32::primitives::decode::{CheckedHrpstring, CheckedHrpstringError, UncheckedHrpstring};
use bech32::{Bech32m, Hrp};

use super::text::json_as_text;
use crate::codec::{Decode, Encode};
use crate::crypto::Digest;

/// Letters of a [`Prefix`], at most.
const PREFIX_LETTERS_MAX: usize = 16;

/// What the addresses of a network begin with: one to sixteen small letters, from its genesis.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Prefix(Hrp);

/// Text that cannot be a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 16 small letters a to z")]
pub struct PrefixError;

impl Prefix {
    /// The letters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let letters =
            (1..=PREFIX_LETTERS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase());
        if !letters {
            return Err(PrefixError);
        }
        Hrp::parse(text).map(Self).map_err(|_| PrefixError)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

json_as_text!(Prefix);

/// Who may spend: the hash of a [`Policy`](super::Policy), all 32 bytes of it.
///
/// Its text depends on the network's prefix, so it is made by [`Address::to_text`] and read by [`Address::parse`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Address(Digest);

/// Why text is not an address of this network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not bech32m, or mistyped.
    #[error("not an address, or mistyped{}", if matches!(.0, CheckedHrpstringError::Checksum(_)) { ": its checksum does not hold" } else { "" })]
    Mistyped(CheckedHrpstringError),
    /// An address of another network.
    #[error("an address of another network: it begins with `{found}`, here they begin with `{expected}`")]
    OtherNetwork {
        /// What it begins with.
        found: String,
        /// What it would begin with here.
        expected: Prefix,
    },
    /// The checksum holds but it does not carry 32 bytes.
    #[error("not an address: it does not carry exactly 32 bytes")]
    Length,
}

impl Address {
    /// The address that these bytes are.
    pub const fn from_bytes(bytes: Digest) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &Digest {
        &self.0
    }

    /// The address as people write it on the network of this prefix.
    ///
    /// # Panics
    /// Never: a prefix and 32 bytes stay below bech32m's length.
    pub fn to_text(&self, prefix: &Prefix) -> String {
        bech32::encode_lower::<Bech32m>(prefix.0, &self.0).expect("32 bytes fit into bech32m")
    }

    /// Reads an address of the network with this prefix, in small or in capital letters.
    ///
    /// # Errors
    /// When it is mistyped, belongs to another network, or is something else in bech32m.
    pub fn parse(text: &str, prefix: &Prefix) -> Result<Self, AddressError> {
        let unchecked = UncheckedHrpstring::new(text)
            .map_err(|error| AddressError::Mistyped(CheckedHrpstringError::Parse(error)))?;
        // Before the checksum, which other networks may have of another kind.
        if unchecked.hrp() != prefix.0 {
            let found = unchecked.hrp().to_string().to_lowercase();
            return Err(AddressError::OtherNetwork { found, expected: prefix.clone() });
        }
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(AddressError::Mistyped)?;
        let bytes: Vec<u8> = checked.byte_iter().collect();
        let address = Digest::try_from(bytes).map(Self).map_err(|_| AddressError::Length)?;
        // 32 bytes leave four padding bits, which carry nothing and must be zero: one address, one text.
        if address.to_text(prefix).eq_ignore_ascii_case(text) {
            Ok(address)
        } else {
            Err(AddressError::Length)
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    #[test]
    fn text_is_read_back_in_either_case() {
        let address = Address::from_bytes([0xa5; 32]);
        let text = address.to_text(&prefix("cairn"));
        assert!(text.starts_with("cairn1"));
        assert_eq!(Address::parse(&text, &prefix("cairn")), Ok(address));
        assert_eq!(Address::parse(&text.to_uppercase(), &prefix("cairn")), Ok(address));
    }

    #[test]
    fn address_of_another_network_is_named() {
        let text = Address::from_bytes([1; 32]).to_text(&prefix("cdev"));
        let error = Address::parse(&text, &prefix("cairn")).unwrap_err();
        assert!(error.to_string().contains("begins with `cdev`"), "{error}");
    }

    #[test]
    fn every_single_mistyped_letter_is_noticed() {
        let text = Address::from_bytes([0x17; 32]).to_text(&prefix("cairn"));
        for position in 6..text.len() {
            for letter in "qpzry9x8gf2tvdw0s3jn54khce6mua7l".chars() {
                let mut typed = text.clone();
                typed.replace_range(position..=position, &letter.to_string());
                assert_eq!(Address::parse(&typed, &prefix("cairn")).is_ok(), typed == text);
            }
        }
    }

    #[test]
    fn other_bech32m_is_no_address() {
        let short = bech32::encode_lower::<Bech32m>(Hrp::parse("cairn").unwrap(), &[0; 20]).unwrap();
        assert_eq!(Address::parse(&short, &prefix("cairn")), Err(AddressError::Length));
    }

    #[test]
    fn prefix_is_small_letters() {
        for wrong in ["", "A", "a1", "ä", "aaaaaaaaaaaaaaaaa", "a b"] {
            assert_eq!(wrong.parse::<Prefix>(), Err(PrefixError), "{wrong}");
        }
    }
}
