//! Two sets of parameters to begin with; everything in them can be changed before a chain begins.

use super::{Activations, GenesisFile, Issuance, PowFile, PowMode};
use crate::types::{Amount, Bits, PEBBLES_PER_COIN, Timestamp};

impl GenesisFile {
    /// For devnets: trivial work of fixed difficulty, blocks on demand, rewards that mature soon, faults allowed.
    pub fn devnet(time: Timestamp) -> Self {
        Self {
            comment: Vec::new(),
            name: "Cairn devnet".to_owned(),
            prefix: "cdev".to_owned(),
            time,
            bits: Bits(0x207f_ffff),
            pow: PowFile {
                mode: PowMode::Fixed,
                pow_limit: format!("7fffff{}", "0".repeat(58)),
                spacing: 5,
                halflife: 160,
                gap_max: None,
            },
            future_drift: 600,
            maturity: 10,
            issuance: Issuance {
                initial: Amount::from_pebbles(50 * PEBBLES_PER_COIN),
                halving_interval: 210_000,
                floor: Amount::from_pebbles(PEBBLES_PER_COIN / 10),
            },
            block_bytes_max: 4_000_000,
            block_actions_max: 40_000,
            transaction_bytes_max: 20_000,
            account_charge: Amount::from_pebbles(1_000),
            snapshot_interval: 1_000,
            lab: true,
            activations: Activations::default(),
            allocation: Vec::new(),
            bootstrap: Vec::new(),
        }
    }

    /// For a chain among strangers: real work that follows the hash rate, a block a minute, nothing given away.
    pub fn asert(time: Timestamp) -> Self {
        Self {
            name: "Cairn".to_owned(),
            prefix: "cairn".to_owned(),
            // 2^24 hashes: half a second of one core, so that whoever begins alone can begin.
            bits: Bits(0x1e00_ffff),
            pow: PowFile {
                mode: PowMode::Asert,
                pow_limit: format!("0000ffff{}", "0".repeat(56)),
                spacing: 60,
                halflife: 3_600,
                gap_max: None,
            },
            maturity: 100,
            issuance: Issuance {
                initial: Amount::from_pebbles(50 * PEBBLES_PER_COIN),
                // Four years.
                halving_interval: 2_102_400,
                floor: Amount::from_pebbles(PEBBLES_PER_COIN / 10),
            },
            // A gigabyte of everybody's memory, some five million accounts, costs a day's issuance.
            account_charge: Amount::from_pebbles(PEBBLES_PER_COIN / 100),
            snapshot_interval: 10_000,
            lab: false,
            ..Self::devnet(time)
        }
    }
}
