//! `cairn devnet` as people use it.

use serde_json::Value;

use super::process::{Folder, Running};

/// A devnet that runs, and the folder that commands are given in.
struct Shell {
    folder: Folder,
    running: Option<Running>,
}

impl Shell {
    fn start(arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let all = [&["devnet", "--port", "0", "--data-dir", "net", "--mining", "manual"], arguments].concat();
        let running = Some(Running::start(&mut folder.command(&all)));
        Self { folder, running }
    }

    fn order(&self, arguments: &[&str]) -> super::process::Answer {
        self.folder.run(&[&["devnet"], arguments, &["--data-dir", "net"]].concat())
    }

    fn status(&self) -> Value {
        self.order(&["status", "--json"]).json()
    }

    fn heights(&self) -> Vec<Option<u64>> {
        let status = self.status();
        status["nodes"].as_array().unwrap().iter().map(|node| node["height"].as_u64()).collect()
    }

    fn greeting(&self) -> &str {
        &self.running.as_ref().unwrap().greeting
    }
}

#[test]
fn what_it_says_at_first_leads_to_everything() {
    let shell = Shell::start(&["--nodes", "3"]);
    let (greeting, status) = (shell.greeting(), shell.status());
    for node in status["nodes"].as_array().unwrap() {
        for place in node["at"].as_object().unwrap().values() {
            assert!(greeting.contains(place.as_str().unwrap()), "{place} in {greeting}");
        }
    }
    for account in status["accounts"].as_array().unwrap() {
        assert!(greeting.contains(account["address"].as_str().unwrap()));
        assert!(greeting.contains(account["key"].as_str().unwrap()));
    }
    assert!(greeting.contains(status["mnemonic"].as_str().unwrap()));
    assert!(greeting.lines().count() <= 45, "it fits on a screen: {greeting}");
}

#[test]
fn orders_come_to_a_devnet_in_a_folder_of_its_own_as_it_says_they_do() {
    let shell = Shell::start(&["--nodes", "1"]);
    let line = shell.greeting().lines().find(|line| line.starts_with("first"));
    let (name, desk) = line.unwrap().split_once("export ").unwrap().1.split_once('=').unwrap();
    let desk = desk.split(' ').next().unwrap();
    let mut order = shell.folder.command(&["devnet", "mine", "2", "--json"]);
    super::process::answer_of(order.env(name, desk)).success();
    assert_eq!(shell.heights(), [Some(2)]);
    // What an order says itself goes before that.
    for named in [["--data-dir", "net"], ["--desk", desk]] {
        let mut order = shell.folder.command(&["devnet", "mine", "--json", named[0], named[1]]);
        super::process::answer_of(order.env(name, "http://127.0.0.1:1")).success();
    }
    assert_eq!(shell.heights(), [Some(4)]);
    let elsewhere = |arguments: &[&str]| {
        let mut order = shell.folder.command(&[&["devnet"], arguments].concat());
        super::process::answer_of(order.env(name, "http://127.0.0.1:1"))
    };
    assert!(elsewhere(&["mine"]).failure(1).contains("no devnet takes orders at http://127.0.0.1:1"));
    let usage = elsewhere(&["partition"]);
    assert!(usage.failure(2).contains("Usage: cairn devnet partition <GROUPS>"), "{usage:?}");
}

#[test]
fn without_a_terminal_a_dashboard_is_lines() {
    let mut shell = Shell::start(&["--nodes", "2", "--tui"]);
    shell.order(&["mine"]).success();
    let running = shell.running.as_mut().unwrap();
    let lines = [running.line(), running.line()].map(|line| line.trim_end().to_owned());
    assert!(lines.iter().any(|line| line.starts_with("height 1, ")), "{lines:?}");
    assert!(lines.iter().any(|line| line == "order from the command line: mine 1 block"), "{lines:?}");
    assert!(!running.greeting.contains('\x1b'));
}

