//! Many nodes joined at once: those that do not wait for each other are hashed side by side.

use super::node::{Node, join_many};
use crate::crypto::Digest;

/// A node that is known, or will be once the batch is hashed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Promise {
    Known(Node),
    /// Position among the joins of this height.
    Join {
        height: usize,
        at: usize,
    },
}

impl Promise {
    fn height(&self) -> usize {
        match self {
            Self::Known(_) => 0,
            Self::Join { height, .. } => *height,
        }
    }
}

/// Joins that have been promised. One of height 1 joins known nodes, one of height n waits for one of height n − 1.
#[derive(Default)]
pub(super) struct Batch {
    heights: Vec<Vec<[Promise; 2]>>,
}

impl Batch {
    /// The node over these two.
    pub fn join(&mut self, left: Promise, right: Promise) -> Promise {
        if let (Promise::Known(left), Promise::Known(right)) = (&left, &right)
            && let Some(node) = Node::join_unhashed(left, right)
        {
            return Promise::Known(node);
        }
        let height = 1 + left.height().max(right.height());
        if self.heights.len() < height {
            self.heights.resize_with(height, Vec::new);
        }
        let joins = &mut self.heights[height - 1];
        joins.push([left, right]);
        Promise::Join { height, at: joins.len() - 1 }
    }

    /// Hashes everything that was promised.
    pub fn hash(self) -> Hashed {
        let mut hashed = Hashed { heights: Vec::with_capacity(self.heights.len()) };
        for joins in self.heights {
            let pairs: Vec<[Digest; 2]> =
                joins.iter().map(|[left, right]| [hashed.digest(left), hashed.digest(right)]).collect();
            hashed.heights.push(join_many(&pairs));
        }
        hashed
    }
}

/// A batch whose promises can be kept. Whatever had to be hashed is an inner node.
pub(super) struct Hashed {
    heights: Vec<Vec<Digest>>,
}

impl Hashed {
    /// The node that was promised.
    pub fn node(&self, promise: &Promise) -> Node {
        match promise {
            Promise::Known(node) => *node,
            Promise::Join { height, at } => Node::inner(self.heights[height - 1][*at]),
        }
    }

    fn digest(&self, promise: &Promise) -> Digest {
        match promise {
            Promise::Known(node) => node.digest,
            Promise::Join { height, at } => self.heights[height - 1][*at],
        }
    }
}
