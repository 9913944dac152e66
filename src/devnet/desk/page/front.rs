//! How each node stands beside the others: at the front, behind it, or on a branch of its own.

use crate::devnet::desk::view::{NetworkView, NodeView};
use crate::types::{BlockHash, Height};

/// The tip that a network has got to, as most of those see it who are as far as any.
#[derive(Clone, Copy)]
pub(super) struct Front {
    height: Option<Height>,
    tip: Option<BlockHash>,
}

/// How a node stands beside the front.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// It waits until the network has gone back to a state.
    GoingBack,
    /// It does not run.
    Down,
    /// Others are further.
    Behind,
    /// It is as far as any, and follows another block than most.
    Apart,
    /// At the front.
    Up,
}

impl Front {
    /// Of as many on two branches, that of the first node.
    pub fn of(network: &NetworkView) -> Self {
        let height = network.nodes.iter().filter_map(|node| node.height).max();
        let first = || network.nodes.iter().filter(|node| node.height == height).filter_map(|node| node.tip);
        let followers = |tip: BlockHash| first().filter(|other| *other == tip).count();
        // The first of the most: `max_by_key` gives the last.
        let tip = first().collect::<Vec<_>>().into_iter().rev().max_by_key(|tip| followers(*tip));
        Self { height, tip }
    }

    pub fn state(&self, node: &NodeView) -> State {
        match node.height {
            _ if node.going_back => State::GoingBack,
            None => State::Down,
            height if height < self.height => State::Behind,
            Some(_) if node.tip != self.tip => State::Apart,
            Some(_) => State::Up,
        }
    }
}

impl State {
    /// In a table: how it looks, and what it says.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::GoingBack => ("waiting", "going back"),
            Self::Down => ("bad", "down"),
            Self::Behind => ("waiting", "behind"),
            Self::Apart => ("waiting", "forked"),
            Self::Up => ("good", "up"),
        }
    }

    /// How it looks in the graph.
    pub fn class(self) -> &'static str {
        match self {
            Self::GoingBack | Self::Down => "down",
            Self::Behind => "behind",
            Self::Apart => "apart",
            Self::Up => "same",
        }
    }
}
