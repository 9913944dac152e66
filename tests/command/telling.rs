//! What the commands tell: for people, for programs, and when there is nothing to work on.

use serde_json::json;

use super::story::{BLOCKS, TIP, story};

#[test]
fn info_tells_what_is_kept() {
    let story = story();
    let folder = story.folder();
    let info = folder.json(&["info"]);
    assert_eq!(info["height"], json!(TIP));
    assert_eq!(info["tip"], json!(story.tip()));
    assert_eq!(info["chain"], json!(story.chain().to_string()));
    assert_eq!(info["base"], json!(0));
    assert_eq!(info["side_blocks"], json!(BLOCKS - TIP as usize));
    assert_eq!(info["indexed"], json!(TIP));
    // 23 up, 3 down, 5 up again, and the rest.
    assert_eq!(info["steps"], json!(TIP + 2 * 3));
    assert!(info["journal_bytes"].as_u64() > Some(10_000), "{info}");
    assert!(info["database_bytes"].as_u64() > Some(1_000), "{info}");
    assert_eq!(info["notes"], json!([]));

    let answer = folder.chain(&["info"]);
    let line = |name: &str| {
        let line = answer.success().lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} in {answer:?}")).to_owned()
    };
    assert!(line("height ").ends_with(" 60"));
    assert!(line("tip ").ends_with(&story.tip()));
    assert!(line("kept in ").ends_with("data"));
}

#[test]
fn nothing_is_changed_by_looking() {
    let folder = story().folder();
    let journal = std::fs::read(folder.segment()).unwrap();
    for command in ["info", "verify"] {
        folder.chain(&[command]).success();
        assert_eq!(std::fs::read(folder.segment()).unwrap(), journal);
    }
}

#[test]
fn every_command_answers_in_one_object() {
    let folder = story().exported();
    for command in [
        &["info"][..],
        &["verify"],
        &["reindex"],
        &["export", "other.blocks"],
        &["import", "chain.blocks"],
        &["prune", "--keep", "30"],
    ] {
        assert!(folder.json(command).is_object());
    }
}

#[test]
fn every_command_says_that_a_node_runs() {
    let folder = story().exported();
    let before = folder.bytes("chain.blocks");
    let node = folder.start_node();
    for command in [
        &["info"][..],
        &["verify"],
        &["reindex"],
        &["reindex", "--salvage"],
        &["prune", "--keep", "10"],
        &["export", "chain.blocks"],
        &["import", "chain.blocks"],
    ] {
        let answer = folder.chain(command);
        let error = answer.failure(1);
        assert!(
            error.starts_with("error: ") && error.contains("data is in use by another process"),
            "{error}"
        );
    }
    assert_eq!(folder.bytes("chain.blocks"), before);
    assert!(!folder.has("data/salvaged.blocks"));
    node.signal("TERM");
    assert_eq!(node.end().code, Some(0));
}

#[test]
fn missing_folder_is_named() {
    let nothing = super::stage::Folder::new();
    let with_genesis = story().empty_folder();
    for folder in [nothing, with_genesis] {
        for command in [
            &["info"][..],
            &["verify"],
            &["reindex"],
            &["reindex", "--salvage"],
            &["prune", "--keep", "10"],
            &["export", "chain.blocks"],
        ] {
            let answer = folder.chain(command);
            assert!(answer.failure(1).contains("there is no chain in data"), "{command:?}: {answer:?}");
            assert!(!folder.has("data"), "{command:?}");
            assert!(!folder.has("chain.blocks"), "{command:?}");
        }
    }
}

#[test]
fn folder_of_another_chain_is_refused() {
    let folder = story().folder();
    folder.run(&["genesis", "new", "--preset", "devnet", "--out", "other.json"]).success();
    let answer = folder.chain(&["info", "--genesis", "other.json"]);
    let error = answer.failure(1);
    assert!(error.contains("data holds chain") && error.contains("choose another"), "{error}");
}

#[test]
fn each_setting_is_taught_by_help() {
    let folder = super::stage::Folder::new();
    let place = ["CAIRN_DATA_DIR", "CAIRN_GENESIS", "CAIRN_CONFIG"];
    let tuning =
        ["CAIRN_CHECK_THREADS", "CAIRN_POOL_BYTES_MAX", "CAIRN_POOL_FEE_RATE_MIN", "CAIRN_AUDIT_SECONDS"];
    for command in ["info", "verify", "reindex", "prune", "export", "import"] {
        let answer = folder.run(&["chain", command, "--help"]);
        let help = answer.success();
        assert!(place.iter().all(|name| help.contains(name)), "{command}: {help}");
        assert!(help.contains("--json"), "{command}: {help}");
    }
    for command in [&["node"][..], &["chain", "import"]] {
        let answer = folder.run(&[command, &["--help"]].concat());
        let help = answer.success();
        assert!(place.iter().chain(&tuning).all(|name| help.contains(name)), "{command:?}: {help}");
        assert!(help.contains("67108864]"), "{help}");
    }
}
