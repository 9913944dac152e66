//! What a connection was given to work on, and what of it came back.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Refusal;
use super::messages::{self, Submission};
use crate::template::{ASSIGNED_BYTES, Difficulty, Extranonce, Job, Payout, Rolled, Template, VERSION};
use crate::types::{Address, Block, BlockHash, Target, Timestamp};

/// Jobs on the present tip that still count; beyond, the oldest is stale. At one in ten seconds, that is after minutes.
pub const JOBS_MAX: usize = 32;
/// Shares on the present tip that are remembered; beyond, the oldest is forgotten. Who sends it again while its job
/// counts is believed twice, in statistics that pay nobody.
pub const SHARES_MAX: usize = 1024;

/// A job as it was sent.
struct Sent {
    name: String,
    job: Job,
    time: Timestamp,
    difficulty: Difficulty,
    share_target: Target,
    block_target: Option<Target>,
}

/// A share that counts.
pub(super) struct Judged {
    /// What was asked of it.
    pub difficulty: Difficulty,
    /// The block, if it is one.
    pub block: Option<Box<Block>>,
}

/// What a share may turn besides extranonce and nonce.
#[derive(Clone, Copy)]
pub(super) struct Leeway {
    /// Bits of the version.
    pub mask: u32,
    /// The latest time.
    pub latest: Timestamp,
}

/// The jobs of a connection on the present tip.
pub(super) struct Jobs {
    assigned: [u8; ASSIGNED_BYTES],
    named: u64,
    sent: VecDeque<Sent>,
    /// Of each share the part of its hash that is all chance. That two have it in common does not happen.
    seen: VecDeque<u64>,
}

impl Jobs {
    /// None yet. All shares begin with the extranonce that was assigned.
    pub fn new(assigned: [u8; ASSIGNED_BYTES]) -> Self {
        Self { assigned, named: 0, sent: VecDeque::new(), seen: VecDeque::new() }
    }

    /// The block that all of them stand on.
    pub fn previous(&self) -> Option<BlockHash> {
        self.sent.back().map(|sent| sent.job.template().groundwork().previous)
    }

    /// Makes a job of a template, and gives the line that offers it. Where it stands on another tip than those before,
    /// they are stale from now on, and the line says so.
    ///
    /// Every job has its number in its coinbase. So no two are the same work, not even where all else is the same: a
    /// machine that begins anew at each of them never hashes what it has hashed before.
    pub fn send(
        &mut self,
        template: &Arc<Template>,
        miner: Address,
        difficulty: Difficulty,
        now: Timestamp,
    ) -> String {
        let groundwork = template.groundwork();
        let clean = self.previous() != Some(groundwork.previous);
        if clean {
            // Not only emptied: what a burst has taken is given back.
            (self.sent, self.seen) = (VecDeque::new(), VecDeque::new());
        }
        if self.sent.len() == JOBS_MAX {
            self.sent.pop_front();
        }
        self.named += 1;
        let name = format!("{:x}", self.named);
        let payout = Payout::to(miner).with_tag(format!("cairn {name}").as_bytes()).expect("a short tag");
        let job = Job::new(Arc::clone(template), &payout);
        let time = now.max(template.time());
        let line = messages::notify(&name, &job, time, clean);
        let (share_target, block_target) =
            (difficulty.target(), Target::from_bits(groundwork.context.bits).ok());
        self.sent.push_back(Sent { name, job, time, difficulty, share_target, block_target });
        line
    }

    /// Says what a share is worth.
    ///
    /// A block is a share however hard shares are. Shares are told apart by the hash of their header, in which all that
    /// can be turned is.
    pub fn judge(&mut self, share: &Submission<'_>, leeway: Leeway) -> Result<Judged, Refusal> {
        let sent = self.sent.iter().find(|sent| sent.name == share.job).ok_or(Refusal::Stale)?;
        let earliest = sent.time;
        if share.time < earliest {
            return Err(Refusal::TimeTooOld(earliest));
        }
        let latest = leeway.latest.max(earliest);
        if share.time > latest {
            return Err(Refusal::TimeTooNew(latest));
        }
        if share.version & !leeway.mask != 0 {
            return Err(Refusal::Version(leeway.mask));
        }
        let rolled = Rolled {
            extranonce: Extranonce { assigned: self.assigned, turned: share.turned },
            version: VERSION | share.version,
            time: share.time,
            nonce: share.nonce,
        };
        let hash = sent.job.header(&rolled).hash();
        if self.seen.contains(&chance(&hash)) {
            return Err(Refusal::Duplicate);
        }
        let is_block = sent.block_target.is_some_and(|target| target.is_met_by(&hash));
        if !is_block && !sent.share_target.is_met_by(&hash) {
            let (found, asked) = (difficulty_of(&hash), sent.difficulty.number());
            return Err(Refusal::LowDifficulty { found, asked });
        }
        let block = is_block.then(|| Box::new(sent.job.block(&rolled)));
        let judged = Judged { difficulty: sent.difficulty, block };
        self.remember(&hash);
        Ok(judged)
    }

    fn remember(&mut self, hash: &BlockHash) {
        if self.seen.len() == SHARES_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(chance(hash));
    }
}

/// The lowest bytes of a hash: work makes the others small.
fn chance(hash: &BlockHash) -> u64 {
    u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("a hash has more bytes"))
}

/// The hardest difficulty that a hash would do for.
fn difficulty_of(hash: &BlockHash) -> f64 {
    let number = crate::types::U256::from_le_bytes(*hash.as_bytes());
    Target::from_number(number).map_or(f64::MAX, |target| Difficulty::of(target).number())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Groundwork;
    use crate::testkit::{Follower, Network};

    #[test]
    fn shares_take_no_more_room_than_they_may_and_give_it_back_with_the_next_tip() {
        let network = Network::new(1);
        let groundwork = Follower::new(&network).groundwork();
        let mut jobs = Jobs::new([0; ASSIGNED_BYTES]);
        for tip in 1..=3 {
            let groundwork = Groundwork { previous: BlockHash::from_bytes([tip; 32]), ..groundwork };
            let template = Template::assemble(network.params(), groundwork, Timestamp(0), []);
            jobs.send(&Arc::new(template), Address::from_bytes([1; 32]), Difficulty::MIN, Timestamp(0));
            assert_eq!((jobs.sent.len(), jobs.seen.capacity()), (1, 0));
            (0..=255).for_each(|byte| (0..8).for_each(|_| jobs.remember(&BlockHash::from_bytes([byte; 32]))));
            assert_eq!((jobs.seen.len(), jobs.seen.capacity()), (SHARES_MAX, SHARES_MAX));
        }
    }
}
