//! The headers of the best branch that was shown, and nothing of their blocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rival::{MARK_EVERY, RIVAL_HEADERS_MAX, Rival};
use crate::consensus::{Branch, Genesis, HeaderError, Params, TooEarly};
use crate::types::{BlockHash, Header, Height, Timestamp, Work};

/// Hashes at the tip of a locator before its steps begin to double.
const LOCATOR_DENSE: usize = 10;

/// A branch of headers from genesis to its tip, in about 150 bytes each, and perhaps one rival with less work.
#[derive(Clone, Debug)]
pub struct Headers {
    params: Arc<Params>,
    /// By height.
    headers: Vec<Header>,
    heights: BTreeMap<BlockHash, Height>,
    /// The branch at every height that [`MARK_EVERY`] divides.
    marks: Vec<Branch>,
    /// The branch at the tip.
    branch: Branch,
    tip: BlockHash,
    /// What must stand at some heights.
    checkpoints: BTreeMap<Height, BlockHash>,
    rival: Option<Rival>,
}

/// What became of headers that hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// All of them were here before.
    Known,
    /// They are on the branch that is followed now.
    Followed {
        /// The last header that stayed.
        fork: Height,
        /// How many were given up for them.
        dropped: u32,
        /// How many are new.
        added: u32,
    },
    /// They hold, and their branch has no more work than ours. It is kept for a while, and those that follow may come next.
    Lighter {
        /// Where it leaves ours.
        fork: Height,
        /// Its work.
        work: Work,
        /// Ours.
        ours: Work,
    },
}

/// Why headers are not taken. None of those that came with them is, then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadersError {
    /// The first stands on one that is not here.
    #[error("the first header stands on {missing}, which is not here: ask for those below it")]
    Unconnected {
        /// What it stands on.
        missing: BlockHash,
    },
    /// One does not stand on the one before it.
    #[error("header {index} of these does not stand on the one before it")]
    Skips {
        /// Its place among those handed over.
        index: usize,
    },
    /// One breaks a rule.
    #[error("header {index} of these: {error}")]
    Rule {
        /// Its place among those handed over.
        index: usize,
        /// The rule.
        error: HeaderError,
    },
    /// One comes from the future.
    #[error("header {index} of these: {error}")]
    TooEarly {
        /// Its place among those handed over.
        index: usize,
        /// By how much.
        error: TooEarly,
    },
    /// They lead away from what is known to stand there.
    #[error("at height {height} stands {found}, but the checkpoint is {expected}")]
    Checkpoint {
        /// Where.
        height: Height,
        /// What was said to stand there.
        expected: BlockHash,
        /// What does.
        found: BlockHash,
    },
    /// A branch that leaves ours below a checkpoint that it passed.
    #[error("leaves our branch at height {fork}, below the checkpoint at height {checkpoint}")]
    BelowCheckpoint {
        /// Where it leaves.
        fork: Height,
        /// What ours has passed.
        checkpoint: Height,
    },
    /// More headers without more work than are kept.
    #[error(
        "{0} headers with less work than ours; at most {RIVAL_HEADERS_MAX} are kept: hand them over at once"
    )]
    RivalTooLong(usize),
}

impl Headers {
    /// Nothing but genesis.
    ///
    /// # Panics
    /// Never: a genesis was checked.
    pub fn new(genesis: &Genesis) -> Self {
        let header = genesis.block().header;
        let branch = Branch::genesis(&header).expect("genesis was checked");
        let tip = header.hash();
        Self {
            params: Arc::new(genesis.params().clone()),
            headers: vec![header],
            heights: BTreeMap::from([(tip, Height::GENESIS)]),
            marks: vec![branch.clone()],
            branch,
            tip,
            checkpoints: BTreeMap::new(),
            rival: None,
        }
    }

    /// Follows no branch that has another block at this height; known from somebody who is trusted.
    ///
    /// # Errors
    /// When our branch has another one there.
    pub fn add_checkpoint(&mut self, height: Height, expected: BlockHash) -> Result<(), HeadersError> {
        match self.hash(height) {
            Some(found) if found != expected => Err(HeadersError::Checkpoint { height, expected, found }),
            Some(_) | None => {
                self.checkpoints.insert(height, expected);
                self.rival = None;
                Ok(())
            }
        }
    }

    /// The rules that headers are judged by.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The last header's hash.
    pub fn tip(&self) -> BlockHash {
        self.tip
    }

    /// The last header's height.
    pub fn height(&self) -> Height {
        self.branch.height
    }

    /// Work of all headers together.
    pub fn work(&self) -> Work {
        self.branch.work
    }

    /// The header at this height.
    pub fn header(&self, height: Height) -> Option<&Header> {
        self.headers.get(height.0 as usize)
    }

    /// The hash of the header at this height: the next one names it.
    pub fn hash(&self, height: Height) -> Option<BlockHash> {
        match self.headers.get(height.0 as usize + 1) {
            Some(next) => Some(next.previous),
            None => (height == self.height()).then_some(self.tip),
        }
    }

