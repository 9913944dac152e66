//! `cairn lab`: scenarios that are part of the program, files of one's own, and the ways of telling what came of them.

use serde_json::json;

use super::stage::Folder;

const SMALL: &str = r#"
name = "small"
about = "Two nodes agree."
duration = "5m"

[chain]
spacing = "20s"

[[nodes]]
name = "both"
count = 2

[[mining]]
who = ["both"]
share = 1.0

[[expect]]
one_tip = {}
"#;

#[test]
fn scenario_that_holds_ends_with_0_and_is_told_in_every_way() {
    let folder = Folder::new();
    folder.write("small.toml", SMALL);
    let ways = ["--html", "page.html", "--junit", "junit.xml", "--trace", "story.txt"];
    let answer = folder.run(&[&["lab", "run", "small.toml"], &ways[..]].concat());
    assert!(answer.success().starts_with("small holds: 2 nodes, 5m, seed 1\n"), "{answer:?}");
    assert!(folder.text("page.html").starts_with("<!DOCTYPE html>"));
    assert!(folder.text("junit.xml").contains("<testsuite name=\"small\""));
    assert!(folder.text("story.txt").contains(" finds "));

    let told = folder.run(&["lab", "run", "small.toml", "--seed", "7", "--json"]).json();
    assert_eq!((&told["holds"], &told["seed"]), (&json!(true), &json!(7)));
    let again = folder.run(&["lab", "run", "small.toml", "--seed", "7", "--json"]).json();
    assert_eq!(told, again);
}

#[test]
fn scenario_that_does_not_hold_ends_with_1_and_says_why() {
    let folder = Folder::new();
    folder.write("small.toml", format!("{SMALL}\n[[expect]]\nheight = {{ at_least = 500 }}\n"));
    let answer = folder.run(&["lab", "run", "small.toml"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.out.contains("FAILED  height of all at the end: at least 500"), "{answer:?}");
    assert_eq!(answer.err, "");
}

#[test]
fn scenario_that_cannot_be_read_ends_with_2_and_names_what_is_wrong() {
    let folder = Folder::new();
    folder.write("small.toml", SMALL.replace("spacing", "spcing"));
    let answer = folder.run(&["lab", "run", "small.toml"]);
    let error = answer.failure(2);
    assert!(error.starts_with("error: small.toml: line 7, chain.spcing: unknown field"), "{error}");
    let answer = folder.run(&["lab", "run", "nowhere"]);
    assert!(answer.failure(2).contains("there is no scenario nowhere: name a file, or one of partition, "));
    let answer = folder.run(&["lab", "show", "nowhere"]);
    assert!(answer.failure(2).contains("there is no scenario nowhere"));
}

#[test]
fn answer_that_cannot_be_written_ends_with_2_before_anything_runs() {
    let folder = Folder::new();
    folder.write("small.toml", SMALL);
    for option in ["--html", "--junit", "--trace"] {
        let answer = folder.run(&["lab", "run", "small.toml", option, "nowhere/answer"]);
        assert!(answer.failure(2).contains("cannot write nowhere/answer: "), "{answer:?}");
        assert_eq!(answer.out, "");
    }
    let answer = folder.run(&["lab", "figures", "stale", "--html", "nowhere/page.html"]);
    assert!(answer.failure(2).contains("cannot write nowhere/page.html: "), "{answer:?}");
    let answer = folder.run(&["lab", "soak", "--seed", "1", "--trace", "nowhere/story.txt"]);
    assert!(answer.failure(2).contains("cannot write nowhere/story.txt: "), "{answer:?}");
}

#[test]
fn seed_that_is_run_alone_tells_its_digest_to_people_and_programs() {
    let folder = Folder::new();
    let told = folder.run(&["lab", "soak", "--seed", "1", "--json"]).json();
    let lines = folder.run(&["lab", "soak", "--seed", "1"]);
    let [events, blocks] = ["events", "blocks"].map(|key| told[key].as_u64().unwrap());
    let digest = told["digest"].as_str().unwrap();
    assert!(
        lines.success().starts_with(&format!("{events} events, {blocks} blocks, digest {digest}\n")),
        "{lines:?}"
    );
    assert_eq!((&told["networks"], &told["failed"]), (&json!(1), &json!([])));
}

#[test]
fn every_scenario_that_is_listed_is_shown_and_can_be_changed() {
    let folder = Folder::new();
    let listed = folder.run(&["lab", "list", "--json"]).json();
    let names: Vec<&str> =
        listed["scenarios"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 10, "{names:?}");
    let answer = folder.run(&["lab", "list"]);
    for name in names {
        assert!(answer.success().contains(&format!("{name} (")), "{name}");
        let shown = folder.run(&["lab", "show", name]);
        assert!(shown.success().starts_with(&format!("name = \"{name}\"")), "{shown:?}");
    }
}

#[test]
fn help_teaches_how_a_scenario_is_run_and_what_its_end_means() {
    let answer = Folder::new().run(&["lab", "run", "--help"]);
    let help = answer.success();
    for taught in [
        "--seed",
        "--junit",
        "--html",
        "--trace",
        "--json",
        "Ends with 0",
        "cairn lab show partition > mine.toml",
    ] {
        assert!(help.contains(taught), "{taught} in {help}");
    }
}

#[test]
fn figures_are_told_in_every_way_and_the_same_by_the_same_seed() {
    let folder = Folder::new();
    let ask = ["lab", "figures", "double-spend", "--quick", "--seed", "3"];
    let told = folder.run(&[&ask[..], &["--html", "page.html", "--threads", "1"]].concat());
    assert!(told.success().starts_with("Payments that are taken back, by how long one waits"), "{told:?}");
    assert!(told.success().contains("blocks waited for") && told.success().contains("Rosenfeld"), "{told:?}");
    let page = folder.text("page.html");
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("<svg ") && page.contains("<table "),
        "{page}"
    );
    let answer = folder.run(&[&ask[..], &["--json"]].concat()).json();
    let found = &answer["figures"][0];
    assert_eq!(
        (&found["name"], &found["seed"], &found["is_quick"]),
        (&json!("double-spend"), &json!(3), &json!(true))
    );
    assert_eq!(answer, folder.run(&[&ask[..], &["--json"]].concat()).json());
    let shown = format!("{:.1} %", found["table"][0]["taken_back"].as_f64().unwrap() * 100.0);
    assert!(told.success().contains(&shown), "{shown} in {told:?}");
}

#[test]
fn figures_that_nobody_knows_end_with_2_and_help_names_all() {
    let folder = Folder::new();
    let answer = folder.run(&["lab", "figures", "nothing"]);
    let error = answer.failure(2);
    assert!(error.contains("there are no figures nothing: name some of propagation, "), "{error}");
    let names = error.split("some of ").nth(1).unwrap().split(", or none").next().unwrap();
    let help = folder.run(&["lab", "figures", "--help"]);
    assert!(help.success().contains(&format!("Names: {names}")), "{names} in {help:?}");
}
