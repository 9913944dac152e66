//! The file on the disk: whole at any moment, its owner's alone, and changed by one process at a time.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use cairn::wallet::keystore::WalletFile;

use super::chain::Devnet;
use super::stage::Home;

const ADDRESS: &str = "cdev1fz380u2z04lzkdlx26p9zca000n3tqru90pdf9d07pzy3rnga6tqvdz4l8";

fn allow(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn file_that_others_can_get_at_is_refused_with_the_way_to_keep_them_out() {
    let home = Home::with_wallet();
    let file = home.file();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o666] {
        allow(&file, mode);
        for arguments in [&["list"][..], &["address"], &["contacts", "add", "bob", ADDRESS]] {
            let answer = home.wallet(arguments);
            let advice = format!("`chmod 600 {}` keeps them out", file.display());
            assert!(answer.failure(1).contains(&advice), "{mode:o}: {answer:?}");
        }
    }
    allow(&file, 0o400);
    home.wallet(&["list"]).success();
    allow(&file, 0o600);
    let folder = file.parent().unwrap();
    allow(folder, 0o777);
    assert!(home.wallet(&["list"]).failure(1).contains(&format!("`chmod 700 {}`", folder.display())));
    allow(folder, 0o755);
    home.wallet(&["contacts", "add", "bob", ADDRESS]).success();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn many_who_change_it_at_once_all_have_their_way() {
    let home = Home::with_wallet();
    let names: Vec<String> = (0..12).map(|number| format!("c{number}")).collect();
    let start = |name: &String| {
        let mut command = home.command(&["contacts", "add", name, ADDRESS]);
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let running: Vec<_> = names.iter().map(start).collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(home.contacts().into_iter().collect::<BTreeSet<_>>(), names.into_iter().collect());
}

#[test]
fn whoever_waits_too_long_is_told_for_whom() {
    let home = Home::with_wallet();
    let before = fs::read(home.file()).unwrap();
    fs::write(home.named("default.json.lock"), "4711\n").unwrap();
    let lock = File::open(home.named("default.json.lock")).unwrap();
    lock.lock().unwrap();
    let begun = Instant::now();
    let answer = home.wallet(&["contacts", "add", "bob", ADDRESS]);
    assert!(
        answer.failure(1).contains("is being changed by process 4711: try again when that is done"),
        "{answer:?}"
    );
    assert!(begun.elapsed() >= Duration::from_secs(5));
    assert_eq!(fs::read(home.file()).unwrap(), before);
    // Whoever only reads need not wait.
    home.wallet(&["list"]).success();
    home.wallet(&["export", "--yes"]).success();
    drop(lock);
    home.wallet(&["contacts", "add", "bob", ADDRESS]).success();
}

#[test]
fn whoever_waits_not_too_long_goes_on_from_what_the_other_left() {
    let home = Home::with_wallet();
    let lock = File::create(home.named("default.json.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = home.command(&["contacts", "add", "late", ADDRESS]);
    let waiting = command.stdout(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(500));
    // What another command would have done in the meantime.
    let file = WalletFile::read(&fs::read(home.file()).unwrap()).unwrap();
    let mut wallet = file.unlock(&cairn::wallet::keystore::Password::empty()).unwrap();
    let address = wallet.keyring().book().accounts()[0].address();
    wallet.keyring_mut().add_contact("early".parse().unwrap(), address).unwrap();
    fs::write(home.file(), wallet.seal(cairn::wallet::keystore::SealNonce([1; 24])).to_json()).unwrap();
    drop(lock);
    assert!({ waiting }.wait().unwrap().success());
    assert_eq!(home.contacts(), ["early", "late"]);
}

#[test]
fn file_that_is_called_like_one_that_is_being_written_is_left_alone() {
    let home = Home::with_wallet();
    let new = home.named("default.json.new");
    fs::write(&new, "mine").unwrap();
    home.wallet(&["contacts", "add", "bob", ADDRESS]).success();
    assert_eq!(
        (fs::read_to_string(&new).unwrap().as_str(), home.contacts()),
        ("mine", vec!["bob".to_owned()])
    );
    fs::remove_file(&new).unwrap();
    // Nobody has us write where they like.
    home.write("elsewhere", "theirs");
    symlink(home.path("elsewhere"), &new).unwrap();
    home.wallet(&["contacts", "add", "eve", ADDRESS]).success();
    assert_eq!(home.text("elsewhere"), "theirs");
}

#[test]
fn where_nothing_can_be_written_the_wallet_stays_as_it_was() {
    let home = Home::with_wallet();
    let before = fs::read(home.file()).unwrap();
    let files = || fs::read_dir(home.file().parent().unwrap()).unwrap().count();
    let count = files();
    let answer = home.on_a_full_disk(&["contacts", "add", "bob", ADDRESS]);
    assert!(answer.failure(1).contains(&format!("cannot write {}", home.file().display())), "{answer:?}");
    assert_eq!(fs::read(home.file()).unwrap(), before);
    assert_eq!(files(), count, "half a file is taken away again");
    let folder = home.file().parent().unwrap().to_owned();
    allow(&folder, 0o500);
    let answer = home.wallet(&["contacts", "add", "bob", ADDRESS]);
    allow(&folder, 0o700);
    // Root may.
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 2, "a half file was left behind");
    if answer.code != Some(0) {
        assert!(answer.failure(1).contains("cannot write "), "{answer:?}");
        assert_eq!(fs::read(home.file()).unwrap(), before);
    }
}

#[test]
fn lock_that_somebody_else_put_there_is_refused_and_what_it_leads_to_left_alone() {
    let home = Home::with_wallet();
    let lock = home.named("default.json.lock");
    let _ = fs::remove_file(&lock);
    home.write("elsewhere", "theirs");
    let refused = |said: &str| {
        let answer = home.wallet(&["contacts", "add", "bob", ADDRESS]);
        assert!(answer.failure(1).contains(said), "{answer:?}");
        assert_eq!(home.text("elsewhere"), "theirs");
        fs::remove_file(&lock).unwrap();
    };
    symlink(home.path("elsewhere"), &lock).unwrap();
    refused("somebody else may have put it there: move it away");
    symlink(home.path("nowhere"), &lock).unwrap();
    refused("somebody else may have put it there: move it away");
    assert!(!home.has("nowhere"));
    // What has another name is locked, and not written into.
    fs::hard_link(home.path("elsewhere"), &lock).unwrap();
    home.wallet(&["contacts", "add", "eve", ADDRESS]).success();
    assert_eq!(home.text("elsewhere"), "theirs");
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, "").unwrap();
    // Only root can give files away.
    if chown(&lock, Some(4711), None).is_ok() {
        refused("belongs to another user");
    }
    home.wallet(&["contacts", "add", "bob", ADDRESS]).success();
}

#[test]
fn record_of_what_was_sent_is_its_owners_alone() {
    let home = Home::with_wallet();
    let devnet = Devnet::start(&home);
    let send = ["send", "main", "1", "--yes", "--wait", "0"];
    devnet.wallet(&home, &send).success();
    let record = home.named("default.json.sent");
    let refused = |said: &str| {
        let answer = devnet.wallet(&home, &send);
        assert!(answer.failure(1).contains(said), "{answer:?}");
    };
    for mode in [0o640, 0o604, 0o620, 0o602] {
        allow(&record, mode);
        refused(&format!("`chmod 600 {}` keeps them out", record.display()));
    }
    allow(&record, 0o600);
    // Only root can give files away.
    if chown(&record, Some(4711), None).is_ok() {
        refused("belongs to another user");
        chown(&record, Some(fs::metadata(home.file()).unwrap().uid()), None).unwrap();
    }
    assert!(devnet.wallet(&home, &send).failure(3).contains("--again"));
    // Another wallet in its place has it, on that chain alone.
    fs::remove_file(home.file()).unwrap();
    let text = fs::read_to_string(&record).unwrap();
    let chain =
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["chain"].as_str().unwrap().to_owned();
    fs::write(&record, text.replace(&chain, &"00".repeat(32))).unwrap();
    let new = home.wallet(&["new", "--open", "--yes"]);
    assert!(new.failure(1).contains("what was sent on another chain") && !home.file().exists(), "{new:?}");
    fs::remove_file(&record).unwrap();
    home.wallet(&["new", "--open", "--yes"]);
    assert!(home.file().exists());
}

#[test]
fn headers_that_were_checked_are_written_whole() {
    let home = Home::with_wallet();
    let devnet = Devnet::start(&home);
    devnet.mine(2);
    let verify = ["balance", "--verify"];
    devnet.wallet(&home, &verify).success();
    let folder = home.file().parent().unwrap().to_owned();
    let names = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let headers = names().find(|path| path.extension().is_some_and(|it| it == "headers")).unwrap();
    let before = fs::read(&headers).unwrap();
    fs::hard_link(&headers, home.path("before")).unwrap();
    devnet.mine(1);
    devnet.wallet(&home, &verify).success();
    // What was there was not written into; another was put in its place.
    assert_eq!(fs::read(home.path("before")).unwrap(), before);
    assert_ne!(fs::read(&headers).unwrap(), before);
    assert!(names().all(|path| path.extension().is_none_or(|it| it != "new")));
}

#[test]
fn wallet_that_is_called_like_a_lock_is_not_taken_for_one() {
    let home = Home::with_wallet();
    for name in ["./w.lock", "./w.new", "./w"] {
        home.wallet(&["--wallet", name, "restore", "--open", "--mnemonic-file", "words"]).success();
        home.wallet(&["--wallet", name, "contacts", "add", "bob", ADDRESS]).success();
        assert_eq!(home.json(&["--wallet", name, "contacts", "list"])[0]["name"], "bob");
    }
}

#[test]
fn kill_at_any_moment_leaves_a_whole_wallet() {
    let home = Home::with_wallet();
    let mut added = 0;
    for round in 0..60_u64 {
        let name = format!("c{round}");
        let mut command = home.command(&["contacts", "add", &name, ADDRESS]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_micros(400 * round));
        let _ = child.kill();
        let _ = child.wait();
        let contacts = home.contacts();
        assert!(contacts.len() >= added, "what was there is gone");
        added = contacts.len();
    }
    home.wallet(&["export", "--yes"]).success();
}

#[test]
fn link_stays_a_link_and_what_it_leads_to_is_changed() {
    let home = Home::with_wallet();
    fs::rename(home.file(), home.path("kept.json")).unwrap();
    symlink(home.path("kept.json"), home.file()).unwrap();
    home.wallet(&["contacts", "add", "bob", ADDRESS]).success();
    assert!(fs::symlink_metadata(home.file()).unwrap().is_symlink());
    assert!(home.text("kept.json").contains("bob"));
}

#[test]
fn what_is_missing_damaged_or_of_another_time_is_said_to_be_so() {
    let home = Home::with_wallet();
    let text = fs::read_to_string(home.file()).unwrap();
    let none = home.wallet(&["--wallet", "none", "list"]);
    assert!(
        none.failure(1).contains("there is no wallet ") && none.err.contains("`cairn wallet new` makes one"),
        "{none:?}"
    );
    for (text, complaint) in [
        (text.replace("\"main\"", "\"maim\""), "the wallet is damaged: its checksum does not hold"),
        (text.replace("argon2id", "argon3"), "protection.kdf: unknown variant"),
        (text.replace("\"cairn_wallet\": 1", "\"cairn_wallet\": 2"), "use a newer `cairn`"),
        (text[..text.len() / 2].to_owned(), "the wallet is damaged or was edited"),
        (String::new(), "this is no wallet"),
    ] {
        fs::write(home.file(), text).unwrap();
        for arguments in [&["list"][..], &["account", "new", "x"]] {
            let answer = home.wallet(arguments);
            assert!(answer.failure(1).contains(complaint), "{answer:?}");
            assert!(answer.err.contains(&home.file().display().to_string()), "{answer:?}");
        }
    }
    fs::write(home.file(), vec![0xff; 5 << 20]).unwrap();
    assert!(home.wallet(&["list"]).failure(1).contains("are no wallet"));
}
