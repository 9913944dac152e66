//! Scenarios: what befalls a network and what is expected of it, in a file.
//!
//! This room decides what such a file may say, and runs it in a [`World`](super::World). A file is TOML; whatever is in it that
//! nobody understands is refused, by its name. Read `form.rs` for what a network is like and what may befall it, `expect.rs` for what can be
//! expected of it, `adversaries.rs` for who means harm, `run.rs` and `acts.rs` for how all of it comes together.

mod acts;
mod adversaries;
mod asked;
mod build;
mod check;
mod conclusion;
mod expect;
mod form;
mod judge;
mod regions;
mod run;
mod shipped;
mod text;

pub use adversaries::Adversary;
pub(super) use adversaries::cheat_again;
pub use conclusion::{Conclusion, Occurrence, Sample, TreeBlock, Verdict};
pub use expect::{AskedPayments, Expectation};
pub use form::{Act, Chain, Geography, Group, Incident, Line, Mining, Paying, Region, Speed, Topology, Ways};
pub use shipped::{Shipped, shipped};
pub use text::{Moment, Span, Who};

use serde::Deserialize;

/// Nodes of a scenario, at most: each is a whole one, and takes memory like one.
pub const NODES_MAX: usize = 10_000;

/// What befalls a network, and what is expected of it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What can be learnt from it.
    pub about: String,
    /// What chance follows from, where no other is given.
    #[serde(default = "usual_seed")]
    pub seed: u64,
    /// How long it lasts.
    pub duration: Span,
    /// For how long nobody mines at its end, so that what is under way can arrive.
    #[serde(default = "usual_settling")]
    pub settle: Span,
    /// What its chain is like.
    #[serde(default)]
    pub chain: Chain,
    /// Who is connected to whom.
    #[serde(default)]
    pub topology: Topology,
    /// Where nodes are.
    pub geography: Option<Geography>,
    /// Who is there.
    pub nodes: Vec<Group>,
    /// What the ways are like.
    #[serde(default)]
    pub link: Ways,
    /// Who mines.
    #[serde(default)]
    pub mining: Vec<Mining>,
    /// Who means harm.
    #[serde(default)]
    pub adversaries: Vec<Adversary>,
    /// Who pays.
    pub users: Option<Paying>,
    /// What befalls them.
    #[serde(default)]
    pub events: Vec<Incident>,
    /// What is expected of them.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

/// Why a file is no scenario.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is no TOML.
    #[error("it is not TOML: {0}")]
    Toml(String),
    /// A field is missing, unknown, or of the wrong form.
    #[error("line {line}, {field}: {reason}")]
    Field {
        /// Where in the text.
        line: usize,
        /// Which.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A field says what cannot be.
    #[error("{field}: {reason}")]
    Senseless {
        /// Which.
        field: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// Names the field that is missing, unknown, of the wrong form, or says what cannot be.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let reader =
            toml::Deserializer::parse(text).map_err(|error| ScenarioError::Toml(error.to_string()))?;
        let scenario: Self = serde_path_to_error::deserialize(reader).map_err(|error| {
            let field = Some(error.path().to_string()).filter(|field| field != ".");
            let inner = error.inner();
            let before = inner.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            ScenarioError::Field {
                line: before.matches('\n').count() + 1,
                field: field.unwrap_or_else(|| "the file".to_owned()),
                reason: text::in_words(inner.message()),
            }
        })?;
        scenario.check()?;
        Ok(scenario)
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.nodes.iter().map(|group| group.count).sum()
    }

    /// The numbers that nodes of these names have in a world; nothing where somebody is not known.
    pub fn numbers(&self, who: &[Who]) -> Option<Vec<usize>> {
        let mut numbers = Vec::new();
        for one in who {
            numbers.extend(self.numbers_of(one)?);
        }
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers)
    }

    fn numbers_of(&self, who: &Who) -> Option<std::ops::Range<usize>> {
        if who.0 == "all" {
            return Some(0..self.nodes());
        }
        let (name, place) = match who.0.split_once('.') {
            Some((name, place)) => (name, Some(place.parse::<usize>().ok()?)),
            None => (who.0.as_str(), None),
        };
        let mut first = 0;
        for group in &self.nodes {
            if group.name == name {
                return match place {
                    None => Some(first..first + group.count),
                    Some(place) if (1..=group.count).contains(&place) => {
                        Some(first + place - 1..first + place)
                    }
                    Some(_) => None,
                };
            }
            first += group.count;
        }
        None
    }

    /// By what a node of this number is called in a file: `group.place`.
    pub(super) fn name_of(&self, number: usize) -> String {
        let group = self.group_of(number);
        let before = self.nodes.iter().take_while(|other| other.name != group).map(|other| other.count);
        format!("{group}.{}", number - before.sum::<usize>() + 1)
    }

    /// The name of the group that a node of this number is of.
    ///
    /// # Panics
    /// Where there are not so many nodes.
    pub fn group_of(&self, number: usize) -> &str {
        let mut behind = 0;
        let is_of = |group: &&Group| {
            behind += group.count;
            number < behind
        };
        &self.nodes.iter().find(is_of).expect("every number is of a group").name
    }

    /// When ways were last opened.
    pub(super) fn healed_at(&self) -> Option<Span> {
        let heals = self.events.iter().filter(|event| event.what == Act::Heal);
        heals.map(|event| event.at).max()
    }
}

fn usual_seed() -> u64 {
    1
}

fn usual_settling() -> Span {
    Span::of_micros(super::MINUTE)
}
