//! Values drawn at random, for properties.

use proptest::collection::vec;
use proptest::prelude::*;

use super::Actor;
use crate::codec::{Blob, List};
use crate::crypto::Signature;
use crate::ledger::{Account, Entry, Reward, StateKey, Supply};
use crate::types::{
    Action, Address, Amount, Bits, Block, BlockHash, Body, ChainTag, Coinbase, Commitments, Header, Height,
    HistoryRoot, MerkleRoot, Nonce, Policy, StateRoot, Timestamp, Transaction, Witness,
};

/// How often a property is tried: this often, times `CAIRN_CASES_FACTOR` where the environment sets it.
pub fn cases(usual: u32) -> ProptestConfig {
    let factor = std::env::var("CAIRN_CASES_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    ProptestConfig::with_cases(usual.saturating_mul(factor))
}

/// Amounts, small ones and the largest.
pub fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![0..1000_u64, any::<u64>()].prop_map(Amount::from_pebbles)
}

/// Heights, low ones and the last.
pub fn height() -> impl Strategy<Value = Height> {
    prop_oneof![0..1000_u32, any::<u32>()].prop_map(Height)
}

/// Addresses nobody holds a key for.
pub fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 32]>().prop_map(Address::from_bytes)
}

/// Policies of every shape that fits the bounds, asking for keys of the first twenty people.
pub fn policy() -> impl Strategy<Value = Policy> {
    let leaf = prop_oneof![
        4 => (0..20_u32).prop_map(|number| Actor::new(number).policy()),
        1 => height().prop_map(Policy::After),
        1 => any::<[u8; 32]>().prop_map(Policy::Preimage),
    ];
    leaf.prop_recursive(3, 16, 4, |child| {
        (any::<u8>(), vec(child, 1..4)).prop_map(|(draw, children)| {
            let required = 1 + draw % children.len() as u8;
            let first = children[0].clone();
            Policy::threshold(required, children).unwrap_or(first)
        })
    })
}

/// Actions of every kind.
pub fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (address(), amount(), vec(any::<u8>(), 0..=32)).prop_map(|(to, amount, reference)| Action::Pay {
            to,
            amount,
            reference: Blob::new(reference).expect("at most 32 bytes"),
        }),
        1 => (address(), vec(any::<u8>(), 0..=32)).prop_map(|(to, reference)| Action::PayAll {
            to,
            reference: Blob::new(reference).expect("at most 32 bytes"),
        }),
        1 => vec(any::<u8>(), 0..=256).prop_map(|text| Action::Note(Blob::new(text).expect("at most 256 bytes"))),
    ]
}

/// Witnesses that fit no policy in particular.
pub fn witness() -> impl Strategy<Value = Witness> {
    let signature = (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(r, s)| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&r);
        bytes[32..].copy_from_slice(&s);
        Signature(bytes)
    });
    (vec(any::<u16>(), 0..4), vec(signature, 0..4), vec(any::<[u8; 32]>(), 0..4)).prop_map(
        |(choices, signatures, preimages)| Witness {
            choices: List::new(choices).expect("a few"),
            signatures: List::new(signatures).expect("a few"),
            preimages: List::new(preimages).expect("a few"),
        },
    )
}

/// Transactions that can be written down; few of them are valid.
pub fn transaction() -> impl Strategy<Value = Transaction> {
    let body = (
        any::<[u8; 4]>(),
        policy(),
        any::<u64>(),
        amount(),
        proptest::option::of(height()),
        vec(action(), 1..5),
    );
    (body, witness()).prop_map(|((chain, policy, nonce, fee, expiry, actions), witness)| Transaction {
        body: Body {
            chain: ChainTag(chain),
            policy,
            nonce: Nonce(nonce),
            fee,
            expiry,
            actions: List::new(actions).expect("1 to 4"),
        },
        witness,
    })
}

/// Headers of any 80 bytes.
pub fn header() -> impl Strategy<Value = Header> {
    (any::<u32>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(
        |(version, previous, merkle_root, time, bits, nonce)| Header {
            version,
            previous: BlockHash::from_bytes(previous),
            merkle_root: MerkleRoot::from_bytes(merkle_root),
            time: Timestamp(time),
            bits: Bits(bits),
            nonce,
        },
    )
}

/// Coinbases of any content.
pub fn coinbase() -> impl Strategy<Value = Coinbase> {
    (height(), address(), amount(), vec(any::<u8>(), 8..=100)).prop_map(
        |(height, recipient, amount, extra)| Coinbase {
            height,
            recipient,
            amount,
            extra: Blob::new(extra).expect("8 to 100 bytes"),
        },
    )
}

/// Blocks that can be written down; hardly any is valid.
pub fn block() -> impl Strategy<Value = Block> {
    (header(), any::<[u8; 32]>(), any::<[u8; 32]>(), coinbase(), vec(transaction(), 0..4)).prop_map(
        |(header, state, history, coinbase, transactions)| Block {
            header,
            commitments: Commitments {
                state: StateRoot::from_bytes(state),
                history: HistoryRoot::from_bytes(history),
            },
            coinbase,
            transactions: List::new(transactions).expect("a few"),
        },
    )
}

/// Entries of every kind.
pub fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        (amount(), any::<u64>())
            .prop_map(|(balance, nonce)| Entry::Account(Account { balance, nonce: Nonce(nonce) })),
        (address(), amount())
            .prop_map(|(recipient, amount)| Entry::Reward(Box::new(Reward { recipient, amount }))),
        (amount(), amount()).prop_map(|(issued, burned)| Entry::Supply(Supply { issued, burned })),
    ]
}

/// Keys, most of which share long prefixes with others, as if ground to.
pub fn crowded_key() -> impl Strategy<Value = StateKey> {
    (0..4_u8, 0..=32_usize, any::<[u8; 32]>()).prop_map(|(family, shared, random)| {
        let mut bytes = random;
        bytes[..shared].fill(family * 0x55);
        if shared == 32 {
            bytes[31] = random[31];
        }
        StateKey::from_bytes(bytes)
    })
}
