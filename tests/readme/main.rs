//! The README, typed: every command in it is run in the order in which it stands there, and what it says it answers is what is answered.
//!
//! Read `script.rs` for how a page becomes commands, `shell.rs` for how they are run.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod likeness;
mod script;
mod shell;

use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::time::Instant;

use script::{Step, steps};
use shell::Shell;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The usual ports, which the README names. They are this test's while it runs.
fn ports_are_free() -> bool {
    (9330..9380).all(|port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok())
}

/// What the test of the network in containers does.
fn lines_of_compose() -> Vec<String> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    let scripts =
        fs::read_dir(scripts).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    scripts.flat_map(|script| script.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn no_hash_stands_for_two_things() {
    let genesis = cairn::consensus::Genesis::from_json(include_str!("../../genesis.json")).unwrap();
    let (page, genesis) = (readme(), genesis.params().chain.to_string());
    let is_hash = |word: &&str| word.len() == 64 && word.bytes().all(|it| it.is_ascii_hexdigit());
    let words = page.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(is_hash);
    let mut all: Vec<&str> = words.filter(|hash| *hash != genesis).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert!(count > 5 && all.len() == count, "{} of {count} hashes differ", all.len());
}

#[test]
fn every_command_of_the_readme_answers_what_it_says() {
    assert!(ports_are_free(), "something listens at ports 9330 to 9379, which the README uses: end it");
    let mut shell = Shell::new();
    let begun = Instant::now();
    let (mut typed, elsewhere) = (0, lines_of_compose());
    for step in steps(&readme()) {
        typed += 1;
        let line = step.command().to_owned();
        match step {
            Step::Elsewhere { command, known_as, has_answer } => {
                let does = if has_answer { "is_as_written" } else { "" };
                let runs = |line: &String| {
                    line.contains(&known_as) && line.contains(does) && !line.trim_start().starts_with('#')
                };
                assert!(
                    elsewhere.iter().any(runs),
                    "nothing in tests/compose runs `{command}`, as `{known_as}`, or compares its answer"
                );
            }
            Step::GoesOn { command, says } => shell.begin(&command, &says),
            Step::Stop => shell.end(),
            Step::Ends { command, says } => shell.run(&command, &says),
        }
        // Past what gathers the output of tests: how long the way through the README is, is told each time.
        let _ = writeln!(stderr(), "readme, after {:4.1} s: {line}", begun.elapsed().as_secs_f64());
    }
    assert!(typed > 15, "the README has commands: {typed}");
}
