//! What came of a scenario.

use serde::Serialize;

use crate::lab::figures::Figures;
use crate::lab::report::Plot;

/// What came of a run of a scenario.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Conclusion {
    /// What the scenario is called.
    pub name: String,
    /// What it teaches.
    pub about: String,
    /// What chance followed from.
    pub seed: u64,
    /// Seconds that went by in it.
    pub seconds: f64,
    /// How many nodes there were.
    pub nodes: usize,
    /// A hash of all that happened: the same seed and file and program give the same.
    pub digest: String,
    /// What befell the network.
    pub events: Vec<Occurrence>,
    /// What was expected, and whether it held.
    pub verdicts: Vec<Verdict>,
    /// What people ask for.
    pub figures: Figures,
    /// How the network stood, now and then.
    pub samples: Vec<Sample>,
    /// All blocks that were found.
    pub blocks: Vec<TreeBlock>,
    /// Further curves, for a page that shows them.
    pub plots: Vec<Plot>,
}

/// Something that befell the network.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Occurrence {
    /// Seconds since the beginning.
    pub at: f64,
    /// What.
    pub what: String,
    /// Whether it went otherwise than it should.
    pub is_trouble: bool,
}

/// Whether something that was expected held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Verdict {
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Whether that is well.
    pub holds: bool,
}

/// How the network stood at some time.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Sample {
    /// Seconds since the beginning.
    pub at: f64,
    /// How many nodes ran.
    pub running: usize,
    /// How many different tips they followed.
    pub tips: usize,
    /// The highest of them.
    pub height: u32,
}

/// A block that was found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TreeBlock {
    /// Its name.
    pub hash: String,
    /// The name of the block below.
    pub below: String,
    /// Where it stands.
    pub height: u32,
    /// When it was found, in seconds since the beginning.
    pub found: f64,
    /// By whom.
    pub miner: String,
    /// How many transactions are in it.
    pub transactions: usize,
    /// How many nodes came to have it.
    pub seen: usize,
    /// Whether it is in the chain that was followed in the end.
    pub in_chain: bool,
}

impl Conclusion {
    /// Whether all that was expected held, and everything that was to happen could.
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds) && !self.events.iter().any(|event| event.is_trouble)
    }
}
