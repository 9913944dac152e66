//! Merkle paths as RFC 6962 shapes them, with that document's hash of two nodes in place of ours.
//!
//! Our trees have the same shape (an odd node is carried up), so its published paths must lead to its published roots
//! through [`Path::root_by`]. Its consistency proofs are left out: no tree here is ever shown to have grown out of
//! another one that way.

use cairn::crypto::merkle::Path;
use cairn::crypto::{Digest, sha256};
use serde::Deserialize;

use crate::support::{Hex, json};

fn node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left[..], right].concat())
}

fn leaf(input: &[u8]) -> Digest {
    sha256(&[&[0], input].concat())
}

/// Bytes in base64.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Base64(Vec<u8>);

impl TryFrom<String> for Base64 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (mut bytes, mut bits, mut width) = (Vec::new(), 0_u32, 0);
        for letter in text.trim_end_matches('=').chars() {
            let digit = DIGITS.find(letter).ok_or_else(|| format!("{letter} in {text}"))?;
            bits = bits << 6 | digit as u32;
            width += 6;
            if width >= 8 {
                width -= 8;
                bytes.push((bits >> width) as u8);
                bits &= (1 << width) - 1;
            }
        }
        Ok(Self(bytes))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: Base64,
    leaf_hash: Base64,
    proof: Option<Vec<Base64>>,
    file: String,
    want_err: bool,
}

impl Inclusion {
    /// Whether the path leads from the leaf to the root; what is not a digest is not part of a path.
    fn proves(&self) -> bool {
        let digest = |bytes: &Base64| Digest::try_from(&bytes.0[..]).ok();
        let siblings: Option<Vec<Digest>> = self.proof.iter().flatten().map(digest).collect();
        let (Some(siblings), Some(leaf)) = (siblings, digest(&self.leaf_hash)) else { return false };
        let index = usize::try_from(self.leaf_idx).unwrap_or(usize::MAX);
        let count = usize::try_from(self.tree_size).unwrap_or(usize::MAX);
        let root = Path { index, count, siblings }.root_by(&leaf, node);
        root.is_some_and(|root| root[..] == self.root.0)
    }
}

#[test]
fn inclusion_is_proven_exactly_where_it_should_be() {
    let cases: Vec<Inclusion> = json(include_str!("data/merkle/rfc6962_inclusion.json"));
    for case in &cases {
        assert_eq!(case.proves(), !case.want_err, "{}", case.file);
    }
    assert_eq!(cases.len(), 98);
    assert_eq!(cases.iter().filter(|case| case.want_err).count(), 92);
}

#[derive(Deserialize)]
struct Roots {
    leaf_inputs_hex: Vec<Hex>,
    root_for_size_1_to_8: Vec<Hex>,
}

/// RFC 6962, 2.1: the root over these leaves.
fn tree_hash(leaves: &[Digest]) -> Digest {
    if let [leaf] = leaves {
        return *leaf;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    node(&tree_hash(left), &tree_hash(right))
}

/// RFC 6962, 2.1.1: the nodes beside the way from this leaf up.
fn audit_path(leaves: &[Digest], index: usize) -> Vec<Digest> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let (mut path, beside) = if index < split {
        (audit_path(left, index), right)
    } else {
        (audit_path(right, index - split), left)
    };
    path.push(tree_hash(beside));
    path
}

#[test]
fn every_leaf_of_trees_of_1_to_8_leads_to_the_published_root() {
    let Roots { leaf_inputs_hex: inputs, root_for_size_1_to_8: roots } =
        json(include_str!("data/merkle/rfc6962_roots.json"));
    let leaves: Vec<Digest> = inputs.iter().map(|input| leaf(&input.0)).collect();
    assert_eq!((leaves.len(), roots.len()), (8, 8));
    for (count, root) in (1..).zip(&roots) {
        for index in 0..count {
            let path = Path { index, count, siblings: audit_path(&leaves[..count], index) };
            assert_eq!(path.root_by(&leaves[index], node), Some(root.array()), "leaf {index} of {count}");
        }
    }
}
