//! `cairn mine`, and `cairn node` where it mines: by work, at a pace, for others over Stratum.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use cairn::consensus::GenesisFile;
use cairn::testkit::{Actor, asert_file, devnet_file};

use super::stage::{Answer, CAIRN, Folder, PATIENCE, Running};

/// A folder with a chain that has not begun, and somebody to be paid there.
fn folder_with(file: &GenesisFile) -> (Folder, String) {
    let folder = Folder::new();
    folder.write("genesis.json", file.to_json());
    let prefix = file.prefix.parse().expect("a prefix");
    (folder, Actor::new(5).address().to_text(&prefix))
}

fn folder() -> (Folder, String) {
    folder_with(&devnet_file(1))
}

/// On a chain whose blocks take some thousand hashes.
fn folder_of_work() -> (Folder, String) {
    folder_with(&asert_file(1))
}

fn mine(folder: &Folder, arguments: &[&str]) -> Answer {
    folder.run(&[&["mine", "--data-dir", "data"], arguments].concat())
}

/// A node that mines somehow, and is ready.
fn node(folder: &Folder, arguments: &[&str]) -> Running {
    Running::start(&mut folder.command(&[&["node", "--data-dir", "data"], arguments].concat()))
}

/// Reads lines until one has this in it.
fn wait_for(process: &mut Running, part: &str) -> String {
    let begun = Instant::now();
    loop {
        let line = process.line();
        assert!(!line.is_empty(), "it ended before it said {part:?}");
        assert!(begun.elapsed() < PATIENCE, "it never said {part:?}");
        if line.contains(part) {
            return line;
        }
    }
}

fn end(process: Running) -> String {
    process.signal("TERM");
    process.end().success().to_owned()
}

#[test]
fn blocks_made_to_order_are_listed_and_stay() {
    let (folder, to) = folder();
    let first = mine(&folder, &["--blocks", "1200", "--to", &to]);
    let hashes: Vec<&str> = first.success().lines().collect();
    assert_eq!(hashes.len(), 1200);
    assert_eq!(folder.tip(), (hashes[1199].to_owned(), 1200));
    let more = mine(&folder, &["--blocks", "2", "--to", &to, "--json"]).json();
    let more = more["blocks"].as_array().unwrap();
    assert_eq!((more.len(), folder.tip()), (2, (more[1].as_str().unwrap().to_owned(), 1202)));
    assert_eq!(mine(&folder, &["--blocks", "0", "--to", &to]).success(), "");
}

#[test]
fn order_that_cannot_be_met_says_why() {
    let (folder, to) = folder_of_work();
    let error = mine(&folder, &["--blocks", "1", "--to", &to]);
    assert!(error.failure(1).contains("take a chain whose `pow.mode` is `fixed`"), "{error:?}");
    let error = mine(&folder, &["--blocks", "1", "--to", "elsewhere1qqqq"]);
    assert!(error.failure(1).starts_with("error: --to elsewhere1qqqq: "), "{error:?}");
    for question in [
        &["--blocks", "1"][..],
        &["--to", &to],
        &["--blocks", "1", "--to", &to, "--benchmark"],
        &["--stratum", "127.0.0.1:1"],
        &["--benchmark", "--kernel", "abacus"],
        &["--benchmark", "--threads", "0"],
        &[],
    ] {
        let answer = mine(&folder, question);
        assert!(!answer.failure(2).is_empty(), "{question:?}");
    }
}

#[test]
fn every_kernel_is_measured() {
    let rates = mine(&folder().0, &["--benchmark", "--json"]).json();
    let rates = rates.as_object().unwrap();
    assert!(rates["portable"].as_f64().unwrap() > 1000.0);
    let chosen = rates["chosen"].as_str().unwrap();
    let best = rates[chosen].as_f64().unwrap();
    assert!(rates.values().filter_map(serde_json::Value::as_f64).all(|rate| rate <= best), "{rates:?}");
    let named = mine(&folder().0, &["--benchmark", "--kernel", "portable", "--json"]).json();
    assert_eq!(named["chosen"], "portable");
}

