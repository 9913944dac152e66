//! Who earns what: the blocks of a chain, by who found them.

use std::collections::HashMap;

use super::world::World;
use crate::types::{BlockHash, Height};

/// Whose the blocks are that a node follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revenue {
    /// Who found each, by the number of the miner, lowest block first. Genesis is nobody's.
    pub by: Vec<usize>,
}

impl Revenue {
    /// As a node sees it that runs; nobody's where it does not.
    pub fn of(world: &World, node: usize) -> Self {
        let Some(handle) = world.node(node).handle() else { return Self { by: Vec::new() } };
        let reader = handle.reader();
        let heights = (1..=reader.tip().height.0).map(Height);
        let at = |height| reader.header_at(height).and_then(|entry| world.record.block(&entry.hash));
        Self { by: heights.filter_map(at).map(|block| block.miner).collect() }
    }

    /// The part of all that is a miner's.
    pub fn share(&self, miner: usize) -> f64 {
        let found = self.by.iter().filter(|by| **by == miner).count();
        found as f64 / self.by.len().max(1) as f64
    }

    /// The standard error of that part, from how it differs between so many parts of the chain of the same length.
    pub fn error(&self, miner: usize, parts: usize) -> f64 {
        let length = (self.by.len() / parts.max(1)).max(1);
        let shares: Vec<f64> = self
            .by
            .chunks_exact(length)
            .map(|part| part.iter().filter(|by| **by == miner).count() as f64 / length as f64)
            .collect();
        let (count, mean) = (shares.len() as f64, shares.iter().sum::<f64>() / shares.len() as f64);
        let spread: f64 = shares.iter().map(|share| (share - mean) * (share - mean)).sum();
        (spread / (count - 1.0) / count).sqrt()
    }
}

impl World {
    /// What part of the honest miners' first blocks after a race stand on the selfish miner's block, and how many there were.
    pub fn race_gamma(&self, miner: usize) -> (f64, usize) {
        let mut above: HashMap<BlockHash, Vec<BlockHash>> = HashMap::new();
        for hash in &self.record.found {
            let below = self.record.block(hash).map(|story| story.below);
            below.into_iter().for_each(|below| above.entry(below).or_default().push(*hash));
        }
        let above = |hash: &BlockHash| above.get(hash).map_or(&[][..], Vec::as_slice);
        let (mut ours, mut all) = (0_usize, 0_usize);
        for raced in self.races(miner) {
            let Some(story) = self.record.block(raced) else { continue };
            let next = above(&story.below).iter().flat_map(above).filter_map(|hash| self.record.block(hash));
            if let Some(next) = next.min_by_key(|next| next.found).filter(|next| next.miner != miner) {
                all += 1;
                ours += usize::from(next.below == *raced);
            }
        }
        (ours as f64 / all.max(1) as f64, all)
    }
}

/// What part of all blocks a selfish miner has in the end that has the part `alpha` of all hashes, where the part `gamma`
/// of the others mines on its block when two are out: Eyal and Sirer's closed form.
pub fn selfish_curve(alpha: f64, gamma: f64) -> f64 {
    let honest = 1.0 - alpha;
    let races = alpha * honest * honest * (4.0 * alpha + gamma * (1.0 - 2.0 * alpha));
    (races - alpha * alpha * alpha) / (1.0 - alpha * (1.0 + (2.0 - alpha) * alpha))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selfish_curve_meets_the_honest_line_where_the_paper_says() {
        // A third where nobody mines on it, a quarter where half do, nothing where all do.
        for (alpha, gamma) in [(1.0 / 3.0, 0.0), (0.25, 0.5)] {
            assert!((selfish_curve(alpha, gamma) - alpha).abs() < 1e-12);
        }
        assert!(selfish_curve(0.01, 1.0) > 0.01);
        assert!(selfish_curve(0.2, 0.0) < 0.2 && selfish_curve(0.4, 0.0) > 0.48);
    }

    #[test]
    fn error_of_a_share_is_that_of_its_parts() {
        let revenue = Revenue { by: [0, 0, 1, 1, 0, 1, 0, 1].to_vec() };
        assert!((revenue.share(0) - 0.5).abs() < 1e-12);
        assert!((revenue.error(0, 2)).abs() < 1e-12);
        assert!(revenue.error(0, 4) > 0.2);
    }
}
