//! What is told of a run: lines, JSON, JUnit's XML, and a page, all of them well-formed whatever names are in them.

use cairn::lab::report::{
    Cell, Column, Plot, Series, Table, findings_json, findings_page, findings_text, html, json, junit, text,
};
use cairn::lab::scenario::Conclusion;
use cairn::lab::studies::Finding;
use quick_junit::{Report, TestCaseStatus};
use roxmltree::{Document, Node, ParsingOptions};

use super::scenarios::{QUIET, outcome};

/// One that fails in one point, is called what nobody should be called, and has a fork.
fn failing() -> Conclusion {
    let more = r#"
[[events]]
at = "2m"
do = { partition = [["<b>s&ome"], ["others"]] }

[[events]]
at = "10m"
do = "heal"

[[expect]]
height = { at_least = 1000 }

[[expect]]
one_tip = {}
"#;
    let quiet = QUIET.replace("name = \"quiet\"", "name = \"<script>&\"").replace("\"some\"", "\"<b>s&ome\"");
    outcome(&format!("{quiet}{more}"))
}

fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}\n{page}"))
}

fn with_id<'a>(page: &'a Document<'_>, id: &str) -> Node<'a, 'a> {
    page.descendants().find(|node| node.attribute("id") == Some(id)).unwrap_or_else(|| panic!("no {id}"))
}

fn words(node: Node<'_, '_>) -> String {
    node.descendants().filter_map(|node| node.text()).collect::<Vec<_>>().join(" ")
}

#[test]
fn page_has_all_that_is_asked_and_asks_for_nothing_else() {
    let outcome = failing();
    let written = html(&outcome);
    let page = parsed(&written);
    let expectations = with_id(&page, "expectations");
    let row = |class: &str| {
        expectations.descendants().filter(|node| node.attribute("class") == Some(class)).count()
    };
    assert_eq!((row("bad"), row("good")), (1, 1));
    assert!(words(with_id(&page, "timeline")).contains("all ways are open again"));
    assert!(words(with_id(&page, "figures")).contains("stale rate"));
    let everything = words(page.root_element());
    for said in
        ["does not hold", "<script>&", "<b>s&ome", "How blocks spread", "p99", "Where the chain forked"]
    {
        assert!(everything.contains(said), "{said}");
    }
    let count = |class: &str| {
        let has = |node: &Node<'_, '_>| {
            node.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))
        };
        page.descendants().filter(has).count()
    };
    assert!(outcome.figures.blocks.stale > 0);
    assert_eq!(count("stale"), outcome.figures.blocks.stale, "every block that came to nothing is seen");
    for node in page.descendants().filter(Node::is_element) {
        assert!(!["script", "link", "img", "iframe"].contains(&node.tag_name().name()), "{node:?}");
        for attribute in node.attributes() {
            let is_harmless =
                !attribute.name().starts_with("on") && !["href", "src"].contains(&attribute.name());
            assert!(is_harmless, "{attribute:?}");
        }
    }
    for address in ["http://", "https://", "url(", "@import"] {
        let found = written.replace("xmlns=\"http://www.w3.org/2000/svg\"", "").contains(address);
        assert!(!found, "{address}");
    }
    assert!(written.contains("prefers-color-scheme: dark") && written.contains("width=device-width"));
}

