//! The client in Rust, over a real socket: it understands all that a node answers, and says what else it met.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use cairn::api::view::{AddressText, Draft, Hit, Outcome, PolicyView, Standing, Taken};
use cairn::api::{Code, Context, Front, Server};
use cairn::client::{Client, ClientError, First};
use cairn::codec::{decode, encode};
use cairn::testkit::Actor;
use cairn::types::{Block, Height, Policy, Txid};
use tokio::runtime::{Builder, Runtime};

use crate::stage::{Stage, miner_address};

/// A node that answers over a socket. Its parts end in this order.
struct Open {
    client: Client,
    _server: Server,
    _runtime: Runtime,
}

fn open(stage: &Stage) -> Open {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let front = Front::new(Context::new(stage.node.handle(), None));
    let server = Server::start(front, listener, runtime.handle()).unwrap();
    let client = Client::new(&format!("http://{}/", server.local_address())).unwrap();
    Open { client, _server: server, _runtime: runtime }
}

fn somebody(stage: &Stage, who: u32) -> AddressText {
    AddressText(stage.address(who))
}

#[test]
fn all_that_a_wallet_asks_is_understood() {
    let stage = Stage::with_history();
    let Open { client, .. } = &open(&stage);
    let tip = client.tip().unwrap();
    assert_eq!(tip.height, Height(5));
    let status = client.status().unwrap();
    assert_eq!((status.tip, &status.network), (tip, &client.network().unwrap()));
    let genesis = client.genesis().unwrap();
    assert_eq!((genesis.params(), genesis.block()), (stage.network.params(), stage.network.genesis.block()));
    let block = client.block(3).unwrap().unwrap();
    assert_eq!(client.block(block.header.hash).unwrap(), Some(block.clone()));
    assert_eq!(client.header("tip").unwrap().unwrap().hash, tip.hash);
    let bytes = client.block_bytes(3).unwrap().unwrap();
    assert_eq!(decode::<Block>(&bytes).unwrap().header.hash(), block.header.hash);
    assert_eq!(client.blocks(Some(Height(3)), 2).unwrap().blocks[0].height, Height(2));
    let txid = block.txids.unwrap()[0];
    let mined = client.transaction(&txid).unwrap().unwrap();
    assert!(matches!(mined.standing, Standing::Confirmed { height: Height(3), .. }), "{mined:?}");
    assert_eq!(client.prove_transaction(&txid).unwrap().unwrap().block, block.header.hash);
    let payer = somebody(&stage, 0);
    let account = client.account(&payer).unwrap();
    assert_eq!(client.account_at(&payer, Height(5)).unwrap().balance, account.balance);
    assert_eq!(client.prove_balance(&payer).unwrap().as_of, Height(4));
    let first = client.history(&payer, First::Oldest, None, 2).unwrap();
    let second = client.history(&payer, First::Oldest, first.next.as_deref(), 2).unwrap();
    assert_eq!((first.entries[0].height, second.entries[0].height), (Height(1), Height(3)));
    let paid = client.payments_for(&Actor::reference("invoice"), None).unwrap();
    assert_eq!(paid.payments.len(), 5);
    assert_eq!(client.supply().unwrap().tip, tip);
    assert_eq!(client.search(&txid.to_string()).unwrap().hits, [Hit::Transaction { txid }]);
}

#[test]
fn what_is_sent_is_taken_in_and_mined() {
    let stage = Stage::new();
    let Open { client, .. } = &open(&stage);
    let payment = stage.payment(0, 1, 1000);
    assert_eq!(client.test(&payment).unwrap().answer.taken, Taken::Ready);
    assert_eq!(client.submit(&payment).unwrap().taken, Taken::Ready);
    assert_eq!(client.submit(&payment).unwrap().taken, Taken::Known);
    let next = stage.payment(0, 1, 1000);
    let outcomes = client.submit_all(&[next.clone(), payment.clone()]).unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted(_))), "{outcomes:?}");
    assert_eq!(client.pending(&somebody(&stage, 0)).unwrap().transactions.len(), 2);
    assert_eq!(client.mempool().unwrap().ready, 2);
    let template = client.template(&AddressText(stage.text(&miner_address()))).unwrap();
    assert_eq!(template.txids, [payment.body.txid(), next.body.txid()]);
    let mut block: Block = decode(&hex::decode(&template.block.0).unwrap()).unwrap();
    cairn::testkit::mine(&mut block.header, stage.network.params());
    assert_eq!(client.submit_block(&block).unwrap().hash, block.header.hash());
    assert_eq!(client.tip().unwrap().height, Height(1));
}

#[test]
fn a_draft_is_put_together_as_this_program_would() {
    let stage = Stage::new();
    let Open { client, .. } = &open(&stage);
    let payment = stage.payment(0, 1, 1000);
    let shown = serde_json::to_value(client.fees().unwrap()).unwrap();
    assert!(shown["next_block"].is_u64());
    let policy = PolicyView::from(&Policy::Key(Actor::new(0).secret().public_key()));
    let actions = serde_json::json!([
        {"kind": "pay", "to": stage.address(1), "amount": "1000", "reference": hex::encode("invoice")}
    ]);
    let actions = serde_json::from_value(actions).unwrap();
    let draft = Draft { policy, nonce: None, fee: Some(payment.body.fee), expiry: None, actions };
    let prepared = client.prepare(&draft).unwrap();
    assert_eq!(prepared.txid, payment.body.txid());
    assert_eq!(prepared.body.0, hex::encode(encode(&payment.body)));
}

#[test]
fn what_is_not_there_is_nothing_and_what_is_wrong_has_a_code() {
    let stage = Stage::new();
    let Open { client, .. } = &open(&stage);
    assert_eq!(client.block(77).unwrap(), None);
    assert_eq!(client.transaction(&Txid::from_bytes([9; 32])).unwrap(), None);
    let error = client.account(&AddressText("me".to_owned())).unwrap_err();
    assert_eq!(error.code(), Some(Code::BadAddress));
    assert!(error.to_string().contains("on this chain one is `ctest1`"), "{error}");
    let poor = Actor::new(77).pay(stage.network.params(), 0, &Actor::new(1), 1, 1);
    assert_eq!(client.submit(&poor).unwrap_err().code(), Some(Code::BalanceTooLow));
}

#[test]
fn whatever_is_no_node_is_said_to_be_none() {
    for url in ["127.0.0.1:9330", "https://example.org", "http://", "http://a b"] {
        assert!(matches!(Client::new(url), Err(ClientError::NoAddress { .. })), "{url}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Client::new(&format!("http://{closed}")).unwrap().tip().unwrap_err();
    assert!(matches!(nobody, ClientError::Unreachable { .. }), "{nobody}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let answers =
        ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n"];
    let other = thread::spawn(move || {
        for answer in answers {
            let mut stream: TcpStream = listener.accept().unwrap().0;
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    for _ in answers {
        let error = client.tip().unwrap_err();
        assert!(matches!(error, ClientError::NotANode { .. }), "{error}");
    }
    other.join().unwrap();
}
