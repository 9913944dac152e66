//! How a block comes in: a look at its header, the checks, its turn, and what waits for it.

use std::sync::Arc;

use super::checks::{BlockJob, check_body};
use super::connect::{is_near, too_deep};
use super::inbox::{CheckedBody, Submission, Ticket};
use super::verdict::{BlockRefused, BlockVerdict, Verdict};
use super::writer::{Failed, InFlight, Writer};
use crate::chain::{ChainError, HeaderPlacement};
use crate::consensus::{Blame, BlockError, check_arrival, check_header, check_work};
use crate::types::{Block, BlockHash, Header, Height, Target};

/// Headers beside our branch, beyond which none is taken alone that stands too deep and has no more work than our tip. Each
/// takes some 300 bytes until the node ends, and may cost no more work than the chain began with.
const HEADERS_ASIDE_MAX: usize = 1 << 18;

impl Writer {
    /// A header from outside, whose body may come later. Whether it is early counts then: a header alone moves nothing.
    pub(super) fn take_header(&mut self, header: &Header) -> Result<HeaderPlacement, BlockRefused> {
        self.check_depth_of_new(header, HEADERS_ASIDE_MAX)?;
        self.accept_header(header)
    }

    fn accept_header(&mut self, header: &Header) -> Result<HeaderPlacement, BlockRefused> {
        Ok(self.shared.state.write().chain.accept_header(header)?)
    }

    /// Refuses a new header that stands too deep to be followed, before it is kept for ever; unless it has more work than
    /// our tip, or fewer than `aside_max` are kept beside our branch.
    fn check_depth_of_new(&self, header: &Header, aside_max: usize) -> Result<(), BlockRefused> {
        let state = self.shared.state.read();
        let chain = &state.chain;
        let Some(parent) = chain.entry(&header.previous).filter(|_| chain.entry(&header.hash()).is_none())
        else {
            return Ok(());
        };
        let (tip, height) = (chain.tip(), Height(parent.height.0.saturating_add(1)));
        let aside = chain.header_count() - (tip.height.0 as usize + 1);
        if is_near(height, tip.height) || aside < aside_max {
            return Ok(());
        }
        let target =
            check_work(&self.shared.params, header).and_then(|_| Ok(Target::from_bits(header.bits)?));
        let work = parent.work.saturating_add(target.map_err(ChainError::from)?.work());
        if work > tip.work { Ok(()) } else { Err(too_deep(height, tip.height)) }
    }

    /// Hands a block to the checks, unless a look at its header is enough.
    pub(super) fn take_in(&mut self, submission: Submission) {
        let Submission { block, mut ticket } = submission;
        let header = block.header;
        match self.look_at(&header) {
            Err(mut verdict) => {
                if let Ok(Verdict::Early { seconds }) = verdict {
                    verdict = self.keep_early(block, seconds);
                }
                self.shared.tallies.judged(&verdict);
                match ticket.take() {
                    // It may be known for what is not synced yet.
                    Some(ticket) if self.group.since.is_some() => self.group.answers.push((ticket, verdict)),
                    Some(ticket) => ticket.answer(verdict),
                    None => {}
                }
            }
            Ok(()) => {
                let context = self.shared.state.read().chain.context_above(&header.previous);
                let number = self.next_number;
                self.next_number += 1;
                self.in_flight.push_back(InFlight { number, header, ticket, body: None });
                self.checks.block(BlockJob { number, block, context });
            }
        }
    }

    /// What can be told from a header. Nothing, where its body has to be looked at.
    fn look_at(&mut self, header: &Header) -> Result<(), BlockVerdict> {
        if let Some(closed) = &self.closed {
            return Err(Err(closed.clone().into()));
        }
        let hash = header.hash();
        let known = self.shared.state.read().chain.has_body(&hash);
        if known && self.accept_header(header).is_ok() {
            return Err(Ok(Verdict::Known));
        }
        // Its own work comes before its time: what did none is not kept until later.
        check_work(&self.shared.params, header).map_err(|error| Err(ChainError::from(error).into()))?;
        if let Err(early) = check_arrival(header.time, self.shared.clocks.chain(), &self.shared.params) {
            self.check_branch(header).map_err(Err)?;
            return Err(Ok(Verdict::Early { seconds: early.seconds_early }));
        }
        // What would be checked in vain: whoever has a better branch shows its headers first.
        self.check_depth_of_new(header, 0).and_then(|()| self.accept_header(header)).map(|_| ()).map_err(Err)
    }

