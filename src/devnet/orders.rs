//! What a network is told: when blocks come, what time it is, how links are, who runs, who is given coins.

use std::collections::BTreeSet;

use super::error::DevnetError;
use super::faucet::Given;
use super::links::{Links, Partition};
use super::member::Member;
use super::mending::Ends;
use super::mining::Mining;
use super::network::DevnetHandle;
use super::roster::{Live, living};
use super::schedule::picked;
use crate::miner::Maker;
use crate::net::Link;
use crate::types::{Address, Amount, BlockHash, Timestamp};

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
        self.0.mining.send_replace(mining.check(self.genesis().params())?);
        self.keep()
    }

    /// Has a node make blocks at once, the first of them with what waits there; one that chance picks where none is named. It
    /// is told when they are durable, and have come to all who can be reached.
    ///
    /// # Errors
    /// When that node is down, or makes fewer.
    pub fn mine(&self, count: usize, node: Option<usize>) -> Result<Mined, DevnetError> {
        let (index, live) = self.one(node)?;
        let mut maker =
            Maker::new(live.node, self.0.ground.payout(index)).map_err(DevnetError::order(index))?;
        let turn = self.0.turn.lock();
        let blocks = maker.mine(count).map_err(|unfinished| DevnetError::unfinished(index, &unfinished))?;
        drop(turn);
        let behind = blocks.last().map(|last| self.spread(index, *last)).unwrap_or_default();
        Ok(Mined { blocks, behind })
    }

    /// A node that runs: the one that is named, or one that chance picks.
    pub(super) fn one(&self, node: Option<usize>) -> Result<(usize, Live), DevnetError> {
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
        self.clock().warp(seconds);
        self.keep().map(|()| self.clock().now())
    }

    /// Holds the clock of the chain, or has it run on.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn hold_clock(&self, hold: bool) -> Result<Timestamp, DevnetError> {
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

    /// Makes all links healthy, and waits until all stand and all nodes have caught up; gives those that do not stand in time.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn heal(&self) -> Result<Vec<Ends>, DevnetError> {
        self.relink(Links::heal)?;
        let missing = self.mend(&self.all_links());
        if missing.is_empty() {
            self.catch_up();
        }
        Ok(missing)
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
        let down = members.iter().enumerate().filter(|(_, member)| !member.is_up());
        self.0.manifest.lock().down = down.map(|(index, _)| index).collect::<BTreeSet<_>>();
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
        self.check_not_ending()?;
        if members[node].is_up() {
            return Err(DevnetError::Up(node));
        }
        let chain = self.0.layout.chain(self.generation(), node);
        let added = self.added(node);
        members[node].start(&self.0.common, &chain, added)?;
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
