//! Ed25519: keys, signing, and the one verdict on a signature.
//!
//! # Consensus
//! Libraries disagree on crafted signatures, some even with themselves (single against batch), and a signature on
//! which two nodes disagree splits the chain. Here a signature holds when ZIP-215 says so: `8·S·B = 8·R + 8·k·A`, with
//! any encodings of the points `R` and `A` that decode, and `S` below the group order. That one equation is what a
//! batch checks too, so a batch and its members can never disagree. All verification, single and batch, is
//! `ed25519-zebra`'s; `ed25519-dalek` makes keys and signatures and has no say in any verdict.
//!
//! # Security
//! Alone, ZIP-215 lets anybody sign under a key of small order. So a rule of our own comes first, on bytes and before
//! any curve work: a key that is not canonical, or of small order, is not a key ([`PublicKey::from_bytes`]).

use std::fmt;

use ed25519_dalek::Signer;
use ed25519_zebra::{VerificationKey, VerificationKeyBytes, batch};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use zeroize::Zeroizing;

use crate::codec::{Decode, DecodeError, Decoder, Encode, impl_borrow_decode};

/// Signatures per batch; beyond this a batch gains nothing more.
const BATCH_MAX: usize = 1024;

/// Below this many signatures a failed batch is taken apart one by one.
const SINGLES_BELOW: usize = 8;

/// Why 32 bytes are not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The y-coordinate is not reduced, so the same point has another, proper encoding.
    #[error("public key is not canonical")]
    NotCanonical,
    /// The point has an order of 8 or less: signatures under it can be made by anybody.
    #[error("public key is of small order")]
    SmallOrder,
}

/// A public key whose bytes are canonical and not of small order, wherever it stands.
///
/// The bytes may still name no point of the curve. Such a key can be paid to and never signs; see
/// [`PublicKey::is_on_curve`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode)]
pub struct PublicKey([u8; 32]);

/// The y-coordinates of the eight points of small order; whatever the sign bit says, none of them is a key.
const SMALL_ORDER_Y: [[u8; 32]; 5] = {
    let zero = [0; 32];
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    let eighth = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    let other_eighth = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    [zero, one, minus_one, eighth, other_eighth]
};

impl PublicKey {
    /// The key that these bytes are.
    ///
    /// # Consensus
    /// This is the chain's own rule on keys; it looks at bytes alone.
    ///
    /// # Errors
    /// When the bytes are not canonical or of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let mut y = bytes;
        y[31] &= 0x7f;
        // y ≥ 2^255 − 19
        if y[31] == 0x7f && y[1..31] == [0xff; 30] && y[0] >= 0xed {
            return Err(KeyError::NotCanonical);
        }
        if SMALL_ORDER_Y.contains(&y) {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(bytes))
    }

    /// The key's 32 bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Whether a secret key for it can exist at all. Consensus does not ask: it is for whoever is about to pay.
    pub fn is_on_curve(&self) -> bool {
        VerificationKey::try_from(VerificationKeyBytes::from(self.0)).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl<C> Decode<C> for PublicKey {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::from_bytes(<[u8; 32]>::decode(decoder)?).map_err(|error| {
            DecodeError::Other(match error {
                KeyError::NotCanonical => "public key is not canonical",
                KeyError::SmallOrder => "public key is of small order",
            })
        })
    }
}

impl_borrow_decode!(PublicKey);

/// 64 bytes that may be a signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A secret key. Its memory is wiped when it goes; it never shows itself.
#[derive(Clone)]
pub struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    /// The key that these 32 bytes of entropy are.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// The public half.
    ///
    /// # Panics
    /// Never: a secret scalar is clamped, so its multiple of the base point has the large prime order.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
            .expect("a clamped secret makes a canonical point of large order")
    }

    /// The 32 bytes, for whoever is to keep them or to write them down.
    pub fn reveal(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Signs these bytes, always the same way.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// The claim that a key signed a message, ready to be checked alone or among others.
#[derive(Clone, Debug)]
pub struct Claim(batch::Item);

impl Claim {
    /// Claims that `key` made `signature` over `message`.
    pub fn new(key: &PublicKey, signature: &Signature, message: &[u8]) -> Self {
        let key = VerificationKeyBytes::from(key.0);
        let signature = ed25519_zebra::Signature::from_bytes(&signature.0);
        Self(batch::Item::from((key, signature, message)))
    }

    /// Whether the claim holds. The verdict is the one that [`verify_batch`] gives.
    pub fn holds(&self) -> bool {
        self.0.clone().verify_single().is_ok()
    }
}

/// Where the random coefficients of a batch come from.
///
/// # Security
/// Whoever can foresee the seed can craft signatures that are each wrong and cancel out in the batch. A node takes it
/// fresh from the operating system for each batch; a simulation from its own seed.
#[derive(Clone, Copy)]
pub struct BatchSeed(pub [u8; 32]);

impl fmt::Debug for BatchSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchSeed(…)")
    }
}

