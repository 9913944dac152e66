//! Scenario files: those that are shipped hold, one that expects the wrong thing says so, and bad ones are told what is bad.

use cairn::lab::scenario::{Act, Expectation, Outcome, Scenario, Shipped, Span, Topology, shipped};

/// Four nodes, a quarter of an hour, and nothing out of the ordinary.
pub const QUIET: &str = r#"
name = "quiet"
about = "Nothing happens."
duration = "15m"

[chain]
spacing = "30s"

[[nodes]]
name = "some"
count = 2

[[nodes]]
name = "others"
count = 2

[[mining]]
who = ["all"]
share = 1.0

[users]
rate = 0.2
"#;

pub fn outcome(text: &str) -> Outcome {
    Scenario::from_toml(text).unwrap().run(None, None)
}

fn error(text: &str) -> String {
    Scenario::from_toml(text).unwrap_err().to_string()
}

#[test]
fn every_shipped_scenario_runs_and_holds() {
    // They are as many threads' work as there are; each is one.
    std::thread::scope(|scope| {
        let run = |shipped: &'static Shipped| {
            move || {
                let scenario = Scenario::from_toml(shipped.text)
                    .unwrap_or_else(|error| panic!("{}: {error}", shipped.name));
                assert_eq!(scenario.name, shipped.name, "a file is called by the name that it has");
                assert!(
                    scenario.about.len() > 100 && !scenario.expect.is_empty(),
                    "{} teaches",
                    shipped.name
                );
                (shipped.name, scenario.run(None, None))
            }
        };
        let runs: Vec<_> = shipped().iter().map(|shipped| scope.spawn(run(shipped))).collect();
        for run in runs {
            let (name, outcome) = run.join().unwrap();
            assert!(outcome.holds(), "{name}, seed {}: {}", outcome.seed, cairn::lab::report::text(&outcome));
        }
    });
}

#[test]
fn crowd_that_surrounds_a_node_does_not_keep_it_behind() {
    let eclipse = shipped().iter().find(|shipped| shipped.name == "eclipse").unwrap();
    let scenario = Scenario::from_toml(eclipse.text).unwrap();
    // By these it once asked the crowd for two blocks, one after the other, for half an hour.
    for seed in [3, 8, 22, 39] {
        let outcome = scenario.run(Some(seed), None);
        assert!(outcome.holds(), "seed {seed}: {}", cairn::lab::report::text(&outcome));
    }
}

#[test]
fn same_file_and_seed_have_the_same_digest_and_another_seed_has_another() {
    let scenario = Scenario::from_toml(QUIET).unwrap();
    let (first, second) = (scenario.run(None, None), scenario.run(None, None));
    assert_eq!(first, second);
    assert_ne!(scenario.run(Some(2), None).digest, first.digest);
    assert!(first.holds(), "nothing was expected of it");
}

#[test]
fn looking_at_it_changes_nothing() {
    let expecting = format!(
        "{QUIET}\n[[expect]]\none_tip = {{ after = \"5m\", within = \"1m\" }}\n[[expect]]\nheight = {{ at = \"7m\", at_least = 1 }}\n"
    );
    let (looked, not) = (outcome(&expecting), outcome(QUIET));
    assert_eq!(looked.digest, not.digest);
    assert!(looked.holds(), "{:?}", looked.verdicts);
}

#[test]
fn expectation_that_is_wrong_fails_and_says_what_was_found() {
    let wrong =
        format!("{QUIET}\n[[expect]]\nheight = {{ at_least = 1000 }}\n[[expect]]\nnobody_banned = true\n");
    let outcome = outcome(&wrong);
    assert!(!outcome.holds());
    let [height, banned] = &outcome.verdicts[..] else { panic!("{:?}", outcome.verdicts) };
    assert!(!height.holds && height.expected.contains("at least 1000"), "{height:?}");
    assert_eq!(height.found, outcome.figures.blocks.height.to_string());
    assert!(banned.holds, "{banned:?}");
}

#[test]
fn expectation_that_comes_too_late_fails() {
    let split = r#"
[[events]]
at = "3m"
do = { partition = [["some"], ["others"]] }

[[expect]]
one_tip = { after = "4m", within = "5m" }

[[expect]]
one_tip = {}

[[expect]]
tips_differ = { one = ["some"], other = ["others.2"] }
"#;
    let outcome = outcome(&format!("{QUIET}{split}"));
    let holds: Vec<bool> = outcome.verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(holds, [false, false, true], "{:?}", outcome.verdicts);
    assert!(outcome.verdicts[0].found.starts_with("2 tips: "), "{:?}", outcome.verdicts);
}