    /// Where a header stands, if our branch has it.
    pub fn height_of(&self, hash: &BlockHash) -> Option<Height> {
        self.heights.get(hash).copied()
    }

    /// Our branch from its tip down, ten hashes in a row and then in doubling steps, genesis last: whoever knows the first of
    /// them that is on their branch too knows which headers we lack.
    pub fn locator(&self) -> Vec<BlockHash> {
        let mut hashes = Vec::new();
        let (mut height, mut step) = (self.height().0, 1);
        while height > 0 {
            hashes.extend(self.hash(Height(height)));
            if hashes.len() >= LOCATOR_DENSE {
                step *= 2;
            }
            height = height.saturating_sub(step);
        }
        hashes.extend(self.hash(Height::GENESIS));
        hashes
    }

    /// Takes in headers, each standing on the one before it and the first on one that is known, and follows them where
    /// they have more work than what they replace. `now` is what our clock says.
    ///
    /// # Errors
    /// Why they are not taken; nothing has changed then.
    pub fn accept(&mut self, headers: &[Header], now: Timestamp) -> Result<Accepted, HeadersError> {
        let known = headers.iter().take_while(|header| self.heights.contains_key(&header.hash())).count();
        let Some(first) = headers.get(known) else { return Ok(Accepted::Known) };
        if known > 0 && headers[known - 1].hash() != first.previous {
            return Err(HeadersError::Skips { index: known });
        }
        let mut rival = self.rival_on(first.previous)?;
        for (index, header) in headers.iter().enumerate().skip(known) {
            rival.push(index, header, now, &self.params)?;
            self.check_checkpoint(&rival)?;
        }
        if rival.branch.work > self.branch.work {
            return Ok(self.follow(rival));
        }
        let (fork, work, ours) = (rival.fork, rival.branch.work, self.branch.work);
        if rival.headers.len() > RIVAL_HEADERS_MAX {
            return Err(HeadersError::RivalTooLong(rival.headers.len()));
        }
        self.rival = Some(rival);
        Ok(Accepted::Lighter { fork, work, ours })
    }

    /// A branch that goes on above this header: the rival's tip or any of ours, our own tip above all.
    fn rival_on(&self, previous: BlockHash) -> Result<Rival, HeadersError> {
        let rival = match self.rival.as_ref().filter(|rival| rival.tip == previous) {
            Some(rival) => rival.clone(),
            None => {
                let fork =
                    self.height_of(&previous).ok_or(HeadersError::Unconnected { missing: previous })?;
                Rival::on(self.branch_at(fork), previous)
            }
        };
        let passed = self.checkpoints.range(..=self.height()).next_back();
        match passed {
            Some((&checkpoint, _)) if rival.fork < checkpoint => {
                Err(HeadersError::BelowCheckpoint { fork: rival.fork, checkpoint })
            }
            Some(_) | None => Ok(rival),
        }
    }

    fn check_checkpoint(&self, rival: &Rival) -> Result<(), HeadersError> {
        let (height, found) = (rival.branch.height, rival.tip);
        match self.checkpoints.get(&height) {
            Some(&expected) if expected != found => Err(HeadersError::Checkpoint { height, expected, found }),
            Some(_) | None => Ok(()),
        }
    }

    /// Our branch as it was at this height, made again from the last mark below.
    fn branch_at(&self, height: Height) -> Branch {
        if height == self.height() {
            return self.branch.clone();
        }
        let at = height.0 as usize;
        let mark = at / MARK_EVERY;
        let between = &self.headers[mark * MARK_EVERY + 1..=at];
        between.iter().fold(self.marks[mark].clone(), |branch, header| {
            branch.extend(header, &self.params).expect("it was extended by this header before")
        })
    }

    fn follow(&mut self, rival: Rival) -> Accepted {
        let Rival { fork, headers, marks, branch, tip } = rival;
        let kept = fork.0 as usize + 1;
        let (dropped, added) = (self.headers.len() - kept, headers.len());
        for height in kept..self.headers.len() {
            if let Some(hash) = self.hash(Height(height as u32)) {
                self.heights.remove(&hash);
            }
        }
        let names = headers.iter().skip(1).map(|next| next.previous).chain([tip]);
        self.heights.extend(names.zip(fork.0 + 1..).map(|(hash, height)| (hash, Height(height))));
        self.headers.truncate(kept);
        self.headers.extend(headers);
        self.marks.truncate(fork.0 as usize / MARK_EVERY + 1);
        self.marks.extend(marks);
        (self.branch, self.tip) = (branch, tip);
        // Another rival goes on, unless what it left has gone or it has become ours.
        let heights = &self.heights;
        self.rival =
            self.rival.take().filter(|other| other.fork <= fork && !heights.contains_key(&other.tip));
        Accepted::Followed { fork, dropped: dropped as u32, added: added as u32 }
    }
}
