//! Rewards: what miners are owed, when they have it, and that no money appears or disappears on the way.

use cairn::consensus::Blame;
use cairn::ledger::{LedgerError, Reward, SpendError, View};
use cairn::types::{Amount, Height};

use crate::stage::{FUNDS, Stage, address, miner, pay_all_action};

/// Blocks to maturity on this network.
const MATURITY: u32 = 3;

fn amount(pebbles: u64) -> Amount {
    Amount::from_pebbles(pebbles)
}

#[test]
fn reward_is_spent_in_the_block_in_which_it_matures_and_not_one_before() {
    let mut stage = Stage::new();
    let earned = stage.params().issuance.initial.pebbles();
    stage.follower.mine_empty(address(9), 1);
    stage.follower.mine_empty(miner(), MATURITY - 2);
    let spend = stage.pay(9, 0, 1, earned, 0);

    assert_eq!(stage.follower.height(), Height(MATURITY - 1));
    let error = SpendError::UnknownSender;
    let early = stage.apply(vec![spend.clone()]);
    assert_breaks!(early, LedgerError::Spend { index: 0, error }, Blame::Block);
    assert_eq!(stage.balance(9), None);

    stage.follower.mine_empty(miner(), 1);
    stage.apply(vec![spend]).unwrap();
    assert_eq!(stage.follower.height(), Height(1 + MATURITY));
    assert_eq!((stage.balance(9), stage.balance(1)), (Some(0), Some(FUNDS + earned)));
}

#[test]
fn reward_of_a_known_account_does_not_count_before_it_matures() {
    let mut stage = Stage::new();
    let earned = stage.params().issuance.initial.pebbles();
    stage.follower.mine_empty(address(0), 1);
    stage.follower.mine_empty(miner(), MATURITY - 2);
    let spend = stage.pay(0, 0, 1, FUNDS + 1, 0);
    let error = SpendError::Balance { cost: amount(FUNDS + 1), balance: amount(FUNDS) };
    let early = stage.apply(vec![spend.clone()]);
    assert_breaks!(early, LedgerError::Spend { index: 0, error }, Blame::Block);
    stage.follower.mine_empty(miner(), 1);
    stage.apply(vec![spend]).unwrap();
    assert_eq!(stage.balance(0), Some(earned - 1));
}

#[test]
fn reward_is_subsidy_and_fees_and_is_gone_once_it_matured() {
    let mut stage = Stage::new();
    let initial = stage.params().issuance.initial.pebbles();
    let fees = vec![stage.pay(0, 0, 1, 5, 7), stage.act(1, 0, 35, vec![pay_all_action(2)])];
    stage.follower.mine(address(9), fees);
    let owed = Reward { recipient: address(9), amount: amount(initial + 42) };
    for _ in 0..MATURITY {
        assert_eq!(stage.follower.ledger.reward(Height(1)), Some(owed));
        assert_eq!(stage.balance(9), None);
        stage.follower.mine_empty(miner(), 1);
    }
    assert_eq!(stage.follower.ledger.reward(Height(1)), None);
    assert_eq!(stage.balance(9), Some(initial + 42), "no charge for an account that a reward brings about");
    assert_eq!(stage.follower.ledger.supply().burned, Amount::ZERO);
}

#[test]
fn maturity_of_one_block_is_the_shortest() {
    let mut stage = Stage::with(|file| file.maturity = 1);
    stage.follower.mine_empty(address(9), 1);
    assert_eq!(stage.balance(9), None);
    let all = stage.act(9, 0, 0, vec![pay_all_action(1)]);
    stage.apply(vec![all]).unwrap();
    assert_eq!(stage.balance(9), Some(0));
}

#[test]
fn reward_of_nothing_brings_no_account_into_being() {
    let mut stage = Stage::with(|file| {
        file.issuance.initial = Amount::ZERO;
        file.issuance.floor = Amount::ZERO;
    });
    stage.follower.mine_empty(address(9), 1);
    assert_eq!(stage.follower.ledger.reward(Height(1)).unwrap().amount, Amount::ZERO);
    stage.follower.mine_empty(miner(), MATURITY);
    assert_eq!(stage.follower.ledger.reward(Height(1)), None);
    assert_eq!(stage.balance(9), None);
}

#[test]
fn money_adds_up_in_every_block_and_after_all_were_taken_back() {
    let mut stage = Stage::new();
    let initial = stage.params().issuance.initial.pebbles();
    for height in 1..=12 {
        let from = height % 4;
        let nonce = stage.account(from).unwrap().nonce.0;
        let spends =
            vec![stage.pay(from, nonce, 20 + height, 10_000, 17), stage.pay(from, nonce + 1, 3, 5, 0)];
        stage.follower.mine(address(20 + height), spends);
        let audit = stage.follower.ledger.audit().unwrap();
        assert_eq!(audit.allocated, amount(4 * FUNDS));
        assert_eq!(audit.supply.issued, amount(u64::from(height) * initial));
        assert_eq!(audit.supply.burned, stage.follower.ledger.supply().burned);
    }
    let mut other = Stage::new().follower;
    other.mine_empty(miner(), 13);
    for block in other.branch() {
        stage.submit(block).unwrap();
    }
    assert_eq!(stage.follower.height(), Height(13));
    assert_eq!(stage.follower.ledger.commitments(), other.ledger.commitments());
    assert_eq!(stage.follower.ledger.supply().burned, Amount::ZERO);
}
