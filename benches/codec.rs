//! What it costs to read a block's bytes and see that they are canonical, beside checking what they say.

mod support;

use cairn::codec::{decode, encode};
use cairn::consensus::{SoundBlock, check_block};
use cairn::testkit::{Actor, BATCH_SEED, Follower, Network};
use cairn::types::Block;
use support::{compare, figure, median, ms, ratio, timed, yardstick};

const PAYMENTS: u32 = 10_000;

fn main() {
    yardstick();
    let network = Network::new(PAYMENTS);
    let params = network.params();
    let follower = Follower::new(&network);
    let pay = |at: u32| network.actors[at as usize].pay(params, 0, &Actor::new(at / 7), 1000, 10);
    let block = follower.draft(Actor::new(0).address(), (0..PAYMENTS).map(pay).collect()).mine(params);
    let bytes = encode(&block);
    let context = follower.chain.context_above(&block.header.previous).expect("the tip");

    let compared = compare(
        15,
        || timed(|| decode::<Block>(&bytes).expect("canonical bytes")),
        || {
            let block = block.clone();
            timed(|| check_block(block, &context, params, BATCH_SEED).expect("an honest block"))
        },
    );
    figure("block_bytes", bytes.len() as f64, "bytes");
    figure("decode_10k_payments", ms(compared.first), "ms");
    figure("check_10k_payments_one_core", ms(compared.second), "ms");
    ratio("decode_over_check", compared.ratio, "checking the same block on one core");

    let all_but_signatures = median(9, || {
        let block = block.clone();
        timed(|| SoundBlock::examine(block, &context, params).expect("an honest block"))
    });
    figure("all_but_signatures", ms(all_but_signatures), "ms");
    let encoded = median(9, || timed(|| encode(&block)));
    figure("encode_10k_payments", ms(encoded), "ms");
}
