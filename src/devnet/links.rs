//! How the links between the nodes are: what slows them, loses from them, cuts them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::api::view::LinkFaults;
use crate::net::{Far, Faults, FaultsRefused, Link};
use crate::protocol::NodeId;

/// What is wrong with links, each by the numbers of its two ends, the lower first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Kept>", into = "Vec<Kept>")]
pub struct Links(BTreeMap<(usize, usize), Link>);

/// A link, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    ends: (usize, usize),
    #[serde(flatten)]
    faults: LinkFaults,
}

impl TryFrom<Vec<Kept>> for Links {
    type Error = String;

    /// A file may come from anybody: what cannot be ordered cannot be in one either.
    fn try_from(kept: Vec<Kept>) -> Result<Self, String> {
        let link = |kept: Kept| Ok((kept.ends, kept.faults.link().map_err(|problem| problem.detail)?));
        kept.into_iter().map(link).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Links> for Vec<Kept> {
    fn from(links: Links) -> Self {
        links.iter().map(|(ends, link)| Kept { ends, faults: LinkFaults::of(&link) }).collect()
    }
}

impl Links {
    /// Makes a link so; healthy, where nothing is wrong with it.
    pub fn set(&mut self, one: usize, other: usize, link: Link) {
        let ends = (one.min(other), one.max(other));
        if link == Link::default() {
            self.0.remove(&ends)
        } else {
            self.0.insert(ends, link)
        };
    }

    /// All with which something is wrong.
    pub fn iter(&self) -> impl Iterator<Item = ((usize, usize), Link)> {
        self.0.iter().map(|(ends, link)| (*ends, *link))
    }

    /// Whether nothing passes between two nodes.
    pub fn is_cut(&self, one: usize, other: usize) -> bool {
        self.0.get(&(one.min(other), one.max(other))).is_some_and(|link| link.cut)
    }

    /// Those between so many nodes.
    #[must_use]
    pub fn within(&self, nodes: usize) -> Self {
        let is_within = |ends: &(usize, usize)| ends.0.max(ends.1) < nodes;
        Self(self.0.iter().filter(|(ends, _)| is_within(ends)).map(|(ends, link)| (*ends, *link)).collect())
    }

    /// These between so many nodes, and others' beyond.
    pub(super) fn with_absent(&self, others: &Self, nodes: usize) -> Self {
        let mut all = others.clone();
        all.0.retain(|(one, other), _| *one.max(other) >= nodes);
        all.0.extend(self.within(nodes).0);
        all
    }

    /// Makes all links healthy.
    pub fn heal(&mut self) {
        self.0.clear();
    }

    /// Cuts all links between groups and none within one; what is wrong with them otherwise stays.
    pub fn part(&mut self, partition: &Partition, nodes: usize) {
        for one in 0..nodes {
            for other in one + 1..nodes {
                let mut link = self.0.get(&(one, other)).copied().unwrap_or_default();
                link.cut = partition.group(one) != partition.group(other);
                self.set(one, other, link);
            }
        }
    }

    /// Has one node's end of all its links do what this says.
    pub(super) fn apply(&self, node: usize, ids: &[NodeId], faults: &Faults) -> Result<(), FaultsRefused> {
        let all_now: BTreeSet<Far> = faults.all().into_iter().map(|(far, _)| far).collect();
        let mut wanted = BTreeSet::new();
        for ((one, other), link) in self.iter() {
            let far = match node {
                node if node == one => other,
                node if node == other => one,
                _ => continue,
            };
            let Some(id) = ids.get(far) else { continue };
            wanted.insert(Far::Node(*id));
            faults.set(Far::Node(*id), Some(link))?;
        }
        all_now.difference(&wanted).try_for_each(|far| faults.set(*far, None))
    }
}

/// Which nodes can still talk to each other: groups of their numbers. All that are named in none are one group more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition(Vec<BTreeSet<usize>>);

/// Why a text parts no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartitionError {
    /// Not a list of numbers.
    #[error("`{0}` is no number of a node: say groups as `0,1 | 2,3,4`")]
    Number(String),
    /// A node in two groups.
    #[error("node {0} stands in two groups")]
    Twice(usize),
    /// A group of nobody.
    #[error("a group has no node in it: say groups as `0,1 | 2,3,4`")]
    Empty,
    /// A node that is not there.
    #[error("there is no node {node}: they are numbered from 0 to {last}")]
    NoNode {
        /// Which.
        node: usize,
        /// The highest there is.
        last: usize,
    },
}

impl Partition {
    /// Of these groups.
    ///
    /// # Errors
    /// When one is empty, or a node stands in two.
    pub fn new(groups: Vec<Vec<usize>>) -> Result<Self, PartitionError> {
        let mut seen = BTreeSet::new();
        for group in &groups {
            if group.is_empty() {
                return Err(PartitionError::Empty);
            }
            if let Some(twice) = group.iter().find(|node| !seen.insert(**node)) {
                return Err(PartitionError::Twice(*twice));
            }
        }
        Ok(Self(groups.into_iter().map(|group| group.into_iter().collect()).collect()))
    }

