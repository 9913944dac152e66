//! What was said and done in a theatre.

use core::net::SocketAddr;
use std::cell::{Ref, RefCell};
use std::rc::Rc;

use super::Theatre;
use crate::lab::{Happening, World};
use crate::node::BlockVerdict;
use crate::protocol::{Farewell, Message};
use crate::types::BlockHash;

/// A message that was delivered.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// By whom it was sent.
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// What came; nothing where it was no message.
    pub message: Option<Message>,
}

/// All that happened that tests ask for, the oldest first.
#[derive(Default)]
pub(super) struct Log {
    delivered: Vec<Delivered>,
    farewells: Vec<(usize, SocketAddr, Farewell)>,
    judged: Vec<(usize, BlockHash, BlockVerdict)>,
}

impl Log {
    /// A log that is kept of this world from now on.
    pub fn of(world: &mut World) -> Rc<RefCell<Self>> {
        let log = Rc::new(RefCell::new(Self::default()));
        let kept = Rc::clone(&log);
        world.record.show_to(move |_, happening| kept.borrow_mut().note(happening));
        log
    }

    fn note(&mut self, happening: Happening<'_>) {
        match happening {
            Happening::Arrived { from, to, message, .. } => {
                self.delivered.push(Delivered { from, to, message: message.ok().cloned() });
            }
            Happening::HungUp { node, on, why } => self.farewells.push((node, on, why.clone())),
            Happening::Judged { node, block, verdict } => self.judged.push((node, block, verdict.clone())),
        }
    }
}

impl Theatre {
    /// All that was delivered, the oldest first.
    pub fn delivered(&self) -> Ref<'_, [Delivered]> {
        Ref::map(self.log.borrow(), |log| &log.delivered[..])
    }

    /// Forgets what was delivered.
    pub fn forget_delivered(&mut self) {
        self.log.borrow_mut().delivered.clear();
    }

    /// What one was sent by another, of the kind that is looked for.
    pub fn sent<T>(&self, from: usize, to: usize, look: impl Fn(&Message) -> Option<T>) -> Vec<T> {
        let log = self.log.borrow();
        let between = log.delivered.iter().filter(|delivered| delivered.from == from && delivered.to == to);
        between.filter_map(|delivered| look(delivered.message.as_ref()?)).collect()
    }

    /// On whom a node hung up, and why, the oldest first.
    pub fn farewells(&self, node: usize) -> Vec<(usize, Farewell)> {
        let log = self.log.borrow();
        let own = log.farewells.iter().filter(|(who, ..)| *who == node);
        own.map(|(_, on, why)| (self.party_at(*on).expect("somebody is there"), why.clone())).collect()
    }

    /// Whether a node ever hung up on that one for misbehaving.
    pub fn punished(&self, node: usize, other: usize) -> bool {
        let is_it = |(who, why): &(usize, Farewell)| *who == other && matches!(why, Farewell::Misbehaved(_));
        self.farewells(node).iter().any(is_it)
    }

    /// What a node made of which blocks, the oldest first.
    pub fn judged(&self, node: usize) -> Vec<(BlockHash, BlockVerdict)> {
        let log = self.log.borrow();
        let own = log.judged.iter().filter(|(who, ..)| *who == node);
        own.map(|(_, hash, verdict)| (*hash, verdict.clone())).collect()
    }
}
