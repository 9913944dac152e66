//! What a network is told: when blocks come, what time it is, how links are, who runs, who is given coins.

use std::collections::BTreeSet;
use std::time::Duration;

use parking_lot::MutexGuard;

use super::error::DevnetError;
use super::faucet::Given;
use super::links::{Links, Partition};
use super::member::Member;
use super::mending::{Ends, MEND_TIME_MAX, Unmended};
use super::mining::Mining;
use super::network::DevnetHandle;
use super::roster::{Live, living};
use super::schedule::picked;
use crate::net::Link;
use crate::types::{Address, Amount, BlockHash, Timestamp};

/// Blocks that are made for one order.
pub const ORDERED_BLOCKS_MAX: usize = 100_000;

/// Blocks that were made to order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mined {
    /// Their names, lowest first.
    pub blocks: Vec<BlockHash>,
    /// Nodes that could hear of them and have not in time.
    pub behind: Vec<usize>,
}

impl DevnetHandle {
    /// Has blocks come otherwise from now on.
    ///
    /// # Errors
    /// When they cannot on this chain.
    pub fn set_mining(&self, mining: Mining) -> Result<(), DevnetError> {
        let mining = mining.check(self.genesis().params())?;
        let _members = self.0.members.lock();
        self.0.mining.send_replace(mining);
        self.keep()
    }

    /// Has a node make blocks at once, the first of them with what waits there; one that chance picks where none is named. It
    /// is told when they are durable, and have come to all who can be reached.
    ///
    /// # Errors
    /// When they are none or too many, that node is down, or makes fewer.
    pub fn mine(&self, count: usize, node: Option<usize>) -> Result<Mined, DevnetError> {
        if !(1..=ORDERED_BLOCKS_MAX).contains(&count) {
            return Err(DevnetError::Blocks(count));
        }
        let (turn, index, live) = self.turn(node)?;
        let mut maker = self.maker(index, &live)?;
        let blocks = maker.mine(count).map_err(|unfinished| DevnetError::unfinished(index, &unfinished))?;
        drop(turn);
        let behind = blocks.last().map(|last| self.spread(index, *last)).unwrap_or_default();
        Ok(Mined { blocks, behind })
    }

    /// The turn to make blocks, and a node that runs while one has it. Where the network goes back meanwhile, that is over first.
    pub(super) fn turn(&self, node: Option<usize>) -> Result<(MutexGuard<'_, ()>, usize, Live), DevnetError> {
        loop {
            let (index, _) = self.one(node)?;
            let turn = self.0.turn.lock();
            // It may be another start of it by now, or none.
            if let Some((_, live)) = living(&self.roster()).into_iter().find(|(other, _)| *other == index) {
                return Ok((turn, index, live));
            }
        }
    }

    /// A node that runs: the one that is named, or one that chance picks.
    fn one(&self, node: Option<usize>) -> Result<(usize, Live), DevnetError> {
        self.one_now(node).or_else(|_| {
            // Where the network goes back they are down until it is there.
            drop(self.0.members.lock());
            self.check_not_ending()?;
            self.one_now(node)
        })
    }

    fn one_now(&self, node: Option<usize>) -> Result<(usize, Live), DevnetError> {
        let living = living(&self.0.roster.subscribe());
        match node {
            None => picked(&living).cloned().ok_or(DevnetError::AllDown),
            Some(node) => {
                self.check(node)?;
                living.into_iter().find(|(index, _)| *index == node).ok_or(DevnetError::Down(node))
            }
        }
    }

    fn check(&self, node: usize) -> Result<(), DevnetError> {
        let last = self.0.ids.len() - 1;
        if node > last { Err(DevnetError::NoNode { node, last }) } else { Ok(()) }
    }

