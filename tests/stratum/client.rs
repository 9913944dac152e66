//! Our own miner, on our own server and on others.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use cairn::stratum::client::{Client, ClientOptions, Event};
use cairn::testkit::{Actor, PATIENCE, until};
use cairn::types::PEBBLES_PER_COIN;
use serde_json::{Value, json};

use crate::running::{Running, user};
use crate::stranger::{Stranger, Turned, Work, sha256d};

fn start(pool: SocketAddr, user: &str) -> (Client, Receiver<Event>) {
    let options = ClientOptions {
        pool: pool.to_string(),
        user: user.to_owned(),
        password: "x".to_owned(),
        threads: 2,
        kernel: cairn::miner::fastest(),
    };
    let (sender, events) = channel();
    let client = Client::start(options, move |event| {
        let _ = sender.send(event);
    });
    (client.unwrap(), events)
}

fn wait_for(events: &Receiver<Event>, is_wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = events.recv_timeout(PATIENCE).unwrap();
        if is_wanted(&event) {
            return event;
        }
    }
}

#[test]
fn our_miner_mines_on_our_node_and_is_paid() {
    let running = Running::new();
    let (client, events) = start(running.address(), &format!("{}.own", user(20)));
    wait_for(&events, |event| *event == Event::Joined);
    let recipient = Actor::new(20).address();
    until("five blocks", || (running.node.tip().height.0 >= 5).then_some(()));
    wait_for(&events, |event| *event == Event::Accepted);
    client.stop();
    let height = u64::from(running.node.tip().height.0);
    assert_eq!(running.earned(&recipient), height * 50 * PEBBLES_PER_COIN);
    let report = until("counted blocks", || running.worker("own").filter(|report| report.blocks == height));
    assert!(report.accepted >= height);
    let reader = running.node.reader();
    let headers = (1..=5).map(|at| reader.header_at(cairn::types::Height(at)).unwrap().header);
    assert!(headers.into_iter().all(|header| header.version & !0x1fff_e000 == 0x2000_0000));
}

#[test]
fn our_miner_and_a_stranger_mine_side_by_side() {
    let running = Running::new();
    let mut stranger = Stranger::greet(running.address(), &user(30));
    let (client, events) = start(running.address(), &user(31));
    wait_for(&events, |event| *event == Event::Accepted);
    // Not every share is a block.
    let height = until("its blocks", || Some(running.node.tip().height.0).filter(|height| *height > 0));
    client.stop();
    // What the other has found since is news of the past.
    let is_on_tip = |work: &Work| {
        let tip = running.node.tip();
        let words = tip.hash.as_bytes().chunks(4);
        work.previous.iter().eq(words.flat_map(|word| word.iter().rev()))
    };
    loop {
        stranger.wait_for_work(is_on_tip);
        if stranger.mine_block()["result"] == true {
            break;
        }
    }
    until("a block more", || (running.node.tip().height.0 > height).then_some(()));
    assert!(running.earned(&Actor::new(30).address()) > 0 && running.earned(&Actor::new(31).address()) > 0);
}

#[test]
fn user_that_the_pool_refuses_ends_our_miner() {
    let running = Running::easy();
    let (client, events) = start(running.address(), "somebody");
    let Event::Refused(reason) = wait_for(&events, |event| matches!(event, Event::Refused(_))) else {
        unreachable!()
    };
    assert!(reason.contains("not an address"), "{reason}");
    until("its end", || client.has_ended().then_some(()));
}

#[test]
fn our_miner_survives_a_chain_on_which_nearly_everything_is_a_block() {
    let running = Running::easy();
    let (client, _events) = start(running.address(), &user(1));
    until("ten blocks", || (running.node.tip().height.0 >= 10).then_some(()));
    client.stop();
}

/// A pool that is a script.
struct Pool {
    socket: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Pool {
    fn accept(listener: &TcpListener) -> Self {
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let lines = BufReader::new(socket.try_clone().unwrap());
        Self { socket, lines }
    }

    fn hear(&mut self, method: &str) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let request: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(request["method"], method, "{line}");
        request
    }

