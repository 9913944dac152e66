//! Policies: who may spend, said once and hashed into an address.
//!
//! A policy can only be built within its bounds, so whatever holds one need not check it again, and no code that
//! walks one can be driven too deep.

use std::sync::LazyLock;

use super::{Address, Height};
use crate::codec::{
    Canonical, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, List, encode, encoded_len,
    impl_borrow_decode,
};
use crate::crypto::{Digest, PublicKey, Tag};

/// Levels of a policy, a lone key being one.
pub const POLICY_DEPTH_MAX: usize = 4;
/// Keys anywhere in a policy, so signatures a transaction can ask to be verified.
pub const POLICY_KEYS_MAX: usize = 16;
/// Children of one threshold, so that which of them were chosen fits into 16 bits.
pub const POLICY_CHILDREN_MAX: usize = 16;
/// Encoding of a policy.
pub const POLICY_BYTES_MAX: usize = 1024;

/// Under what conditions an account's money moves.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Policy {
    /// The holder of this key signs.
    Key(PublicKey),
    /// So many of these hold.
    Threshold(Threshold),
    /// The chain has reached this height.
    After(Height),
    /// Somebody shows the 32 bytes of which this is the SHA-256.
    Preimage(Digest),
}

/// `required` of some policies, within the bounds of a policy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Threshold {
    required: u8,
    children: List<Policy, 1, POLICY_CHILDREN_MAX>,
}

/// Why policies cannot be joined into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No children, or more than [`POLICY_CHILDREN_MAX`].
    #[error("a threshold has 1 to 16 children")]
    Children,
    /// Asks for none, or for more than there are.
    #[error("a threshold asks for at least one and at most all of its children")]
    Required,
    /// More than [`POLICY_DEPTH_MAX`] levels.
    #[error("a policy has at most 4 levels")]
    Depth,
    /// More than [`POLICY_KEYS_MAX`] keys.
    #[error("a policy has at most 16 keys")]
    Keys,
    /// More than [`POLICY_BYTES_MAX`] bytes.
    #[error("a policy has at most 1024 bytes")]
    Bytes,
}

impl Threshold {
    /// `required` of `children`.
    ///
    /// # Errors
    /// When the whole would exceed a policy's bounds.
    pub fn new(required: u8, children: Vec<Policy>) -> Result<Self, PolicyError> {
        let children = List::new(children).map_err(|_| PolicyError::Children)?;
        if required == 0 || usize::from(required) > children.len() {
            return Err(PolicyError::Required);
        }
        let policy = Policy::Threshold(Self { required, children });
        if policy.depth() > POLICY_DEPTH_MAX {
            return Err(PolicyError::Depth);
        }
        if policy.key_count() > POLICY_KEYS_MAX {
            return Err(PolicyError::Keys);
        }
        if encoded_len(&policy) > POLICY_BYTES_MAX {
            return Err(PolicyError::Bytes);
        }
        match policy {
            Policy::Threshold(threshold) => Ok(threshold),
            Policy::Key(_) | Policy::After(_) | Policy::Preimage(_) => unreachable!("made a threshold above"),
        }
    }

    /// How many children must hold.
    pub fn required(&self) -> u8 {
        self.required
    }

    /// The policies to choose from.
    pub fn children(&self) -> &[Policy] {
        &self.children
    }
}

static ADDRESS: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/address"));

impl Policy {
    /// `required` of `children`, as a policy.
    ///
    /// # Errors
    /// See [`Threshold::new`].
    pub fn threshold(required: u8, children: Vec<Self>) -> Result<Self, PolicyError> {
        Threshold::new(required, children).map(Self::Threshold)
    }

    /// Where money goes that this policy governs.
    pub fn address(&self) -> Address {
        Address::from_bytes(ADDRESS.hash(&encode(self)))
    }

    fn children(&self) -> &[Self] {
        match self {
            Self::Threshold(threshold) => threshold.children(),
            Self::Key(_) | Self::After(_) | Self::Preimage(_) => &[],
        }
    }

    fn depth(&self) -> usize {
        1 + self.children().iter().map(Self::depth).max().unwrap_or(0)
    }

    fn key_count(&self) -> usize {
        let own = usize::from(matches!(self, Self::Key(_)));
        own + self.children().iter().map(Self::key_count).sum::<usize>()
    }
}

