//! Policies, as a tree that people can read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schemas::Hex;
use crate::crypto::PublicKey;
use crate::types::{Height, Policy, PolicyError};

/// Who may spend.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[schema(no_recursion)]
pub enum PolicyView {
    /// Whoever holds the key behind this one signs.
    Key {
        /// The public key, 32 bytes.
        key: Hex,
    },
    /// So many of these hold.
    Threshold {
        /// How many.
        required: u8,
        /// Of which.
        children: Vec<PolicyView>,
    },
    /// The chain has come this far.
    After {
        /// The first height.
        height: Height,
    },
    /// Somebody shows what hashes to this.
    Preimage {
        /// The SHA-256 of 32 bytes.
        hash: Hex,
    },
}

impl From<&Policy> for PolicyView {
    fn from(policy: &Policy) -> Self {
        match policy {
            Policy::Key(key) => Self::Key { key: Hex::of(key.to_bytes()) },
            Policy::Threshold(threshold) => Self::Threshold {
                required: threshold.required(),
                children: threshold.children().iter().map(Self::from).collect(),
            },
            Policy::After(height) => Self::After { height: *height },
            Policy::Preimage(hash) => Self::Preimage { hash: Hex::of(hash) },
        }
    }
}

/// Why a policy in JSON is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyViewError {
    /// Not 32 bytes in hexadecimal digits.
    #[error("a policy's key or hash is 64 hexadecimal digits, `{0}` is not")]
    Digits(String),
    /// No key at all.
    #[error("`{0}` is no key that could sign")]
    Key(String),
    /// Beyond what a policy may be.
    #[error(transparent)]
    Bounds(#[from] PolicyError),
}

impl TryFrom<&PolicyView> for Policy {
    type Error = PolicyViewError;

    fn try_from(view: &PolicyView) -> Result<Self, PolicyViewError> {
        let digest = |digits: &Hex| -> Result<[u8; 32], PolicyViewError> {
            let mut bytes = [0; 32];
            hex::decode_to_slice(&digits.0, &mut bytes)
                .map_err(|_| PolicyViewError::Digits(digits.0.clone()))?;
            Ok(bytes)
        };
        Ok(match view {
            PolicyView::Key { key } => {
                let found = PublicKey::from_bytes(digest(key)?);
                Self::Key(found.map_err(|_| PolicyViewError::Key(key.0.clone()))?)
            }
            PolicyView::Threshold { required, children } => {
                let children: Result<_, _> = children.iter().map(Self::try_from).collect();
                Self::threshold(*required, children?)?
            }
            PolicyView::After { height } => Self::After(*height),
            PolicyView::Preimage { hash } => Self::Preimage(digest(hash)?),
        })
    }
}
