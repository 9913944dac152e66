//! Reading of data files.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A data file in JSON.
pub fn json<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("a data file of the form in which it was copied")
}

/// Bytes in hexadecimal, with or without `0x`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hex(pub Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text.strip_prefix("0x").unwrap_or(&text)).map(Self)
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl Hex {
    /// The bytes, where there must be exactly so many.
    pub fn array<const N: usize>(&self) -> [u8; N] {
        <[u8; N]>::try_from(&self.0[..]).unwrap_or_else(|_| panic!("{N} bytes, not {self:?}"))
    }
}