#[test]
fn story_is_told_as_it_happens() {
    let (sender, heard) = std::sync::mpsc::channel();
    let scenario = Scenario::from_toml(QUIET).unwrap();
    let told = scenario.run(None, Some(Box::new(move |line| sender.send(line.to_owned()).unwrap())));
    let lines: Vec<String> = heard.iter().collect();
    assert!(lines.len() > 100 && lines.iter().any(|line| line.contains("finds")), "{}", lines.len());
    assert_eq!(told.digest, outcome(QUIET).digest, "who listens changes nothing");
}

#[test]
fn field_that_nobody_knows_or_that_is_missing_is_named() {
    let cases = [
        (QUIET.replace("spacing", "spcing"), "chain.spcing", "unknown field `spcing`"),
        (QUIET.replace("duration = \"15m\"", ""), "duration", "missing field `duration`"),
        (QUIET.replace("\"15m\"", "15"), "duration", "invalid type: integer"),
        (QUIET.replace("\"15m\"", "\"15 minutes\""), "duration", "write one like `250ms`"),
        (QUIET.replace("count = 2", "count = -2"), "nodes[0].count", "invalid value"),
        (
            format!("{QUIET}\n[[events]]\nat = \"1m\"\ndo = {{ explode = [\"some\"] }}"),
            "events[0].do",
            "unknown variant `explode`",
        ),
        (
            format!("{QUIET}\n[[expect]]\nheight = {{ at_leest = 3 }}"),
            "expect[0].height",
            "unexpected keys in table: at_leest, available keys: who, at, at_least, at_most",
        ),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with("line ") && error.contains(field) && error.contains(reason), "{error}");
    }
    assert!(error("name =").starts_with("it is not TOML: "));
}

#[test]
fn what_cannot_be_is_told_what_to_do() {
    let with = |more: &str| format!("{QUIET}\n{more}");
    let event = |what: &str| with(&format!("[[events]]\nat = \"1m\"\ndo = {what}"));
    let cases = [
        (QUIET.replace("\"15m\"", "\"30s\""), "duration", "make it longer"),
        (QUIET.replace("\"others\"", "\"some\""), "nodes[1].name", "choose another"),
        (QUIET.replace("count = 2", "count = 0"), "nodes[0].count", "write 1 or more"),
        (QUIET.replace("\"30s\"", "\"500ms\""), "chain.spacing", "whole seconds"),
        (QUIET.replace("[\"all\"]", "[\"west\"]"), "mining[0].who", "as `some.1`"),
        (QUIET.replace("[\"all\"]", "[\"some.3\"]"), "mining[0].who", "nobody is called `some.3`"),
        (QUIET.replace("share = 1.0", "share = -1.0"), "mining[0].share", "0 or more"),
        (QUIET.replace("rate = 0.2", "rate = -1.0"), "users.rate", "payments a second"),
        (event("{ partition = [[\"some\"]] }"), "events[0].do", "two sides or more"),
        (event("{ stop = [] }"), "events[0].do", "nobody is named"),
        (
            event("{ clock = { who = [\"all\"], ahead = \"1m\", behind = \"1m\" } }"),
            "events[0].do.clock",
            "leave one of the two out",
        ),
        (with("[[events]]\nat = \"16m\"\ndo = \"heal\""), "events[0].at", "after the end"),
        (with("[[expect]]\nheight = {}"), "expect[0]", "nothing is asked"),
        (
            with("[[expect]]\none_tip = { after = \"heal\" }"),
            "expect[0].one_tip.after",
            "add an event `heal`",
        ),
        (with("[topology]\nrandom = { degree = 1 }"), "topology.random.degree", "write 2 or more"),
        (with("[link]\nloss = 2.0"), "link.loss", "from 0 to 1"),
        (
            QUIET.replacen("count = 2", "count = 2\nregion = \"japan\"", 1),
            "nodes[0].region",
            "add `geography",
        ),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with(&format!("{field}: ")) && error.contains(reason), "{field}: {error}");
    }
}