#[test]
fn the_lines_it_says_to_type_do_what_it_says() {
    let shell = Shell::start(&["--nodes", "2"]);
    let said = |name: &str| {
        let line = shell.greeting().lines().find(|line| line.trim_start().starts_with(name));
        line.unwrap().trim_start().strip_prefix(name).unwrap().trim().to_owned()
    };
    let send = said("cairn wallet send");
    let node = send.split(' ').next_back().unwrap();
    let words = shell.status()["mnemonic"].as_str().unwrap().to_owned();
    assert!(
        said("send").starts_with(&format!("echo {words} | cairn wallet restore --open --mnemonic-file -"))
    );
    shell.folder.write("words", words);
    shell
        .folder
        .run(&["wallet", "restore", "--open", "--mnemonic-file", "words", "--node", node, "--json"])
        .success();
    let mut arguments = vec!["wallet", "send"];
    arguments.extend(send.split(' '));
    arguments.extend(["--wait", "0", "--json"]);
    let sent = shell.folder.run(&arguments).json();
    assert_eq!(sent["txid"].as_str().unwrap().len(), 64);
    shell.order(&["mine"]).success();
    assert_eq!(shell.heights(), [Some(1), Some(1)]);
}

/// Whether a line ends with a moment in UTC, and this.
fn is_a_moment(line: &str, end: &str) -> bool {
    let moment =
        line.trim_end().strip_suffix(end).and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    let form: String = moment.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect();
    form == "0000-00-00T00:00:00Z" && moment.starts_with("20")
}

#[test]
fn orders_are_followed_and_told_in_words_and_in_json() {
    let shell = Shell::start(&["--nodes", "3"]);
    assert!(shell.order(&["mine", "7", "--node", "1"]).success().contains("7 blocks"));
    assert_eq!(shell.heights(), [Some(7); 3]);
    assert_eq!(shell.order(&["mining", "--json"]).json()["mode"], "manual");
    assert_eq!(shell.order(&["mining", "interval=3600", "--json"]).json()["mode"], "interval=3600");
    let before = shell.status()["clock"]["time"].as_u64().unwrap();
    assert!(shell.order(&["warp", "+1d", "--json"]).json()["time"].as_u64().unwrap() >= before + 86_400);
    assert_eq!(shell.order(&["freeze", "--json"]).json()["frozen"], true);
    let today = shell.order(&["freeze"]);
    assert!(is_a_moment(today.success(), ", and held there"), "{today:?}");
    assert!(shell.order(&["status"]).success().contains("; the clock is held at 20"));
    assert_eq!(shell.order(&["resume", "--json"]).json()["frozen"], false);
    let tomorrow = shell.order(&["warp", "+1d"]);
    assert!(is_a_moment(tomorrow.success(), ""), "{tomorrow:?}");
    let link = shell.order(&["link", "0", "2", "--delay", "20ms", "--loss", "5%", "--rate", "1mbit"]);
    assert!(link.success().contains("link 0 to 2: 20 ms late, loses 5 %, 125000 bytes a second"), "{link:?}");
    let parted = shell.order(&["partition", "0 | 1,2"]);
    assert!(parted.success().contains("link 0 to 1: cut\n"), "{parted:?}");
    assert!(!shell.order(&["heal"]).success().contains("link"));
    assert!(shell.order(&["kill", "2"]).success().contains("2     down"));
    assert_eq!(shell.heights(), [Some(7), Some(7), None]);
    shell.order(&["restart", "2"]).success();
    shell.order(&["snapshot", "before"]).success();
    shell.order(&["reorg", "--depth", "3", "--node", "0"]).success();
    assert_eq!(shell.heights(), [Some(8); 3]);
    assert!(shell.order(&["revert", "before"]).success().contains("7, 7, 7"));
    assert_eq!(shell.heights(), [Some(7); 3]);
    shell.order(&["dump", "state.file"]).success();
    let listed = shell.order(&["snapshots"]);
    let line = listed.success().lines().find(|line| line.starts_with("before")).unwrap();
    assert!(is_a_moment(line, ""), "{line}");
    assert!(shell.order(&["snapshot", "before", "--remove"]).success().contains("no snapshots"));
    shell.order(&["mine"]).success();
    shell.order(&["load", "state.file"]).success();
    assert_eq!(shell.heights(), [Some(7); 3]);
    let address = shell.status()["accounts"][3]["address"].as_str().unwrap().to_owned();
    assert!(shell.order(&["faucet", &address, "2.5"]).success().contains("2.5 CRN"));
}

