//! A policy in plain words.

use crate::crypto::{Digest, PublicKey};
use crate::types::{Policy, Threshold};

/// What the caller calls a key: `alice`, `you`; nothing where it knows none.
pub type KeyNames<'a> = &'a dyn Fn(&PublicKey) -> Option<String>;

/// Under what conditions the money at a policy's address moves, in several lines.
pub fn explain(policy: &Policy, names: KeyNames<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    match policy {
        Policy::Threshold(threshold) => {
            lines.push(format!("Money at this address moves when {}:", head(threshold)));
            list(threshold, names, 1, &mut lines);
        }
        Policy::Key(_) | Policy::After(_) | Policy::Preimage(_) => {
            lines.push(format!("Money at this address moves when {}.", condition(policy, names)));
        }
    }
    lines
}

/// Calls itself as deep as a policy is.
fn list(threshold: &Threshold, names: KeyNames<'_>, level: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(level);
    let only_keys = has_only_keys(threshold);
    for child in threshold.children() {
        match child {
            Policy::Threshold(inner) => {
                lines.push(format!("{indent}- {}:", head(inner)));
                list(inner, names, level + 1, lines);
            }
            Policy::Key(key) if only_keys => lines.push(format!("{indent}- {}", key_words(key, names))),
            Policy::Key(_) | Policy::After(_) | Policy::Preimage(_) => {
                lines.push(format!("{indent}- {}", condition(child, names)));
            }
        }
    }
}

fn head(threshold: &Threshold) -> String {
    let (required, count) = (usize::from(threshold.required()), threshold.children().len());
    let verb = match (has_only_keys(threshold), required) {
        (true, 1) => "agrees",
        (true, _) => "agree",
        (false, 1) => "holds",
        (false, _) => "hold",
    };
    let these = match (required, count) {
        (1, 1) => "this one".to_owned(),
        (2, 2) => "both of these".to_owned(),
        _ if required == count => format!("all {} of these", number_words(count)),
        _ => format!("{} of these {}", number_words(required), number_words(count)),
    };
    format!("{these} {verb}")
}

fn has_only_keys(threshold: &Threshold) -> bool {
    threshold.children().iter().all(|child| matches!(child, Policy::Key(_)))
}

/// What a part without parts asks for.
fn condition(policy: &Policy, names: KeyNames<'_>) -> String {
    match policy {
        Policy::Key(key) => match key_words(key, names) {
            you if you == "you" => "you sign".to_owned(),
            name => format!("{name} signs"),
        },
        Policy::After(height) => format!("the chain has reached height {height}"),
        Policy::Preimage(hash) => format!("somebody shows what hashes to {}", hash_words(hash)),
        Policy::Threshold(threshold) => head(threshold),
    }
}

/// A key by its name, or by its first digits.
pub(super) fn key_words(key: &PublicKey, names: KeyNames<'_>) -> String {
    names(key).unwrap_or_else(|| format!("key {}…", &hex::encode(key.to_bytes())[..12]))
}

/// A hash by its first digits.
pub(super) fn hash_words(hash: &Digest) -> String {
    format!("{}…", &hex::encode(hash)[..12])
}

/// Small numbers as words.
pub(super) fn number_words(number: usize) -> String {
    const WORDS: [&str; 17] = [
        "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    ];
    WORDS.get(number).map_or_else(|| number.to_string(), |word| (*word).to_owned())
}
