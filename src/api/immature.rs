//! Rewards that have yet to mature, by whom they are owed: put together once for each tip.

use std::collections::HashMap;

use crate::node::{ReadError, Reader, Tip};
use crate::types::{Address, Amount, Height};

/// Who is owed how much at one tip.
pub struct Immature {
    tip: Tip,
    owed: HashMap<Address, Amount>,
}

impl Immature {
    /// At a reader's tip, where rewards mature after so many blocks.
    ///
    /// # Errors
    /// When the tip is forgotten.
    pub fn at(reader: &Reader, maturity: u32) -> Result<Self, ReadError> {
        let tip = reader.tip();
        let mut owed: HashMap<Address, Amount> = HashMap::new();
        let lowest = tip.height.0.saturating_sub(maturity.saturating_sub(1)).max(1);
        for height in lowest..=tip.height.0 {
            if let Some(reward) = reader.reward(Height(height))? {
                let sum = owed.entry(reward.recipient).or_default();
                // Genesis proved that no sum of money overflows.
                *sum = sum.checked_add(reward.amount).unwrap_or(*sum);
            }
        }
        Ok(Self { tip, owed })
    }

    /// Whether this is so at a tip.
    pub fn is_at(&self, tip: &Tip) -> bool {
        self.tip == *tip
    }

    /// What an address is owed.
    pub fn of(&self, address: &Address) -> Amount {
        self.owed.get(address).copied().unwrap_or_default()
    }
}
