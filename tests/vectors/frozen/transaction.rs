//! Policies, their addresses, and two transactions that use everything a transaction can.

use cairn::codec::{Blob, List, decode, encode};
use cairn::consensus::{Params, check_transaction};
use cairn::crypto::{SecretKey, Signature};
use cairn::testkit::Network;
use cairn::types::{
    Action, Address, Amount, BlockHash, Body, ChainId, Height, Nonce, Policy, Transaction, Witness,
};

use super::{sha256, sha256d, tagged, text};

const PREIMAGE: [u8; 32] = [0x33; 32];
const PAYEE: Address = Address::from_bytes([0xaa; 32]);

fn secret(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

fn key(number: u8) -> [u8; 32] {
    secret(number).public_key().to_bytes()
}

/// 32 bytes in ascending order, so that it is seen which of them go where.
fn chain() -> ChainId {
    ChainId(BlockHash::from_bytes(std::array::from_fn(|at| 0xc0 + at as u8)))
}

/// Rules that allow everything, of that chain.
fn params() -> Params {
    Params { chain: chain(), ..Network::new(0).params().clone() }
}

/// 2 of: a key, a height, a hash, and 1 of another key.
fn threshold() -> Policy {
    let inner = Policy::threshold(1, vec![Policy::Key(secret(2).public_key())]).expect("within bounds");
    let children = vec![
        Policy::Key(secret(1).public_key()),
        Policy::After(Height(70_000)),
        Policy::Preimage(sha256(&[&PREIMAGE])),
        inner,
    ];
    Policy::threshold(2, children).expect("within bounds")
}

fn threshold_bytes() -> Vec<u8> {
    [
        &[1][..],              // policy: Threshold
        &[2],                  // required
        &[4],                  // children
        &[0],                  // policy: Key
        &key(1),               //
        &[2],                  // policy: After
        &[252, 112, 17, 1, 0], // height 70,000
        &[3],                  // policy: Preimage
        &sha256(&[&PREIMAGE]), //
        &[1, 1, 1],            // policy: Threshold, 1 of 1
        &[0],                  // policy: Key
        &key(2),               //
    ]
    .concat()
}

fn signed(body: Body, number: u8, choices: Vec<u16>, preimages: Vec<[u8; 32]>) -> Transaction {
    let message = tagged("cairn/sign", &[chain().0.as_bytes(), &tagged("cairn/tx", &[&encode(&body)])]);
    let witness = Witness {
        choices: List::new(choices).expect("few"),
        signatures: List::new(vec![secret(number).sign(&message)]).expect("one"),
        preimages: List::new(preimages).expect("few"),
    };
    Transaction { body, witness }
}

/// Under a key: a payment with a reference, a note, an expiry.
pub fn payment() -> Transaction {
    let pay = Action::Pay {
        to: PAYEE,
        amount: Amount::from_pebbles(5_000_000_000),
        reference: Blob::new("invoice").expect("short"),
    };
    let body = Body {
        chain: chain().tag(),
        policy: Policy::Key(secret(1).public_key()),
        nonce: Nonce(300),
        fee: Amount::from_pebbles(70_000),
        expiry: Some(Height(1000)),
        actions: List::new(vec![pay, Action::Note(Blob::new("hello").expect("short"))]).expect("two"),
    };
    signed(body, 1, Vec::new(), Vec::new())
}

fn payment_body_bytes() -> Vec<u8> {
    [
        &[0xc0, 0xc1, 0xc2, 0xc3][..],     // chain: the first bytes of its id
        &[0],                              // policy: Key
        &key(1),                           //
        &[251, 44, 1],                     // nonce 300
        &[252, 112, 17, 1, 0],             // fee 70,000
        &[1, 251, 232, 3],                 // expiry: there is one, 1,000
        &[2],                              // actions
        &[0],                              // action: Pay
        &[0xaa; 32],                       // to
        &[253, 0, 242, 5, 42, 1, 0, 0, 0], // amount 5,000,000,000
        &[7],                              // reference
        b"invoice",                        //
        &[2],                              // action: Note
        &[5],                              //
        b"hello",                          //
    ]
    .concat()
}

fn payment_bytes() -> Vec<u8> {
    let Signature(signature) = payment().witness.signatures[0];
    [
        &payment_body_bytes()[..],
        &[0], // choices
        &[1], // signatures
        &signature,
        &[0], // preimages
    ]
    .concat()
}

/// Under a threshold: everything is paid out, a key and a preimage show why.
pub fn sweep() -> Transaction {
    let body = Body {
        chain: chain().tag(),
        policy: threshold(),
        nonce: Nonce(0),
        fee: Amount::from_pebbles(250),
        expiry: None,
        actions: List::new(vec![Action::PayAll { to: PAYEE, reference: Blob::default() }]).expect("one"),
    };
    signed(body, 2, vec![0b1100, 0b1], vec![PREIMAGE])
}

fn sweep_body_bytes() -> Vec<u8> {
    [
        &[0xc0, 0xc1, 0xc2, 0xc3][..], // chain
        &threshold_bytes(),            // policy
        &[0],                          // nonce
        &[250],                        // fee: the largest number of one byte
        &[0],                          // expiry: none
        &[1],                          // actions
        &[1],                          // action: PayAll
        &[0xaa; 32],                   // to
        &[0],                          // reference
    ]
    .concat()
}

fn sweep_bytes() -> Vec<u8> {
    let Signature(signature) = sweep().witness.signatures[0];
    [
        &sweep_body_bytes()[..],
        &[2, 0b1100, 0b1], // choices: the third and fourth child, then the only one
        &[1],              // signatures
        &signature,
        &[1], // preimages
        &PREIMAGE,
    ]
    .concat()
}

#[test]
fn payment_is_laid_out_as_it_always_was() {
    assert_eq!(text(encode(&payment().body)), text(payment_body_bytes()));
    assert_eq!(text(encode(&payment())), text(payment_bytes()));
    assert_eq!(decode(&payment_bytes()), Ok(payment()));
}

#[test]
fn sweep_is_laid_out_as_it_always_was() {
    assert_eq!(text(encode(&sweep().body)), text(sweep_body_bytes()));
    assert_eq!(text(encode(&sweep())), text(sweep_bytes()));
    assert_eq!(decode(&sweep_bytes()), Ok(sweep()));
}

#[test]
fn transactions_have_the_names_they_always_had() {
    let cases = [
        (
            payment(),
            payment_body_bytes(),
            payment_bytes(),
            "c1135b5dbefc80f558fa4e3733e5750099b170d345173621a2795b194bb35526",
            "78990be815d88637c2f4318ba4de651b6a101f6717c44a861f8adde1a78757be",
        ),
        (
            sweep(),
            sweep_body_bytes(),
            sweep_bytes(),
            "3f41b8cd9fd82c000149f743156d12295f793f10464669d1eac98ca49b77c35e",
            "e41c48d9545b81e3d09992015ea98d462741ae17722b8d14b1f68adcb696d820",
        ),
    ];
    for (transaction, body, bytes, txid, hash) in cases {
        let names = transaction.names();
        assert_eq!(*names.txid.as_bytes(), tagged("cairn/tx", &[&body]));
        assert_eq!(*names.hash.as_bytes(), sha256d(&[&bytes]));
        assert_eq!(names.bytes, bytes.len());
        assert_eq!([names.txid.to_string(), names.hash.to_string()], [txid, hash]);
        assert_eq!((transaction.body.txid(), transaction.hash()), (names.txid, names.hash));
    }
}

/// Ed25519 signatures are made in one way only, so they are frozen too.
#[test]
fn signatures_are_over_the_whole_chain_id_and_the_txid() {
    for transaction in [payment(), sweep()] {
        let txid = transaction.body.txid();
        let expected = tagged("cairn/sign", &[chain().0.as_bytes(), txid.as_bytes()]);
        assert_eq!(txid.signing_message(&chain()), expected);
        assert!(check_transaction(transaction, &params()).is_ok());
    }
    assert_eq!(
        text(payment().witness.signatures[0].0),
        "84534dc5b70700610af579490760ded9480cde1529f9546e13eeafd22b3078ec1fb184b38aa7348dc2a0274e4033035a1965299e3c0e5f7450d1883540cafc08"
    );
}

#[test]
fn addresses_are_the_hashes_of_policies_as_they_always_were() {
    let prefix = "cairn".parse().expect("small letters");
    let lone_key = Policy::Key(secret(1).public_key());
    let cases = [
        (
            lone_key,
            [&[0][..], &key(1)].concat(),
            "cairn10eg9y595928q22pumvr85s4z5z9psah4t75d3mguzvn66ff0kp6qudshmj",
        ),
        (threshold(), threshold_bytes(), "cairn1qecvjlj9dx8fmj5576wr2u4gmnphlnwyhj7kjx3kr84mq395faeshxug5k"),
    ];
    for (policy, bytes, address) in cases {
        assert_eq!(text(encode(&policy)), text(&bytes));
        assert_eq!(*policy.address().as_bytes(), tagged("cairn/address", &[&bytes]));
        assert_eq!(policy.address().to_text(&prefix), address);
        assert_eq!(Address::parse(address, &prefix), Ok(policy.address()));
    }
}
