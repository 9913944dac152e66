//! The clock that all nodes of a devnet share.

use cairn::devnet::desk::{ClockView, WarpOrder};
use serde_json::json;

use super::stage::Stage;

const DAY: u32 = 86_400;

fn time_of_tip(stage: &Stage, node: usize) -> u32 {
    stage.node(node).header("tip").unwrap().unwrap().time.0
}

#[test]
fn a_day_later_blocks_are_a_day_later_and_every_node_takes_them() {
    let stage = Stage::start(3);
    stage.handle().mine(1, Some(0)).unwrap();
    let before = time_of_tip(&stage, 2);
    let clock: ClockView = stage.desk().post("/v1/clock/warp", &WarpOrder { seconds: DAY }).unwrap();
    assert!(clock.time.0 >= before + DAY && !clock.frozen);
    stage.handle().mine(1, Some(1)).unwrap();
    assert_eq!(stage.heights(), [Some(2); 3]);
    assert!(time_of_tip(&stage, 2) >= before + DAY);
}

#[test]
fn blocks_of_a_held_clock_have_one_time_and_it_runs_on_from_there() {
    let stage = Stage::start(2);
    let held: ClockView = stage.desk().post("/v1/clock/freeze", &json!({})).unwrap();
    assert!(held.frozen);
    for node in [0, 1, 0] {
        stage.handle().mine(1, Some(node)).unwrap();
        assert_eq!(time_of_tip(&stage, 1), held.time.0);
    }
    stage.handle().warp(100).unwrap();
    stage.handle().mine(1, Some(0)).unwrap();
    assert_eq!(time_of_tip(&stage, 1), held.time.0 + 100);
    let running: ClockView = stage.desk().post("/v1/clock/resume", &json!({})).unwrap();
    assert!(!running.frozen && running.time.0 >= held.time.0 + 100);
}
