//! Branches to order.

use cairn::api::Code;
use cairn::devnet::desk::{NetworkView, ReorganizationOrder, ReorganizationView};
use cairn::types::Amount;
use serde_json::json;

use super::stage::Stage;

#[test]
fn a_reorganization_is_really_mined_and_all_go_over_to_it() {
    let stage = Stage::start(4);
    stage.handle().mine(10, None).unwrap();
    let to = stage.account(4);
    let before = stage.balance(2, &to).pebbles();
    stage.handle().give(to, Amount::from_pebbles(3), Some(0)).unwrap();
    stage.handle().mine(3, Some(0)).unwrap();
    assert_eq!(stage.balance(2, &to).pebbles(), before + 3);
    let order = ReorganizationOrder { depth: 3, node: Some(1) };
    let made: ReorganizationView = stage.desk().post("/v1/reorganize", &order).unwrap();
    assert_eq!((made.depth, made.node), (3, 1));
    assert_eq!(stage.heights(), [Some(14); 4]);
    for node in stage.network().nodes {
        assert_eq!(node.tip, Some(made.to));
    }
    assert_eq!(stage.balance(2, &to).pebbles(), before + 3, "it was mined again");
    let node = stage.handle().roster().borrow()[3].live.clone().unwrap().node;
    let left = node.reader().header(&made.from).unwrap();
    assert_eq!(left.height.0, 13);
    let told = node.reader().reorganizations(1).unwrap();
    assert_eq!(told.len(), 1);
}

#[test]
fn a_reorganization_deeper_than_the_chain_is_refused() {
    let stage = Stage::start(2);
    stage.handle().mine(3, None).unwrap();
    for depth in [0, 4] {
        let order = ReorganizationOrder { depth, node: None };
        let refused = stage.desk().post::<ReorganizationView>("/v1/reorganize", &order).unwrap_err();
        assert_eq!(refused.code(), Some(Code::NotNow));
    }
    stage.handle().reorganize(3, None).unwrap();
    assert_eq!(stage.heights(), [Some(4); 2]);
}

#[test]
fn a_block_that_is_left_is_left_by_all_until_it_counts_again() {
    let stage = Stage::start(3);
    let made = stage.handle().mine(5, None).unwrap().blocks;
    let order = |what: &str| -> NetworkView {
        stage.desk().post(&format!("/v1/blocks/{}/{what}", made[2]), &json!({})).unwrap()
    };
    order("invalidate");
    assert_eq!(stage.heights(), [Some(2); 3]);
    stage.handle().mine(1, Some(2)).unwrap();
    assert_eq!(stage.heights(), [Some(3); 3]);
    order("reconsider");
    stage.agree();
    assert_eq!(stage.heights(), [Some(5); 3]);
    let unknown = format!("/v1/blocks/{}/invalidate", "11".repeat(32));
    let refused = stage.desk().post::<NetworkView>(&unknown, &json!({})).unwrap_err();
    assert_eq!(refused.code(), Some(Code::NotNow));
    let nonsense = stage.desk().post::<NetworkView>("/v1/blocks/tip/invalidate", &json!({})).unwrap_err();
    assert_eq!(nonsense.code(), Some(Code::BadValue));
}
