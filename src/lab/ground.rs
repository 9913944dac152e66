//! Where a world stands: a chain of its own, and people who own something on it.

use super::Actor;
use crate::consensus::{AllocationEntry, Genesis, GenesisError, GenesisFile, Params, PowMode};
use crate::types::{Amount, Bits, PEBBLES_PER_COIN, Prefix, Timestamp};

/// When all worlds begin, by right clocks.
const BEGIN: Timestamp = Timestamp(1_700_000_000);
/// What each of the people owns at the beginning.
const COINS_EACH: u64 = 10_000;
/// The work of a block, in hashes that nobody does: 2^32, so that it can become a lot easier.
const BITS: Bits = Bits(0x1d00_ffff);

/// What a world's chain is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroundOptions {
    /// How many people own something from the start.
    pub people: u32,
    /// Seconds between two blocks.
    pub spacing: u32,
    /// Whether difficulty follows the hash rate.
    pub adjusts: bool,
    /// Whether the chain is a lab's, where nobody is banned and everything goes faster; or one among strangers.
    pub lab: bool,
    /// Blocks after which a reward can be spent.
    pub maturity: u32,
    /// Seconds that a header may lie ahead.
    pub future_drift: u32,
}

impl Default for GroundOptions {
    fn default() -> Self {
        Self { people: 20, spacing: 60, adjusts: false, lab: false, maturity: 10, future_drift: 600 }
    }
}

/// A chain and its people.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where it begins. Work on it is drawn, not done.
    pub genesis: Genesis,
    /// Who owned something from the start.
    pub people: Vec<Actor>,
}

impl GroundOptions {
    /// Where a chain like this begins.
    ///
    /// # Errors
    /// Names the first field of a genesis file whose value is not allowed.
    pub fn genesis(&self) -> Result<Genesis, GenesisError> {
        self.genesis_for(&self.people())
    }

    fn people(&self) -> Vec<Actor> {
        (0..self.people).map(Actor::new).collect()
    }

    fn genesis_for(&self, people: &[Actor]) -> Result<Genesis, GenesisError> {
        let Self { spacing, adjusts, lab, maturity, future_drift, .. } = *self;
        let prefix: Prefix = "clab".parse().expect("a prefix");
        let amount = Amount::from_pebbles(COINS_EACH * PEBBLES_PER_COIN);
        let entry = |person: &Actor| AllocationEntry { address: person.address().to_text(&prefix), amount };
        let mut file = GenesisFile::asert(BEGIN);
        "Cairn laboratory".clone_into(&mut file.name);
        file.prefix = prefix.to_string();
        file.bits = BITS;
        file.pow.mode = if adjusts { PowMode::Asert } else { PowMode::Fixed };
        file.pow.pow_limit = format!("7fffff{}", "0".repeat(58));
        file.pow.spacing = spacing;
        file.pow.halflife = spacing.saturating_mul(60);
        (file.maturity, file.future_drift, file.lab) = (maturity, future_drift, lab);
        file.allocation = people.iter().map(entry).collect();
        Ok(Genesis::new(&file)?.with_virtual_work())
    }
}

impl Ground {
    /// A chain like this.
    ///
    /// # Panics
    /// When it can be none, as [`GroundOptions::genesis`] says.
    pub fn new(options: &GroundOptions) -> Self {
        let people = options.people();
        let genesis = options.genesis_for(&people).expect("parameters that make a chain");
        Self { genesis, people }
    }

    /// The rules.
    pub fn params(&self) -> &Params {
        self.genesis.params()
    }

    /// What right clocks show when the world begins: a while after genesis, as on any chain.
    pub fn begin(&self) -> Timestamp {
        Timestamp(self.genesis.block().header.time.0 + self.params().spacing)
    }
}
