//! The best-paying block.

use cairn::codec::encoded_len;
use cairn::consensus::BLOCK_OVERHEAD_BYTES;
use cairn::template::Template;
use cairn::testkit::strategies::cases;
use cairn::testkit::{Actor, Outcome};
use cairn::types::{Action, Amount, Reference, Timestamp};
use proptest::prelude::*;

use crate::stage::{FUNDED, Stage, address, miner};

const FOLLOWED: Outcome = Outcome::Followed { reverted: 0 };

fn fees(template: &Template) -> Vec<u64> {
    template.transactions().iter().map(|checked| checked.transaction().body.fee.pebbles()).collect()
}

fn pay(to: u32, amount: u64) -> Action {
    Action::Pay { to: address(to), amount: Amount::from_pebbles(amount), reference: Reference::default() }
}

#[test]
fn empty_pool_makes_an_empty_block_that_pays_the_subsidy() {
    let mut stage = Stage::new();
    let template = stage.template();
    assert!(template.is_complete() && template.transactions().is_empty());
    assert_eq!(template.reward(), stage.params().issuance.subsidy(template.groundwork().context.height));
    let block = stage.block(template, &miner());
    assert_eq!(stage.submit(block), Ok(FOLLOWED));
}

#[test]
fn best_rate_comes_first_and_all_fees_are_the_miners() {
    let mut stage = Stage::new();
    stage.pay(0, 0, 9, 5, 10);
    stage.pay(1, 0, 9, 5, 30);
    stage.pay(1, 1, 9, 5, 20);
    let template = stage.template();
    assert_eq!(fees(&template), [30, 20, 10]);
    let subsidy = stage.params().issuance.subsidy(template.groundwork().context.height);
    assert_eq!(template.reward().pebbles(), subsidy.pebbles() + 60);
    let block = stage.block(template, &miner());
    assert_eq!(stage.submit(block), Ok(FOLLOWED));
}

#[test]
fn time_is_the_clocks_but_never_before_the_median() {
    let mut stage = Stage::new();
    let median = stage.follower.groundwork().context.median_time;
    assert_eq!(stage.template_at(Timestamp(0)).time(), median);
    let later = Timestamp(median.0 + 500);
    assert_eq!(stage.template_at(later).time(), later);
    let block = stage.block(stage.template_at(later), &miner());
    assert_eq!(stage.submit(block), Ok(FOLLOWED));
}

#[test]
fn what_counts_on_a_transaction_left_out_is_left_out_too() {
    // Room for three actions beside those of the first.
    let mut stage = Stage::with(|file| file.block_actions_max = 256);
    stage.act(0, 0, 900_000, vec![pay(9, 1); 253]);
    // Too many actions; brings money to 20, who passes it on, and is followed by another of the same sender.
    stage.act(1, 0, 8000, vec![pay(20, 2_000_000); 4]);
    stage.pay(1, 1, 9, 1, 300);
    stage.pay(20, 0, 21, 10, 900_000);
    stage.pay(2, 0, 9, 1, 10);
    let template = stage.template();
    assert_eq!(fees(&template), [900_000, 10]);
    assert!(!template.is_complete());
    let block = stage.block(template, &miner());
    assert_eq!(stage.submit(block), Ok(FOLLOWED));
}

#[test]
fn full_block_holds_what_fits_and_stays_within_its_bytes() {
    let mut stage = Stage::with(|file| {
        file.transaction_bytes_max = 4096;
        file.block_bytes_max = 4096 + BLOCK_OVERHEAD_BYTES;
    });
    for sender in 0..FUNDED {
        for nonce in 0..10 {
            stage.pay(sender, nonce, 9, 5, 100);
        }
    }
    let template = stage.template();
    let one = template.transactions()[0].facts().bytes;
    assert_eq!(template.transactions().len(), 4096 / one);
    let block = stage.block(template, &miner());
    assert!(encoded_len(&block) <= stage.params().block_bytes_max as usize);
    assert_eq!(stage.submit(block), Ok(FOLLOWED));
}

#[test]
fn same_inputs_make_the_same_block() {
    let make = || {
        let mut stage = Stage::new();
        for sender in 0..FUNDED {
            stage.pay(sender, 0, 50 + sender, 500, 700);
        }
        stage.block(stage.template(), &miner())
    };
    assert_eq!(make(), make());
}

/// What somebody tries to do: who, how many payments to whom, how much each, the fee, and whether all the rest goes too.
type Try = (u32, usize, u32, u64, u64, bool);

fn tries() -> impl Strategy<Value = Vec<Try>> {
    // Some send what they are yet to receive: only the first eight own something.
    let amount = prop_oneof![1..1000_u64, 1_000_000..9_000_000_u64];
    let one = (0..FUNDED + 6, 1..40_usize, 0..FUNDED + 12, amount, 1..5000_u64, prop::bool::weighted(0.1));
    prop::collection::vec(one, 1..60)
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn every_template_is_a_valid_block(tries in tries(), narrow in any::<bool>(), short in any::<bool>()) {
        let mut stage = Stage::with(|file| {
            file.transaction_bytes_max = 4096;
            if narrow {
                file.block_bytes_max = 4096 + BLOCK_OVERHEAD_BYTES;
            }
            if short {
                file.block_actions_max = 256;
            }
        });
        for (from, count, to, amount, fee, all) in tries {
            let nonce = stage.pool.next_nonce(&Actor::new(from).address(), &stage.follower.ledger).0;
            let mut actions: Vec<Action> = (0..count as u32).map(|at| pay(to + at % 3, amount)).collect();
            if all {
                actions.push(Action::PayAll { to: address(to), reference: Reference::default() });
            }
            stage.act(from, nonce, fee * count as u64, actions);
        }
        while !stage.pool.is_empty() {
            let template = stage.template();
            prop_assert!(narrow || short || template.is_complete());
            prop_assert!(!template.transactions().is_empty());
            let block = stage.block(template, &miner());
            prop_assert_eq!(stage.submit(block), Ok(FOLLOWED));
        }
    }
}