#[test]
fn orders_that_cannot_be_followed_say_what_to_do() {
    let shell = Shell::start(&["--nodes", "2"]);
    for (order, said) in [
        (&["mine", "1", "--node", "5"][..], "numbered from 0 to 1"),
        (&["mining", "hourly"], "error: `hourly` is no way to mine: say `interval=SECONDS`, `automine`"),
        (&["mining", "work"], "--asert"),
        (&["warp", "-1d"], "put forward"),
        (&["warp", "yesterday"], "such as 200ms, 30s"),
        (&["link", "0", "0"], "two ends"),
        (&["link", "0", "1", "--loss", "all"], "such as 5%"),
        (&["partition", "0,1 | 1"], "two groups"),
        (&["restart", "0"], "runs already"),
        (&["faucet", "cdev1nobody"], "Copy it again"),
        (&["faucet", "bogus"], "on this chain one is `cdev1` and 58 small letters and digits"),
        (
            &["faucet", "cdev1ethx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawann"],
            "checksum does not hold",
        ),
        (
            &["faucet", "cdev1etbx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawamt"],
            "no address has 'b' at place 8",
        ),
        (&["load", "nothing.file"], "there is no file"),
        (
            &["faucet", "cdev1ethx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawamt", "5000"],
            "1000 CRN at most",
        ),
    ] {
        let answer = shell.order(order);
        assert!(matches!(answer.code, Some(1 | 2)) && answer.err.contains(said), "{order:?}: {answer:?}");
    }
}

#[test]
fn to_whom_a_block_has_not_come_in_time_is_said_and_it_is_there_all_the_same() {
    let shell = Shell::start(&["--nodes", "2"]);
    shell.order(&["link", "0", "1", "--delay", "60s"]).success();
    let made = shell.order(&["mine", "2", "--node", "1"]);
    assert_eq!(made.code, Some(1), "{made:?}");
    assert!(
        made.out.contains("2 blocks") && made.err.contains("not come to node 0 in 10 seconds"),
        "{made:?}"
    );
    assert_eq!(shell.heights(), [Some(0), Some(2)]);
}

#[test]
fn as_many_payments_are_offered_as_were_asked_for() {
    let shell = Shell::start(&["--nodes", "2"]);
    let load = shell.order(&["load", "--tps", "20", "--for", "2s", "--wait", "0s", "--json"]).json();
    assert_eq!((&load["offered"], &load["admitted"]), (&40.into(), &40.into()), "{load}");
    let neither = shell.order(&["load"]);
    let said = neither.failure(2);
    assert!(said.contains("devnet load FILE") && said.contains("devnet load --tps COUNT"), "{said}");
    shell.order(&["load", "a.state", "--tps", "5"]).failure(2);
}

#[test]
fn payments_that_stand_in_blocks_are_counted_and_timed() {
    let shell = Shell::start(&["--nodes", "2"]);
    shell.order(&["mining", "automine"]).success();
    let load = shell.order(&["load", "--tps", "20", "--for", "2s", "--json"]).json();
    assert_eq!((&load["confirmed"], &load["waiting"]), (&40.into(), &0.into()), "{load}");
    let times = ["p50", "p95", "p99"].map(|share| load["confirmation_ms"][share].as_f64().unwrap());
    assert!(times[0] > 0.0 && times.is_sorted(), "{load}");
}

#[test]
fn payments_are_counted_where_the_branch_that_is_followed_has_them() {
    let shell = Shell::start(&["--nodes", "2"]);
    shell.order(&["mine", "3", "--node", "0"]).success();
    let load = |arguments: &[&str]| {
        let all = [&["devnet", "load", "--data-dir", "net", "--json", "--tps", "20"], arguments].concat();
        Running::spawn(&mut shell.folder.command(&all))
    };
    let told = |running: Running| -> Value { serde_json::from_str(&running.end().out).unwrap() };
    // They come into the first of two blocks, which stands where one stood before any was sent.
    let sending = load(&["--for", "1s", "--wait", "60s"]);
    while shell.status()["nodes"].as_array().unwrap().iter().any(|node| node["waiting"] != 20) {
        std::thread::yield_now();
    }
    shell.order(&["reorg", "--depth", "1", "--node", "0"]).success();
    let counted = told(sending);
    assert_eq!((&counted["confirmed"], &counted["waiting"]), (&20.into(), &0.into()), "{counted}");
    // Some come into a block, which is left.
    let sending = load(&["--for", "3s", "--wait", "0s"]);
    while shell.status()["nodes"][0]["waiting"] == 0 {
        std::thread::yield_now();
    }
    shell.order(&["mine", "--node", "0"]).success();
    let block = shell.status()["nodes"][0]["tip"].as_str().unwrap().to_owned();
    shell.order(&["invalidate", &block]).success();
    let counted = told(sending);
    assert_eq!((&counted["confirmed"], &counted["waiting"]), (&0.into(), &counted["admitted"]), "{counted}");
}

