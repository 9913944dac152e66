//! Putting blocks together, of what waits here and what was asked for.

use std::sync::Arc;

use super::Relay;
use super::pending::Stage;
use super::serving::Kept;
use crate::codec::List;
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::{
    Body, Compact, Errand, GetParts, Known, Message, Namer, Now, Output, Partial, Parts, PeerId,
};
use crate::types::{Block, BlockHash, Transaction};

impl Relay {
    /// What is here of a compact block was found.
    pub fn reconstructed(
        &mut self,
        now: Now,
        peer: PeerId,
        partial: Partial,
        compact: &Arc<Compact>,
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        let hash = partial.header().hash();
        let Some(pending) = self.pending.get_mut(&hash) else { return };
        if pending.from != peer {
            self.reconstructed_of_another(peer, partial, compact, known, acts);
            return;
        }
        let places: Vec<u32> = partial.missing().collect();
        if places.is_empty() {
            self.complete(now, peer, partial, Vec::new(), compact, known, acts);
        } else {
            let places = List::new(places).expect("no more than the block has");
            acts.send(peer, Message::GetParts(GetParts { block: hash, places }));
            pending.stage = Stage::Parts;
            pending.at = now.millis;
            pending.partial = Some((partial, Arc::clone(compact)));
        }
    }

    /// What is here of a compact block was found while another is waited for who keeps parts of it: if it is all, nobody has
    /// to be waited for.
    ///
    /// # Security
    /// Whoever is first with names for which there are no transactions could else hold up every block for as long as parts
    /// are waited for, at no cost. What is not all of the block changes nothing: nobody who is waited for is displaced.
    fn reconstructed_of_another(
        &mut self,
        peer: PeerId,
        partial: Partial,
        compact: &Arc<Compact>,
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        let hash = partial.header().hash();
        let waits = self.pending.get(&hash).filter(|pending| pending.stage == Stage::Parts);
        let Some(from) = waits.map(|pending| pending.from) else { return };
        if partial.missing().next().is_some() {
            return;
        }
        if let Ok(block) = partial.complete(Vec::new(), known.params().block_bytes_max as usize) {
            self.listeners.may_answer_late(from);
            self.put_together(hash, peer, block, compact, acts);
        }
    }

    /// What was missing of a compact block came.
    pub fn parts_came(&mut self, now: Now, peer: PeerId, parts: Parts, known: &dyn Known, acts: &mut Acts) {
        let hash = parts.block;
        let pending = self.pending.get_mut(&hash).filter(|pending| pending.from == peer);
        let partial = pending.and_then(|pending| pending.partial.take());
        let Some((partial, compact)) = partial else {
            if !self.listeners.answers_late(peer) {
                acts.blame(peer, Offence::Unasked("parts of a block"));
            }
            return;
        };
        self.complete(now, peer, partial, parts.transactions.into_vec(), &compact, known, acts);
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is one block")]
    fn complete(
        &mut self,
        now: Now,
        peer: PeerId,
        partial: Partial,
        missing: Vec<Transaction>,
        compact: &Arc<Compact>,
        known: &dyn Known,
        acts: &mut Acts,
    ) {
        let hash = partial.header().hash();
        let sent: Vec<u32> = partial.missing().collect();
        match partial.complete(missing, known.params().block_bytes_max as usize) {
            // Two transactions may have one name, and what came may be wrong: the whole block says which.
            Err(_) => self.ask_whole(now, hash, peer, acts),
            Ok(block) => {
                let compact = truly_named(compact, &block, &sent);
                self.put_together(hash, peer, block, &compact, acts);
            }
        }
    }

    /// A block is whole: it is submitted, and passed on.
    fn put_together(
        &mut self,
        hash: BlockHash,
        peer: PeerId,
        block: Block,
        compact: &Arc<Compact>,
        acts: &mut Acts,
    ) {
        let block = Arc::new(block);
        self.pending.remove(&hash);
        self.listeners.brought(peer, acts);
        self.keep(Kept { hash, block: Arc::clone(&block), compact: Arc::clone(compact) });
        acts.push(Output::SubmitBlock(hash, Body::Whole(block), Errand::PutTogether(peer)));
        self.listeners.push(hash, compact, acts);
    }
}

/// The compact block that is passed on: the one that came, or another if it has wrong names for what was `sent`, as what
/// was found has its own. Nothing commits to names, so anybody can change them, and all further on would ask in vain.
fn truly_named(compact: &Arc<Compact>, block: &Block, sent: &[u32]) -> Arc<Compact> {
    let namer = Namer::new(&block.header);
    let is_true = |place: &u32| {
        let at = *place as usize;
        namer.name(&block.transactions[at].hash()) == compact.names[at]
    };
    if sent.iter().all(is_true) { Arc::clone(compact) } else { Arc::new(Compact::of(block)) }
}
