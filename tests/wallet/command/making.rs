//! `cairn wallet new` and `restore`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cairn::types::Policy;
use cairn::wallet::{DEVNET_MNEMONIC, Mnemonic};
use serde_json::Value;

use super::stage::Home;
use crate::process::answer_of;

/// The address of an account of these words on the devnet.
fn address(words: &str, passphrase: &str, number: u32) -> String {
    let seed = words.parse::<Mnemonic>().unwrap().seed(passphrase);
    Policy::Key(seed.account(number).unwrap().public_key()).address().to_text(&"cdev".parse().unwrap())
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn new_wallet_says_its_words_once_and_is_read_by_nobody_else() {
    let home = Home::new();
    let made = home.json(&["new", "--open"]);
    let words = made["mnemonic"].as_str().unwrap();
    assert_eq!(words.split(' ').count(), 12);
    assert_eq!((&made["network"], &made["open"]), (&"Cairn devnet".into(), &true.into()));
    assert_eq!(home.accounts(), [("main".to_owned(), address(words, "", 0))]);
    assert_eq!(made["accounts"][0]["address"], address(words, "", 0).as_str());
    assert_eq!(mode(&home.file()), 0o600);
    assert_eq!(mode(home.file().parent().unwrap()), 0o700);
    let text = fs::read_to_string(home.file()).unwrap();
    assert!(text.starts_with("{\n  \"cairn_wallet\": 1,") && !text.contains(words));
    assert_eq!(fs::read_dir(home.file().parent().unwrap()).unwrap().count(), 2, "the wallet and its lock");
}

#[test]
fn new_wallet_has_as_many_words_as_are_asked_for_and_never_the_same() {
    let home = Home::new();
    let words = |name: &str, count: &str| {
        let made = home.json(&["--wallet", name, "new", "--open", "--words", count]);
        made["mnemonic"].as_str().unwrap().to_owned()
    };
    let [first, second] = ["a", "b"].map(|name| words(name, "24"));
    assert_eq!(first.split(' ').count(), 24);
    assert_ne!(first, second);
    assert!(
        home.wallet(&["new", "--open", "--words", "18"]).failure(2).contains("[possible values: 12, 24]")
    );
}

#[test]
fn answer_for_people_has_the_words_and_the_advice_to_write_them_down() {
    let home = Home::new();
    let answer = home.wallet(&["new", "--open"]);
    let said = answer.success();
    for part in [
        "network     Cairn devnet, by genesis.json\n",
        "\nprotection  none: whoever can read the file can spend\nmain        cdev1",
        "\nwords       ",
        "\n\nWrite the words down, on paper",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn no_wallet_is_ever_written_over() {
    let home = Home::with_wallet();
    let before = fs::read(home.file()).unwrap();
    for arguments in [&["new", "--open"][..], &["restore", "--open", "--mnemonic-file", "words"]] {
        let answer = home.wallet(arguments);
        assert!(
            answer.failure(1).contains("exists already, and no wallet is ever written over"),
            "{answer:?}"
        );
    }
    assert_eq!(fs::read(home.file()).unwrap(), before);
    // A link that leads nowhere is something, too.
    std::os::unix::fs::symlink("nowhere", home.named("gone.json")).unwrap();
    home.wallet(&["--wallet", "gone", "new", "--open"]).failure(1);
}

#[test]
fn wallets_have_names_or_are_files() {
    let home = Home::with_wallet();
    let words = ["restore", "--open", "--mnemonic-file", "words"];
    home.wallet(&[&["--wallet", "other"], &words[..]].concat()).success();
    assert!(home.named("other.json").exists());
    home.wallet(&[&words[..], &["--wallet", "here.json"]].concat()).success();
    assert!(home.has("here.json"));
    let mut command = home.command(&["list"]);
    command.env("CAIRN_WALLET", "./here.json");
    assert!(answer_of(&mut command).success().contains("here.json"));
    let mut command = home.command(&words);
    command.env("CAIRN_WALLET_DIR", home.path("folder"));
    answer_of(&mut command).success();
    assert!(home.has("folder/default.json"));
    let mut command = home.command(&words);
    command.env("XDG_DATA_HOME", home.path("xdg"));
    answer_of(&mut command).success();
    assert!(home.has("xdg/cairn/wallets/default.json"));
    for bad in ["a b", "-x", ""] {
        let answer = home.wallet(&[&format!("--wallet={bad}"), "list"]);
        assert!(answer.failure(1).contains("say a name, or a path"), "{answer:?}");
    }
}

#[test]
fn words_are_shown_at_a_terminal_checked_and_taken_back() {
    let home = Home::new();
    let mut terminal = home.at_terminal(&["new", "--open"]);
    let shown = terminal.answer("Press Enter when they are on paper: ", "");
    assert!(shown.contains("Write the words down"), "{shown}");
    let rows = shown.lines().filter(|line| line.starts_with(|c: char| c == ' ' || c.is_ascii_digit()));
    let all: Vec<String> =
        rows.flat_map(|row| row.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    let words: Vec<&str> = all.iter().skip(1).step_by(2).map(String::as_str).collect();
    assert_eq!(words.len(), 12, "{shown}");
    // Three rows, an empty line, and the line on which Enter was pressed.
    terminal.until("\u{1b}[5A\u{1b}[J");
    let mut asked = Vec::new();
    for turn in 0..2 {
        terminal.until("Word ");
        let number: usize = terminal.until(": ").parse().unwrap();
        if turn == 0 {
            assert!(!home.file().exists(), "a wallet before its words are known to be on paper");
            terminal.answer("", "wrong");
            terminal.until("That is not it");
            terminal.until(&format!("Word {number}: "));
        }
        terminal.answer("", words[number - 1]);
        asked.push(number);
    }
    assert!(asked[0] < asked[1], "{asked:?}");
    // What was typed for three questions, and that one answer was wrong.
    terminal.until("\u{1b}[4A\u{1b}[J");
    let (rest, code) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(rest.contains(&address(&words.join(" "), "", 0)) && !rest.contains("words"), "{rest}");
}

#[test]
fn whoever_gives_up_before_the_words_are_on_paper_has_no_wallet() {
    let home = Home::new();
    let mut terminal = home.at_terminal(&["new", "--open"]);
    terminal.until("Press Enter");
    terminal.interrupt();
    let (_, code) = terminal.end();
    assert_eq!(code, None, "it was ended by a signal");
    assert!(!home.file().exists());
}

#[test]
fn restored_wallet_is_the_one_that_was_made() {
    let home = Home::new();
    let made = home.json(&["new", "--open", "--words", "24"]);
    home.wallet(&["account", "new", "second"]).success();
    home.write("words", made["mnemonic"].as_str().unwrap().replace(' ', "\n"));
    let again =
        home.json(&["--wallet", "again", "restore", "--open", "--mnemonic-file", "words", "--accounts", "2"]);
    assert_eq!(again["asked_node"], false);
    assert!(again.get("mnemonic").is_none());
    let addresses = |accounts: Vec<(String, String)>| accounts.into_iter().map(|it| it.1).collect::<Vec<_>>();
    let list = home.json(&["--wallet", "again", "list"]);
    let found = list["accounts"].as_array().unwrap().iter();
    let found: Vec<String> = found.map(|account| account["address"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, addresses(home.accounts()));
    assert_eq!(list["accounts"][1]["name"], "account-1");
}

#[test]
fn passphrase_makes_another_wallet_of_the_same_words() {
    let home = Home::new();
    home.write("words", DEVNET_MNEMONIC);
    home.write("phrase", "two words\n");
    home.wallet(&["restore", "--open", "--mnemonic-file", "words", "--passphrase-file", "phrase"]).success();
    assert_eq!(home.accounts()[0].1, address(DEVNET_MNEMONIC, "two words", 0));
    let told: Value = home.json(&["export", "--yes"]);
    assert_eq!(
        (&told[0]["mnemonic"], &told[0]["passphrase"]),
        (&DEVNET_MNEMONIC.into(), &"two words".into())
    );
    let mut terminal = home.at_terminal(&["--wallet", "asked", "restore", "--open", "--passphrase"]);
    terminal.answer("The 12 or 24 words, in their order (they are not shown): ", DEVNET_MNEMONIC);
    terminal.answer("Passphrase of the words: ", "two words");
    let (rest, code) = terminal.end();
    assert!(code == Some(0) && rest.contains(&address(DEVNET_MNEMONIC, "two words", 0)), "{rest}");
    assert!(!rest.contains("two words"), "it was shown while it was typed: {rest}");
}

#[test]
fn words_that_are_typed_are_not_seen_and_a_slip_costs_one_word() {
    let home = Home::new();
    let mut terminal = home.at_terminal(&["restore", "--open"]);
    let shown = [
        terminal.answer("The 12 or 24 words, in their order (they are not shown): ", "test test"),
        terminal.answer(
            "has 12 or 24 words, these are 2. All of them once more: ",
            &DEVNET_MNEMONIC.replace("junk", "jnuk").replacen("test", "tets", 1),
        ),
        terminal.answer("word 1 is not on the list of mnemonic words. That word once more: ", "test"),
        terminal.answer("word 12 is not on the list of mnemonic words. That word once more: ", "test"),
        terminal.answer(
            "do not belong together: one is wrong, or their order is. All of them once more: ",
            DEVNET_MNEMONIC,
        ),
        terminal.end().0,
    ]
    .concat();
    assert!(shown.contains(&address(DEVNET_MNEMONIC, "", 0)), "{shown}");
    for typed in ["test", "tets", "junk", "jnuk"] {
        assert!(!shown.contains(typed), "{typed} was shown: {shown}");
    }
}

#[test]
fn genesis_that_a_wallet_was_made_for_is_not_asked_for_again() {
    let home = Home::new();
    home.run(&["genesis", "new", "--preset", "asert", "--name", "Elsewhere", "--out", "other.json"])
        .success();
    home.wallet(&["new", "--open", "--genesis", "other.json"]).success();
    let chain = home.json(&["list"])["chain"].as_str().unwrap().to_owned();
    assert_eq!(
        fs::read_to_string(home.named(&format!("{chain}.genesis.json"))).unwrap(),
        home.text("other.json")
    );
    assert_eq!(mode(&home.named(&format!("{chain}.genesis.json"))), 0o600);
    // What is in the program need not be kept.
    let home = Home::with_wallet();
    let kept = fs::read_dir(home.file().parent().unwrap()).unwrap().flatten();
    assert_eq!(kept.filter(|it| it.file_name().to_string_lossy().contains("genesis")).count(), 0);
}

#[test]
fn words_that_are_none_are_refused_before_there_is_a_file() {
    let home = Home::new();
    home.write("words", "test junk");
    let answer = home.wallet(&["restore", "--open", "--mnemonic-file", "words"]);
    assert_eq!(answer.failure(1), "error: words: a mnemonic has 12 or 24 words, these are 2\n");
    assert!(home.wallet(&["restore", "--open"]).failure(1).contains("say --mnemonic-file FILE"));
    assert!(
        home.wallet(&["restore", "--open", "--mnemonic-file", "none"])
            .failure(1)
            .contains("cannot read none")
    );
    assert!(!home.file().exists());
}

#[test]
fn node_says_which_network_it_is_and_which_accounts_were_used() {
    let home = Home::new();
    home.write("words", DEVNET_MNEMONIC);
    let (node, place) = home.node();
    let arguments = ["--node", &place, "restore", "--open", "--mnemonic-file", "words"];
    let found = home.json(&arguments);
    assert_eq!(found["asked_node"], true);
    assert_eq!(found["accounts"].as_array().unwrap().len(), 10, "those that own something at genesis");
    assert_eq!(home.accounts()[9], ("account-9".to_owned(), address(DEVNET_MNEMONIC, "", 9)));
    let mut new = home.command(&["--wallet", "other", "--node", &place, "new", "--open"]);
    let made = answer_of(new.env_remove("CAIRN_GENESIS"));
    assert!(made.success().contains(&format!("Cairn devnet, by the node at {place}")), "{made:?}");
    node.signal("TERM");
    node.end().success();
}

#[test]
fn genesis_that_is_named_goes_before_all_and_a_node_that_is_named_has_to_answer() {
    let home = Home::new();
    let new = ["genesis", "new", "--preset", "asert", "--name", "Elsewhere", "--out", "other.json"];
    home.run(&new).success();
    let made = home.json(&["new", "--open", "--genesis", "other.json"]);
    assert_eq!(made["network"], "Elsewhere");
    assert!(home.accounts()[0].1.starts_with("cairn1"));
    let mut new = home.command(&["--wallet", "b", "--node", "http://127.0.0.1:1", "new", "--open"]);
    let answer = answer_of(new.env_remove("CAIRN_GENESIS"));
    let complaint = answer.failure(1);
    assert!(
        complaint.contains("--genesis") && complaint.contains("no node answers at http://127.0.0.1:1"),
        "{answer:?}"
    );
}

#[test]
fn where_nobody_is_named_the_devnet_is_taken_that_is_built_in() {
    let home = Home::new();
    let mut new = home.command(&["new", "--open"]);
    let answer = answer_of(new.env_remove("CAIRN_GENESIS").env_remove("CAIRN_NODE"));
    // Whoever runs this may run a node as well.
    let by = [
        ", by the genesis in this program, since no node answers at http://127.0.0.1:9330\n",
        ", by the node at ",
    ];
    assert!(by.iter().any(|by| answer.success().contains(by)), "{answer:?}");
}
