//! Names of accounts and contacts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::codec::Encode;

/// Letters of a [`Name`]. No address is as short, so no name is ever taken for one.
pub const NAME_LETTERS_MAX: usize = 32;

/// Letters of the shortest address: one of a prefix, the separator, 32 bytes in letters of five bits, a checksum of six.
const ADDRESS_LETTERS_MIN: usize = 1 + 1 + (32 * 8_usize).div_ceil(5) + 6;

const _: () = assert!(NAME_LETTERS_MAX < ADDRESS_LETTERS_MIN, "a name could be an address");

/// What the owner of a wallet calls an account, or whom they pay.
///
/// # Security
/// Letters are those of ASCII alone: others look like them, and a payment to the wrong one cannot be taken back. The first is no
/// sign, so that no name is taken for an option on a command line.
#[derive(Clone, PartialEq, Eq, Encode, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Why text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// None, or more than [`NAME_LETTERS_MAX`].
    #[error("a name has 1 to 32 letters")]
    Length,
    /// A sign that no name has.
    #[error(
        "a name is made of letters from a to z, digits, `-`, `_` and `.`, and begins with a letter or digit"
    )]
    Letters,
}

impl Name {
    /// The letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a person would take both for the same: capital letters make no difference.
    pub fn is_like(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if !(1..=NAME_LETTERS_MAX).contains(&text.chars().count()) {
            return Err(NameError::Length);
        }
        let all = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if all && text.as_bytes()[0].is_ascii_alphanumeric() {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Letters)
        }
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.0)
    }
}
