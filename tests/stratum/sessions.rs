//! What is said before and beside shares.

use cairn::stratum::{Ending, JOBS_MAX, Order, SUGGESTED_MIN, WORKERS_MAX};
use cairn::testkit::Actor;
use cairn::types::Bits;
use serde_json::{Value, json};

use crate::stage::{ASSIGNED, Stage, address, code, words};

#[test]
fn ids_are_given_back_as_they_came() {
    let mut stage = Stage::new();
    for id in ["7", "\"seven\"", "null", "18446744073709551615", "-3"] {
        let answer = stage.receive(&format!(r#"{{"id":{id},"method":"mining.ping","params":[]}}"#)).remove(0);
        assert_eq!(answer["id"].to_string(), id);
        assert_eq!(answer["result"], "pong");
    }
    let without = stage.receive(r#"{"method":"mining.ping"}"#).remove(0);
    assert_eq!(without["id"], Value::Null);
}

#[test]
fn unknown_method_gets_an_error_and_the_connection_goes_on() {
    let mut stage = Stage::new();
    for method in ["mining.get_transactions", "client.reconnect", "eth_submitLogin", ""] {
        let answer = stage.ask(method, &json!(["x"]));
        assert_eq!(code(&answer), 20);
        assert_eq!(words(&answer), format!("there is no method {method}"));
    }
    assert_eq!(stage.ask("mining.ping", &json!([]))["result"], "pong");
    assert!(stage.others.is_empty());
}

#[test]
fn json_that_is_no_request_gets_an_error_and_other_text_ends_the_connection() {
    let mut stage = Stage::new();
    for line in ["{\"id\":5}", "{\"id\":5,\"method\":3}", "[]", "7"] {
        let answer = stage.receive(line).remove(0);
        assert_eq!(code(&answer), 20, "{line}");
        assert_eq!(answer["id"], if line.contains("id") { json!(5) } else { Value::Null });
    }
    assert!(stage.others.is_empty());
    stage.receive("GET / HTTP/1.1");
    assert_eq!(stage.others, [Order::Close(Ending::Foreign)]);
}

#[test]
fn parameters_of_any_shape_are_answered() {
    let mut stage = Stage::at_work();
    let methods = ["mining.subscribe", "mining.authorize", "mining.submit", "mining.configure"];
    for method in methods.into_iter().chain(["mining.suggest_difficulty", "mining.extranonce.subscribe"]) {
        for params in
            [json!(null), json!([]), json!({"a": 1}), json!([[], {}]), json!([1, 2, 3, 4, 5, 6]), json!("x")]
        {
            let answer = stage.ask(method, &params);
            assert!(answer["result"].is_null() != answer["error"].is_null(), "{method} {params}");
        }
    }
}

#[test]
fn nothing_is_offered_before_it_is_known_for_whom() {
    let mut stage = Stage::new();
    assert!(stage.offer().is_empty());
    stage.ask("mining.configure", &json!([["version-rolling"], {}]));
    stage.authorize(&address());
    assert!(stage.work.is_none());
    let lines = stage.receive(r#"{"id":1,"method":"mining.subscribe","params":[]}"#);
    let methods: Vec<&Value> = lines.iter().map(|line| &line["method"]).collect();
    assert_eq!(methods, [&json!(null), &json!("mining.set_difficulty"), &json!("mining.notify")]);
    assert_eq!(lines[0]["result"][1], hex::encode(ASSIGNED));
}

#[test]
fn who_subscribes_again_hears_of_the_difficulty_again() {
    let mut stage = Stage::at_work();
    stage.difficulty = None;
    let lines = stage.receive(r#"{"id":1,"method":"mining.subscribe","params":["cpuminer/2.5.1","s"]}"#);
    assert_eq!(lines[0]["result"][1], hex::encode(ASSIGNED));
    assert_eq!(stage.difficulty, Some(1e-6));
    assert_eq!(lines.len(), 3);
}

#[test]
fn user_that_is_no_address_is_told_what_is_wrong() {
    let mut stage = Stage::new();
    let elsewhere = Actor::new(1).address().to_text(&"other".parse().unwrap());
    let mut mistyped = address();
    mistyped.replace_range(10..11, if &mistyped[10..11] == "q" { "p" } else { "q" });
    let cases = [
        ("bob", "not an address: on this chain one is `ctest1` and 58 small letters and digits"),
        ("", "not an address: on this chain"),
        (mistyped.as_str(), "the letter at place 11 is likely wrong"),
        (elsewhere.as_str(), "begins with `other`, here they begin with `ctest`"),
    ];
    for (user, why) in cases {
        let answer = stage.authorize(user);
        assert_eq!(code(&answer), 20);
        assert!(words(&answer).contains(why), "{answer}");
    }
    assert!(stage.others.is_empty());
    let long = format!("{}.{}", address(), "w".repeat(65));
    for user in [long, format!("{}.a b", address()), format!("{}.ä", address())] {
        assert!(words(&stage.authorize(&user)).starts_with("a worker's name has at most 64"));
    }
}

#[test]
fn connection_pays_one_address_and_speaks_for_some_workers_of_it() {
    let mut stage = Stage::at_work();
    let other = Actor::new(5).address().to_text(&"ctest".parse().unwrap());
    assert!(words(&stage.authorize(&other)).starts_with("this connection pays another address"));
    for worker in 1..WORKERS_MAX {
        assert_eq!(stage.authorize(&format!("{}.w{worker}", address()))["result"], true);
    }
    assert_eq!(
        words(&stage.authorize(&format!("{}.more", address()))),
        "at most 64 workers share a connection"
    );
    assert_eq!(stage.authorize(&format!("{}.w5", address()))["result"], true, "it is known");
}

#[test]
fn version_rolling_is_granted_within_the_mask_and_other_extensions_are_not() {
    let mut stage = Stage::new();
    let ask = json!([["version-rolling", "minimum-difficulty", "x"],
        {"version-rolling.mask": "ffffffff", "version-rolling.min-bit-count": 2, "minimum-difficulty.value": 1}]);
    let granted = json!({"version-rolling": true, "version-rolling.mask": "1fffe000", "minimum-difficulty": false, "x": false});
    assert_eq!(stage.ask("mining.configure", &ask)["result"], granted);
    let narrow = json!([["version-rolling"], {"version-rolling.mask": "00ff00ff"}]);
    assert_eq!(stage.ask("mining.configure", &narrow)["result"]["version-rolling.mask"], "00ff0000");
    assert_eq!(
        code(&stage.ask("mining.configure", &json!([["version-rolling"], {"version-rolling.mask": "x"}]))),
        20
    );
}

#[test]
fn suggested_difficulty_holds_from_the_next_job_on_which_follows_at_once() {
    let mut stage = Stage::at_work();
    let lines = stage.receive(r#"{"id":1,"method":"mining.suggest_difficulty","params":[0.25]}"#);
    assert_eq!(lines[0]["result"], true);
    assert_eq!((&lines[1]["method"], &lines[1]["params"]), (&json!("mining.set_difficulty"), &json!([0.25])));
    assert_eq!((&lines[2]["method"], &lines[2]["params"][8]), (&json!("mining.notify"), &json!(false)));
    assert_eq!(stage.receive(r#"{"id":1,"method":"mining.suggest_difficulty","params":[0.25]}"#).len(), 1);
    for nonsense in ["[0]", "[-1]", "[\"x\"]", "[]"] {
        let line = format!(r#"{{"id":1,"method":"mining.suggest_difficulty","params":{nonsense}}}"#);
        assert_eq!(code(&stage.receive(&line)[0]), 20);
    }
}

#[test]
fn share_is_never_harder_than_a_block_nor_easier_than_miners_can_express() {
    let mut stage = Stage::at_work();
    stage.ask("mining.suggest_difficulty", &json!([1e9]));
    assert_eq!(stage.difficulty, Some(1.0), "a block takes no more");
    stage.ask("mining.suggest_difficulty", &json!([1e-30]));
    assert_eq!(stage.difficulty, Some(SUGGESTED_MIN), "a thousand shares a second are of no use");

    let mut easy = Stage::with(|_| ());
    easy.offer();
    easy.ask("mining.subscribe", &json!([]));
    easy.authorize(&address());
    assert_eq!(easy.difficulty, Some(2.4e-10));
}

#[test]
fn difficulty_above_one_is_a_whole_number() {
    let mut stage = Stage::with(|file| file.bits = Bits(0x1b00_ffff));
    stage.greet();
    let lines = stage.receive(r#"{"id":1,"method":"mining.suggest_difficulty","params":[1500.7]}"#);
    assert_eq!(lines[1]["params"].to_string(), "[1500]");
}

#[test]
fn new_tip_is_offered_at_once_and_cleanly() {
    assert!(Stage::at_work().work.unwrap().clean);
    // A test cannot move the tip of a hard chain.
    let mut stage = Stage::with(|_| ());
    stage.greet();
    let before = stage.work.clone().unwrap();
    stage.move_tip();
    let after = stage.work.clone().unwrap();
    assert!(after.clean && after.previous != before.previous && after.job != before.job);
}

#[test]
fn better_template_on_the_same_tip_waits_a_while_and_is_not_clean() {
    let mut stage = Stage::at_work();
    assert!(stage.offer().is_empty(), "a job was offered just now");
    assert!(stage.pass(5.0).is_empty());
    let lines = stage.pass(6.0);
    assert_eq!(lines.last().unwrap()["params"][8], false);
    stage.now.seconds += 11.0;
    assert_eq!(stage.offer().last().unwrap()["params"][8], false);
}

#[test]
fn job_is_repeated_before_a_minute_is_over() {
    let mut stage = Stage::at_work();
    let mut silent = 0.0;
    for _ in 0..600 {
        let before = stage.work.clone().unwrap().job;
        stage.receive(r#"{"id":1,"method":"mining.ping"}"#);
        stage.pass(1.0);
        silent = if stage.work.clone().unwrap().job == before { silent + 1.0 } else { 0.0 };
        assert!(silent < 60.0);
    }
}

#[test]
fn old_jobs_are_forgotten_in_the_end() {
    let mut stage = Stage::at_work();
    let first = stage.work.clone().unwrap();
    let share = stage.share();
    for _ in 0..JOBS_MAX {
        stage.now.seconds += 11.0;
        stage.offer();
    }
    assert_eq!(code(&stage.submit_to(&first, share)), 21);
}

#[test]
fn who_does_not_greet_or_falls_silent_is_let_go() {
    let mut stage = Stage::new();
    stage.pass(29.0);
    assert!(stage.others.is_empty());
    stage.pass(1.0);
    assert_eq!(stage.others, [Order::Close(Ending::Handshake)]);

    let mut stage = Stage::at_work();
    stage.pass(599.0);
    assert!(stage.others.is_empty());
    stage.pass(1.0);
    assert_eq!(stage.others, [Order::Close(Ending::Idle)]);
}

#[test]
fn lines_beyond_what_may_come_are_skipped_until_time_goes_by() {
    let mut stage = Stage::at_work();
    let ping = r#"{"id":1,"method":"mining.ping"}"#;
    let answered = (0..20_000).filter(|_| !stage.receive(ping).is_empty()).count();
    assert!((9_900..=10_000).contains(&answered));
    stage.now.seconds += 1.0;
    assert_eq!((0..20_000).filter(|_| !stage.receive(ping).is_empty()).count(), 1000);
    assert!(stage.others.is_empty(), "it is not let go for that");
}
