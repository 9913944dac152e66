//! A block's effect on the state, as a set of changes.

use super::overlay::Overlay;
use super::settle::{SpendError, account_keys, settle};
use super::tree::READ_AHEAD;
use super::{Account, Entry, LedgerError, MapSeed, Reward, StateKey, StateTree, Supply};
use crate::codec::{Decode, Encode};
use crate::consensus::{CheckedBlock, Params, Spend};
use crate::ledger::Change;
use crate::types::{Amount, Height};

/// What became of one transaction beyond what it says itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Receipt {
    /// What its `PayAll` came to.
    pub paid_all: Option<Amount>,
    /// What was burned for accounts that it brought into being.
    pub charge: Amount,
}

/// All balances and all money there can be stay below 2^63, as genesis proved.
const PROVEN: &str = "genesis proved that no sum of money overflows";

/// What applying a block would change, and the receipts of its transactions. Nothing has changed yet.
///
/// # Consensus
/// In this order: the reward of `height − maturity` is credited and removed; the transactions are settled, each
/// debited in full before it credits, so that money received can be spent later in the same block; this block's reward
/// is written, and the supply.
pub(super) fn changes_of(
    block: &CheckedBlock,
    tree: &StateTree,
    params: &Params,
    seed: MapSeed,
) -> Result<(Vec<Change>, Vec<Receipt>), LedgerError> {
    let mut state = Overlay::new(tree, seed, 2 * block.spends().len() + 4);
    mature(&mut state, block.height(), params);

    let mut receipts = Vec::with_capacity(block.spends().len());
    let mut burned = Amount::ZERO;
    for (index, (spend, keys)) in keyed_spends(block, tree).enumerate() {
        let receipt = apply_spend(&mut state, spend, &keys, params.account_charge)
            .map_err(|error| LedgerError::Spend { index, error })?;
        burned = burned.checked_add(receipt.charge).expect(PROVEN);
        receipts.push(receipt);
    }

    let coinbase = block.coinbase();
    let reward = Reward { recipient: coinbase.recipient, amount: coinbase.amount };
    *state.entry(StateKey::reward(coinbase.height)) = Some(Entry::Reward(Box::new(reward)));
    write_supply(&mut state, params.issuance.subsidy(coinbase.height), burned);
    Ok((state.into_changes(), receipts))
}

/// Each transaction with the keys of its accounts, which were read ahead with those of its neighbours.
fn keyed_spends<'a>(
    block: &'a CheckedBlock,
    tree: &'a StateTree,
) -> impl Iterator<Item = (Spend<'a>, Vec<StateKey>)> {
    let mut spends = block.spends();
    let groups = std::iter::from_fn(move || {
        let group: Vec<_> = spends
            .by_ref()
            .take(READ_AHEAD)
            .map(|spend| (spend, account_keys(&spend).collect::<Vec<_>>()))
            .collect();
        tree.read_ahead(group.iter().flat_map(|(_, keys)| keys));
        (!group.is_empty()).then_some(group)
    });
    groups.flatten()
}

/// Credits the reward whose time has come. One of nothing brings no account into being.
fn mature(state: &mut Overlay<'_, StateTree>, height: Height, params: &Params) {
    let Some(earned) = height.0.checked_sub(params.maturity).map(Height) else { return };
    if let Some(Entry::Reward(reward)) = state.entry(StateKey::reward(earned)).take()
        && !reward.amount.is_zero()
    {
        credit(state, StateKey::account(&reward.recipient), reward.amount);
    }
}

fn apply_spend(
    state: &mut Overlay<'_, StateTree>,
    spend: Spend<'_>,
    keys: &[StateKey],
    account_charge: Amount,
) -> Result<Receipt, SpendError> {
    let settlement = settle(spend, keys, account_charge, |key| state.account(key))?;
    state.change_account(settlement.sender, |Account { balance, nonce }| {
        *balance = balance.checked_sub(settlement.cost).expect("settling compared cost and balance");
        // 2^64 transactions of one account do not fit into 2^32 blocks.
        *nonce = nonce.next().expect("fewer transactions than nonces");
    });
    for (key, amount) in settlement.credits {
        credit(state, key, amount);
    }
    Ok(Receipt { paid_all: settlement.paid_all, charge: settlement.charge })
}

fn credit(state: &mut Overlay<'_, StateTree>, key: StateKey, amount: Amount) {
    state.change_account(key, |account| account.balance = account.balance.checked_add(amount).expect(PROVEN));
}

fn write_supply(state: &mut Overlay<'_, StateTree>, subsidy: Amount, charges: Amount) {
    let entry = state.entry(StateKey::supply());
    let before = match entry {
        Some(Entry::Supply(supply)) => *supply,
        Some(Entry::Account(_) | Entry::Reward(_)) | None => Supply::default(),
    };
    let issued = before.issued.checked_add(subsidy).expect(PROVEN);
    let burned = before.burned.checked_add(charges).expect(PROVEN);
    *entry = Some(Entry::Supply(Supply { issued, burned }));
}
