//! Every byte that goes out, for fixed bytes that come in.

use cairn::stratum::{Input, Order};
use cairn::testkit::Actor;

use crate::stage::{Stage, address};
use crate::stranger::sha256d;

/// The lines that answer this one.
fn said(stage: &mut Stage, line: &str) -> Vec<String> {
    let orders = stage.session.handle(stage.now, Input::Received(line));
    let lines = orders.into_iter().filter_map(|order| match order {
        Order::Send(line) => Some(line),
        _ => None,
    });
    lines.collect()
}

#[test]
fn cpuminers_lines_are_answered_to_the_byte() {
    let mut stage = Stage::new();
    stage.offer();
    let user = format!("{}.laptop", address());
    assert_eq!(
        said(&mut stage, r#"{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}"#),
        [
            r#"{"id":1,"result":[[["mining.set_difficulty","s"],["mining.notify","s"]],"ca120007",4],"error":null}"#
        ]
    );
    assert_eq!(
        said(&mut stage, &format!(r#"{{"id": 2, "method": "mining.authorize", "params": ["{user}", "x"]}}"#)),
        [
            r#"{"id":2,"result":true,"error":null}"#.to_owned(),
            r#"{"id":null,"method":"mining.set_difficulty","params":[0.0009765625]}"#.to_owned(),
            notify("1", true),
        ]
    );
    let suggest = r#"{"id":3,"method":"mining.suggest_difficulty","params":[1e-6]}"#;
    assert_eq!(
        said(&mut stage, suggest),
        [
            r#"{"id":3,"result":true,"error":null}"#.to_owned(),
            r#"{"id":null,"method":"mining.set_difficulty","params":[1e-6]}"#.to_owned(),
            notify("2", false),
        ]
    );
    let submit = |job: &str, nonce: &str| {
        format!(
            r#"{{"method": "mining.submit", "params": ["{user}", "{job}", "01000000", "6553f2f4", "{nonce}"], "id":4}}"#
        )
    };
    assert_eq!(said(&mut stage, &submit("2", GOOD_NONCE)), [r#"{"id":4,"result":true,"error":null}"#]);
    assert_eq!(
        said(&mut stage, &submit("2", GOOD_NONCE)),
        [r#"{"id":4,"result":null,"error":[22,"duplicate share",null]}"#]
    );
    assert_eq!(
        said(&mut stage, &submit("2", POOR_NONCE)),
        [r#"{"id":4,"result":null,"error":[23,"low difficulty: this share is POOR, asked for is 1.000e-6",null]}"#
            .replace("POOR", POOR)]
    );
    assert_eq!(
        said(&mut stage, &submit("3", GOOD_NONCE)),
        [r#"{"id":4,"result":null,"error":[21,"stale: the job is not known any more",null]}"#]
    );
    assert_eq!(
        said(&mut stage, r#"{"id":"x","method":"mining.get_transactions","params":["2"]}"#),
        [r#"{"id":"x","result":null,"error":[20,"there is no method mining.get_transactions",null]}"#]
    );
}

#[test]
fn bitaxes_lines_are_answered_to_the_byte() {
    let mut stage = Stage::new();
    stage.offer();
    let configure = r#"{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}"#;
    assert_eq!(
        said(&mut stage, configure),
        [r#"{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}"#]
    );
    assert_eq!(
        said(&mut stage, r#"{"id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1370/v2.9.0"]}"#),
        [
            r#"{"id":2,"result":[[["mining.set_difficulty","s"],["mining.notify","s"]],"ca120007",4],"error":null}"#
        ]
    );
    assert_eq!(
        said(&mut stage, r#"{"id": 3, "method": "mining.suggest_difficulty", "params": [1000]}"#),
        [r#"{"id":3,"result":true,"error":null}"#]
    );
    assert_eq!(
        said(&mut stage, r#"{"id": 4, "method": "mining.extranonce.subscribe", "params": []}"#),
        [r#"{"id":4,"result":true,"error":null}"#]
    );
    let authorize =
        format!(r#"{{"id": 5, "method": "mining.authorize", "params": ["{}.bitaxe", "x"]}}"#, address());
    assert_eq!(
        said(&mut stage, &authorize),
        [
            r#"{"id":5,"result":true,"error":null}"#.to_owned(),
            // On this chain a block takes no more.
            r#"{"id":null,"method":"mining.set_difficulty","params":[1]}"#.to_owned(),
            notify("1", true),
        ]
    );
}

/// A job of this chain, put together by hand from its parts. Its number stands behind the tag.
fn notify(job: &str, clean: bool) -> String {
    let number = hex::encode(job);
    format!(
        r#"{{"id":null,"method":"mining.notify","params":["{job}","{PREVIOUS}","{FRONT}","{BACK}{number}",["{COMMITMENTS}"],"20000000","1d00ffff","6553f2f4",{clean}]}}"#
    )
}

const PREVIOUS: &str = "7926f9158fb8b58b7831610f11451d927d9dfbe8871c39f625036b1f4e06e37a";
const FRONT: &str = "017976f976c7c288aee2de391c114c23b4650be9e191d6b9ee98a88b18db973ee3fd00f2052a010000000f";
const BACK: &str = "636169726e20";
const COMMITMENTS: &str = "61f2e5eb0f7903d5c7a0945af5206dc1ba1785be1aa7e1fb228be0f1aee40fd6";
const GOOD_NONCE: &str = "00002a77";
const POOR_NONCE: &str = "00001000";
const POOR: &str = "3.120e-10";

#[test]
fn fixed_job_is_what_the_chain_says() {
    let stage = Stage::new();
    let groundwork = stage.follower.groundwork();
    let mut previous = hex::decode(PREVIOUS).unwrap();
    previous.chunks_mut(4).for_each(<[u8]>::reverse);
    assert_eq!(previous, groundwork.previous.as_bytes(), "each word of the header's bytes back to front");
    let commitments =
        [&[1][..], groundwork.commitments.state.as_bytes(), groundwork.commitments.history.as_bytes()]
            .concat();
    assert_eq!(COMMITMENTS, hex::encode(sha256d(&commitments)), "in the order in which it was hashed");
    assert!(FRONT.contains(&hex::encode(Actor::new(100).address().as_bytes())));
    assert_eq!(hex::decode(BACK).unwrap(), b"cairn ");
}
