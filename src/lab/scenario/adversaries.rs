//! Who means harm in a scenario: those who come as peers, and miners who take back what they paid.

use serde::Deserialize;

use super::Scenario;
use super::check::{Checked, senseless};
use super::run::Run;
use super::text::{Span, Who, listed};
use crate::lab::clock::SECOND;
use crate::lab::strangers::{Harm, Lie};
use crate::lab::world::{FraudOutcome, Strategy, World};

/// Adversaries of a scenario, at most: each has connections to all whom it harms.
const ADVERSARIES_MAX: usize = 1_000;
/// Of those in a crowd in one group of addresses, at most: as many as an address has values for its third byte.
const CROWD_EACH_MAX: usize = 256;
/// Blocks that a payment may have before it is taken back, at most: nobody waits for more.
const CONFIRMATIONS_MAX: u32 = 100;

/// Some who mean harm, all in the same way.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adversary {
    /// The name by which expectations know them.
    pub name: String,
    /// What they came for.
    #[serde(rename = "do")]
    pub harm: Harm,
    /// How many: one.
    #[serde(default = "one")]
    pub count: usize,
    /// To which nodes they connect: to all.
    #[serde(default = "Who::all")]
    pub against: Vec<Who>,
    /// When they come: at the beginning.
    #[serde(default)]
    pub from: Span,
}

fn one() -> usize {
    1
}

impl Scenario {
    /// The places of adversaries of these names; nothing where one of them is none.
    pub(super) fn bands(&self, who: &[Who]) -> Option<Vec<usize>> {
        let place = |who: &Who| self.adversaries.iter().position(|adversary| adversary.name == who.0);
        who.iter().map(place).collect()
    }

    /// Whether those who mean harm can come as it is said.
    pub(super) fn check_adversaries(&self) -> Checked {
        for (at, adversary) in self.adversaries.iter().enumerate() {
            let field = |name: &str| format!("adversaries[{at}].{name}");
            let Adversary { name, harm, count, against, from } = adversary;
            let is_taken = self.adversaries[..at].iter().any(|other| other.name == *name)
                || self.nodes.iter().any(|group| group.name == *name);
            if name.is_empty() || name == "all" || name.contains('.') || is_taken {
                return senseless(
                    field("name"),
                    format!(
                        "`{name}` cannot be a name: choose another, without a dot, that nobody else has, and not `all`"
                    ),
                );
            }
            if !(1..=ADVERSARIES_MAX).contains(count) {
                return senseless(field("count"), format!("{count} cannot be: write 1 to {ADVERSARIES_MAX}"));
            }
            self.check_at(&field("from"), Some(*from))?;
            self.check_who(&field("against"), against)?;
            self.check_harm(at, *harm)?;
        }
        Ok(())
    }

    fn check_harm(&self, at: usize, harm: Harm) -> Checked {
        match harm {
            Harm::Eclipse { groups } => self.check_eclipse(at, groups),
            Harm::Lies(Lie::Hides(thousandths)) if !(1..=1000).contains(&thousandths) => senseless(
                format!("adversaries[{at}].do.lies.hides"),
                format!("{thousandths} cannot be: write thousandths of all hashes, 1 to 1000"),
            ),
            Harm::Lies(_)
            | Harm::Blocks(_)
            | Harm::Branches(_)
            | Harm::Transactions(_)
            | Harm::Headers(_)
            | Harm::Orphans
            | Harm::Withholds(_)
            | Harm::Clock(_)
            | Harm::SpendsTwice
            | Harm::Addresses(_) => Ok(()),
        }
    }

    /// A crowd is after one node, and only one crowd has addresses.
    fn check_eclipse(&self, at: usize, groups: usize) -> Checked {
        let Adversary { count, against, .. } = &self.adversaries[at];
        if self.numbers(against).is_none_or(|victims| victims.len() != 1) {
            return senseless(
                format!("adversaries[{at}].against"),
                format!(
                    "a crowd is after one node, and not after {}: name it, as `group.1`",
                    listed(against)
                ),
            );
        }
        if !(1..=*count).contains(&groups) {
            return senseless(
                format!("adversaries[{at}].do.eclipse.groups"),
                format!(
                    "{count} cannot be in {groups} groups of addresses: write 1 to {count}, or a larger `count`"
                ),
            );
        }
        if *count > CROWD_EACH_MAX * groups {
            return senseless(
                format!("adversaries[{at}].count"),
                format!(
                    "{count} cannot be in {groups} groups of addresses, {CROWD_EACH_MAX} at most in each: write more `groups`"
                ),
            );
        }
        let is_crowd = |other: &Adversary| matches!(other.harm, Harm::Eclipse { .. });
        match self.adversaries[..at].iter().any(is_crowd) {
            true => senseless(
                format!("adversaries[{at}].do"),
                "a second crowd: make the first one larger instead",
            ),
            false => Ok(()),
        }
    }

    /// Whether a miner can behave like this.
    pub(super) fn check_strategy(&self, field: &str, strategy: Strategy) -> Checked {
        match strategy {
            Strategy::DoubleSpending(blocks) if !(1..=CONFIRMATIONS_MAX).contains(&blocks) => senseless(
                format!("{field}.double_spending"),
                format!(
                    "{blocks} cannot be: write for how many blocks payees wait, 1 to {CONFIRMATIONS_MAX}"
                ),
            ),
            Strategy::DoubleSpending(_)
            | Strategy::Honest
            | Strategy::Selfish
            | Strategy::Withholding
            | Strategy::Shifting(_) => Ok(()),
        }
    }

    pub(super) fn check_known_adversaries(&self, field: &str, who: &[Who]) -> Checked {
        if !who.is_empty() && self.bands(who).is_some() {
            return Ok(());
        }
        let known: Vec<Who> = self.adversaries.iter().map(|adversary| Who(adversary.name.clone())).collect();
        senseless(
            field,
            format!(
                "{} are no adversaries: write names of tables [[adversaries]] ({})",
                listed(who),
                listed(&known)
            ),
        )
    }
}

impl Run<'_> {
    /// Some come who mean harm.
    pub(super) fn enter(&mut self, place: usize) {
        let adversary = &self.scenario.adversaries[place];
        let against = self.numbers(&adversary.against);
        self.note(format!("{} come, {} of them, and mean harm", adversary.name, adversary.count), false);
        self.bands[place] = adversary.harm.enter(&mut self.world, adversary.count, &against);
    }
}

/// Lets a miner that spends money twice do so whenever the last time is over, as long as it mines: one of the people is
/// cheated after the other. Others never do.
pub(in crate::lab) fn cheat_again(world: &mut World, miner: usize) {
    if !matches!(world.miners()[miner].strategy, Strategy::DoubleSpending(_)) {
        return;
    }
    let frauds = world.frauds(miner);
    let is_over = frauds.last().is_none_or(|fraud| fraud.outcome != FraudOutcome::Underway);
    let (number, people) = (frauds.len(), world.ground().people.len());
    if is_over && world.miners()[miner].rate > 0.0 {
        world.defraud(miner, number % people, (number + 1) % people);
    }
    // What was shown has gone round by then.
    let again = world.micros() + 2 * u64::from(world.ground().params().spacing) * SECOND;
    world.plan(again, move |world| cheat_again(world, miner));
}
