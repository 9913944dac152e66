//! Which peer makes room for another.
//!
//! # Security
//! Whoever connects often enough would push out all others, so those stay who do what an attacker cannot do for nothing:
//! be in groups that it cannot choose, be near, bring what is new, have been here for long. Whoever is left in the largest
//! group is most likely one of many that are one. In the way of Bitcoin Core.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::{Group, PeerId};
use crate::codec::encode;
use crate::crypto::Tag;

/// Groups of which one stays, whatever it does.
const GROUPS_KEPT: usize = 4;
/// Those that stay because they are near.
const NEAR_KEPT: usize = 8;
/// Those that stay because they brought transactions, and as many because they brought blocks.
const BRINGERS_KEPT: usize = 4;

static GROUP: LazyLock<Tag> = LazyLock::new(|| Tag::new("cairn/eviction"));

/// A peer that connected to us.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Who it is.
    pub peer: PeerId,
    /// Where it is.
    pub group: Group,
    /// Since when it is connected.
    pub since_millis: u64,
    /// The shortest time in which it answered, in any unit.
    pub best_ping: Option<u64>,
    /// When it last brought a block that we did not know.
    pub last_block: Option<u64>,
    /// When it last brought a transaction that we did not know.
    pub last_transaction: Option<u64>,
}

/// Who is to go; nobody where all are to stay. The secret is kept for as long as the node runs: which groups stay by it
/// must not be a matter of trying often.
pub(super) fn evict(candidates: &[Candidate], secret: &[u8; 32]) -> Option<PeerId> {
    let mut left: Vec<&Candidate> = candidates.iter().collect();
    keep_groups(&mut left, secret);
    keep(&mut left, NEAR_KEPT, |candidate| candidate.best_ping);
    keep(&mut left, BRINGERS_KEPT, |candidate| candidate.last_transaction.map(Reverse));
    keep(&mut left, BRINGERS_KEPT, |candidate| candidate.last_block.map(Reverse));
    let longest = left.len() / 2;
    keep(&mut left, longest, |candidate| Some(candidate.since_millis));

    let mut groups: BTreeMap<Group, Vec<&Candidate>> = BTreeMap::new();
    for candidate in left {
        groups.entry(candidate.group).or_default().push(candidate);
    }
    let youngest = |group: &Vec<&Candidate>| group.iter().map(|one| (one.since_millis, one.peer)).max();
    groups
        .values()
        .max_by_key(|group| (group.len(), youngest(group)))
        .and_then(youngest)
        .map(|(_, peer)| peer)
}

/// Takes out the so many that come first by what is given; those of whom there is nothing to give never do.
fn keep<K: Ord>(left: &mut Vec<&Candidate>, count: usize, by: impl Fn(&Candidate) -> Option<K>) {
    left.sort_by_cached_key(|candidate| {
        let key = by(candidate);
        (key.is_none(), key, candidate.since_millis, candidate.peer)
    });
    let known = left.iter().filter(|candidate| by(candidate).is_some()).count();
    left.drain(..count.min(known));
}

