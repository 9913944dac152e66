//! What an account had at an earlier height.
//!
//! Every block that changed an account noted what it overwrote. So what an account had after a block is what the next one
//! above overwrote that changed it, or what it has at the tip where none did: one block is read, whatever lies between. Which
//! that is, the indexes say, but for rewards that mature: those change an account in a block that does not name it.

use super::found::PLACES_MAX;
use super::reader::{ReadError, Reader};
use crate::ledger::{Account, Entry, StateKey};
use crate::storage::{Order, Place, StorageError, Subject};
use crate::types::{Address, BlockHash, Height};

/// Blocks that are read for one answer. More than one is read where an entry of the indexes leads to a block of another
/// branch, and where rewards of pruned blocks mature, of which the indexes say nothing.
pub const PAST_BLOCKS_MAX: usize = 2048;

/// What an account had after a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Past {
    /// The block, on the reader's branch.
    pub block: BlockHash,
    /// Its height.
    pub height: Height,
    /// What the account had then; nothing where it had never been paid.
    pub account: Option<Account>,
    /// The height above it of the block that changed the account next; nothing where none did up to the tip.
    pub until: Option<Height>,
}

impl Reader {
    /// What an account had after the block at a height of this reader's branch; nothing above its tip.
    ///
    /// # Errors
    /// When the indexes have not come this far, or another branch is followed, or what came after that height was pruned, or
    /// more than [`PAST_BLOCKS_MAX`] blocks would have to be read.
    pub fn account_after(&self, address: &Address, height: Height) -> Result<Option<Past>, ReadError> {
        let Some(at) = self.header_at(height) else { return Ok(None) };
        if height < self.shared.base {
            return Err(ReadError::Pruned { height, base: self.shared.base });
        }
        let past = |account, until| Some(Past { block: at.hash, height, account, until });
        let mut above = height;
        for _ in 0..PAST_BLOCKS_MAX {
            let Some(next) = self.next_change(address, above)? else {
                return Ok(past(self.account(address)?, None));
            };
            if let Some(was) = self.overwritten(address, next)? {
                return Ok(past(was, Some(next)));
            }
            above = next;
        }
        Err(ReadError::TooFar { blocks_max: PAST_BLOCKS_MAX })
    }

    /// The lowest block above a height that may have changed an account.
    fn next_change(&self, address: &Address, above: Height) -> Result<Option<Height>, ReadError> {
        let named = self.next_named(address, above)?;
        let matured = self.next_matured(address, above, named.unwrap_or(Height(u32::MAX)))?;
        let next = [named, matured].into_iter().flatten().min();
        Ok(next.filter(|next| *next <= self.tip.height))
    }

    /// The lowest block above a height in which a transaction concerns an account, or a reward matures that was earned above
    /// it.
    fn next_named(&self, address: &Address, above: Height) -> Result<Option<Height>, ReadError> {
        let mut matures: Option<Height> = None;
        let mut after = Place::above_all_of(above);
        loop {
            let (places, done) =
                self.places(Subject::Address(address), Order::Oldest { after: Some(after) }, PLACES_MAX)?;
            done?;
            for place in &places {
                if matures.is_some_and(|matures| matures <= place.height) {
                    return Ok(matures);
                }
                // A reward that is earned changes nothing yet.
                if place.position > 0 {
                    return Ok(Some(place.height));
                }
                matures.get_or_insert(self.matures_at(place.height));
            }
            match places.last() {
                Some(last) if places.len() == PLACES_MAX => after = *last,
                _ => return Ok(matures),
            }
        }
    }

    /// The lowest block above a height and below another in which a reward matures that was earned no higher than that.
    fn next_matured(
        &self,
        address: &Address,
        above: Height,
        below: Height,
    ) -> Result<Option<Height>, ReadError> {
        let maturity = self.shared.params.maturity;
        let base = self.shared.base;
        let earned_max = Height(above.0.min(below.0.saturating_sub(maturity.saturating_add(1))));
        let mut earned = Height(above.0.saturating_sub(maturity).saturating_add(1));
        // What was earned in blocks that were pruned is in no index: every block in which it could mature is one to look at.
        if earned <= base && base > Height::GENESIS && earned <= earned_max {
            return Ok(Some(self.matures_at(earned)));
        }
        // Of each block the reward comes first, so that one look tells whether there is one, however much else there is.
        while earned <= earned_max {
            let after = Place::above_all_of(Height(earned.0.saturating_sub(1)));
            let (places, done) =
                self.places(Subject::Address(address), Order::Oldest { after: Some(after) }, 1)?;
            done?;
            let Some(place) = places.first().filter(|place| place.height <= earned_max) else { break };
            if place.position == 0 {
                return Ok(Some(self.matures_at(place.height)));
            }
            earned = Height(place.height.0.saturating_add(1));
        }
        Ok(None)
    }

    fn matures_at(&self, earned: Height) -> Height {
        Height(earned.0.saturating_add(self.shared.params.maturity))
    }

    /// What an account had before the block at a height changed it; nothing where that did not.
    fn overwritten(&self, address: &Address, height: Height) -> Result<Option<Option<Account>>, ReadError> {
        let (hash, written) = {
            let state = self.shared.state.read();
            let hash = state.chain.ancestor(&self.tip.hash, height).map(|entry| entry.hash);
            let hash = hash.ok_or(ReadError::TipMoved)?;
            (hash, state.written(&hash))
        };
        let missing = || StorageError::Contradiction(format!("block {hash} is not where it was written"));
        let library = &self.shared.library;
        let block = library.block(written.block.ok_or_else(missing)?)?;
        let undo = library.undo(written.connected.ok_or_else(missing)?, &block)?;
        let key = StateKey::account(address);
        let was = undo.entries.iter().find(|(changed, _)| *changed == key);
        Ok(was.map(|(_, was)| match was {
            Some(Entry::Account(account)) => Some(*account),
            Some(Entry::Reward(_) | Entry::Supply(_)) | None => None,
        }))
    }
}
