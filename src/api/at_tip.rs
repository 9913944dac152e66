//! What took some work to put together, kept for as long as the tip is followed at which it was.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot as sync;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::node::Tip;

/// What was put together at one tip, by what it is about.
pub struct AtTip<K, V> {
    count_max: usize,
    kept: sync::Mutex<Kept<K, V>>,
}

struct Kept<K, V> {
    tip: Option<Tip>,
    slots: HashMap<K, Slot<V>>,
}

/// It is locked while somebody puts it together: whoever asks for the same waits, and others need not.
type Slot<V> = Arc<Mutex<Option<Arc<V>>>>;

/// What is at hand, or the slot to fill: it is locked until whoever has it is done, or gives up.
pub enum Sought<V> {
    /// It was put together before.
    There(Arc<V>),
    /// Whoever is given this puts it together.
    Missing(Making<V>),
}

/// A slot that somebody fills.
pub struct Making<V>(OwnedMutexGuard<Option<Arc<V>>>);

impl<V> Making<V> {
    /// It was put together.
    pub fn done(mut self, made: V) -> Arc<V> {
        Arc::clone(self.0.insert(Arc::new(made)))
    }
}

impl<K: Copy + Eq + Hash, V> AtTip<K, V> {
    /// Of no more than so many; more are put together for whoever asks, and not kept.
    pub fn new(count_max: usize) -> Self {
        Self { count_max, kept: sync::Mutex::new(Kept { tip: None, slots: HashMap::new() }) }
    }

    /// What there is about something at a tip. Where another puts it together, this waits, and holds nothing up meanwhile.
    pub async fn seek(&self, tip: &Tip, about: K) -> Sought<V> {
        let kept = self.slot(tip, about).lock_owned().await;
        match &*kept {
            Some(kept) => Sought::There(Arc::clone(kept)),
            None => Sought::Missing(Making(kept)),
        }
    }

    fn slot(&self, tip: &Tip, about: K) -> Slot<V> {
        let mut kept = self.kept.lock();
        if kept.tip.is_some_and(|kept| tip.sequence < kept.sequence) {
            // Of an earlier tip than others ask about: it comes too late.
            return Slot::default();
        }
        if kept.tip != Some(*tip) {
            *kept = Kept { tip: Some(*tip), slots: HashMap::new() };
        }
        let has_room = kept.slots.len() < self.count_max;
        match kept.slots.get(&about) {
            Some(slot) => Arc::clone(slot),
            None if has_room => Arc::clone(kept.slots.entry(about).or_default()),
            None => Slot::default(),
        }
    }

    /// What could not be put together takes nobody's room.
    pub fn forget(&self, tip: &Tip, about: &K) {
        let mut kept = self.kept.lock();
        if kept.tip == Some(*tip) {
            kept.slots.remove(about);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::testkit::{Draft, Network, TestNode};
    use crate::types::Address;

    fn made(kept: &AtTip<u8, u8>, tip: &Tip, about: u8) -> bool {
        let sought = kept.seek(tip, about).now_or_never().expect("nobody else puts anything together");
        let (found, is_new) = match sought {
            Sought::There(found) => (found, false),
            Sought::Missing(making) => (making.done(about), true),
        };
        assert_eq!(*found, about);
        is_new
    }

    #[test]
    fn each_is_put_together_once_for_a_tip_as_far_as_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::new(1);
        let node = TestNode::start(folder.path(), &network.genesis);
        let (kept, before) = (AtTip::new(2), node.tip());
        let given_up = kept.seek(&before, 0).now_or_never();
        assert!(matches!(given_up, Some(Sought::Missing(_))));
        assert!(kept.seek(&before, 0).now_or_never().is_none(), "one puts it together, and others wait");
        drop(given_up);
        kept.forget(&before, &0);
        assert_eq!(
            [1, 1, 2, 2, 1].map(|about| made(&kept, &before, about)),
            [true, false, true, false, false]
        );
        assert_eq!([3, 3].map(|about| made(&kept, &before, about)), [true, true]);
        let block = Draft::on(node.groundwork(), Address::from_bytes([1; 32]), Vec::new());
        node.submit(&block.mine(network.params())).unwrap();
        assert_eq!([1, 1].map(|about| made(&kept, &node.tip(), about)), [true, false]);
        assert!(made(&kept, &before, 1), "one who is late is answered, and takes nothing from others");
        assert!(!made(&kept, &node.tip(), 1));
    }
}
