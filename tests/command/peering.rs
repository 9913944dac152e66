//! `cairn node` among others, and `cairn peers`.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use cairn::testkit::{Actor, devnet_file};
use serde_json::Value;

use super::stage::{Answer, Folder, PATIENCE, Running};

/// A folder for a node of the one chain of these tests.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("genesis.json", devnet_file(1).to_json());
    folder
}

fn somebody() -> String {
    Actor::new(5).address().to_text(&devnet_file(1).prefix.parse().expect("a prefix"))
}

/// A node in this folder that listens wherever there is room, and where that is.
fn node(folder: &Folder, arguments: &[&str]) -> (Running, String) {
    let listening = ["node", "--data-dir", "data", "--listen", "127.0.0.1:0"];
    let mut node = Running::start(&mut folder.command(&[&listening, arguments].concat()));
    let line = wait_for(&mut node, "listening for peers at ");
    let address = line.trim().rsplit(' ').next().expect("an address").to_owned();
    until("its door", || folder.has("data/control").then_some(()));
    (node, address)
}

fn wait_for(node: &mut Running, part: &str) -> String {
    let begun = Instant::now();
    loop {
        let line = node.line();
        assert!(!line.is_empty(), "it ended before it said {part:?}");
        assert!(begun.elapsed() < PATIENCE, "it never said {part:?}");
        if line.contains(part) {
            return line;
        }
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < 2 * PATIENCE, "waited too long for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn end(node: Running) -> String {
    node.signal("TERM");
    node.end().success().to_owned()
}

fn peers(folder: &Folder, arguments: &[&str]) -> Answer {
    folder.run(&[&["peers"], arguments, &["--data-dir", "data"]].concat())
}

fn list(folder: &Folder) -> Value {
    peers(folder, &["list", "--json"]).json()
}

/// Waits until so many are connected and have said who they are.
fn wait_for_peers(folder: &Folder, count: usize) -> Value {
    until("peers", || {
        let list = list(folder);
        let greeted =
            list["peers"].as_array().expect("a list").iter().filter(|peer| peer["agent"].is_string());
        (greeted.count() == count).then_some(list)
    })
}

/// Blocks made while no node runs.
fn mine(folder: &Folder, count: u32) -> String {
    let count = count.to_string();
    let answer = folder.run(&["mine", "--data-dir", "data", "--blocks", &count, "--to", &somebody()]);
    answer.success().lines().last().expect("blocks").to_owned()
}

#[test]
fn nodes_find_each_other_and_share_what_is_mined() {
    let [miner, other] = [folder(), folder()];
    let (mining, address) = node(&miner, &["--mine", &somebody(), "--pace", "interval=0.05"]);
    let (mut following, _) = node(&other, &["--connect", &address]);
    let list = wait_for_peers(&other, 1);
    assert_eq!(list["peers"][0]["address"], address);
    assert_eq!(
        (&list["peers"][0]["direction"], &list["added"][0]),
        (&"out".into(), &address.as_str().into())
    );
    wait_for(&mut following, "height ");
    wait_for(&mut following, "height ");
    end(following);
    end(mining);
    assert!(other.tip().1 > 0);
    let tip = miner.tip();
    let (listening, address) = node(&miner, &[]);
    follows(&other, &address, &[], &tip);
    end(listening);
}

/// Waits until the node in this folder, connected to that one, has come to this tip.
fn follows(folder: &Folder, address: &str, arguments: &[&str], tip: &(String, u64)) {
    until("the same tip", || {
        let (running, _) = node(folder, &[&["--connect", address], arguments].concat());
        wait_for_peers(folder, 1);
        end(running);
        (folder.tip() == *tip).then_some(())
    });
}

#[test]
fn peers_are_listed_for_people_and_for_machines() {
    let [here, there] = [folder(), folder()];
    mine(&there, 3);
    let (listening, address) = node(&there, &[]);
    let (node, own) = node(&here, &["--connect", &address]);
    let (list, theirs) = (wait_for_peers(&here, 1), wait_for_peers(&there, 1));
    assert_eq!(list["listening"], own);
    assert_eq!((&list["peers"][0]["node"], &theirs["peers"][0]["node"]), (&theirs["node"], &list["node"]));
    assert_eq!(theirs["peers"][0]["listening"], own);
    assert_eq!((&list["peers"][0]["height"], &theirs["peers"][0]["direction"]), (&3.into(), &"in".into()));
    assert_eq!(list["known"][0]["address"], address);
    until("all blocks", || (self::list(&here)["sync"]["state"] == "synced").then_some(()));
    let text = peers(&here, &["list", "--known"]);
    for part in
        ["node       ", "listening  ", "added      ", "peers      1\n", "cairn/", &address, "tried    "]
    {
        assert!(text.success().contains(part), "{part:?} is not in {text:?}");
    }
    end(node);
    end(listening);
}

#[test]
fn node_is_added_removed_banned_and_forgiven_by_order() {
    let [here, there] = [folder(), folder()];
    let (listening, address) = node(&there, &["--connect-only", "--connect", "127.0.0.1:1"]);
    let (running, _) = node(&here, &[]);
    assert!(peers(&here, &["add", &address]).success().starts_with(&format!("{address} is added")));
    let id = wait_for_peers(&here, 1)["peers"][0]["node"].as_str().unwrap().to_owned();
    peers(&here, &["remove", &address]).success();
    wait_for_peers(&here, 0);
    assert_eq!(list(&here)["added"].as_array().unwrap().len(), 0);
    peers(&here, &["add", &address]).success();
    wait_for_peers(&here, 1);
    peers(&here, &["ban", &id, "--seconds", "3000"]).success();
    wait_for_peers(&here, 0);
    assert_eq!(list(&here)["bans"][0]["who"], id.as_str());
    assert!(peers(&here, &["list"]).success().contains(&format!("banned     {id} for another ")));
    // A ban outlives the node that was told of it.
    running.signal("KILL");
    running.end();
    let (running, _) = node(&here, &["--connect", &address]);
    assert_eq!(list(&here)["bans"][0]["who"], id.as_str());
    wait_for_peers(&here, 0);
    peers(&here, &["unban", &id]).success();
    wait_for_peers(&here, 1);
    end(running);
    end(listening);
}

#[test]
fn order_that_cannot_be_followed_says_why() {
    let folder = folder();
    let id = "ab".repeat(32);
    let none = peers(&folder, &["list"]);
    assert!(none.failure(1).starts_with("error: no node runs on data"), "{none:?}");
    let (running, _) = node(&folder, &[]);
    for (arguments, code, complaint) in [
        (&["remove", "127.0.0.1:5"][..], 1, "127.0.0.1:5 was not added; of those that were: none are"),
        (&["unban", &id], 1, "is not banned: see `cairn peers list`"),
        (&["ban", "127.0.0.1"], 1, "this machine itself cannot be banned"),
        (&["ban", "somebody"], 1, "somebody: say an IP address, or the 64 digits of a node"),
        (&["unban", "abcd"], 1, "abcd: say an IP address, or the 64 digits of a node"),
        (&["add", "somewhere"], 2, "say HOST:PORT"),
        (&["ban", &id, "--seconds", "0"], 2, "0 is not in"),
    ] {
        let answer = peers(&folder, arguments);
        assert!(answer.failure(code).contains(complaint), "{arguments:?}: {answer:?}");
    }
    running.signal("KILL");
    running.end();
    // What is left behind by a kill leads nowhere.
    let none = peers(&folder, &["list"]);
    assert!(none.failure(1).starts_with("error: no node runs on data"), "{none:?}");
}

#[test]
fn node_that_lets_nobody_in_says_no_port() {
    let folder = folder();
    let mut command = folder.command(&["node", "--data-dir", "data", "--listen", "off"]);
    let running = Running::start(&mut command);
    let list = until("its door", || {
        let answer = peers(&folder, &["list", "--json"]);
        (answer.code == Some(0)).then(|| answer.json())
    });
    assert!(list["listening"].is_null());
    assert!(!end(running).contains("listening for peers"));
}

#[test]
fn usual_port_that_is_taken_is_passed_over_and_one_that_was_named_is_not() {
    let folder = folder();
    // Somebody else may have it, and give it back at any time.
    let usual = TcpListener::bind("127.0.0.1:9333");
    let mut running = Running::start(&mut folder.command(&["node", "--data-dir", "data"]));
    let line = wait_for(&mut running, "listening for peers at 127.0.0.1:");
    let was_free = usual.is_err() && line.ends_with(":9333\n");
    assert!(was_free || line.contains(" (port 9333: "), "{line}");
    end(running);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let answer = folder.run(&["node", "--data-dir", "data", "--listen", &taken]);
    let complaint = format!("error: --listen {taken}: cannot listen there: ");
    assert!(answer.failure(1).starts_with(&complaint), "{answer:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused_before_there_is_a_node() {
    let folder = folder();
    for (arguments, complaint) in [
        (&["--connect-only"][..], "say --connect HOST:PORT"),
        (&["--connect", "somewhere"], "--connect somewhere: say HOST:PORT"),
        (&["--listen", "here"], "--listen here: say HOST:PORT"),
        (&["--checkpoint", "5"], "--checkpoint 5: say HEIGHT:HASH, the hash in 64 digits"),
        (&["--checkpoint", "5:abcd"], "--checkpoint 5:abcd: say HEIGHT:HASH"),
    ] {
        let answer = folder.run(&[&["node", "--data-dir", "data"], arguments].concat());
        assert!(answer.failure(1).contains(complaint), "{arguments:?}: {answer:?}");
        assert!(!folder.has("data"), "{arguments:?}");
    }
}

#[test]
fn node_follows_no_chain_without_its_checkpoint() {
    let [here, there] = [folder(), folder()];
    let tip = mine(&there, 12);
    let (listening, address) = node(&there, &[]);
    let wrong = format!("10:{tip}");
    let (running, _) = node(&here, &["--connect", &address, "--checkpoint", &wrong]);
    // It comes, shows its headers, and is hung up on.
    until("an end", || {
        let known = peers(&here, &["list", "--json", "--known"]).json();
        (known["peers"].as_array().unwrap().is_empty() && known["known"][0]["tried"] == true).then_some(())
    });
    end(running);
    assert_eq!(here.tip().1, 0);
    let right = format!("12:{tip}");
    follows(&here, &address, &["--checkpoint", &right], &(tip, 12));
    end(listening);
}

#[test]
fn peers_can_be_settled_in_a_file() {
    let [here, there] = [folder(), folder()];
    let (listening, address) = node(&there, &[]);
    let config = |text: &str| here.write("cairn.toml", format!("[peers]\n{text}\n"));
    config(&format!("listen = 'off'\nconnect = ['{address}']\nconnect_only = true\ninbound_max = 3"));
    let start = ["node", "--data-dir", "data", "--config", "cairn.toml"];
    let running = Running::start(&mut here.command(&start));
    until("its door", || here.has("data/control").then_some(()));
    let list = wait_for_peers(&here, 1);
    assert!(list["listening"].is_null());
    assert_eq!(list["added"][0], address);
    end(running);
    // The command line goes over it.
    let (running, own) = node(&here, &["--config", "cairn.toml", "--connect", "127.0.0.1:1"]);
    let list = self::list(&here);
    assert_eq!((&list["listening"], &list["added"]), (&own.into(), &serde_json::json!(["127.0.0.1:1"])));
    end(running);
    for (text, complaint) in [
        ("connect_only = true", "say --connect HOST:PORT"),
        ("conect = []", "unknown field `conect`"),
        ("checkpoint = ['1']", "say HEIGHT:HASH"),
    ] {
        config(text);
        let answer = here.run(&start);
        assert!(answer.failure(1).contains(complaint), "{answer:?}");
    }
    end(listening);
}

#[test]
fn node_that_was_killed_finds_the_others_again_by_itself() {
    let [here, there] = [folder(), folder()];
    let (listening, address) = node(&there, &[]);
    let (running, _) = node(&here, &["--connect", &address]);
    wait_for_peers(&here, 1);
    let since = SystemTime::now();
    let kept = || here.path("data/net/peers.book").metadata().and_then(|file| file.modified());
    until("whom it knows to be kept", || kept().is_ok_and(|kept| kept > since).then_some(()));
    running.signal("KILL");
    running.end();
    let (running, _) = node(&here, &[]);
    let list = wait_for_peers(&here, 1);
    assert_eq!(list["peers"][0]["address"], address);
    assert_eq!(list["added"].as_array().unwrap().len(), 0);
    end(running);
    end(listening);
}

#[test]
fn links_of_a_laboratory_can_be_slow_or_cut_and_heal() {
    let [here, there] = [folder(), folder()];
    let (listening, address) = node(&there, &[]);
    let (running, _) = node(&here, &["--connect", &address]);
    wait_for_peers(&here, 1);
    peers(&there, &["link", "--delay", "300", "--loss", "1"]).success();
    let text = peers(&there, &["list"]);
    assert!(text.success().contains("bad link   all: 300 ms and up to 0 more, 1.0 % lost"), "{text:?}");
    assert_eq!(list(&there)["links"][0]["delay_ms"], 300);
    // What it says of itself takes as long, too.
    until("a slow answer", || list(&here)["peers"][0]["ping_ms"].as_u64().filter(|ping| *ping >= 300));
    peers(&there, &["link", &address, "--cut"]).success();
    assert_eq!(list(&there)["links"].as_array().unwrap().len(), 2);
    peers(&there, &["link", &address]).success();
    assert_eq!(list(&there)["links"].as_array().unwrap().len(), 1);
    peers(&there, &["heal"]).success();
    assert_eq!(list(&there)["links"].as_array().unwrap().len(), 0);
    for (arguments, complaint) in
        [(&["link", "nobody"][..], "say the IP:PORT of a peer"), (&["link", "--loss", "100"], "up to 99")]
    {
        let answer = peers(&there, arguments);
        assert!(answer.failure(1).contains(complaint), "{answer:?}");
    }
    end(running);
    end(listening);
}

#[test]
fn links_of_any_other_chain_cannot_be_made_bad() {
    let folder = Folder::new();
    folder.run(&["genesis", "new", "--preset", "asert", "--out", "genesis.json"]).success();
    let (running, _) = node(&folder, &[]);
    let answer = peers(&folder, &["link", "--cut"]);
    assert!(answer.failure(1).contains("says that it is a laboratory"), "{answer:?}");
    end(running);
}

#[test]
fn node_whose_own_chain_breaks_a_checkpoint_does_not_start() {
    let folder = folder();
    let tip = mine(&folder, 3);
    let wrong = format!("2:{tip}");
    let arguments = ["node", "--data-dir", "data", "--listen", "127.0.0.1:0", "--checkpoint", &wrong];
    let answer = folder.run(&arguments);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.err.contains(&format!("--checkpoint {wrong}: this chain has ")), "{answer:?}");
    let (running, _) = node(&folder, &["--checkpoint", &format!("3:{tip}")]);
    end(running);
}

#[test]
fn node_says_its_height_and_that_it_is_alone() {
    let [here, there] = [folder(), folder()];
    let tip = mine(&there, 30);
    let (listening, address) = node(&there, &[]);
    assert_eq!(
        (&list(&there)["sync"]["state"], &list(&there)["tip"]["height"]),
        (&"alone".into(), &30.into())
    );
    let (mut running, _) = node(&here, &["--connect", &address]);
    // However quickly they came, the last is told of.
    assert!(wait_for(&mut running, "height 30, ").contains(&tip));
    wait_for_peers(&here, 1);
    let list = list(&here);
    assert_eq!((&list["sync"]["state"], &list["tip"]["hash"]), (&"synced".into(), &tip.as_str().into()));
    end(running);
    end(listening);
}