#[test]
fn harm_that_cannot_be_is_told_what_to_do() {
    let with = |more: &str| format!("{QUIET}\n{more}");
    let cases = [
        (
            with("[[adversaries]]\nname = \"some\"\ndo = \"orphans\""),
            "adversaries[0].name",
            "that nobody else has",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = \"orphans\"\nagainst = [\"y\"]"),
            "adversaries[0].against",
            "nobody is called `y`",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = \"orphans\"\ncount = 0"),
            "adversaries[0].count",
            "write 1 to 1000",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = \"orphans\"\nfrom = \"16m\""),
            "adversaries[0].from",
            "after the end",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = { eclipse = { groups = 1 } }"),
            "adversaries[0].against",
            "name it, as `group.1`",
        ),
        (
            with("[[adversaries]]\nname = \"x\"\ndo = { eclipse = { groups = 2 } }\nagainst = [\"some.1\"]"),
            "adversaries[0].do.eclipse.groups",
            "a larger `count`",
        ),
        (
            with("[[expect]]\npunished = { who = [\"some\"], at_least = 1 }"),
            "expect[0].punished.who",
            "names of tables [[adversaries]]",
        ),
        (with("[[expect]]\nrevenue = { who = [\"some\"] }"), "expect[0]", "nothing is asked"),
        (
            with("[[expect]]\ntaken_back = { who = [\"some\"], below = 0.1 }"),
            "expect[0].taken_back.who",
            "`strategy = { double_spending = 6 }`",
        ),
        (
            QUIET.replace("share = 1.0", "share = 1.0\nstrategy = { double_spending = 0 }"),
            "mining[0].strategy.double_spending",
            "1 to 100",
        ),
    ];
    for (text, field, reason) in cases {
        let error = error(&text);
        assert!(error.starts_with(&format!("{field}: ")) && error.contains(reason), "{field}: {error}");
    }
}

#[test]
fn every_kind_of_harm_has_a_name_in_a_file_and_comes_when_it_is_said() {
    let kinds = [
        "{ blocks = \"double_spend\" }",
        "{ branches = \"other_body\" }",
        "{ transactions = \"nonce_gap\" }",
        "{ headers = \"from_nowhere\" }",
        "\"orphans\"",
        "{ lies = \"stalls\" }",
        "{ lies = { hides = 50 } }",
        "{ withholds = \"compact\" }",
        "{ clock = -300 }",
        "\"spends_twice\"",
        "{ addresses = \"itself\" }",
        "{ eclipse = { groups = 1 } }",
    ];
    let table = |(number, kind): (usize, &&str)| {
        format!(
            "\n[[adversaries]]\nname = \"x{number}\"\ndo = {kind}\nagainst = [\"some.1\"]\nfrom = \"2m\"\n"
        )
    };
    let tables: String = kinds.iter().enumerate().map(table).collect();
    let expected = "[[expect]]\nadmitted = { who = [\"x0\"], at = \"1m\", at_most = 9 }\n
        [[expect]]\nadmitted = { who = [\"x8\"], at_least = 1, at_most = 1 }\n
        [[expect]]\npunished = { who = [\"x1\"], by = [\"some.1\"], at_least = 1 }\n
        [[expect]]\nnobody_banned = true\n[[expect]]\none_tip = {}\n";
    let outcome = outcome(&format!("{QUIET}{tables}{expected}"));
    let holds: Vec<bool> = outcome.verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(holds, [false, true, true, true, true], "{:?}", outcome.verdicts);
    assert_eq!(outcome.verdicts[0].found, "nobody is there");
    let came = outcome.events.iter().filter(|event| event.at == 120.0 && event.what.contains("mean harm"));
    assert_eq!(came.count(), kinds.len(), "{:?}", outcome.events);
}

#[test]
fn everything_that_a_file_can_say_is_read() {
    let topologies = [
        ("\"ring\"", Topology::Ring),
        ("\"line\"", Topology::Line),
        ("\"complete\"", Topology::Complete),
        ("\"discovered\"", Topology::Discovered),
        ("{ random = { degree = 3 } }", Topology::Random { degree: 3 }),
    ];
    for (text, topology) in topologies {
        let scenario = Scenario::from_toml(&format!("topology = {text}\n{QUIET}")).unwrap();
        assert_eq!(scenario.topology, topology);
        let ended = scenario.run(None, None);
        assert!(
            ended.figures.blocks.height > 5 && ended.samples.last().unwrap().tips == 1,
            "{text}: {ended:?}"
        );
    }
    let link = "[[events]]\nat = \"1m\"\ndo = { link = { from = [\"some\"], to = [\"others.1\"], becomes = { delay = \"1s\" } } }";
    let scenario = Scenario::from_toml(&format!("{QUIET}{link}\n[[expect]]\nsupply_exact = true")).unwrap();
    assert!(
        matches!(&scenario.events[0].what, Act::Link { becomes, one_way: false, .. } if becomes.delay == Span(1_000_000))
    );
    assert_eq!(scenario.expect, [Expectation::SupplyExact(true)]);
}
