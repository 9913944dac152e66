//! `cairn genesis`.
//!
//! What makes a file good is tested with the rules; here it is what the command makes of it, and the promise that it
//! gives: two files that differ in one rule make two chains, two that differ in what no rule looks at make one.

mod answers;
mod errors;
mod fields;
mod presets;

use super::stage::Folder;

/// What the repository carries at its top.
const COMMITTED: &str = include_str!("../../../genesis.json");

/// A folder that holds this as `genesis.json`.
fn folder_with(text: &str) -> Folder {
    let folder = Folder::new();
    folder.write("genesis.json", text);
    folder
}

/// What `check --json` calls the chain of a folder's `genesis.json`.
fn chain_in(folder: &Folder) -> String {
    let answer = folder.run(&["genesis", "check", "--json"]);
    answer.json()["chain"].as_str().expect("a chain's name is text").to_owned()
}
