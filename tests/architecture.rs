//! The house's laws, read off its source: whoever breaks one learns it here and not in a review.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of one file, at most.
const FILE_LINES_MAX: usize = 600;

/// Rooms of the machines' layer: each can be taken out without the others noticing.
const APART: [&str; 5] = ["mempool", "template", "protocol", "wallet", "light"];

/// Crates that a single room may name.
const NAMED_ONCE: [(&str, &str); 2] = [("bincode", "codec"), ("sled", "storage")];

/// The last pure room; nothing up to it names a runtime, and each says so to clippy.
const IMPURE_FROM: [&str; 11] =
    ["storage", "node", "net", "api", "miner", "stratum", "client", "devnet", "lab", "cli", "testkit"];

const PURE_ROOM_LINE: &str = "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]";

const NOT_ON_MAIN: [&str; 6] =
    ["TO\x44O", "FIX\x4dE", "to\x64o!(", "dbg\x21(", "#[ign\x6fre", "unimpl\x65mented!("];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The rooms in the order of their `pub mod` lines.
fn rooms() -> Vec<String> {
    let library = read(&root().join("src/lib.rs"));
    let names = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// A source file's room and its code, comments left out.
fn code_by_room() -> Vec<(String, PathBuf, String)> {
    let source = root().join("src");
    let mut found = Vec::new();
    for path in rust_files(&source) {
        let inside = path.strip_prefix(&source).unwrap();
        let room = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        if room != "lib.rs" && room != "main.rs" {
            found.push((room, path.clone(), code_of(&read(&path))));
        }
    }
    found
}

fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Every word that follows `prefix` in a text, groups in braces taken apart.
fn named_after<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let word =
        |text: &'a str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let mut names = Vec::new();
    for rest in text.split(prefix).skip(1) {
        match rest.strip_prefix('{') {
            None => names.push(word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut fresh = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '}' if depth == 0 => break,
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => fresh = true,
                        _ if fresh && depth == 0 && c.is_alphabetic() => {
                            names.push(word(&group[at..]));
                            fresh = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

/// What a room's code names that it must not.
fn forbidden_names(rooms: &[String], room: &str, code: &str) -> Vec<String> {
    let place = |name: &str| rooms.iter().position(|other| other == name);
    let own =
        place(room).unwrap_or_else(|| panic!("src/{room} is not among the `pub mod` lines of src/lib.rs"));
    let mut broken = Vec::new();
    for name in named_after(code, "crate::") {
        let Some(other) = place(name).filter(|other| *other != own) else { continue };
        if name == "testkit" {
            // Tests beside the code may build with it.
            let (own, _) = without_tests(code);
            if !named_after(own, "crate::").contains(&"testkit") {
                continue;
            }
            broken.push(format!("{room} names testkit"));
        } else if other > own && room != "testkit" {
            broken.push(format!("{room} names {name}, a room above it"));
        } else if APART.contains(&room) && APART.contains(&name) {
            broken.push(format!("{room} names {name}, its sibling"));
        }
    }
    for (library, only) in NAMED_ONCE {
        if room != only && code.contains(library) {
            broken.push(format!("{room} names {library}, which only {only} may"));
        }
    }
    let pure = !IMPURE_FROM.contains(&room);
    for runtime in ["tokio", "async fn", "std::fs", "std::net", "std::thread", "getrandom", "OsRng"] {
        if pure && code.contains(runtime) {
            broken.push(format!("{room} is pure and names {runtime}"));
        }
    }
    broken
}

/// A file's own code, and that of the tests at its end.
fn without_tests(code: &str) -> (&str, &str) {
    code.split_at(code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len()))
}

/// Whether a file climbs out of its room by `super::`, where no name of another room would give it away.
fn climbs_out(inside_source: &Path, code: &str) -> bool {
    let folders = inside_source.components().count() - 1;
    let is_folder_itself = inside_source.file_name().is_some_and(|name| name == "mod.rs");
    let steps_to_leave = folders + usize::from(!is_folder_itself);
    let (own, tests) = without_tests(code);
    // Tests are a module of their own, one step deeper.
    own.contains(&"super::".repeat(steps_to_leave)) || tests.contains(&"super::".repeat(steps_to_leave + 1))
}

#[test]
fn no_file_climbs_out_of_its_room() {
    let source = root().join("src");
    for (_, path, code) in code_by_room() {
        let inside = path.strip_prefix(&source).unwrap();
        assert!(!climbs_out(inside, &code), "{}: climbs out of its room", path.display());
    }
    assert!(climbs_out(Path::new("types/policy.rs"), "use super::super::ledger::Entry;"));
    assert!(climbs_out(Path::new("types/mod.rs"), "use super::ledger::Entry;"));
    assert!(!climbs_out(Path::new("ledger/tree/node.rs"), "use super::super::Entry;"));
}

#[test]
fn every_room_names_only_rooms_below_it() {
    let rooms = rooms();
    assert!(rooms.len() >= 8, "the `pub mod` lines of src/lib.rs were not found");
    let broken: Vec<String> = code_by_room()
        .iter()
        .flat_map(|(room, path, code)| {
            let names = forbidden_names(&rooms, room, code);
            names.into_iter().map(move |name| format!("{}: {name}", path.display()))
        })
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn arrows_that_run_back_up_are_found() {
    let rooms: Vec<String> =
        ["codec", "types", "wallet", "light", "storage", "testkit"].map(str::to_owned).into();
    let broken = |room: &str, code: &str| forbidden_names(&rooms, room, code);
    assert_eq!(broken("codec", "use crate::types::Amount;"), ["codec names types, a room above it"]);
    assert_eq!(
        broken("codec", "use crate::{codec::x, types::{a, b}};"),
        ["codec names types, a room above it"]
    );
    assert_eq!(broken("wallet", "crate::light::verify()"), ["wallet names light, a room above it"]);
    assert_eq!(broken("light", "crate::wallet::key()"), ["light names wallet, its sibling"]);
    assert_eq!(broken("types", "crate::testkit::mine()"), ["types names testkit"]);
    assert_eq!(broken("types", "bincode::encode()"), ["types names bincode, which only codec may"]);
    assert_eq!(broken("wallet", "std::thread::spawn"), ["wallet is pure and names std::thread"]);
    assert_eq!(
        broken("types", "use crate::codec::Encode; // crate::wallet").len(),
        1,
        "comments are cut before"
    );
    assert_eq!(broken("types", &code_of("use crate::codec::Encode; // crate::wallet")), [""; 0]);
    assert_eq!(broken("storage", "use crate::types::Amount; std::fs::read(); sled::open()"), [""; 0]);
}

#[test]
fn every_room_opens_with_what_it_decides() {
    let library = read(&root().join("src/lib.rs"));
    for room in rooms() {
        let path = root().join("src").join(&room).join("mod.rs");
        let text = read(&path);
        assert!(text.starts_with("//! "), "{} opens without saying what it decides", path.display());
        let pure = !IMPURE_FROM.contains(&room.as_str());
        assert!(!pure || text.contains(PURE_ROOM_LINE), "{} lacks {PURE_ROOM_LINE}", path.display());
        assert!(library.contains(&format!("`{room}`")), "the table in src/lib.rs does not list {room}");
    }
}

#[test]
fn no_file_is_too_long_and_none_leaves_work_behind() {
    let mut broken = Vec::new();
    for path in ["src", "tests", "benches"].iter().flat_map(|folder| rust_files(&root().join(folder))) {
        let text = read(&path);
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            broken.push(format!("{}: {lines} lines", path.display()));
        }
        for word in NOT_ON_MAIN {
            if text.contains(word) {
                broken.push(format!("{}: {word}", path.display()));
            }
        }
        for attribute in text.split("allow(").skip(1).map(|rest| rest.split(")]").next().unwrap_or_default())
        {
            let lint = attribute.starts_with("clippy::")
                || attribute.starts_with("dead_code")
                || attribute.starts_with("unsafe_code");
            if lint && !attribute.contains("reason = ") {
                broken.push(format!("{}: allow({attribute}) without a reason", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn only_what_a_project_of_this_kind_needs_stands_at_the_top() {
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "CHANGELOG.md",
        "Dockerfile",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "clippy.toml",
        "docker-compose.yml",
        "docs",
        "genesis.json",
        "migrations",
        "rustfmt.toml",
        "src",
        "target",
        "test",
        "tests",
    ];
    let found =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let others: Vec<String> =
        found.filter(|name| !name.starts_with('.') && !expected.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "at the top of the repository: {others:?}");
}