    /// Puts the clock of the chain forward, for all nodes.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn warp(&self, seconds: u32) -> Result<Timestamp, DevnetError> {
        // Where the network goes back meanwhile, its clock is that of the state first.
        let _members = self.0.members.lock();
        self.clock().warp(seconds);
        self.keep().map(|()| self.clock().now())
    }

    /// Holds the clock of the chain, or has it run on.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn hold_clock(&self, hold: bool) -> Result<Timestamp, DevnetError> {
        let _members = self.0.members.lock();
        if hold {
            self.clock().freeze();
        } else {
            self.clock().resume();
        }
        self.keep().map(|()| self.clock().now())
    }

    /// Makes a link like this, both ways. Where it was cut and is not any more, waits until it stands; gives it, where it does not
    /// in time.
    ///
    /// # Errors
    /// When there are no two such nodes, or it cannot be kept.
    pub fn set_link(&self, one: usize, other: usize, link: Link) -> Result<Vec<Ends>, DevnetError> {
        self.check(one)?;
        self.check(other)?;
        if one == other {
            return Err(DevnetError::SameNode(one));
        }
        let cut = self.relink(|links| links.set(one, other, link))?;
        Ok(self.mend(&cut))
    }

    /// Cuts all links between groups, and waits until those within one stand that were cut; gives those that do not in time.
    ///
    /// # Errors
    /// When it names a node that is not there, or it cannot be kept.
    pub fn part(&self, partition: &Partition) -> Result<Vec<Ends>, DevnetError> {
        let nodes = self.0.ids.len();
        partition.check(nodes)?;
        let cut = self.relink(|links| links.part(partition, nodes))?;
        Ok(self.mend(&cut))
    }

    /// Makes all links healthy, and waits until all stand and all nodes have caught up; gives those that do not in time. Where
    /// links do not stand, nobody is waited for any longer.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn heal(&self) -> Result<Unmended, DevnetError> {
        self.relink(Links::heal)?;
        let missing = self.mend(&self.all_links());
        let behind = self.catch_up(if missing.is_empty() { MEND_TIME_MAX } else { Duration::ZERO });
        Ok(Unmended { missing, behind })
    }

    /// Changes links, and gives those that were cut before.
    fn relink(&self, change: impl FnOnce(&mut Links)) -> Result<Vec<Ends>, DevnetError> {
        let members = self.0.members.lock();
        let cut = {
            let mut links = self.0.links.lock();
            let cut = links.iter().filter(|(_, link)| link.cut).map(|(ends, _)| ends).collect();
            change(&mut links);
            cut
        };
        self.relink_all(&members)?;
        self.keep().map(|()| cut)
    }

    /// Has all links be as they are said to be.
    pub(super) fn relink_all(&self, members: &[Member]) -> Result<(), DevnetError> {
        let links = self.0.links.lock();
        for (index, member) in members.iter().enumerate() {
            links.apply(index, &self.0.ids, &member.faults)?;
        }
        Ok(())
    }

    /// Which folders of the nodes count.
    pub(super) fn generation(&self) -> u32 {
        self.0.manifest.lock().generation
    }

    /// Writes down which nodes are down.
    fn keep_who_runs(&self, members: &[Member]) -> Result<(), DevnetError> {
        let down = members.iter().filter(|member| !member.is_up()).map(Member::index);
        let mut noted = self.0.manifest.lock();
        noted.down = down.chain(noted.absent_down(members.len())).collect::<BTreeSet<_>>();
        drop(noted);
        self.keep()
    }

    /// Ends a node as a kill would.
    ///
    /// # Errors
    /// When it is down already, or that cannot be kept.
    pub fn kill(&self, node: usize) -> Result<(), DevnetError> {
        self.check(node)?;
        let mut members = self.0.members.lock();
        if !members[node].is_up() {
            return Err(DevnetError::Down(node));
        }
        members[node].kill();
        self.show(&members);
        self.keep_who_runs(&members)
    }

    /// Begins a node again that was ended.
    ///
    /// # Errors
    /// When it runs, does not start, or that cannot be kept.
    pub fn restart(&self, node: usize) -> Result<(), DevnetError> {
        self.check(node)?;
        let mut members = self.0.members.lock();
        if members[node].is_up() {
            return Err(DevnetError::Up(node));
        }
        let chain = self.0.layout.chain(self.generation(), node);
        self.begin(&mut members[node], &chain)?;
        self.show(&members);
        self.keep_who_runs(&members)
    }

    /// Gives coins, through this node; through the first that runs where none is named. Another one may not have heard yet what
    /// was given last, and take the same nonce for this.
    ///
    /// # Errors
    /// When the faucet does not, or that node is down.
    pub fn give(&self, to: Address, amount: Amount, node: Option<usize>) -> Result<Given, DevnetError> {
        let first = living(&self.roster()).first().map(|(index, _)| *index);
        let (_, live) = self.one(node.or(first))?;
        Ok(self.0.faucet.give(&live.node, to, amount)?)
    }
}
