//! What our batches cost beside the library underneath, and beside one signature after the other.

mod support;

use cairn::crypto::{Claim, PublicKey, Signature, verify_batch};
use cairn::testkit::BATCH_SEED;
use support::{compare, figure, median, ratio, raw_signatures, timed, verify_raw, yardstick};

const SIGNATURES: usize = 8 * 1024;

fn main() {
    yardstick();
    let raw = raw_signatures(SIGNATURES);
    let ours: Vec<(PublicKey, Signature, [u8; 32])> = raw
        .iter()
        .map(|(key, signature, message)| {
            let key = PublicKey::from_bytes((*key).into()).expect("a key");
            (key, Signature(signature.to_bytes()), *message)
        })
        .collect();
    let claims = |count: usize| -> Vec<Claim> {
        ours[..count].iter().map(|(key, signature, message)| Claim::new(key, signature, message)).collect()
    };

    // Both from keys, signatures and messages to a verdict.
    let compared = compare(
        15,
        || timed(|| verify_raw(&raw)),
        || timed(|| verify_batch(&claims(SIGNATURES), BATCH_SEED).expect("good signatures")),
    );
    figure("raw_batch_one_core", SIGNATURES as f64 / compared.first.as_secs_f64(), "signatures/s");
    figure("our_batch_one_core", SIGNATURES as f64 / compared.second.as_secs_f64(), "signatures/s");
    ratio("batch_over_raw", compared.ratio, "ed25519-zebra in batches of 1024");

    let alone = claims(512);
    let single = median(7, || timed(|| alone.iter().all(Claim::holds)));
    let batched = median(7, || timed(|| verify_batch(&alone, BATCH_SEED)));
    figure("single", single.as_secs_f64() * 1e6 / 512.0, "us");
    figure("in_a_batch_of_512", batched.as_secs_f64() * 1e6 / 512.0, "us");
    let micro = median(31, || timed(|| verify_batch(&alone[..64], BATCH_SEED)));
    figure("in_a_batch_of_64", micro.as_secs_f64() * 1e6 / 64.0, "us");

    let mut spoiled = claims(1024);
    spoiled[700] = Claim::new(&ours[700].0, &ours[701].1, &ours[700].2);
    let good = claims(1024);
    let compared = compare(
        15,
        || timed(|| verify_batch(&spoiled, BATCH_SEED).expect_err("one culprit")),
        || timed(|| verify_batch(&good, BATCH_SEED)),
    );
    ratio("one_culprit_over_none", compared.ratio, "the same batch without it");

    // The worst there is: both halves fail, and every claim is checked alone.
    spoiled[10] = Claim::new(&ours[10].0, &ours[11].1, &ours[10].2);
    let compared = compare(
        15,
        || timed(|| verify_batch(&spoiled, BATCH_SEED).expect_err("two culprits")),
        || timed(|| verify_batch(&good, BATCH_SEED)),
    );
    ratio("culprit_in_each_half_over_none", compared.ratio, "the same batch without them");
}