#[test]
fn page_of_findings_is_well_formed_and_names_every_curve_and_column() {
    let series = vec![
        Series::curve("measured <&>", vec![(0.1, 0.1), (0.4, 0.5)]).with_errors(vec![0.01, 0.02]),
        Series::reference("Eyal and Sirer", vec![(0.1, 0.1), (0.4, 0.48)]),
    ];
    let plot = Plot::new("Revenue", "share < 1", "\"revenue\"", series);
    let mut table = Table::new(vec![Column::percent("share", "share <1>", 0)]);
    table.push(vec![Cell::from(0.4)]);
    let (name, title, about) = ("revenue", "What & how", "About <them>.");
    let finding = Finding { name, title, about, seed: 7, is_quick: true, table, plots: vec![plot] };
    let findings = [finding];
    let written = findings_page("Figures & more", &findings);
    let parsed = parsed(&written);
    let everything = words(parsed.root_element());
    for said in [
        "Figures & more",
        "What & how",
        "About <them>.",
        "measured <&>",
        "Eyal and Sirer",
        "share < 1",
        "\"revenue\"",
        "share <1>",
        "40 %",
    ] {
        assert!(everything.contains(said), "{said} in {everything}");
    }
    assert_eq!(parsed.descendants().filter(|node| node.tag_name().name() == "svg").count(), 1);

    let told = findings_text(&findings);
    assert!(told.starts_with("What & how (revenue, seed 7, quick)\n") && told.contains("40 %"), "{told}");
    let json: serde_json::Value = serde_json::from_str(&findings_json(&findings)).unwrap();
    let figures = &json["figures"][0];
    assert_eq!((&figures["table"][0]["share"], &figures["seed"]), (&0.4.into(), &7.into()));
    assert_eq!(figures["plots"][0]["series"][0]["errors"][1], 0.02);
}

#[test]
fn junit_has_a_case_for_each_expectation_and_one_for_what_was_to_happen() {
    let outcome = failing();
    let written = junit(std::slice::from_ref(&outcome));
    let report = Report::deserialize_from_str(&written).unwrap();
    let [suite] = &report.test_suites[..] else { panic!("{written}") };
    assert_eq!(suite.name.as_str(), "<script>&");
    assert_eq!((report.tests, report.failures), (3, 1));
    let TestCaseStatus::NonSuccess { message, .. } = &suite.test_cases[0].status else { panic!("{written}") };
    assert_eq!(message.as_ref().unwrap().as_str(), outcome.verdicts[0].found);
}

#[test]
fn json_says_first_whether_it_holds_and_then_everything() {
    let outcome = failing();
    let written = json(&outcome);
    assert!(written.starts_with("{\n  \"holds\": false,\n  \"name\""), "{}", &written[..60]);
    let value: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(value["digest"], outcome.digest);
    assert_eq!(value["verdicts"][1]["holds"], true);
    assert_eq!(value["blocks"].as_array().unwrap().len(), outcome.figures.blocks.found);
    assert!(value["figures"]["recoveries"][0]["seconds"].as_f64().unwrap() < 120.0);
}

#[test]
fn lines_say_what_failed_and_what_was_found_instead() {
    let outcome = failing();
    let told = text(&outcome);
    assert!(told.starts_with("<script>& does NOT hold: 4 nodes, 15m, seed 1\n"), "{told}");
    let failed: Vec<&str> = told.lines().filter(|line| line.contains("FAILED")).collect();
    assert_eq!(failed, ["  FAILED  height of all at the end: at least 1000"]);
    assert!(told.contains("of one mind again") && told.contains(&outcome.digest), "{told}");
}

#[test]
fn figures_add_up() {
    let figures = outcome(QUIET).figures;
    let blocks = figures.blocks;
    assert_eq!(blocks.found, blocks.in_chain + blocks.stale);
    assert_eq!(blocks.height as usize, blocks.in_chain);
    assert!((figures.miners.iter().map(|miner| miner.hashes).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!((figures.miners.iter().map(|miner| miner.of_chain).sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(figures.miners.iter().map(|miner| miner.found).sum::<usize>(), blocks.found);
    assert_eq!(
        figures.propagation.count,
        blocks.found * 3,
        "each of the three others comes to have every block"
    );
    let spread = &figures.propagation;
    assert!(
        spread.p50_ms <= spread.p90_ms
            && spread.p90_ms <= spread.p99_ms
            && spread.p99_ms <= spread.longest_ms
    );
    assert!(spread.p50_ms >= 50.0, "nothing is faster than its way: {spread:?}");
    let payments = figures.payments;
    assert!(
        payments.mined <= payments.taken && payments.taken <= payments.paid && payments.mined > 100,
        "{payments:?}"
    );
    assert!(figures.traffic.bytes_most as f64 >= figures.traffic.bytes_each);
}
