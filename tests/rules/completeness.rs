//! Reads the errors of the rules out of the sources, and the errors that were expected out of these tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The rooms whose errors are rules.
const ROOMS: [&str; 7] = ["codec", "crypto", "types", "consensus", "chain", "ledger", "mempool"];

/// Errors that no test can produce, each with its reason.
const UNREACHABLE: [(&str, &str); 3] = [
    (
        "AuditError::Overflow",
        "no block leads there, only damaged memory: tested beside the code, in audit.rs",
    ),
    ("AuditError::Root", "no block leads there, only damaged memory: tested beside the code, in audit.rs"),
    ("AuditError::Supply", "no block leads there, only damaged memory: tested beside the code, in audit.rs"),
];

/// How an expectation begins; in two halves, so that this is none itself.
const EXPECTATION: &str = concat!("assert_", "breaks!(");

/// The texts of all Rust files in a directory and below.
fn sources(directory: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(fs::read_to_string(&path).unwrap());
        }
    }
    texts
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

/// `Enum::Variant` of every error in a source, which the formatter has laid out.
fn errors_of(source: &str) -> BTreeSet<String> {
    let enums = source.split("\npub enum ").skip(1).map(|text| text.split("\n}").next().unwrap());
    let errors = enums.filter(|body| body.contains("#[error("));
    let named = errors.flat_map(|body| {
        let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
        let variants = variants.filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()));
        variants.map(move |line| format!("{}::{}", word(body), word(line)))
    });
    named.collect()
}

/// The arguments behind the first, of those that a bracket holds; `code` begins behind the bracket.
fn behind_the_first(code: &str) -> &str {
    let (mut depth, mut quoted, mut first_ends) = (1_usize, false, None);
    for (at, letter) in code.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 1 && first_ends.is_none() => first_ends = Some(at),
            _ => {}
        }
        if depth == 0 {
            return &code[first_ends.unwrap_or(at)..at];
        }
    }
    panic!("a bracket that is never closed: {code}");
}

/// `Enum::Variant` of all that a test's source expects: what each `assert_breaks!` names behind its first argument.
fn expected_in(source: &str) -> BTreeSet<String> {
    let code: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let expectations = code.match_indices(EXPECTATION).map(|(at, begin)| &code[at + begin.len()..]);
    expectations.flat_map(|arguments| paths(behind_the_first(arguments))).collect()
}

/// Every two words that are joined by `::`.
fn paths(code: &str) -> impl Iterator<Item = String> {
    code.match_indices("::").map(|(at, joint)| {
        let (before, behind) = (&code[..at], &code[at + joint.len()..]);
        let last_word = before.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next();
        format!("{}::{}", last_word.unwrap_or_default(), word(behind))
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn all_errors() -> BTreeSet<String> {
    let rooms = ROOMS.iter().flat_map(|room| sources(&root().join("src").join(room)));
    rooms.flat_map(|source| errors_of(&source)).collect()
}

/// What all modules of this target expect.
fn all_expected() -> BTreeSet<String> {
    let directory = root().join("tests/rules");
    let main = fs::read_to_string(directory.join("main.rs")).unwrap();
    let modules = main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let texts = modules.map(|name| fs::read_to_string(directory.join(name).with_extension("rs")).unwrap());
    texts.flat_map(|source| expected_in(&source)).collect()
}

#[test]
fn every_error_of_the_rules_is_expected_by_some_test() {
    let (all, expected) = (all_errors(), all_expected());
    let listed: BTreeSet<String> = UNREACHABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    let untested: Vec<&String> =
        all.iter().filter(|error| !expected.contains(*error) && !listed.contains(*error)).collect();
    assert!(untested.is_empty(), "no test produces {untested:#?}");
    let outdated: Vec<&String> =
        listed.iter().filter(|error| expected.contains(*error) || !all.contains(*error)).collect();
    assert!(outdated.is_empty(), "listed as unreachable, but produced or gone: {outdated:#?}");
}

#[test]
fn errors_are_found_in_a_source() {
    let source = "
/// Text.
#[derive(thiserror::Error)]
pub enum First {
    /// One.
    #[error(\"one\")]
    One,
    #[error(\"two\")]
    Two {
        /// Not a variant.
        field: u8,
    },
    #[error(transparent)]
    Three(#[from] Second),
}

pub enum NoError {
    Four,
}
";
    let found: Vec<String> = errors_of(source).into_iter().collect();
    assert_eq!(found, ["First::One", "First::Three", "First::Two"]);
}

#[test]
fn expectations_are_found_in_a_source_and_nothing_else_is() {
    let source = [
        EXPECTATION,
        "given(A::Given, \"),\"), A::One(B::Two { x: C::three() }), D::Four);\n",
        "let other = A::Other;\n// ",
        EXPECTATION,
        "given, A::Comment);",
    ]
    .concat();
    let found: Vec<String> = expected_in(&source).into_iter().collect();
    assert_eq!(found, ["A::One", "B::Two", "C::three", "D::Four"]);
}

#[test]
fn rooms_hold_the_errors_that_they_are_known_to_hold() {
    let errors = all_errors();
    let enums: BTreeSet<&str> = errors.iter().map(|error| word(error)).collect();
    let known = [
        "AddressError",
        "AdmitError",
        "AmountError",
        "AuditError",
        "BitsError",
        "BlockError",
        "ChainError",
        "CodecError",
        "GenesisError",
        "HeaderError",
        "HistoryError",
        "KeyError",
        "LedgerError",
        "PolicyError",
        "ProofError",
        "SpendError",
        "TransactionError",
        "Untimely",
        "WitnessError",
    ];
    assert!(known.iter().all(|name| enums.contains(name)), "{enums:?}");
}
