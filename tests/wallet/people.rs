//! People with keys and a small network, for tests of what a wallet decides: nothing here needs more than the pure rooms.

use cairn::codec::Blob;
use cairn::consensus::{AllocationEntry, Genesis, GenesisFile, Params};
use cairn::crypto::{PublicKey, SecretKey, sha256};
use cairn::types::{Address, Amount, Height, Policy, Reference, Timestamp};
use cairn::wallet::{Draft, Fee, Means, Payment};
use proptest::collection::vec;
use proptest::prelude::*;

/// People that keys are drawn from.
pub const PEOPLE: u8 = 20;

pub fn secret(number: u8) -> SecretKey {
    SecretKey::from_bytes(&sha256(&[number]))
}

pub fn public(number: u8) -> PublicKey {
    secret(number).public_key()
}

pub fn key(number: u8) -> Policy {
    Policy::Key(public(number))
}

pub fn preimage(number: u8) -> [u8; 32] {
    [number; 32]
}

pub fn lock(number: u8) -> Policy {
    Policy::Preimage(sha256(&preimage(number)))
}

pub fn after(height: u32) -> Policy {
    Policy::After(Height(height))
}

pub fn of(required: u8, children: Vec<Policy>) -> Policy {
    Policy::threshold(required, children).unwrap()
}

pub fn address(number: u8) -> Address {
    key(number).address()
}

/// A key for which there is no secret.
pub fn dead_key() -> PublicKey {
    let candidates = (2..=255_u8).filter_map(|byte| PublicKey::from_bytes([byte; 32]).ok());
    candidates.into_iter().find(|key| !key.is_on_curve()).expect("half of all bytes are no point")
}

/// What people are called here: the first three by name.
pub fn name(key: &PublicKey) -> Option<String> {
    let names = ["you", "alice", "bob"];
    (0..3_u8).find(|number| public(*number) == *key).map(|number| names[usize::from(number)].to_owned())
}

pub fn genesis() -> Genesis {
    let mut file = GenesisFile::devnet(Timestamp(1_700_000_000));
    file.prefix = "ctest".to_owned();
    let prefix = file.prefix.parse().unwrap();
    let amount = Amount::from_pebbles(1_000_000_000);
    let entry = |number| AllocationEntry { address: address(number).to_text(&prefix), amount };
    file.allocation = (0..4).map(entry).collect();
    Genesis::new(&file).unwrap()
}

pub fn params() -> Params {
    genesis().params().clone()
}

pub fn pebbles(pebbles: u64) -> Amount {
    Amount::from_pebbles(pebbles)
}

pub fn reference(text: &str) -> Reference {
    Blob::new(text).unwrap()
}

/// One payment of 5,000 pebbles to the third person.
pub fn draft(policy: Policy) -> Draft {
    Draft {
        policy,
        nonce: cairn::types::Nonce(3),
        fee: Fee::PerKilobyte(1000),
        expiry: None,
        payments: vec![Payment { to: address(2), amount: pebbles(5000), reference: Reference::default() }],
        note: None,
        rest: None,
    }
}

/// These people's keys, these preimages, this height.
pub fn means(people: impl IntoIterator<Item = u8>, locks: &[u8], height: u32) -> Means {
    Means {
        keys: people.into_iter().map(public).collect(),
        hashes: locks.iter().map(|number| sha256(&preimage(*number))).collect(),
        height: Height(height),
    }
}

/// Policies of every shape that fits the bounds.
pub fn policies() -> impl Strategy<Value = Policy> {
    let leaf = prop_oneof![
        5 => (0..PEOPLE).prop_map(key),
        1 => prop_oneof![0..50_u32, any::<u32>()].prop_map(after),
        1 => (0..4_u8).prop_map(lock),
        1 => any::<[u8; 32]>().prop_map(Policy::Preimage),
    ];
    leaf.prop_recursive(3, 24, 5, |child| {
        (any::<u8>(), vec(child, 1..6)).prop_map(|(draw, children)| {
            let required = 1 + draw % children.len() as u8;
            let first = children[0].clone();
            Policy::threshold(required, children).unwrap_or(first)
        })
    })
}
