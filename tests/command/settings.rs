//! Settings: where they come from, which goes over which, and what is refused.

use super::stage::{Folder, Running};
use super::story::story;

fn with_config(text: &str) -> Folder {
    let folder = story().empty_folder();
    folder.write("cairn.toml", text);
    folder
}

/// In which folder a node runs that is started with these arguments and variables.
fn runs_in(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = folder.command(&[&["node"], arguments].concat());
    command.envs(variables.iter().copied());
    let node = Running::start(&mut command);
    let greeting = node.greeting.lines().next().expect("a first line").to_owned();
    node.signal("TERM");
    node.end().success();
    greeting.rsplit_once(" in ").expect("a folder in it").1.to_owned()
}

#[test]
fn flag_goes_over_environment_and_that_over_the_file() {
    let folder = with_config("data_dir = 'of-file'\npool_fee_rate_min = 5\n");
    assert_eq!(runs_in(&folder, &["--config", "cairn.toml"], &[]), "of-file");
    let environment = [("CAIRN_CONFIG", "cairn.toml"), ("CAIRN_DATA_DIR", "of-environment")];
    assert_eq!(runs_in(&folder, &[], &environment[..1]), "of-file");
    assert_eq!(runs_in(&folder, &[], &environment), "of-environment");
    assert_eq!(runs_in(&folder, &["--data-dir", "of-flag"], &environment), "of-flag");
    assert!(folder.has("of-file") && folder.has("of-environment") && folder.has("of-flag"));
}

#[test]
fn home_is_where_a_chain_is_kept_by_default() {
    let folder = story().empty_folder();
    assert_eq!(runs_in(&folder, &[], &[]), folder.path("home/.cairn").display().to_string());
}

/// A pool too small to be one is refused, wherever that was said; so the order is seen for numbers too.
#[test]
fn numbers_are_settled_in_the_same_order() {
    let folder = with_config("data_dir = 'data'\npool_bytes_max = 5\n");
    let refused = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = folder.command(&[&["node", "--config", "cairn.toml"], arguments].concat());
        super::stage::answer_of(command.envs(variables.iter().copied())).failure(1).to_owned()
    };
    let six = ("CAIRN_POOL_BYTES_MAX", "6");
    assert!(refused(&[], &[]).contains("pool-bytes-max 5 is too small"));
    assert!(refused(&[], &[six]).contains("pool-bytes-max 6 is too small"));
    assert!(refused(&["--pool-bytes-max", "7"], &[six]).contains("pool-bytes-max 7 is too small"));
    assert!(!folder.has("data"));
    let plenty = ["--config", "cairn.toml", "--pool-bytes-max", "67108864", "--pool-fee-rate-min", "1"];
    assert_eq!(runs_in(&folder, &plenty, &[six]), "data");
}

#[test]
fn unknown_setting_in_the_file_is_named() {
    let folder = with_config("data_dir = 'data'\npool_fee_rate_mim = 5\n");
    let answer = folder.run(&["node", "--config", "cairn.toml"]);
    let error = answer.failure(1);
    assert!(error.contains("cairn.toml") && error.contains("unknown field `pool_fee_rate_mim`"), "{error}");
    assert!(error.contains("`pool_fee_rate_min`"), "the known ones are listed: {error}");
}

#[test]
fn bad_value_in_the_file_is_refused() {
    for (line, named) in [
        ("check_threads = 0", "check_threads"),
        ("check_threads = 1025", "check_threads"),
        ("check_threads = -1", "check_threads"),
        ("audit_seconds = 0", "audit_seconds"),
        ("pool_bytes_max = 'much'", "pool_bytes_max"),
        ("data_dir = 7", "data_dir"),
        ("data_dir", "data_dir"),
    ] {
        let folder = with_config(&format!("{line}\n"));
        let answer = folder.run(&["node", "--config", "cairn.toml", "--data-dir", "data"]);
        let error = answer.failure(1);
        assert!(error.contains("cairn.toml") && error.contains(named), "{line}: {error}");
        assert!(!folder.has("data"), "{line}");
    }
}

#[test]
fn bad_value_on_the_command_line_is_a_wrong_question() {
    let folder = story().empty_folder();
    for arguments in [
        &["--check-threads", "0"][..],
        &["--check-threads", "1025"],
        &["--audit-seconds", "0"],
        &["--pool-bytes-max", "much"],
        &["--pool-fee-rate-min", "0.5"],
        &["--unknown"],
    ] {
        let answer = folder.run(&[&["node", "--data-dir", "data"], arguments].concat());
        assert!(answer.failure(2).contains(arguments[0]), "{answer:?}");
    }
    let answer = super::stage::answer_of(
        folder.command(&["node", "--data-dir", "data"]).env("CAIRN_CHECK_THREADS", "none"),
    );
    assert!(answer.failure(2).contains("--check-threads"), "{answer:?}");
    for keep in ["0", "-1", "many"] {
        assert_eq!(folder.chain(&["prune", "--keep", keep]).code, Some(2));
    }
    assert!(!folder.has("data"));
}

#[test]
fn missing_settings_file_is_named() {
    let folder = story().empty_folder();
    let answer = folder.run(&["node", "--config", "cairn.toml"]);
    assert!(answer.failure(1).starts_with("error: cannot read cairn.toml: "), "{answer:?}");
}
