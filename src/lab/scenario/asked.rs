//! Whether what a scenario file expects can be asked: somebody does it, at a time that comes, and it is said how much.

use super::check::{Checked, check_share, senseless};
use super::expect::AskedPayments;
use super::text::{Moment, Span, Who, listed};
use super::{Expectation, Scenario};
use crate::lab::world::Strategy;

/// Whether something can lie between these.
fn check_bounds<T: PartialOrd + core::fmt::Display>(
    field: &str,
    least: Option<T>,
    most: Option<T>,
) -> Checked {
    match least.zip(most).filter(|(least, most)| least > most) {
        None => Ok(()),
        Some((least, most)) => senseless(
            field,
            format!("nothing is {least} at least and {most} at most: write the smaller number first"),
        ),
    }
}

/// Whether a share can lie between these.
fn check_shares(field: &str, above: Option<f64>, below: Option<f64>) -> Checked {
    above.iter().chain(&below).try_for_each(|share| check_share(field, *share))?;
    check_bounds(field, above, below)
}

impl Scenario {
    /// Whether an expectation can be asked. It stands in a file where the field says.
    pub(super) fn check_expected(&self, field: &str, expect: &Expectation) -> Checked {
        let field = format!("{field}.{}", expect.name());
        self.check_at(&format!("{field}.at"), expect.at())?;
        if !expect.asks() {
            return senseless(
                field,
                "nothing is asked: say how much is expected, as `at_least`, `at_most`, `below`",
            );
        }
        self.check_asked(&field, expect)?;
        self.check_amounts(&field, expect)
    }

    /// Whether those are known of whom it is asked, and times come.
    fn check_asked(&self, field: &str, expect: &Expectation) -> Checked {
        let inner = |name: &str| format!("{field}.{name}");
        match expect {
            Expectation::OneTip { who, after, within } => {
                self.check_after(field, *after, *within)?;
                self.check_who(&inner("who"), who)
            }
            Expectation::TipsDiffer { one, other, .. } => {
                self.check_who(&inner("one"), one)?;
                self.check_who(&inner("other"), other)
            }
            Expectation::BlocksOf { who, found_after, found_before, .. } => {
                self.check_at(&inner("found_after"), *found_after)?;
                self.check_at(&inner("found_before"), *found_before)?;
                self.check_who(&inner("who"), who)
            }
            Expectation::Height { who, .. }
            | Expectation::Connections { who, .. }
            | Expectation::Stopped { who, .. }
            | Expectation::Working { who, .. }
            | Expectation::OutboundHonest { who, .. }
            | Expectation::Revenue { who, .. } => self.check_who(&inner("who"), who),
            Expectation::Punished { who, by, .. } => {
                self.check_known_adversaries(&inner("who"), who)?;
                self.check_who(&inner("by"), by)
            }
            Expectation::Admitted { who, .. } => self.check_known_adversaries(&inner("who"), who),
            Expectation::TakenBack { who, .. } => self.check_cheats(&inner("who"), who),
            Expectation::Payments(AskedPayments { paid_before, paid_after, .. }) => {
                self.check_at(&inner("paid_before"), *paid_before)?;
                self.check_at(&inner("paid_after"), *paid_after)
            }
            Expectation::StaleRate { .. }
            | Expectation::Propagation { .. }
            | Expectation::Reorganizations { .. }
            | Expectation::NobodyBanned(_)
            | Expectation::SupplyExact(_) => Ok(()),
        }
    }

    /// Whether so much can be.
    fn check_amounts(&self, field: &str, expect: &Expectation) -> Checked {
        match expect {
            Expectation::Height { at_least, at_most, .. } => check_bounds(field, *at_least, *at_most),
            Expectation::Reorganizations { at_least, at_most, depth_at_least, depth_at_most } => {
                check_bounds(field, *at_least, *at_most)?;
                check_bounds(field, *depth_at_least, *depth_at_most)
            }
            Expectation::BlocksOf { at_least, at_most, .. }
            | Expectation::Connections { at_least, at_most, .. }
            | Expectation::OutboundHonest { at_least, at_most, .. }
            | Expectation::Punished { at_least, at_most, .. }
            | Expectation::Admitted { at_least, at_most, .. } => check_bounds(field, *at_least, *at_most),
            Expectation::StaleRate { above, below }
            | Expectation::Revenue { above, below, .. }
            | Expectation::TakenBack { above, below, .. } => check_shares(field, *above, *below),
            Expectation::Payments(AskedPayments { mined_at_least, mined_at_most, .. }) => {
                check_shares(field, *mined_at_least, *mined_at_most)
            }
            Expectation::OneTip { .. }
            | Expectation::TipsDiffer { .. }
            | Expectation::Propagation { .. }
            | Expectation::NobodyBanned(_)
            | Expectation::Stopped { .. }
            | Expectation::Working { .. }
            | Expectation::SupplyExact(_) => Ok(()),
        }
    }

    fn check_after(&self, field: &str, after: Option<Moment>, within: Option<Span>) -> Checked {
        match (after, within) {
            (None, Some(within)) => senseless(
                format!("{field}.within"),
                format!(
                    "{within} after what? Write `after`, a time or \"heal\", or leave it out for the end"
                ),
            ),
            (Some(Moment::Heal), _) if self.healed_at().is_none() => senseless(
                format!("{field}.after"),
                "nothing is ever healed: add an event `heal`, or write a time",
            ),
            (Some(Moment::At(at)), _) => self.check_at(&format!("{field}.after"), Some(at)),
            (None | Some(Moment::Heal), _) => Ok(()),
        }
    }

    /// Whether somebody of these spends twice.
    fn check_cheats(&self, field: &str, who: &[Who]) -> Checked {
        self.check_who(field, who)?;
        let nodes = self.numbers(who).unwrap_or_default();
        let is_of =
            |who: &[Who]| self.numbers(who).unwrap_or_default().iter().any(|node| nodes.contains(node));
        let mut cheats =
            self.mining.iter().filter(|mining| matches!(mining.strategy, Strategy::DoubleSpending(_)));
        match cheats.any(|mining| is_of(&mining.who)) {
            true => Ok(()),
            false => senseless(
                field,
                format!(
                    "{} do not spend twice: let them mine with `strategy = {{ double_spending = 6 }}`",
                    listed(who)
                ),
            ),
        }
    }
}