#[test]
fn payments_end_when_nobody_can_send_any_more() {
    let shell = Shell::start(&["--nodes", "1"]);
    let load = ["devnet", "load", "--tps", "20", "--for", "600s", "--data-dir", "net"];
    let sending = Running::spawn(&mut shell.folder.command(&load));
    while shell.status()["nodes"][0]["waiting"] == 0 {
        std::thread::yield_now();
    }
    shell.order(&["mine"]).success();
    let begun = std::time::Instant::now();
    shell.order(&["kill", "0"]).success();
    let ended = sending.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(begun.elapsed().as_secs() < 60 && ended.out.contains("taken in"), "{ended:?}");
}

#[test]
fn told_to_stop_it_ends_at_once_and_goes_on_where_it_was() {
    let mut shell = Shell::start(&["--nodes", "5"]);
    shell.order(&["mine", "3"]).success();
    let running = shell.running.take().unwrap();
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!shell.folder.has("net/desk"), "nobody takes orders any more");
    let refused = shell.order(&["mine"]);
    assert!(refused.failure(1).contains("no devnet runs in net"), "{refused:?}");
    let again = ["devnet", "--port", "0", "--data-dir", "net", "--nodes", "5"];
    shell.running = Some(Running::start(&mut shell.folder.command(&again)));
    assert!(shell.greeting().contains("accounts, which began with 10,000 CRN each"), "money has moved since");
    assert_eq!(shell.heights(), [Some(3); 5]);
    assert_eq!(shell.status()["mining"], "manual");
}

#[test]
fn told_to_stop_it_waits_for_no_order() {
    let mut shell = Shell::start(&["--nodes", "2"]);
    shell.order(&["mining", "interval=0.01"]).success();
    let mut order = shell.folder.command(&["devnet", "mine", "100000", "--data-dir", "net"]);
    let mining = std::thread::spawn(move || super::process::answer_of(&mut order));
    while shell.heights()[0] < Some(50) {
        std::thread::yield_now();
    }
    let begun = std::time::Instant::now();
    let running = shell.running.take().unwrap();
    running.signal("INT");
    assert_eq!(running.end().code, Some(0));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    assert_eq!(mining.join().unwrap().code, Some(1));
}

#[test]
fn told_to_stop_once_more_it_ends_where_it_stands() {
    let folder = Folder::new();
    // Nobody reads what it says, and there is no more room: it stands still with its first line.
    let (_unread, mut full) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut full, &vec![b' '; 1 << 16]).unwrap();
    let arguments = ["devnet", "--port", "0", "--data-dir", "net", "--nodes", "1"];
    let mut stuck = folder.command(&arguments).stdout(full).spawn().unwrap();
    while !folder.has("net/desk") {
        std::thread::yield_now();
    }
    let told = std::time::Instant::now();
    let ended = loop {
        super::process::signal(stuck.id(), "INT");
        std::thread::sleep(std::time::Duration::from_millis(500));
        match stuck.try_wait().unwrap() {
            None if told.elapsed().as_secs() < 20 => {}
            ended => break ended,
        }
    };
    let _ = stuck.kill();
    assert!(ended.is_some_and(|status| !status.success()), "{ended:?}");
}

#[test]
fn a_port_that_is_taken_is_named_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let first = taken.local_addr().unwrap().port();
    let folder = Folder::new();
    let refused = folder.run(&["devnet", "--ephemeral", "--port", &first.to_string()]);
    let said = refused.failure(1);
    assert!(said.contains(&first.to_string()) && said.contains("--port 0"), "{said}");
    for (arguments, help) in
        [(["--port", "65500"], "--port 9330"), (["--host", "203.0.113.7"], "--host 127.0.0.1")]
    {
        let refused = folder.run(&[&["devnet", "--ephemeral"][..], &arguments].concat());
        assert!(refused.failure(1).contains(help), "{refused:?}");
    }
    assert!(!folder.has("home/.cairn"), "nothing is left of it");
}