    /// Refuses a header that its branch will not want later either, as far as that branch is known.
    fn check_branch(&mut self, header: &Header) -> Result<(), BlockRefused> {
        let state = self.shared.state.read();
        let below = state.chain.entry(&header.previous).is_some();
        let context = state.chain.context_above(&header.previous);
        drop(state);
        match context {
            Some(context) => Ok(check_header(header, &context).map_err(ChainError::from)?),
            // What is below is not valid, or the last there can be: this says so, and keeps nothing.
            None if below => self.accept_header(header).map(|_| ()),
            None => Ok(()),
        }
    }

    fn keep_early(&mut self, block: Arc<Block>, seconds: u32) -> BlockVerdict {
        // Anybody can send an honest header with another body, which must not take its place until then.
        check_body(&block)?;
        let kept = self.early.keep(block, seconds);
        if kept { Ok(Verdict::Early { seconds }) } else { Err(BlockRefused::TooEarly { seconds }) }
    }

    /// The checks are done with a block, and it is its turn.
    pub(super) fn take_verdict(
        &mut self,
        header: &Header,
        ticket: Option<Ticket<BlockVerdict>>,
        body: CheckedBody,
    ) -> Result<(), Failed> {
        let hash = header.hash();
        if let Some(closed) = &self.closed {
            ticket.into_iter().for_each(|ticket| ticket.answer(Err(closed.clone().into())));
            return Ok(());
        }
        let verdict = match body {
            CheckedBody::Orphan(Ok(block)) => Ok(self.keep_orphan(header, block)),
            CheckedBody::Orphan(Err(error)) | CheckedBody::Placed(Err(error)) => {
                Err(self.condemn(&hash, error))
            }
            CheckedBody::Placed(Ok(block)) => {
                let verdict = match self.connect(&block) {
                    Ok(verdict) => verdict,
                    Err(failed) => {
                        let closed = self.close(&failed.0);
                        ticket.into_iter().for_each(|ticket| ticket.answer(Err(closed.clone().into())));
                        return Err(failed);
                    }
                };
                match verdict {
                    Ok(Verdict::Orphan { .. }) => Ok(self.keep_orphan(header, block.block.shared())),
                    Ok(Verdict::Side | Verdict::Followed { .. }) => {
                        self.release_orphans(&hash);
                        verdict
                    }
                    Ok(Verdict::Known | Verdict::Early { .. }) | Err(_) => verdict,
                }
            }
        };
        self.shared.tallies.judged(&verdict);
        self.group.answers.extend(ticket.map(|ticket| (ticket, verdict)));
        // Answers to what wrote nothing need no sync, but their order is kept behind those that do.
        if self.group.since.is_none() {
            self.answer();
        }
        Ok(())
    }

    fn condemn(&mut self, hash: &BlockHash, error: BlockError) -> BlockRefused {
        if error.blame() == Blame::Block {
            self.shared.state.write().chain.reject(hash);
        }
        error.into()
    }

    fn keep_orphan(&mut self, header: &Header, block: Arc<Block>) -> Verdict {
        let bytes = crate::codec::encoded_len(&*block);
        self.orphans.insert(header.hash(), header.previous, bytes, block);
        let state = self.shared.state.read();
        let mut missing = header.previous;
        while let Some(entry) = state.chain.entry(&missing).filter(|entry| {
            // Down to the lowest whose body is missing.
            state.chain.entry(&entry.header.previous).is_some_and(|below| below.arrival.is_none())
        }) {
            missing = entry.header.previous;
        }
        Verdict::Orphan { missing }
    }

    /// What stood on a block that has come is taken in again.
    fn release_orphans(&mut self, hash: &BlockHash) {
        for block in self.orphans.take_above(hash) {
            self.take_in(Submission { block, ticket: None });
        }
    }
}
