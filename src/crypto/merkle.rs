//! Merkle trees over digests, an odd node carried up unchanged.
//!
//! Bitcoin duplicates the odd node instead, so that two different lists can share a root (CVE-2012-2459); carrying
//! it up cannot. Roots therefore agree with Bitcoin's only where the number of leaves is a power of two. The shape is
//! that of RFC 6962, whose vectors run against [`Path::root_by`] with that document's own hash.

use super::{Digest, ZERO_DIGEST, sha256d};

/// SHA-256d of two nodes in a row: the pairing that this chain and Stratum miners use.
pub fn pair(left: &Digest, right: &Digest) -> Digest {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(left);
    bytes[32..].copy_from_slice(right);
    sha256d(&bytes)
}

/// Root over `leaves`; zeros where there are none, the leaf itself where there is one.
pub fn root(leaves: &[Digest]) -> Digest {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = parents(&level, pair);
    }
    level.first().copied().unwrap_or(ZERO_DIGEST)
}

fn parents(level: &[Digest], pair: impl Fn(&Digest, &Digest) -> Digest) -> Vec<Digest> {
    level
        .chunks(2)
        .map(|nodes| if let [left, right] = nodes { pair(left, right) } else { nodes[0] })
        .collect()
}

/// The siblings that lead from one leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Position of the leaf, from 0.
    pub index: usize,
    /// How many leaves the tree has; it decides at which levels a node has no sibling.
    pub count: usize,
    /// The siblings, from the leaf upwards.
    pub siblings: Vec<Digest>,
}

impl Path {
    /// The path of leaf `index`, or nothing where there is no such leaf.
    pub fn new(leaves: &[Digest], index: usize) -> Option<Self> {
        if index >= leaves.len() {
            return None;
        }
        let mut siblings = Vec::new();
        let mut level = leaves.to_vec();
        let mut position = index;
        while level.len() > 1 {
            siblings.extend(level.get(position ^ 1));
            level = parents(&level, pair);
            position /= 2;
        }
        Some(Self { index, count: leaves.len(), siblings })
    }

    /// The root that this path leads to from `leaf`, or nothing where its shape fits no tree of `count` leaves.
    pub fn root(&self, leaf: &Digest) -> Option<Digest> {
        self.root_by(leaf, pair)
    }

    /// [`Path::root`] under another hash of two nodes.
    pub fn root_by(&self, leaf: &Digest, pair: impl Fn(&Digest, &Digest) -> Digest) -> Option<Digest> {
        if self.index >= self.count {
            return None;
        }
        let mut siblings = self.siblings.iter();
        let (mut node, mut position, mut width) = (*leaf, self.index, self.count);
        while width > 1 {
            let alone = position.is_multiple_of(2) && position + 1 == width;
            if !alone {
                let sibling = siblings.next()?;
                node = if position.is_multiple_of(2) { pair(&node, sibling) } else { pair(sibling, &node) };
            }
            position /= 2;
            width = width.div_ceil(2);
        }
        siblings.next().is_none().then_some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Digest> {
        (0..count).map(|i| [i; 32]).collect()
    }

    #[test]
    fn every_leaf_of_every_size_is_proven() {
        for count in 1..40 {
            let leaves = leaves(count);
            for (index, leaf) in leaves.iter().enumerate() {
                let path = Path::new(&leaves, index).unwrap();
                assert_eq!(path.root(leaf), Some(root(&leaves)), "leaf {index} of {count}");
            }
        }
    }

    #[test]
    fn odd_leaf_is_carried_and_not_duplicated() {
        let three = leaves(3);
        let four = [three.clone(), vec![[2; 32]]].concat();
        assert_ne!(root(&three), root(&four));
        assert_eq!(root(&three), pair(&pair(&[0; 32], &[1; 32]), &[2; 32]));
    }

    #[test]
    fn path_of_another_shape_is_refused() {
        let leaves = leaves(5);
        let path = Path::new(&leaves, 4).unwrap();
        assert_eq!(path.siblings.len(), 1);
        assert_eq!(Path { index: 5, ..path.clone() }.root(&leaves[4]), None);
        assert_eq!(Path { index: 3, ..path.clone() }.root(&leaves[4]), None);
        let longer = Path { siblings: vec![[0; 32]; 2], ..path };
        assert_eq!(longer.root(&leaves[4]), None);
    }
}