const KEY: u32 = 0;
const THRESHOLD: u32 = 1;
const AFTER: u32 = 2;
const PREIMAGE: u32 = 3;

impl Encode for Policy {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Self::Key(key) => (KEY, key).encode(encoder),
            Self::Threshold(Threshold { required, children }) => {
                (THRESHOLD, required, children).encode(encoder)
            }
            Self::After(height) => (AFTER, height).encode(encoder),
            Self::Preimage(hash) => (PREIMAGE, hash).encode(encoder),
        }
    }
}

impl<C> Decode<C> for Policy {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        decode_level(decoder, POLICY_DEPTH_MAX)
    }
}

impl_borrow_decode!(Policy);

/// Decodes a policy of at most `levels` levels; hostile bytes cannot make it call itself more often than that.
fn decode_level<C, D: Decoder<Context = C>>(decoder: &mut D, levels: usize) -> Result<Policy, DecodeError> {
    let Some(levels_below) = levels.checked_sub(1) else {
        return Err(DecodeError::Other("a policy has at most 4 levels"));
    };
    match u32::decode(decoder)? {
        KEY => Ok(Policy::Key(PublicKey::decode(decoder)?)),
        THRESHOLD => {
            let required = u8::decode(decoder)?;
            let count = u64::decode(decoder)?;
            if count > POLICY_CHILDREN_MAX as u64 {
                return Err(DecodeError::Other("a threshold has 1 to 16 children"));
            }
            let children =
                (0..count).map(|_| decode_level(decoder, levels_below)).collect::<Result<_, _>>()?;
            Policy::threshold(required, children).map_err(|error| DecodeError::OtherString(error.to_string()))
        }
        AFTER => Ok(Policy::After(Height::decode(decoder)?)),
        PREIMAGE => Ok(Policy::Preimage(Digest::decode(decoder)?)),
        found => Err(DecodeError::OtherString(format!("unknown kind {found} of policy"))),
    }
}

impl Canonical for Policy {
    const BYTES_MAX: usize = POLICY_BYTES_MAX;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{CodecError, decode};
    use crate::crypto::SecretKey;

    fn key(number: u8) -> Policy {
        Policy::Key(SecretKey::from_bytes(&[number; 32]).public_key())
    }

    #[test]
    fn policy_is_read_back() {
        let inner =
            Policy::threshold(1, vec![Policy::After(Height(700)), Policy::Preimage([5; 32])]).unwrap();
        let policy = Policy::threshold(2, vec![key(1), key(2), inner]).unwrap();
        assert_eq!(decode(&encode(&policy)), Ok(policy));
    }

    #[test]
    fn each_bound_is_kept() {
        let keys = |count: u8| (0..count).map(key).collect::<Vec<_>>();
        let error = |required, children| Policy::threshold(required, children).unwrap_err();
        assert_eq!(error(1, vec![]), PolicyError::Children);
        assert_eq!(error(1, keys(17)), PolicyError::Children);
        assert_eq!(error(0, keys(2)), PolicyError::Required);
        assert_eq!(error(3, keys(2)), PolicyError::Required);
        let sixteen = Policy::threshold(1, keys(16)).unwrap();
        assert_eq!(error(1, vec![sixteen, key(1)]), PolicyError::Keys);
        let deep = |policy| Policy::threshold(1, vec![policy]);
        let four_levels = deep(deep(deep(key(1)).unwrap()).unwrap()).unwrap();
        assert_eq!(deep(four_levels).unwrap_err(), PolicyError::Depth);
        let hashes = Policy::threshold(1, vec![Policy::Preimage([0; 32]); 16]).unwrap();
        assert_eq!(error(1, vec![hashes.clone(), hashes]), PolicyError::Bytes);
    }

    #[test]
    fn hostile_nesting_is_refused_before_it_runs_deep() {
        let nested: Vec<u8> = [1, 1, 1].repeat(300);
        assert!(matches!(decode::<Policy>(&nested), Err(CodecError::Malformed(_))));
    }

    #[test]
    fn bad_key_is_refused_wherever_it_stands() {
        let mut bytes = encode(&Policy::threshold(1, vec![key(1), key(2)]).unwrap());
        let second_key = bytes.len() - 32;
        bytes[second_key..].fill(0);
        assert!(
            matches!(decode::<Policy>(&bytes), Err(CodecError::Malformed(reason)) if reason.contains("small order"))
        );
    }
}
