//! Everything that can be expected, once as it is and several times as it is not: whoever asks is told the truth.

use cairn::lab::scenario::{Conclusion, Scenario};

use super::scenarios::{QUIET, outcome};

/// A network in which something of everything happens.
const LIVELY: &str = r#"
name = "lively"
about = "Something of everything."
duration = "20m"

[chain]
spacing = "20s"

[[nodes]]
name = "some"
count = 3

[[nodes]]
name = "cheat"
count = 1

[[nodes]]
name = "full"
count = 1

[[mining]]
who = ["some"]
share = 0.6

[[mining]]
who = ["cheat"]
share = 0.4
strategy = { double_spending = 1 }

[users]
rate = 1.0
through = ["some"]

[[adversaries]]
name = "forgers"
do = { transactions = "garbage" }
against = ["some"]
from = "1m"

[[adversaries]]
name = "late"
do = { clock = -300 }
against = ["some"]

[[adversaries]]
name = "spenders"
do = "spends_twice"
count = 3
against = ["some"]

[[events]]
at = "5m"
do = { disk_full = ["full"] }
"#;

/// What is so, a line for each kind.
const TRUE: &[(&str, &str)] = &[
    ("one_tip", "{ who = [\"some\"] }"),
    ("one_tip", "{ who = [\"some\"], after = \"6m\", within = \"1m\" }"),
    ("tips_differ", "{ one = [\"some\"], other = [\"full\"] }"),
    ("height", "{ who = [\"some\"], at_least = 20, at_most = 100 }"),
    ("stale_rate", "{ above = 0.001, below = 0.9 }"),
    ("propagation", "{ p50_below = \"1m\", p90_below = \"10m\", p99_below = \"10m\", p50_above = \"1ms\" }"),
    ("reorganizations", "{ at_least = 1, at_most = 1000, depth_at_least = 1, depth_at_most = 20 }"),
    ("nobody_banned", "true"),
    (
        "payments",
        "{ mined_at_least = 0.2, mined_at_most = 0.999, taken_at_least = 100, refused_at_most = 1000 }",
    ),
    ("payments", "{ mined_at_least = 0.2, paid_after = \"1m\", paid_before = \"15m\", within = \"10m\" }"),
    ("blocks_of", "{ who = [\"some\"], at_least = 10, at_most = 100 }"),
    ("connections", "{ who = [\"some\"], at_least = 2, at_most = 50 }"),
    ("stopped", "{ who = [\"full\"] }"),
    ("working", "{ who = [\"some\", \"cheat\"] }"),
    ("outbound_honest", "{ who = [\"all\"], at_least = 0, at_most = 4 }"),
    ("punished", "{ who = [\"forgers\"], by = [\"some\"], at_least = 3, at_most = 3 }"),
    ("admitted", "{ who = [\"late\"], at_least = 3, at_most = 3 }"),
    ("revenue", "{ who = [\"some\"], above = 0.2, below = 0.9 }"),
    ("taken_back", "{ who = [\"cheat\"], above = 0.05, below = 0.95 }"),
    ("supply_exact", "true"),
];