    /// That all nodes it names are there.
    ///
    /// # Errors
    /// When one is not.
    pub fn check(&self, nodes: usize) -> Result<(), PartitionError> {
        let last = nodes.saturating_sub(1);
        match self.0.iter().flatten().find(|node| **node > last) {
            Some(node) => Err(PartitionError::NoNode { node: *node, last }),
            None => Ok(()),
        }
    }

    /// The groups that it names.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        self.0.iter().map(|group| group.iter().copied().collect()).collect()
    }

    fn group(&self, node: usize) -> usize {
        self.0.iter().position(|group| group.contains(&node)).unwrap_or(self.0.len())
    }
}

impl FromStr for Partition {
    type Err = PartitionError;

    fn from_str(text: &str) -> Result<Self, PartitionError> {
        let number = |text: &str| text.parse().map_err(|_| PartitionError::Number(text.to_owned()));
        let group = |text: &str| -> Result<Vec<usize>, PartitionError> {
            let parts = text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
            parts.map(number).collect()
        };
        Self::new(text.split('|').map(group).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_partition_cuts_between_groups_and_leaves_the_rest_as_it_was() {
        let mut links = Links::default();
        let slow = Link { delay: Duration::from_millis(200), ..Link::default() };
        links.set(3, 0, slow);
        links.part(&"0, 1 | 2".parse().unwrap(), 5);
        let cut = |one, other| links.is_cut(one, other);
        assert!(cut(0, 2) && cut(1, 2) && cut(0, 3) && cut(2, 4) && cut(4, 1));
        assert!(!cut(0, 1) && !cut(3, 4));
        let wrong: BTreeMap<_, _> = links.iter().collect();
        assert_eq!(wrong[&(0, 3)], Link { cut: true, ..slow });
        links.part(&"0,1,2,3,4".parse().unwrap(), 5);
        assert_eq!(links.iter().collect::<Vec<_>>(), [((0, 3), slow)]);
    }

    #[test]
    fn links_are_kept_as_they_are_and_one_that_cannot_be_is_refused() {
        let mut links = Links::default();
        links.set(1, 0, Link { loss: 0.07, bytes_per_second: Some(5), ..Link::default() });
        let text = serde_json::to_string(&links).unwrap();
        assert!(text.contains("\"loss_percent\":7.0"), "{text}");
        assert_eq!(serde_json::from_str::<Links>(&text).unwrap(), links);
        let lossy = serde_json::from_str::<Links>(&text.replace("7.0", "100.0")).unwrap_err();
        assert!(lossy.to_string().contains("up to 99"), "{lossy}");
    }

    #[test]
    fn a_partition_that_makes_no_sense_is_told_why() {
        let parse = |text: &str| text.parse::<Partition>().unwrap_err();
        assert_eq!(parse("0,1 | 1"), PartitionError::Twice(1));
        assert_eq!(parse("0 | "), PartitionError::Empty);
        assert_eq!(parse("0,x"), PartitionError::Number("x".to_owned()));
        let far = "0 | 9".parse::<Partition>().unwrap();
        assert_eq!(far.check(5), Err(PartitionError::NoNode { node: 9, last: 4 }));
    }
}
