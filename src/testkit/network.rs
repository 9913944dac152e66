//! Small networks to test on.

use super::Actor;
use crate::consensus::{
    Activations, AllocationEntry, Genesis, GenesisFile, Issuance, Params, PowFile, PowMode,
};
use crate::types::{Amount, Bits, PEBBLES_PER_COIN, Prefix, Timestamp};

/// The first `count` people.
pub fn actors(count: u32) -> Vec<Actor> {
    (0..count).map(Actor::new).collect()
}

/// A genesis file of fixed, trivial difficulty, under which the first `funded` people own 1,000 coins each.
pub fn devnet_file(funded: u32) -> GenesisFile {
    let prefix: Prefix = "ctest".parse().expect("five letters");
    let amount = Amount::from_pebbles(1000 * PEBBLES_PER_COIN);
    let entry = |actor: Actor| AllocationEntry { address: actor.address().to_text(&prefix), amount };
    GenesisFile {
        comment: Vec::new(),
        name: "test".to_owned(),
        prefix: prefix.to_string(),
        time: Timestamp(1_700_000_000),
        bits: Bits(0x207f_ffff),
        pow: PowFile {
            mode: PowMode::Fixed,
            pow_limit: format!("7fffff{}", "0".repeat(58)),
            spacing: 60,
            halflife: 3600,
            gap_max: None,
        },
        future_drift: 600,
        maturity: 3,
        issuance: Issuance {
            initial: Amount::from_pebbles(50 * PEBBLES_PER_COIN),
            halving_interval: 1000,
            floor: Amount::from_pebbles(PEBBLES_PER_COIN / 10),
        },
        block_bytes_max: 4_000_000,
        block_actions_max: 40_000,
        transaction_bytes_max: 20_000,
        account_charge: Amount::from_pebbles(1000),
        snapshot_interval: 100,
        lab: true,
        activations: Activations::default(),
        allocation: actors(funded).into_iter().map(entry).collect(),
        bootstrap: Vec::new(),
    }
}

/// The same under ASERT, beginning at a difficulty of a few thousand hashes.
pub fn asert_file(funded: u32) -> GenesisFile {
    let mut file = devnet_file(funded);
    file.pow.mode = PowMode::Asert;
    file.bits = Bits(0x1f0f_ffff);
    file
}

/// A network: its genesis and its people.
#[derive(Clone, Debug)]
pub struct Network {
    /// Where it begins.
    pub genesis: Genesis,
    /// Who owned something from the start.
    pub actors: Vec<Actor>,
}

impl Network {
    /// A devnet of so many funded people.
    pub fn new(funded: u32) -> Self {
        Self::from_file(&devnet_file(funded), funded)
    }

    /// The network of a file under which the first `funded` people own something.
    ///
    /// # Panics
    /// When the file makes no chain.
    pub fn from_file(file: &GenesisFile, funded: u32) -> Self {
        Self { genesis: Genesis::new(file).expect("the file makes a chain"), actors: actors(funded) }
    }

    /// The rules.
    pub fn params(&self) -> &Params {
        self.genesis.params()
    }
}
