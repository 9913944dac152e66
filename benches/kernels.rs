//! What a thread hashes in a second when it looks for a nonce, by each kernel this processor has.
//!
//! The baseline is what an honest miner does with the `sha2` crate: the first block hashed once, then two compressions
//! a nonce. It uses the processor's SHA instructions too.

mod support;

use std::thread;
use std::time::Duration;

use cairn::crypto::search::{Kernel, Search};
use cairn::crypto::{BLOCK_BYTES, Digest, ZERO_DIGEST};
use sha2::block_api::compress256;
use support::{Compared, compare, figure, ratio, timed};

/// Alternating turns, each some tens of milliseconds long.
const TURNS: usize = 25;
const BASELINE_HASHES: u32 = 400_000;
const KERNEL_HASHES: u32 = 1 << 20;
/// Versions that are tried for each nonce.
const VERSIONS: u32 = 8;

const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

fn main() {
    let best = Kernel::best();
    for kernel in Kernel::available() {
        let name = kernel.name().replace('-', "_");
        let Rates { baseline, kernel: rate, ratio: over } = rates(kernel, VERSIONS);
        figure(&format!("{name}_one_thread"), rate, "MH/s");
        ratio(&format!("{name}_over_sha2"), over, "the sha2 crate with midstate");
        if kernel == best {
            figure("sha2_one_thread", baseline, "MH/s");
            ratio("best_over_sha2", over, "the sha2 crate with midstate");
            for versions in [1, 4, 16] {
                let Rates { kernel: rate, .. } = rates(kernel, versions);
                figure(&format!("{name}_versions_{versions}"), rate, "MH/s");
            }
        }
    }

    let search = search(VERSIONS);
    let Compared { second, ratio: over, .. } = compare(
        TURNS,
        || 2 * scan(&search, best, KERNEL_HASHES),
        || {
            timed(|| {
                thread::scope(|scope| {
                    for _ in 0..2 {
                        scope.spawn(|| scan(&search, best, 2 * KERNEL_HASHES));
                    }
                });
            }) / 2
        },
    );
    figure("best_two_threads", 2.0 * f64::from(KERNEL_HASHES) / second.as_secs_f64() / 1e6, "MH/s");
    ratio("threads_scaling", over / 2.0, "two of one thread's");
}

struct Rates {
    baseline: f64,
    kernel: f64,
    ratio: f64,
}

/// Measures a kernel turn by turn with the baseline, in millions of hashes a second.
fn rates(kernel: Kernel, versions: u32) -> Rates {
    let search = search(versions);
    let Compared { first, second, ratio } =
        compare(TURNS, || baseline(BASELINE_HASHES), || scan(&search, kernel, KERNEL_HASHES));
    let millions = |hashes: u32, time: Duration| f64::from(hashes) / time.as_secs_f64() / 1e6;
    Rates {
        baseline: millions(BASELINE_HASHES, first),
        kernel: millions(KERNEL_HASHES, second),
        ratio: ratio * f64::from(KERNEL_HASHES) / f64::from(BASELINE_HASHES),
    }
}

fn prefix(version: u32) -> [u8; BLOCK_BYTES] {
    let mut prefix = [7; BLOCK_BYTES];
    prefix[..4].copy_from_slice(&version.to_le_bytes());
    prefix
}

/// A search that finds nothing, so that only its own work is measured.
fn search(versions: u32) -> Search {
    let prefixes: Vec<_> = (0..versions).map(|version| prefix(version << 13)).collect();
    let mut target: Digest = ZERO_DIGEST;
    target[..24].fill(0xff);
    Search::new(&prefixes, [5; 12], target)
}

fn scan(search: &Search, kernel: Kernel, hashes: u32) -> Duration {
    let nonces = hashes / search.prefixes() as u32;
    timed(|| {
        let mut scan = search.scan(kernel, 0..=nonces - 1);
        assert_eq!(scan.next(), None, "a find of one in 2^64");
        assert_eq!(scan.hashes(), u64::from(hashes), "hashes that were not made");
    })
}

fn baseline(hashes: u32) -> Duration {
    let mut midstate = INITIAL;
    compress256(&mut midstate, &[prefix(0)]);
    let mut second = [0; BLOCK_BYTES];
    second[..12].fill(5);
    second[16] = 0x80;
    second[62..].copy_from_slice(&640_u16.to_be_bytes());
    let mut third = [0; BLOCK_BYTES];
    third[32] = 0x80;
    third[62..].copy_from_slice(&256_u16.to_be_bytes());

    timed(|| {
        (0..hashes)
            .filter(|nonce| {
                second[12..16].copy_from_slice(&nonce.to_le_bytes());
                let mut state = midstate;
                compress256(&mut state, std::slice::from_ref(&second));
                for (bytes, word) in third.as_chunks_mut::<4>().0.iter_mut().zip(state) {
                    *bytes = word.to_be_bytes();
                }
                let mut state = INITIAL;
                compress256(&mut state, std::slice::from_ref(&third));
                state[7] == 0 && state[6] == 0
            })
            .count()
    })
}
