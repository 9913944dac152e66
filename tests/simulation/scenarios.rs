//! Scenario files: those that are shipped hold, one that expects the wrong thing says so, and what befalls a network does.

use cairn::lab::scenario::{Act, Conclusion, Expectation, Scenario, Shipped, Span, Topology, shipped};

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

pub fn outcome(text: &str) -> Conclusion {
    Scenario::from_toml(text).unwrap().run(None, None)
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
fn expectation_that_comes_a_moment_too_late_fails() {
    let quiet = format!("topology = \"complete\"\n{}", QUIET.replace("[\"all\"]", "[\"some.1\"]"));
    let found = (outcome(&quiet).blocks[5].found * 1e6) as u64;
    // Ways take 50 milliseconds: nobody else has the block before.
    let expect = |within: u64| {
        let after = found + 10_000;
        format!("[[expect]]\none_tip = {{ after = \"{after}us\", within = \"{within}ms\" }}\n")
    };
    let outcome = outcome(&format!("{quiet}\n{}{}{}", expect(30), expect(39), expect(41)));
    let holds: Vec<bool> = outcome.verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(holds, [false, false, true], "{:?}", outcome.verdicts);
}

#[test]
fn what_is_expected_of_a_shipped_scenario_reads_differently_each_time() {
    for shipped in shipped() {
        let scenario = Scenario::from_toml(shipped.text).unwrap();
        let mut texts: Vec<String> = scenario.expect.iter().map(ToString::to_string).collect();
        texts.sort_unstable();
        let count = texts.len();
        texts.dedup();
        assert_eq!(texts.len(), count, "{}: {texts:?}", shipped.name);
    }
}

#[test]
fn those_who_do_not_send_what_they_have_are_counted_apart_from_nodes() {
    let liar = "[[adversaries]]\nname = \"x\"\ndo = { lies = \"stalls\" }\ncount = 2\nfrom = \"2m\"";
    let figures = outcome(&format!("{QUIET}\n{liar}")).figures;
    assert!(figures.on_adversaries.stalled > 0, "{figures:?}");
    assert_eq!(figures.on_adversaries.misbehaved, 0, "{figures:?}");
    assert_eq!((figures.on_nodes.stalled, figures.on_nodes.misbehaved), (0, 0), "{figures:?}");
}

#[test]
fn what_was_to_happen_and_could_not_fails() {
    // Nodes that take their time to answer.
    let quiet = QUIET.replacen("count = 2", "count = 2\nprocessor = \"usual\"", 1);
    let troubles = |event: &str| {
        let text = format!("{quiet}\n[[events]]\nat = \"1m\"\ndo = {{ kill = [\"others\"] }}\n{event}");
        let outcome = outcome(&text);
        let told: Vec<String> =
            outcome.events.iter().filter(|event| event.is_trouble).map(|event| event.what.clone()).collect();
        assert_eq!(outcome.holds(), told.is_empty(), "{:?}", outcome.events);
        told
    };
    let at = |what: &str| troubles(&format!("[[events]]\nat = \"2m\"\ndo = {what}"));
    assert_eq!(at("{ start = [\"all\"] }"), [""; 0]);
    assert_eq!(at("{ stop = [\"all\"] }"), ["others.1 and others.2 cannot be stopped: they do not run"]);
    assert_eq!(at("{ kill = [\"others.2\"] }"), ["others.2 cannot be killed: they do not run"]);
    assert_eq!(at("{ lose_power = [\"others.1\"] }"), ["others.1 cannot lose their power: they do not run"]);
    let unpaid = "2 of 4 payments cannot be made, the first through others.1: it does not run";
    assert_eq!(at("{ pay = { through = [\"some.1\", \"others.1\"], count = 4 } }"), [unpaid]);
    // Five of the twenty people pay through each of the four nodes, and each of them once at a time.
    assert_eq!(at("{ pay = { through = [\"some.1\"], count = 5 } }"), [""; 0]);
    let unpaid = "2 of 7 payments cannot be made, the first through some.1: whoever pays through it waits for an \
                  answer to their last payment";
    assert_eq!(at("{ pay = { through = [\"some.1\"], count = 7 } }"), [unpaid]);
}

#[test]
fn way_that_loses_more_is_as_long_as_before() {
    let far = r#"
name = "far"
about = "From Europe to Japan."
duration = "20m"
geography = "bitcoin-2019"
topology = "complete"
nodes = [
    { name = "here", count = 1, region = "europe" },
    { name = "there", count = 1, region = "japan" },
]
mining = [{ who = ["here"], share = 1.0 }]

[[events]]
at = "1s"
do = { link = { from = ["here"], to = ["there"], becomes = { loss = 0.001 } } }

[[expect]]
propagation = { p50_above = "252ms", p50_below = "254ms" }
"#;
    let outcome = outcome(far);
    assert!(outcome.holds(), "{:?}", outcome.verdicts);
    assert_eq!(outcome.events[0].what, "the way from here to there, and back: loses 0.001 of all packets");
}

#[test]
fn whoever_is_connected_to_all_stays_so_however_many_there_are() {
    let many = r#"
name = "many"
about = "More than a node usually lets in."
duration = "3m"
topology = "complete"
nodes = [{ name = "nodes", count = 125 }]

[[expect]]
connections = { at_least = 124, at_most = 124, at = "1m" }

[[expect]]
connections = { at_least = 124, at_most = 124 }
"#;
    let outcome = outcome(many);
    assert!(outcome.holds(), "{:?}", outcome.verdicts);
}

#[test]
fn healing_tells_how_many_blocks_were_taken_back_for_it_and_not_before() {
    let split = |from: &str, to: &str| {
        let partition = "{ partition = [[\"some\"], [\"others\"]] }";
        format!("[[events]]\nat = \"{from}\"\ndo = {partition}\n[[events]]\nat = \"{to}\"\ndo = \"heal\"\n")
    };
    let figures = outcome(&format!("{QUIET}\n{}{}", split("1m", "8m"), split("10m", "10m 5s"))).figures;
    let [long, short] = &figures.recoveries[..] else { panic!("{:?}", figures.recoveries) };
    assert!(short.deepest < long.deepest && long.deepest == figures.reorganizations.deepest, "{figures:?}");
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
        matches!(&scenario.events[0].what, Act::Link { becomes, one_way: false, .. } if becomes.delay == Some(Span(1_000_000)))
    );
    assert_eq!(scenario.expect, [Expectation::SupplyExact(true)]);
}