/// Positions, in ascending order, of the claims that do not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} signatures do not hold", .0.len())]
pub struct Culprits(pub Vec<usize>);

/// Checks many claims at once, at less than half of the cost of one after the other.
///
/// # Security
/// A batch that fails is halved as long as one half holds; where both fail, its claims are checked one by one. So
/// however many an attacker spoils, it costs at most about four times what a good batch of distinct keys costs.
///
/// # Errors
/// Names every claim that does not hold.
pub fn verify_batch(claims: &[Claim], seed: BatchSeed) -> Result<(), Culprits> {
    let mut rng = ChaCha12Rng::from_seed(seed.0);
    let mut culprits = Vec::new();
    for (chunk, start) in claims.chunks(BATCH_MAX).zip((0..).step_by(BATCH_MAX)) {
        if !all_hold(chunk, &mut rng) {
            collect_culprits(chunk, start, &mut rng, &mut culprits);
        }
    }
    if culprits.is_empty() { Ok(()) } else { Err(Culprits(culprits)) }
}

fn all_hold(claims: &[Claim], rng: &mut ChaCha12Rng) -> bool {
    if claims.len() < SINGLES_BELOW {
        return claims.iter().all(Claim::holds);
    }
    let mut verifier = batch::Verifier::new();
    for claim in claims {
        verifier.queue(claim.0.clone());
    }
    verifier.verify(rng).is_ok()
}

/// Finds the culprits among claims of which one at least does not hold.
fn collect_culprits(claims: &[Claim], start: usize, rng: &mut ChaCha12Rng, culprits: &mut Vec<usize>) {
    let (left, right) = claims.split_at(claims.len() / 2);
    if claims.len() < SINGLES_BELOW {
        culprits.extend((start..).zip(claims).filter(|(_, claim)| !claim.holds()).map(|(at, _)| at));
    } else if all_hold(left, rng) {
        collect_culprits(right, start + left.len(), rng, culprits);
    } else if all_hold(right, rng) {
        collect_culprits(left, start, rng, culprits);
    } else {
        culprits.extend((start..).zip(claims).filter(|(_, claim)| !claim.holds()).map(|(at, _)| at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(number: u16) -> SecretKey {
        let mut bytes = [7; 32];
        bytes[..2].copy_from_slice(&number.to_le_bytes());
        SecretKey::from_bytes(&bytes)
    }

    fn claims(count: u16, broken: &[usize]) -> Vec<Claim> {
        (0..count)
            .map(|number| {
                let key = secret(number);
                let signed: &[u8] = if broken.contains(&usize::from(number)) { b"other" } else { b"this" };
                Claim::new(&key.public_key(), &key.sign(signed), b"this")
            })
            .collect()
    }

    #[test]
    fn failed_batch_names_its_culprits() {
        let broken = [0, 5, 1023, 1024, 1299];
        let claims = claims(1300, &broken);
        assert_eq!(verify_batch(&claims, BatchSeed([1; 32])), Err(Culprits(broken.to_vec())));
    }

    #[test]
    fn batch_of_good_signatures_holds_at_any_size() {
        for count in [0, 1, 7, 8, 9, 200] {
            assert_eq!(verify_batch(&claims(count, &[]), BatchSeed([2; 32])), Ok(()));
        }
    }

    #[test]
    fn byte_rule_agrees_with_the_curve_on_every_small_order_point() {
        for y in SMALL_ORDER_Y {
            for sign in [0, 0x80] {
                let mut bytes = y;
                bytes[31] |= sign;
                assert_eq!(PublicKey::from_bytes(bytes), Err(KeyError::SmallOrder));
                if let Ok(point) = ed25519_dalek::VerifyingKey::from_bytes(&bytes) {
                    assert!(point.is_weak());
                }
            }
        }
    }

    #[test]
    fn unreduced_coordinates_are_not_keys() {
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                let mut bytes = [0xff; 32];
                (bytes[0], bytes[31]) = (low, high);
                assert_eq!(PublicKey::from_bytes(bytes), Err(KeyError::NotCanonical));
            }
        }
    }

    #[test]
    fn secret_key_never_shows_itself() {
        assert_eq!(format!("{:?}", secret(3)), "SecretKey(…)");
    }
}
