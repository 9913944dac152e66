//! Asking for headers, and holding them until they show more work than ours.

use super::target::Target;
use super::{HEADERS_HELD_MAX, Source, Sync};
use crate::chain::LOCATOR_MAX;
use crate::codec::List;
use crate::consensus::{Branch, check_arrival};
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::yardstick::worked;
use crate::protocol::{Farewell, GetHeaders, HEADERS_MAX, Known, Message, Now, Output, PeerId, Standing};
use crate::types::{BlockHash, Header, Work};

/// How far below our tip a branch may leave ours and its blocks still be taken without their headers being shown before.
/// Half of what the node allows: our own branch may grow meanwhile.
const FORK_DEPTH_MAX: u32 = 72;

/// What one was asked, and since when.
pub(super) struct Question {
    pub peer: PeerId,
    asked_at: u64,
    /// It goes on with the headers of the branch that is fetched.
    of_target: bool,
}

/// Headers of a branch that has not shown more work than ours.
pub(super) struct Held {
    above: Standing,
    end: Branch,
    last: BlockHash,
    headers: Vec<Header>,
}

/// How far headers could be taken in.
struct Extended {
    end: Branch,
    taken: usize,
    is_early: bool,
}

impl Held {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.headers.len()
    }
}

impl Question {
    /// It is waited for anew.
    pub fn goes_on(&mut self, now: Now) {
        self.asked_at = now.millis;
    }
}

impl Sync {
    pub(super) fn gives_up_at(&self, question: &Question) -> u64 {
        question.asked_at + self.seconds(20)
    }

    /// Whoever does not answer is passed over, and hung up on if there are others.
    pub(super) fn give_up_silent(&mut self, now: Now, acts: &mut Acts) {
        let Some(question) = &self.question else { return };
        if now.millis < self.gives_up_at(question) {
            return;
        }
        let peer = question.peer;
        (self.question, self.held) = (None, None);
        self.pass_over(now, peer);
        if let Some(source) = self.sources.get_mut(&peer) {
            source.owed += 1;
            source.has_unknown = true;
            self.nobody_until = 0;
        }
        if self.sources.len() > 1 {
            acts.drop(peer, Farewell::Stalls);
        }
    }

    /// Asks whoever may have more, or for more of what is being fetched.
    pub(super) fn ask_for_headers(&mut self, now: Now, known: &dyn Known, acts: &mut Acts) {
        if self.question.is_some() || self.is_closed {
            return;
        }
        let (peer, of_target) = match &self.target {
            Some(target) => {
                let goes_on = !target.is_whole && target.len() + HEADERS_MAX <= HEADERS_HELD_MAX;
                if !goes_on || !self.sources.contains_key(&target.source) {
                    return;
                }
                (target.source, true)
            }
            None => match self.choose(now, known) {
                Some(peer) => (peer, false),
                None => return,
            },
        };
        if let Some(source) = self.sources.get_mut(&peer).filter(|_| !of_target) {
            // Cleared when it is asked: what it tells of from now on may come before the answer, and not be in it.
            source.has_unknown = false;
        }
        self.question = Some(Question { peer, asked_at: now.millis, of_target });
        self.send_question(known, acts);
    }

    fn send_question(&self, known: &dyn Known, acts: &mut Acts) {
        let Some(question) = &self.question else { return };
        let last = match (&self.held, &self.target) {
            (Some(held), _) => Some(held.last),
            (None, Some(target)) if question.of_target => Some(target.last),
            (None, _) => None,
        };
        let locator = last.into_iter().chain(known.locator()).take(LOCATOR_MAX).collect();
        let locator = List::new(locator).expect("a locator ends with genesis");
        acts.send(question.peer, Message::GetHeaders(GetHeaders { locator }));
    }

    /// Headers came.
    pub fn headers_came(
        &mut self,
        now: Now,
        peer: PeerId,
        headers: &[Header],
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        let Some(question) = self.question.take_if(|question| question.peer == peer) else {
            let owed = self.sources.get_mut(&peer).filter(|source| source.owed > 0);
            match owed {
                Some(source) => source.owed -= 1,
                None => acts.blame(peer, Offence::Unasked("headers")),
            }
            return;
        };
        let outcome = if question.of_target {
            self.continue_target(now, peer, headers, known)
        } else {
            self.continue_held(now, peer, headers, known, acts)
        };
        if let Err(offence) = outcome {
            self.held = None;
            self.has_nothing(peer);
            acts.blame(peer, offence);
        }
    }

    fn has_nothing(&mut self, peer: PeerId) {
        if let Some(Source { claim, .. }) = self.sources.get_mut(&peer) {
            *claim = Work::ZERO;
        }
    }

