//! Small networks to test on.

use super::Actor;
use crate::consensus::{AllocationEntry, Genesis, GenesisFile, Params, PowMode};
use crate::types::{Amount, Bits, PEBBLES_PER_COIN, Prefix, Timestamp};

/// The first `count` people.
pub fn actors(count: u32) -> Vec<Actor> {
    (0..count).map(Actor::new).collect()
}

/// The devnet preset with short spans, under which the first `funded` people own 1,000 coins each.
pub fn devnet_file(funded: u32) -> GenesisFile {
    let prefix: Prefix = "ctest".parse().expect("five letters");
    let amount = Amount::from_pebbles(1000 * PEBBLES_PER_COIN);
    let entry = |actor: Actor| AllocationEntry { address: actor.address().to_text(&prefix), amount };
    let mut file = GenesisFile::devnet(Timestamp(1_700_000_000));
    file.prefix = prefix.to_string();
    file.pow.spacing = 60;
    file.pow.halflife = 3600;
    file.maturity = 3;
    file.issuance.halving_interval = 1000;
    file.allocation = actors(funded).into_iter().map(entry).collect();
    file
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
