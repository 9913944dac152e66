//! Outcomes for build servers: each scenario a suite, each expectation a case.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::text::text;
use crate::lab::scenario::Conclusion;

/// JUnit's XML of these outcomes.
///
/// # Panics
/// Never: what XML cannot hold is left out.
pub fn junit(outcomes: &[Conclusion]) -> String {
    let mut report = Report::new("cairn lab");
    report.add_test_suites(outcomes.iter().map(suite));
    report.to_string().expect("text that XML can hold")
}

fn suite(outcome: &Conclusion) -> TestSuite {
    let mut suite = TestSuite::new(outcome.name.as_str());
    suite.add_property(("seed", outcome.seed.to_string().as_str()));
    suite.add_property(("digest", outcome.digest.as_str()));
    let case = |name: &str, trouble: Option<&str>| {
        let mut status = TestCaseStatus::success();
        if let Some(trouble) = trouble {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(trouble).set_type("expectation");
        }
        let mut case = TestCase::new(name, status);
        case.set_classname(outcome.name.as_str());
        case
    };
    for verdict in &outcome.verdicts {
        suite.add_test_case(case(&verdict.expected, (!verdict.holds).then_some(verdict.found.as_str())));
    }
    let trouble = outcome.events.iter().find(|event| event.is_trouble);
    suite.add_test_case(case("all that was to happen could", trouble.map(|event| event.what.as_str())));
    suite.set_system_out(text(outcome));
    suite
}
