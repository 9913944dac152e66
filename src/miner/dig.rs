//! One thread's search for the nonce of a job.

use std::ops::RangeInclusive;

use crate::crypto::BLOCK_BYTES;
use crate::crypto::search::{Found, Kernel, PREFIXES_BEST, Search};
use crate::template::{ASSIGNED_BYTES, Extranonce, Job, Rolled, TURNED_BYTES, VERSION};
use crate::types::{Target, Timestamp};

/// Where in a version they differ, among the bits that are the miners' to turn.
const VERSION_SHIFT: u32 = 13;
/// Nonces between two looks at the clock and at whether to go on: some milliseconds on the slowest kernel.
const NONCES_AT_ONCE: u32 = 1 << 13;

/// A thread that looks for nonces: what it never does twice is up to what was assigned to it.
pub(super) struct Digger {
    kernel: Kernel,
    extranonce: Extranonce,
}

/// What a digger is told when it asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// It is this late; go on.
    At(Timestamp),
    /// Leave it.
    Leave,
}

impl Digger {
    pub fn new(kernel: Kernel, assigned: [u8; ASSIGNED_BYTES]) -> Self {
        Self { kernel, extranonce: Extranonce { assigned, turned: [0; TURNED_BYTES] } }
    }

    /// Looks for a block until one is found, or `next` says to leave. It is asked every few milliseconds, and told how
    /// many hashes were done since.
    pub fn dig(&mut self, job: &Job, mut next: impl FnMut(u64) -> Next) -> Option<Rolled> {
        let mut time = job.template().time();
        'headers: loop {
            let search = search(job, self.extranonce, time);
            for nonces in ranges() {
                let mut scan = search.scan(self.kernel, nonces);
                let found = scan.next();
                let told = next(scan.hashes());
                if let Some(Found { prefix, nonce, .. }) = found {
                    let extranonce = self.extranonce;
                    // Whoever digs here again finds another.
                    self.turn();
                    return Some(Rolled { extranonce, version: version(prefix), time, nonce });
                }
                let Next::At(now) = told else { return None };
                if now > time {
                    // Another time makes other headers of all nonces.
                    time = now;
                    continue 'headers;
                }
            }
            self.turn();
        }
    }

    /// Another coinbase makes other headers of all nonces.
    fn turn(&mut self) {
        let turned = u32::from_be_bytes(self.extranonce.turned).wrapping_add(1);
        self.extranonce.turned = turned.to_be_bytes();
    }
}

/// All nonces, as many at once as there are between two looks.
fn ranges() -> impl Iterator<Item = RangeInclusive<u32>> {
    (0..=u32::MAX / NONCES_AT_ONCE).map(|number| {
        let first = number * NONCES_AT_ONCE;
        first..=first + (NONCES_AT_ONCE - 1)
    })
}

fn version(number: usize) -> u32 {
    VERSION | (number as u32) << VERSION_SHIFT
}

fn search(job: &Job, extranonce: Extranonce, time: Timestamp) -> Search {
    let header = job.header(&Rolled { extranonce, version: VERSION, time, nonce: 0 });
    let bytes = header.to_bytes();
    let (prefix, rest) = bytes.split_first_chunk().expect("a header is longer than a block of the hash");
    let tail = rest.first_chunk().expect("and than its nonce");
    let prefixes: Vec<[u8; BLOCK_BYTES]> = (0..PREFIXES_BEST)
        .map(|number| {
            let mut prefix = *prefix;
            prefix[..4].copy_from_slice(&version(number).to_le_bytes());
            prefix
        })
        .collect();
    let target = Target::from_bits(header.bits).expect("the chain asks for bits that stand for a target");
    Search::new(&prefixes, *tail, target.number().to_le_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::template::{Payout, Template};
    use crate::testkit::{Follower, Network};
    use crate::types::Address;

    fn job() -> Job {
        let network = Network::new(1);
        let groundwork = Follower::new(&network).groundwork();
        let template = Template::assemble(network.params(), groundwork, Timestamp(0), []);
        Job::new(Arc::new(template), &Payout::to(Address::from_bytes([1; 32])))
    }

    #[test]
    fn no_nonce_is_left_out() {
        let mut next = Some(0);
        for nonces in ranges() {
            assert_eq!(Some(*nonces.start()), next);
            next = nonces.end().checked_add(1);
        }
        assert_eq!(next, None);
    }

    #[test]
    fn what_was_turned_makes_other_headers() {
        let (job, mut digger) = (job(), Digger::new(Kernel::best(), [7; 4]));
        let root = |digger: &Digger| job.merkle_root(digger.extranonce);
        let before = root(&digger);
        digger.turn();
        assert_ne!(root(&digger), before);
        assert_eq!(digger.extranonce.assigned, [7; 4]);
    }

    #[test]
    fn what_is_found_meets_the_target_with_every_kernel() {
        let job = job();
        for kernel in Kernel::available() {
            let rolled = Digger::new(kernel, [7; 4]).dig(&job, |_| Next::At(Timestamp(0))).unwrap();
            let header = job.header(&rolled);
            assert!(Target::from_bits(header.bits).unwrap().is_met_by(&header.hash()), "{kernel}");
        }
    }
}