/// What is not so: each bound of each kind on its own.
const FALSE: &[(&str, &str)] = &[
    ("one_tip", "{}"),
    ("one_tip", "{ after = \"10m\", within = \"1m\" }"),
    ("tips_differ", "{ one = [\"some.1\"], other = [\"some.2\"] }"),
    ("height", "{ who = [\"some\"], at_least = 1000 }"),
    ("height", "{ who = [\"some\"], at_most = 3 }"),
    ("stale_rate", "{ above = 0.9 }"),
    ("stale_rate", "{ below = 0.001 }"),
    ("propagation", "{ p50_below = \"1ms\" }"),
    ("propagation", "{ p90_below = \"1ms\" }"),
    ("propagation", "{ p99_below = \"1ms\" }"),
    ("propagation", "{ p50_above = \"1m\" }"),
    ("reorganizations", "{ at_least = 1000 }"),
    ("reorganizations", "{ at_most = 0 }"),
    ("reorganizations", "{ depth_at_least = 20 }"),
    ("reorganizations", "{ depth_at_most = 0 }"),
    ("nobody_banned", "false"),
    ("payments", "{ mined_at_least = 0.999 }"),
    ("payments", "{ mined_at_most = 0.2 }"),
    ("payments", "{ mined_at_least = 0.2, within = \"1ms\" }"),
    ("payments", "{ mined_at_least = 0.2, paid_after = \"19m 30s\" }"),
    ("payments", "{ mined_at_most = 1.0, paid_before = \"1us\" }"),
    ("payments", "{ taken_at_least = 100000 }"),
    ("blocks_of", "{ who = [\"some\"], at_least = 100 }"),
    ("blocks_of", "{ who = [\"some\"], at_most = 10 }"),
    ("blocks_of", "{ who = [\"full\"], at_least = 1 }"),
    ("blocks_of", "{ who = [\"some\"], at_least = 1, found_after = \"19m 30s\" }"),
    ("blocks_of", "{ who = [\"some\"], at_least = 1, found_before = \"1us\" }"),
    ("connections", "{ who = [\"some\"], at_least = 50 }"),
    ("connections", "{ who = [\"some\"], at_most = 2 }"),
    ("stopped", "{ who = [\"full\", \"some.1\"] }"),
    ("stopped", "{ who = [\"full\"], at = \"4m\" }"),
    ("working", "{}"),
    ("outbound_honest", "{ who = [\"all\"], at_least = 5 }"),
    ("outbound_honest", "{ who = [\"all\"], at_most = 0 }"),
    ("punished", "{ who = [\"forgers\"], at_least = 4 }"),
    ("punished", "{ who = [\"forgers\"], at_most = 2 }"),
    ("punished", "{ who = [\"forgers\"], by = [\"cheat\"], at_least = 1 }"),
    ("punished", "{ who = [\"late\"], at_least = 1 }"),
    ("admitted", "{ who = [\"late\"], at_least = 4 }"),
    ("admitted", "{ who = [\"late\"], at_most = 2 }"),
    ("admitted", "{ who = [\"forgers\"], at_least = 1 }"),
    ("revenue", "{ who = [\"some\"], above = 0.9 }"),
    ("revenue", "{ who = [\"some\"], below = 0.2 }"),
    ("taken_back", "{ who = [\"cheat\"], above = 0.95 }"),
    ("taken_back", "{ who = [\"cheat\"], below = 0.05 }"),
    ("supply_exact", "false"),
];

/// Everything that can be expected, as a file is told that expects something else.
fn kinds() -> Vec<String> {
    let error = Scenario::from_toml(&format!("{QUIET}\n[[expect]]\nnothing = {{}}")).unwrap_err().to_string();
    let (_, listed) = error.split_once("expected one of ").unwrap();
    listed.split(", ").map(|kind| kind.trim_matches('`').to_owned()).collect()
}

fn expecting(expected: &[(&str, &str)]) -> Conclusion {
    let tables: String =
        expected.iter().map(|(kind, what)| format!("\n[[expect]]\n{kind} = {what}\n")).collect();
    outcome(&format!("{LIVELY}{tables}"))
}

#[test]
fn payments_that_were_refused_can_be_too_many() {
    let full = QUIET.replace("rate = 0.2", "rate = 20.0").replace("30s\"", "1h\"\npeople = 400");
    let full = full.replace("count = 2", "count = 2\npool_bytes_max = 131072").replace("15m", "3m");
    let most = |most: u32| format!("\n[[expect]]\npayments = {{ refused_at_most = {most} }}\n");
    let told = outcome(&format!("{full}{}{}", most(0), most(100_000)));
    let holds: Vec<bool> = told.verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(holds, [false, true], "{:?}", told.verdicts);
}

#[test]
fn every_expectation_is_shown_to_hold_and_to_fail() {
    for table in [TRUE, FALSE] {
        for kind in kinds() {
            assert!(table.iter().any(|(one, _)| *one == kind), "{kind} is in each of the tables");
        }
    }
    let (held, failed) = (expecting(TRUE), expecting(FALSE));
    assert_eq!(held.digest, failed.digest, "what is expected changes nothing");
    for (verdict, (kind, what)) in held.verdicts.iter().zip(TRUE) {
        assert!(verdict.holds, "{kind} = {what}: {verdict:?}");
    }
    for (verdict, (kind, what)) in failed.verdicts.iter().zip(FALSE) {
        assert!(!verdict.holds, "{kind} = {what}: {verdict:?}");
    }
    assert!(held.holds() && !failed.holds(), "{:?}", held.events);
}