#[test]
fn a_pool_is_mined_for_as_long_as_was_said() {
    let (folder, to) = folder_of_work();
    let mut node = node(&folder, &["--stratum", "127.0.0.1:0"]);
    let address = wait_for(&mut node, "serving Stratum at ");
    let address = address.trim().rsplit(' ').next().unwrap();
    let begun = Instant::now();
    let mined = mine(&folder, &["--stratum", address, "--user", &to, "--threads", "1", "--seconds", "2"]);
    assert!(mined.success().lines().last().unwrap().starts_with("stopped: "), "{mined:?}");
    assert!((Duration::from_secs(2)..PATIENCE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    end(node);
}

#[test]
fn node_makes_blocks_at_a_pace() {
    let (folder, to) = folder();
    let mut node = node(&folder, &["--mine", &to, "--pace", "interval=0.01"]);
    wait_for(&mut node, "making blocks: interval=0.01");
    wait_for(&mut node, "height ");
    wait_for(&mut node, "height ");
    let last = end(node);
    assert!(last.contains("stopped at height "), "{last}");
    assert!(folder.tip().1 > 10);
}

#[test]
fn pace_of_a_chain_is_its_spacing_unless_it_is_said_otherwise() {
    let (folder, to) = folder();
    let mut node = node(&folder, &["--mine", &to]);
    let spacing = devnet_file(1).pow.spacing;
    wait_for(&mut node, &format!("making blocks: interval={spacing}\n"));
    end(node);
}

#[test]
fn node_mines_by_work_and_serves_others() {
    let (folder, to) = folder_of_work();
    let own = ["--mine", &to, "--threads", "1", "--kernel", "portable", "--tag", "hello"];
    let mut node = node(&folder, &[&own[..], &["--stratum", "127.0.0.1:0"]].concat());
    let address = wait_for(&mut node, "serving Stratum at ");
    wait_for(&mut node, "mining with 1 thread, kernel portable");
    wait_for(&mut node, "found block ");
    // Whatever strangers do, it is not on the thread on which templates are made.
    let threads = node.threads();
    assert!(
        threads.is_none_or(|names| ["cairn-ports", "cairn-stratum"].iter().all(|name| names.contains(*name)))
    );
    let address = address.trim().rsplit(' ').next().unwrap();
    let (url, user) = (format!("stratum+tcp://{address}"), format!("{to}.guest"));
    let mut command = folder.command(&["mine", "--stratum", &url, "--user", &user, "--threads", "1"]);
    let mut guest = Running::spawn(&mut command);
    wait_for(&mut guest, "the pool lets us mine");
    wait_for(&mut guest, "accepted, ");
    // Not every share is a block.
    wait_for(&mut node, "guest of ");
    let last = end(guest);
    assert!(last.contains("stopped: "), "{last}");
    end(node);
}

/// Asks whether anybody is there.
fn ping(mut socket: &TcpStream) -> std::io::Result<usize> {
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    socket.write_all(b"{\"id\":1,\"method\":\"mining.ping\"}\n")?;
    socket.read(&mut [0; 100])
}

#[test]
fn node_that_may_have_few_files_open_lets_few_miners_in() {
    if cfg!(not(target_os = "linux")) {
        // Nobody looks at the limit there.
        return;
    }
    let (folder, _) = folder_of_work();
    let limited = "ulimit -S -n 100; ulimit -H -n 262; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", limited, CAIRN, "node", "--data-dir", "data", "--stratum", "127.0.0.1:0"]);
    let mut node = Running::start(command.current_dir(folder.path(".")));
    let address = wait_for(&mut node, "serving Stratum at ");
    let connect = || TcpStream::connect(address.trim().rsplit(' ').next().unwrap()).unwrap();
    let (first, second) = (connect(), connect());
    ping(&first).unwrap();
    ping(&second).unwrap();
    let third = connect();
    ping(&third).unwrap_err();
    drop(first);
    let begun = Instant::now();
    while ping(&third).is_err() {
        assert!(begun.elapsed() < PATIENCE, "nobody is let in any more");
    }
    end(node);
}