/// Takes out the oldest of each of those groups that a secret likes best.
fn keep_groups(left: &mut Vec<&Candidate>, secret: &[u8; 32]) {
    let mut oldest: BTreeMap<Group, (u64, PeerId)> = BTreeMap::new();
    for candidate in left.iter() {
        let age = (candidate.since_millis, candidate.peer);
        oldest.entry(candidate.group).and_modify(|other| *other = age.min(*other)).or_insert(age);
    }
    let mut kept: Vec<_> = oldest.iter().collect();
    kept.sort_by_cached_key(|(group, _)| GROUP.hash(&[&secret[..], &encode(*group)].concat()));
    let kept: BTreeSet<PeerId> = kept.iter().take(GROUPS_KEPT).map(|(_, (_, peer))| *peer).collect();
    left.retain(|candidate| !kept.contains(&candidate.peer));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [5; 32];

    fn one(peer: u64, group: u8, since_millis: u64) -> Candidate {
        let group = Group::V4([50, group]);
        let peer = PeerId(peer);
        Candidate { peer, group, since_millis, best_ping: None, last_block: None, last_transaction: None }
    }

    /// Evicts again and again, until nobody goes any more; in the order in which they go.
    fn all_who_go(mut candidates: Vec<Candidate>) -> Vec<u64> {
        let mut gone = Vec::new();
        while let Some(PeerId(peer)) = evict(&candidates, &SECRET) {
            candidates.retain(|candidate| candidate.peer != PeerId(peer));
            gone.push(peer);
        }
        gone
    }

    #[test]
    fn nobody_goes_where_nobody_is_and_where_all_are_protected() {
        assert_eq!(evict(&[], &SECRET), None);
        let few: Vec<_> = (0..4).map(|number| one(number, number as u8, number)).collect();
        assert_eq!(evict(&few, &SECRET), None, "four groups stay");
        let near = |number| Candidate { best_ping: Some(number), ..one(number, number as u8, number) };
        let near: Vec<_> = (0..12).map(near).collect();
        assert_eq!(evict(&near, &SECRET), None, "and eight that are near");
    }

    #[test]
    fn an_attacker_with_many_connections_of_one_group_evicts_itself_only() {
        let honest = (0..17).map(|number| one(number, number as u8, 1000 + number));
        let attacking = (100..200).map(|number| Candidate {
            best_ping: Some(1),
            last_transaction: Some(1_000_000),
            last_block: Some(1_000_000),
            ..one(number, 99, 2000 + number)
        });
        let mut candidates: Vec<_> = honest.chain(attacking).collect();
        for newcomer in 200..1000 {
            let gone = evict(&candidates, &SECRET).unwrap();
            assert!(gone.0 >= 100, "an honest one went: {gone:?}");
            candidates.retain(|candidate| candidate.peer != gone);
            candidates.push(one(newcomer, 99, 2000 + newcomer));
        }
    }

    #[test]
    fn the_youngest_of_the_largest_group_goes_first() {
        let mut candidates: Vec<_> = (0..40).map(|number| one(number, number as u8, number)).collect();
        candidates.extend((100..110).map(|number| one(number, 99, number)));
        assert_eq!(evict(&candidates, &SECRET), Some(PeerId(109)));
    }

    #[test]
    fn each_of_those_who_are_near_or_bring_what_is_new_stays() {
        let mut candidates: Vec<_> = (0..60).map(|number| one(number, 1, number)).collect();
        for (at, candidate) in candidates[30..].iter_mut().enumerate() {
            match at {
                0..8 => candidate.best_ping = Some(5 + at as u64),
                8..12 => candidate.last_transaction = Some(100 + at as u64),
                12..16 => candidate.last_block = Some(100 + at as u64),
                // They do the same, but not as well.
                16 => candidate.best_ping = Some(50),
                17 => candidate.last_transaction = Some(50),
                18 => candidate.last_block = Some(50),
                _ => {}
            }
        }
        let gone = all_who_go(candidates);
        assert!((30..46).all(|kept| !gone.contains(&kept)), "{gone:?}");
        assert!((46..60).all(|other| gone.contains(&other)), "{gone:?}");
    }

    #[test]
    fn half_of_the_rest_stays_because_it_is_here_for_longest() {
        let candidates: Vec<_> = (0..101).map(|number| one(number, number as u8, number)).collect();
        for secret in 0..50 {
            let PeerId(gone) = evict(&candidates, &[secret; 32]).unwrap();
            assert!(gone >= 48, "{gone}");
        }
    }

    #[test]
    fn the_secret_decides_which_groups_stay_and_one_of_each_does() {
        // Two of each group: the older one stays where the group does.
        let candidates: Vec<_> =
            (0..12).map(|number| one(number, (number / 2) as u8, 100 - number)).collect();
        let kept = |secret: u8| {
            let mut left: Vec<&Candidate> = candidates.iter().collect();
            keep_groups(&mut left, &[secret; 32]);
            assert_eq!(left.len(), 12 - GROUPS_KEPT);
            assert!(left.iter().filter(|one| one.peer.0 % 2 == 0).count() == 6, "the younger are left");
            left.iter().map(|one| one.peer.0).collect::<Vec<_>>()
        };
        assert_eq!(kept(1), kept(1));
        assert!((2..20).any(|secret| kept(secret) != kept(1)));
    }
}
