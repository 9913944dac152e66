//! Waiting until what one node follows has come to all who can hear of it.

use std::time::Duration;

use futures_util::future::{join_all, select};
use tokio::time::timeout;

use super::links::Links;
use super::network::DevnetHandle;
use super::roster::{Live, living};
use crate::types::BlockHash;

/// How long a block may take to come to all nodes before whoever ordered it is told to whom it did not.
pub const SPREAD_TIME_MAX: Duration = Duration::from_secs(10);

impl DevnetHandle {
    /// Waits until a block has come to all who can hear of it from a node, or that node follows another branch itself. Gives
    /// those to whom it has not come in [`SPREAD_TIME_MAX`]: a link may be slow.
    pub(super) fn spread(&self, from: usize, block: BlockHash) -> Vec<usize> {
        let living = living(&self.roster());
        let Some((_, origin)) = living.iter().find(|(index, _)| *index == from).cloned() else {
            return Vec::new();
        };
        let reached = reached(&self.links(), from, living.iter().map(|(index, _)| *index));
        let others: Vec<_> = living.into_iter().filter(|(index, _)| reached.contains(index)).collect();
        let all_follow = join_all(others.iter().map(|(_, live)| until(live, block, true)));
        let either = select(Box::pin(all_follow), Box::pin(until(&origin, block, false)));
        // Who is late is found out below.
        let _ = self.0.common.runtime.block_on(async { timeout(SPREAD_TIME_MAX, either).await });
        if !origin.node.reader().is_followed(&block) {
            return Vec::new();
        }
        let is_behind = |live: &Live| !live.node.reader().is_followed(&block);
        others.iter().filter(|(_, live)| is_behind(live)).map(|(index, _)| *index).collect()
    }
}

/// Waits until a node follows a block, or until it does not; or has ended.
async fn until(live: &Live, block: BlockHash, follows: bool) {
    let mut tips = live.node.tips();
    while live.node.reader().is_followed(&block) != follows && tips.changed().await.is_ok() {}
}

/// Those who can hear of what one of them says, from it or from each other.
pub(super) fn reached(links: &Links, from: usize, all: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut reached = vec![from];
    let mut rest: Vec<usize> = all.filter(|node| *node != from).collect();
    let mut at = 0;
    while let Some(one) = reached.get(at).copied() {
        let (cut, heard): (Vec<usize>, Vec<usize>) =
            rest.into_iter().partition(|other| links.is_cut(one, *other));
        reached.extend(heard);
        rest = cut;
        at += 1;
    }
    reached.retain(|node| *node != from);
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Link;

    #[test]
    fn what_is_said_goes_around_cut_links_and_not_across_a_partition() {
        let mut links = Links::default();
        links.part(&"0,1,2 | 3".parse().unwrap(), 5);
        assert_eq!(reached(&links, 0, 0..5), [1, 2]);
        assert_eq!(reached(&links, 4, 0..5), [0_usize; 0]);
        links.set(0, 2, Link { cut: true, ..Link::default() });
        assert_eq!(reached(&links, 0, 0..5), [1, 2], "by way of 1");
        assert_eq!(reached(&links, 0, [0, 2].into_iter()), [0_usize; 0], "1 is down");
    }
}