    fn continue_target(
        &mut self,
        now: Now,
        peer: PeerId,
        headers: &[Header],
        known: &dyn Known,
    ) -> Result<(), Offence> {
        let Some(target) = &self.target else { return Ok(()) };
        let goes_on = headers.first().is_some_and(|first| first.previous == target.last);
        let extended = if goes_on { Some(self.extend(now, &target.end, headers, known)?) } else { None };
        let Some(target) = &mut self.target else { return Ok(()) };
        match extended {
            Some(extended) => {
                target.extend(&headers[..extended.taken], extended.end);
                target.is_whole = headers.len() < HEADERS_MAX || extended.is_early;
            }
            None => {
                target.is_whole = true;
                // It has gone over to another branch meanwhile.
                if !headers.is_empty() {
                    self.heard_of_unknown(peer);
                }
            }
        }
        Ok(())
    }

    fn continue_held(
        &mut self,
        now: Now,
        peer: PeerId,
        headers: &[Header],
        known: &dyn Known,
        acts: &mut Acts,
    ) -> Result<(), Offence> {
        let Some(first) = headers.first() else {
            self.held = None;
            self.has_nothing(peer);
            return Ok(());
        };
        let went_on = self.held.is_some();
        let mut held = match self.held.take().filter(|held| held.last == first.previous) {
            Some(held) => held,
            // It has gone over to another branch, or goes round in circles to be asked for ever.
            None if went_on => {
                self.pass_over(now, peer);
                self.heard_of_unknown(peer);
                return Ok(());
            }
            None => match begin(first, known)? {
                Some(held) => held,
                None => {
                    self.has_nothing(peer);
                    return Ok(());
                }
            },
        };
        let extended = self.extend(now, &held.end, headers, known)?;
        let taken = &headers[..extended.taken];
        held.headers.extend_from_slice(taken);
        held.last = taken.last().map_or(held.last, Header::hash);
        held.end = extended.end;
        let is_whole = headers.len() < HEADERS_MAX || extended.is_early;
        if held.end.work > known.tip().work && held.above.height < known.base() {
            acts.push(Output::Log(format!(
                "a branch with more work leaves ours at {}, below {}, where blocks are kept from: sync anew to follow it",
                held.above.height,
                known.base()
            )));
            self.has_nothing(peer);
        } else if held.end.work > known.tip().work {
            self.begin_target(now, peer, held, is_whole, known, acts);
        } else if is_whole || held.headers.len() + HEADERS_MAX > HEADERS_HELD_MAX {
            self.has_nothing(peer);
        } else {
            self.held = Some(held);
            self.question = Some(Question { peer, asked_at: now.millis, of_target: false });
            self.send_question(known, acts);
        }
        if extended.is_early {
            // What is early now is not for ever.
            self.heard_of_unknown(peer);
            self.pass_over(now, peer);
        }
        Ok(())
    }

    fn begin_target(
        &mut self,
        now: Now,
        peer: PeerId,
        held: Held,
        is_whole: bool,
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        let mut target = Target::new(peer, held.above, held.end.clone());
        target.extend(&held.headers, held.end);
        target.is_whole = is_whole;
        let is_deep = held.above.height.0.saturating_add(FORK_DEPTH_MAX) < known.tip().height.0;
        if is_deep {
            target.waits_for_headers = true;
            acts.push(Output::SubmitHeaders(peer, held.headers));
        }
        self.servers.begin(peer);
        self.reconsider_at = now.millis + self.seconds(30);
        self.target = Some(target);
    }

    /// Takes headers in above a branch, until one is early.
    fn extend(
        &self,
        now: Now,
        branch: &Branch,
        headers: &[Header],
        known: &dyn Known,
    ) -> Result<Extended, Offence> {
        let params = known.params();
        let mut end = branch.clone();
        let mut below: Option<BlockHash> = None;
        for (taken, header) in headers.iter().enumerate() {
            if below.is_some_and(|below| below != header.previous) {
                return Err(Offence::Unconnected);
            }
            let hash = worked(header, params)?;
            if check_arrival(header.time, now.chain, params).is_err() {
                return Ok(Extended { end, taken, is_early: true });
            }
            end = self.checkpoints.extend(&end, header, hash, params)?;
            below = Some(hash);
        }
        Ok(Extended { end, taken: headers.len(), is_early: false })
    }
}

/// Where a branch begins that leaves ours, or one that we know; nothing where an operator ruled that out.
fn begin(first: &Header, known: &dyn Known) -> Result<Option<Held>, Offence> {
    let Some(below) = known.block(&first.previous) else { return Err(Offence::Unconnected) };
    // Nobody was told of others: they were not in the question.
    if !below.has_body {
        return Err(Offence::Unconnected);
    }
    if below.is_refused {
        return Err(Offence::Block("it stands on one that was refused".to_owned()));
    }
    let Some(end) = known.branch(&first.previous) else { return Ok(None) };
    Ok(Some(Held { above: below.standing, end, last: first.previous, headers: Vec::new() }))
}
