//! Blocks that nodes are to leave or to count again: also those that are down when it is said, or hear of the block later.
//!
//! Each node keeps for itself what it leaves. What is kept here is what is yet to be said to some: it is noted before the first of
//! them is told, so that an end at any point leaves no node alone on a branch of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Weak};

use futures_util::future::select_all;
use serde::{Deserialize, Serialize};
use tokio::select;
use tokio::sync::{Notify, watch};

use super::error::DevnetError;
use super::member::Member;
use super::network::{DevnetHandle, Inner};
use super::roster::{Live, Roster, living};
use crate::node::{RulingRefused, Tip};
use crate::types::BlockHash;

/// What is yet to be said to some nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rulings {
    /// Blocks that all leave, also whoever hears of them later.
    #[serde(default)]
    left: BTreeSet<BlockHash>,
    /// Blocks that a node counts again once it runs.
    #[serde(default)]
    owed: BTreeMap<usize, BTreeSet<BlockHash>>,
}

impl Rulings {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty() && self.owed.is_empty()
    }

    /// Has all nodes leave a block.
    fn leave(&mut self, block: BlockHash) {
        self.left.insert(block);
        self.owed.values_mut().for_each(|blocks| {
            blocks.remove(&block);
        });
    }

    /// Has these nodes count a block again once they run.
    pub fn owe(&mut self, nodes: impl IntoIterator<Item = usize>, block: BlockHash) {
        for node in nodes {
            self.owed.entry(node).or_default().insert(block);
        }
    }

    /// That a node counts a block again.
    pub fn settle(&mut self, node: usize, block: &BlockHash) {
        self.owed.entry(node).or_default().remove(block);
        self.owed.retain(|_, blocks| !blocks.is_empty());
    }

    /// These, and what nodes from this number on are owed by others: they have no part in these.
    pub fn with_absent(mut self, others: &Self, from: usize) -> Self {
        self.owed.split_off(&from);
        self.owed.extend(others.owed.range(from..).map(|(node, blocks)| (*node, blocks.clone())));
        self
    }
}

/// Whether one of two blocks stands on the other, as a node knows.
fn are_related(live: &Live, one: &BlockHash, other: &BlockHash) -> bool {
    live.node.look(|chain, _| {
        let (Some(one), Some(other)) = (chain.entry(one), chain.entry(other)) else { return false };
        let (low, high) = if one.height < other.height { (one, other) } else { (other, one) };
        chain.ancestor(&high.hash, low.height).is_some_and(|at| at.hash == low.hash)
    })
}

/// Has each of these leave a block, or count it again: how many do, and why others cannot.
fn tell(living: &[(usize, Live)], block: BlockHash, counts: bool) -> (usize, Vec<DevnetError>) {
    let (mut done, mut failed) = (0, Vec::new());
    for (index, live) in living {
        let told = match counts {
            true => pollster::block_on(live.node.reconsider(block)),
            false => pollster::block_on(live.node.invalidate(block)),
        };
        match told {
            Ok(_) => done += 1,
            // It has nothing to leave yet.
            Err(RulingRefused::Unknown(_)) => {}
            Err(error) => failed.push(DevnetError::ruling(*index)(error)),
        }
    }
    (done, failed)
}

impl DevnetHandle {
    /// Has all nodes leave a block and what stands on it, or count it again: those that run now, the others when they begin, and
    /// whoever does not know it yet when it comes.
    ///
    /// # Errors
    /// When no node that runs knows it, or one cannot leave it. Then all others do all the same.
    pub fn rule(&self, block: BlockHash, counts: bool) -> Result<(), DevnetError> {
        // Nobody begins or ends meanwhile, and no block is made.
        let members = self.0.members.lock();
        let _turn = self.0.turn.lock();
        let living = living(&self.roster());
        let (first, _) = living.first().ok_or(DevnetError::AllDown)?;
        if !living.iter().any(|(_, live)| live.node.reader().header(&block).is_some()) {
            return Err(DevnetError::ruling(*first)(RulingRefused::Unknown(block)));
        }
        let down: Vec<usize> = members.iter().filter(|member| !member.is_up()).map(Member::index).collect();
        let before = self.0.manifest.lock().rulings.clone();
        self.note_rulings(|rulings| {
            if counts {
                let is_other = |other: &BlockHash| {
                    *other != block && !living.iter().any(|(_, live)| are_related(live, &block, other))
                };
                rulings.left.retain(is_other);
                rulings.owe(down, block);
            } else {
                rulings.leave(block);
            }
        })?;
        let (done, mut failed) = tell(&living, block, counts);
        self.0.ruled.notify_one();
        match failed.pop() {
            None => Ok(()),
            Some(error) if done == 0 => {
                self.note_rulings(|rulings| *rulings = before)?;
                Err(error)
            }
            Some(last) => {
                failed.push(last);
                Err(DevnetError::NotAll { done: "the others go by that", failed })
            }
        }
    }

    /// Notes what nodes are yet to be told; it is durable when this returns.
    pub(super) fn note_rulings(&self, change: impl FnOnce(&mut Rulings)) -> Result<(), DevnetError> {
        let mut noted = self.note();
        change(&mut noted.rulings);
        noted.write(&self.0.layout.0)
    }

    /// Says to a node that has begun what it was not there to hear.
    pub(super) fn catch_up_on_rulings(&self, node: usize, live: &Live) {
        let Rulings { left, mut owed } = self.0.manifest.lock().rulings.clone();
        for block in owed.remove(&node).unwrap_or_default() {
            match pollster::block_on(live.node.reconsider(block)) {
                Err(RulingRefused::Closed(_)) => return,
                // Where it never heard of it, it counts.
                Ok(_) | Err(_) => self.0.manifest.lock().rulings.settle(node, &block),
            }
        }
        for block in left {
            match pollster::block_on(live.node.invalidate(block)) {
                Ok(_) | Err(RulingRefused::Unknown(_)) => {}
                Err(error) => (self.0.common.log)(&DevnetError::ruling(node)(error).to_string()),
            }
        }
    }
}

/// Has nodes leave blocks that come after it was said that all leave them, as long as there is a network.
pub(super) async fn heed(network: Weak<Inner>, ruled: Arc<Notify>, mut roster: watch::Receiver<Roster>) {
    let left = || network.upgrade().map(|inner| inner.manifest.lock().rulings.left.clone());
    loop {
        roster.mark_unchanged();
        let living: Vec<Live> = living(&roster).into_iter().map(|(_, live)| live).collect();
        let mut tips: Vec<_> = living.iter().map(|live| live.node.tips()).collect();
        tips.iter_mut().for_each(watch::Receiver::mark_unchanged);
        let Some(now_left) = left() else { return };
        for live in living {
            for block in &now_left {
                if live.node.reader().is_followed(block) {
                    let _ = live.node.invalidate(*block).await;
                    // Where it was said meanwhile that it counts, that is the last word.
                    if left().is_some_and(|left| !left.contains(block)) {
                        let _ = live.node.reconsider(*block).await;
                    }
                }
            }
        }
        let any_moves = async {
            if now_left.is_empty() || tips.is_empty() {
                pending::<()>().await;
            }
            select_all(tips.iter_mut().map(|tip| Box::pin(moves(tip)))).await;
        };
        select! {
            () = any_moves => {}
            () = ruled.notified() => {}
            changed = roster.changed() => if changed.is_err() { return },
        }
    }
}

/// Waits until a node has another tip.
async fn moves(tip: &mut watch::Receiver<Tip>) {
    if tip.changed().await.is_err() {
        // That it has ended, the roster tells.
        pending::<()>().await;
    }
}
