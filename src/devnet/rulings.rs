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
    /// Blocks that a node has yet to count again: it is told when it begins.
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

    /// Has blocks count again; each of these nodes has yet to.
    fn count(&mut self, blocks: &[BlockHash], nodes: &[usize]) {
        for block in blocks {
            self.left.remove(block);
            self.owe(nodes.iter().copied(), *block);
        }
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

    /// These, and what nodes from this number on are owed by others: they have no part in these. Those of them that there are
    /// have left what others had all leave, and count it again where these do not.
    pub fn with_absent(mut self, others: &Self, from: usize, absent: &[usize]) -> Self {
        self.owed.split_off(&from);
        self.owed.extend(others.owed.range(from..).map(|(node, blocks)| (*node, blocks.clone())));
        let counting: Vec<BlockHash> = others.left.difference(&self.left).copied().collect();
        self.count(&counting, absent);
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

/// Those of these blocks that stand on one or below it, as any node knows.
fn related(living: &[(usize, Live)], block: &BlockHash, blocks: &BTreeSet<BlockHash>) -> Vec<BlockHash> {
    let is_related = |other: &&BlockHash| {
        *other != block && living.iter().any(|(_, live)| are_related(live, block, other))
    };
    blocks.iter().filter(is_related).copied().collect()
}

/// Has a node leave a block: whether it does, for it has nothing to leave where it does not know it.
fn leave(live: &Live, block: BlockHash) -> Result<bool, RulingRefused> {
    is_known(pollster::block_on(live.node.invalidate(block)))
}

fn is_known(told: Result<Tip, RulingRefused>) -> Result<bool, RulingRefused> {
    match told {
        Ok(_) => Ok(true),
        Err(RulingRefused::Unknown(_)) => Ok(false),
        Err(refused) => Err(refused),
    }
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
        let before = self.0.manifest.lock().rulings.clone();
        let mut blocks = vec![block];
        if counts {
            blocks.extend(related(&living, &block, &before.left));
            let absent = self.0.layout.absent(self.generation(), members.len());
            let all: Vec<usize> = members.iter().map(Member::index).chain(absent).collect();
            self.note_rulings(|rulings| rulings.count(&blocks, &all))?;
        } else {
            self.note_rulings(|rulings| rulings.leave(block))?;
        }
        let (mut done, mut failed) = (0, Vec::new());
        for (index, live) in &living {
            match if counts { self.count_all(*index, live, &blocks) } else { leave(live, block) } {
                Ok(does) => done += usize::from(does),
                Err(refused) => failed.push(DevnetError::ruling(*index)(refused)),
            }
        }
        let is_refused = done == 0 && !failed.is_empty();
        let noted = if is_refused { self.note_rulings(|rulings| *rulings = before) } else { Ok(()) };
        self.0.ruled.notify_one();
        noted?;
        match failed.pop() {
            None => Ok(()),
            Some(error) if is_refused => Err(error),
            Some(last) => {
                failed.push(last);
                Err(DevnetError::NotAll { done: "the others go by that", failed })
            }
        }
    }

    /// Has a node that runs count the first of these again, and the others, which stand on it or below it: whether it counts any.
    /// Then it is owed that no more.
    fn count_all(&self, node: usize, live: &Live, blocks: &[BlockHash]) -> Result<bool, RulingRefused> {
        let settle = |block: &BlockHash| self.0.manifest.lock().rulings.settle(node, block);
        let Some((first, others)) = blocks.split_first() else { return Ok(false) };
        if self.count(live, *first)? {
            blocks.iter().for_each(settle);
            return Ok(true);
        }
        // It never heard of that one, and may have left one below it all the same.
        let mut counts_any = false;
        for block in others {
            if self.count(live, *block)? {
                settle(block);
                counts_any = true;
            }
        }
        Ok(counts_any)
    }

    /// Has a node count a block again, with all below and above it that it knows but what all leave: whether it does.
    pub(super) fn count(&self, live: &Live, block: BlockHash) -> Result<bool, RulingRefused> {
        let left = self.0.manifest.lock().rulings.left.clone();
        is_known(pollster::block_on(live.node.reconsider_but(block, left)))
    }

    /// Has a node leave what all leave.
    fn leave_all(&self, node: usize, live: &Live) {
        let left = self.0.manifest.lock().rulings.left.clone();
        for block in left {
            if let Err(refused) = leave(live, block) {
                (self.0.common.log)(&DevnetError::ruling(node)(refused).to_string());
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
        let owed = self.0.manifest.lock().rulings.owed.get(&node).cloned();
        for block in owed.unwrap_or_default() {
            match self.count(live, block) {
                Err(RulingRefused::Closed(_)) => return,
                // Where it never heard of it, it counts.
                Ok(_) | Err(_) => self.0.manifest.lock().rulings.settle(node, &block),
            }
        }
        self.leave_all(node, live);
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
                    if let Some(left) = left().filter(|left| !left.contains(block)) {
                        let _ = live.node.reconsider_but(*block, left).await;
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
