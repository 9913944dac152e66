//! Waiting until links that are to stand do: who could not be reached for long was given up by the others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::network::{ADDED_EACH, DevnetHandle};
use super::roster::{Live, living};
use crate::protocol::{NodeId, Order};
use crate::types::Work;

/// How long links may take to stand again before whoever ordered it is told which do not.
pub const MEND_TIME_MAX: Duration = Duration::from_secs(10);
/// How often it is looked whether they do.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The two ends of a link, the lower number first.
pub type Ends = (usize, usize);

/// What is not as it should be after links were changed; nothing, where all went well.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Unmended {
    /// Links that could stand again and do not in time.
    pub missing: Vec<Ends>,
    /// Nodes that have not caught up in time.
    pub behind: Vec<usize>,
}

impl From<Vec<Ends>> for Unmended {
    fn from(missing: Vec<Ends>) -> Self {
        Self { missing, behind: Vec::new() }
    }
}

impl DevnetHandle {
    /// All links that some node always wants, whether or not anything passes.
    pub(super) fn all_links(&self) -> Vec<Ends> {
        let ends = |other: usize| (other.saturating_sub(ADDED_EACH)..other).map(move |one| (one, other));
        (0..self.0.ids.len()).flat_map(ends).collect()
    }

    /// Has nodes connect to each other again where these links have come apart, and waits until they stand. Gives those that do not
    /// in [`MEND_TIME_MAX`]; who is down, or is cut off meanwhile, is not waited for.
    pub(super) fn mend(&self, links: &[Ends]) -> Vec<Ends> {
        self.0.common.runtime.block_on(async {
            let (deadline, mut is_asked) = (Instant::now() + MEND_TIME_MAX, false);
            loop {
                let missing = self.missing(links).await;
                if missing.is_empty() || Instant::now() >= deadline {
                    return missing;
                }
                if !is_asked {
                    self.ask_to_connect(&missing).await;
                    is_asked = true;
                }
                sleep(LOOK_EVERY).await;
            }
        })
    }

    /// Waits until all who run follow a branch with as much work as the best has now, for so long at most, and gives those that do
    /// not then. Of two that are equal each node keeps its own.
    pub(super) fn catch_up(&self, time_max: Duration) -> Vec<usize> {
        let works = || self.living().into_iter().filter_map(|(node, live)| Some((node, work_of(&live)?)));
        let (best, deadline) = (works().map(|(_, work)| work).max(), Instant::now() + time_max);
        self.0.common.runtime.block_on(async {
            loop {
                let behind: Vec<usize> =
                    works().filter(|(_, work)| Some(*work) < best).map(|(node, _)| node).collect();
                if behind.is_empty() || Instant::now() >= deadline {
                    return behind;
                }
                sleep(LOOK_EVERY).await;
            }
        })
    }

    /// Those of these links over which two who run do not speak, though they could.
    async fn missing(&self, links: &[Ends]) -> Vec<Ends> {
        let (living, bad) = (self.living(), self.links());
        let could = |(one, other): &&Ends| {
            living.contains_key(one) && living.contains_key(other) && !bad.is_cut(*one, *other)
        };
        let wanted: Vec<Ends> = links.iter().filter(could).copied().collect();
        let mut heard: BTreeMap<usize, BTreeSet<NodeId>> = BTreeMap::new();
        for (index, live) in &living {
            if wanted.iter().any(|(one, other)| one == index || other == index) {
                heard.insert(*index, live.speaks_to().await.into_iter().collect());
            }
        }
        let hears = |one: usize, other: usize| heard[&one].contains(&self.0.ids[other]);
        wanted.into_iter().filter(|(one, other)| !(hears(*one, *other) && hears(*other, *one))).collect()
    }

    /// Nobody waits any longer to try once more.
    async fn ask_to_connect(&self, missing: &[Ends]) {
        let living = self.living();
        for (one, other) in missing {
            if let Some(live) = living.get(other) {
                // One that has ended meanwhile connects to nobody.
                let _ = live.peers.order(Order::Add(self.peers_at(*one))).await;
            }
        }
    }

    fn living(&self) -> BTreeMap<usize, Live> {
        living(&self.roster()).into_iter().collect()
    }
}

/// How much work is in the branch that a node follows.
fn work_of(live: &Live) -> Option<Work> {
    let reader = live.node.reader();
    Some(reader.header_at(reader.tip().height)?.work)
}