#[test]
fn pool_that_refuses_the_user_ends_the_miner() {
    let (folder, to) = folder_of_work();
    let mut node = node(&folder, &["--stratum", "127.0.0.1:0"]);
    let address = wait_for(&mut node, "serving Stratum at ");
    let address = address.trim().rsplit(' ').next().unwrap();
    let other = to.replace('q', "p");
    let answer = folder.run(&["mine", "--stratum", address, "--user", &other, "--threads", "1"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.err.starts_with("error: the pool refuses this user: "), "{answer:?}");
    end(node);
}

#[test]
fn mining_that_cannot_be_is_refused_before_there_is_a_node() {
    let (devnet, to) = folder();
    let (work, _) = folder_of_work();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let long = "x".repeat(200);
    for (folder, arguments, complaint) in [
        (&devnet, &["--threads", "2"][..], "--threads is for a node that mines: say --mine ADDRESS"),
        (&devnet, &["--kernel", "avx2"], "--kernel is for a node that mines"),
        (&devnet, &["--mine", "somebody"], "--mine somebody: "),
        (&devnet, &["--mine", &to, "--pace", "often"], "--pace takes `work` or a pace: "),
        (&devnet, &["--mine", &to, "--tag", &long], "--tag: "),
        (&work, &["--mine", &to, "--kernel", "abacus"], "no kernel is called \"abacus\""),
        (&work, &["--mine", &to, "--pace", "automine"], "`pow.mode` is `asert`"),
        (&devnet, &["--stratum", &taken], "cannot listen there: "),
        (&devnet, &["--stratum", "here"], "--stratum here: say HOST:PORT"),
        (&devnet, &["--mine", &to, "--threads", "1"], "say --pace work"),
    ] {
        let answer = folder.run(&[&["node", "--data-dir", "data"], arguments].concat());
        assert!(answer.failure(1).contains(complaint), "{arguments:?}: {answer:?}");
        assert!(!folder.has("data"), "{arguments:?}");
    }
}

#[test]
fn variables_that_serve_other_commands_too_do_not_stop_a_node() {
    let (folder, to) = folder();
    for arguments in [&[][..], &["--mine", &to]] {
        let mut command = folder.command(&[&["node", "--data-dir", "data"], arguments].concat());
        end(Running::start(command.envs([("CAIRN_THREADS", "1"), ("CAIRN_KERNEL", "portable")])));
    }
}

#[test]
fn quiet_node_says_nothing_of_its_blocks() {
    let (folder, to) = folder();
    let quiet = [&["--quiet"][..], &[]];
    for (arguments, variables) in quiet.into_iter().zip([&[][..], &[("CAIRN_QUIET", "1")]]) {
        let mining =
            ["node", "--data-dir", "data", "--mine", &to, "--pace", "work", "--stratum", "127.0.0.1:0"];
        let mut command = folder.command(&[&mining, arguments].concat());
        let mut node = Running::start(command.envs(variables.iter().copied()));
        wait_for(&mut node, "answering at ");
        while folder.segment().metadata().unwrap().len() < 10_000 {
            std::thread::yield_now();
        }
        let last = end(node);
        assert!(!last.contains("found") && last.lines().count() == 1, "{last}");
    }
}

#[test]
fn mining_can_be_settled_in_a_file() {
    let (folder, to) = folder();
    let config = |text: &str| folder.write("cairn.toml", format!("[mining]\n{text}\n"));
    config(&format!("mine = '{to}'\npace = 'interval=0.01'"));
    let mut running = node(&folder, &["--config", "cairn.toml", "--pace", "interval=0.02"]);
    wait_for(&mut running, "making blocks: interval=0.02");
    wait_for(&mut running, "height ");
    end(running);
    for (text, complaint) in [("threads = 0", "threads is not in"), ("mime = ''", "unknown field `mime`")] {
        config(text);
        let answer = folder.run(&["node", "--data-dir", "data", "--config", "cairn.toml"]);
        assert!(answer.failure(1).contains(complaint), "{answer:?}");
    }
}