    fn say(&mut self, message: &Value) {
        self.socket.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    fn answer(&mut self, method: &str, result: &Value) {
        let id = &self.hear(method)["id"];
        self.say(&json!({"id": id, "result": result, "error": null}));
    }
}

/// Work of another chain altogether: a long coinbase and extranonces of other lengths.
fn foreign_work(job: &str, clean: bool) -> Value {
    let digest = |byte: u8| hex::encode([byte; 32]);
    json!([
        job,
        digest(0x12),
        "01".repeat(50),
        "02".repeat(90),
        [digest(3), digest(4)],
        "20000004",
        "1d00ffff",
        "65000000",
        clean
    ])
}

/// Checks a share as a pool does.
fn check(share: &Value, work: &Work, extranonce1: &[u8], extranonce2_bytes: usize, zeros: usize) {
    let params = share["params"].as_array().unwrap();
    let word =
        |at: usize| params.get(at).map_or(0, |it| u32::from_str_radix(it.as_str().unwrap(), 16).unwrap());
    let extranonce2 = hex::decode(params[2].as_str().unwrap()).unwrap();
    assert_eq!(extranonce2.len(), extranonce2_bytes);
    let mut extended = work.clone();
    extended.back = [&extranonce2[4..], &work.back].concat();
    let turned = Turned {
        extranonce: extranonce2[..4].try_into().unwrap(),
        time: word(3),
        nonce: word(4),
        version: word(5),
    };
    let hash = sha256d(&extended.header(extranonce1, turned));
    assert!(hash.iter().rev().take(zeros).all(|byte| *byte == 0), "{share}");
}

#[test]
fn our_miner_serves_a_pool_of_another_chain_that_knows_no_version_rolling() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, events) = start(listener.local_addr().unwrap(), "them.rig");
    let mut pool = Pool::accept(&listener);
    let id = pool.hear("mining.configure")["id"].clone();
    pool.say(&json!({"id": id, "result": null, "error": [20, "Not supported", null]}));
    pool.answer("mining.subscribe", &json!([[["mining.notify", "a"]], "abcdef0123", 8]));
    pool.say(&json!({"id": null, "method": "mining.set_difficulty", "params": [0.0001]}));
    assert_eq!(pool.hear("mining.authorize")["params"], json!(["them.rig", "x"]));
    pool.say(&json!({"id": null, "method": "mining.notify", "params": foreign_work("j1", true)}));
    pool.say(&json!({"id": 3, "result": true, "error": null}));
    let work = Work::read(&foreign_work("j1", true));
    for count in 0..3 {
        let share = pool.hear("mining.submit");
        assert_eq!((&share["params"][0], &share["params"][1]), (&json!("them.rig"), &json!("j1")));
        assert_eq!(share["params"].as_array().unwrap().len(), 5, "no version bits");
        check(&share, &work, &[0xab, 0xcd, 0xef, 0x01, 0x23], 8, 2);
        let error = if count == 1 { json!([23, "Low", null]) } else { Value::Null };
        pool.say(&json!({"id": share["id"], "result": error.is_null(), "error": error}));
    }
    wait_for(&events, |event| *event == Event::Rejected("Low".to_owned()));
    pool.say(&json!({"id": 99, "method": "client.get_version", "params": []}));
    pool.say(&json!({"id": null, "method": "mining.set_extranonce", "params": ["00", 4]}));
    pool.say(&json!({"id": null, "method": "mining.notify", "params": foreign_work("j2", true)}));
    let share = loop {
        let mut line = String::new();
        pool.lines.read_line(&mut line).unwrap();
        let message: Value = serde_json::from_str(&line).unwrap();
        if message["params"][1] == "j2" {
            break message;
        }
    };
    check(&share, &work, &[0], 4, 2);
    client.stop();
}

#[test]
fn our_miner_connects_again_and_asks_less_of_a_pool_that_hung_up_at_the_question() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, events) = start(listener.local_addr().unwrap(), "u");
    let mut pool = Pool::accept(&listener);
    pool.hear("mining.configure");
    drop(pool);
    let lost = wait_for(&events, |event| matches!(event, Event::Lost { .. }));
    assert!(matches!(lost, Event::Lost { retry, .. } if retry == Duration::from_secs(1)));
    let mut pool = Pool::accept(&listener);
    pool.answer("mining.subscribe", &json!([[], "00", 4]));
    pool.answer("mining.authorize", &json!(true));
    wait_for(&events, |event| *event == Event::Joined);
    client.stop();
}
