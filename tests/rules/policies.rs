//! Policies and keys: what cannot be built cannot be read either.

use cairn::codec::{CodecError, decode, encode, encoded_len};
use cairn::consensus::TransactionError;
use cairn::crypto::{KeyError, PublicKey};
use cairn::testkit::Actor;
use cairn::types::{Height, POLICY_BYTES_MAX, Policy, PolicyError, Transaction};

use crate::stage::Stage;

fn key(number: u32) -> Policy {
    Actor::new(number).policy()
}

fn keys(count: u32) -> Vec<Policy> {
    (0..count).map(key).collect()
}

/// A threshold's bytes, whatever it holds.
fn threshold_bytes(required: u8, children: &[Vec<u8>]) -> Vec<u8> {
    [vec![1, required, children.len() as u8], children.concat()].concat()
}

/// Reads a policy within a transaction, where no bound but its own keeps it short.
fn decode_in_transaction(policy: &[u8]) -> Result<Transaction, CodecError> {
    let mut bytes = encode(&Stage::new().pay(0, 0, 1, 5, 1));
    let honest = 4..4 + encoded_len(&key(0));
    assert_eq!(bytes[honest.clone()], encode(&key(0)));
    bytes.splice(honest, policy.iter().copied());
    decode(&bytes)
}

fn encoded(policies: &[Policy]) -> Vec<Vec<u8>> {
    policies.iter().map(encode).collect()
}

/// What a rule of policies reads like where bytes broke it.
fn malformed(error: PolicyError) -> CodecError {
    CodecError::Malformed(error.to_string())
}

#[test]
fn threshold_of_no_children_or_too_many_is_refused() {
    assert!(Policy::threshold(1, keys(16)).is_ok());
    assert_breaks!(Policy::threshold(1, Vec::new()), PolicyError::Children);
    assert_breaks!(Policy::threshold(1, vec![Policy::After(Height(1)); 17]), PolicyError::Children);

    let sixteen = threshold_bytes(1, &encoded(&keys(16)));
    assert!(decode_in_transaction(&sixteen).is_ok());
    assert_breaks!(decode_in_transaction(&threshold_bytes(1, &[])), malformed(PolicyError::Children));
    let seventeen = threshold_bytes(1, &encoded(&vec![Policy::After(Height(1)); 17]));
    assert_breaks!(decode_in_transaction(&seventeen), malformed(PolicyError::Children));
}

#[test]
fn threshold_of_none_or_of_more_than_it_has_is_refused() {
    assert!(Policy::threshold(2, keys(2)).is_ok());
    for required in [0, 3, 255] {
        assert_breaks!(Policy::threshold(required, keys(2)), PolicyError::Required);
        let bytes = threshold_bytes(required, &encoded(&keys(2)));
        assert_breaks!(decode_in_transaction(&bytes), malformed(PolicyError::Required));
    }
}

#[test]
fn policy_of_five_levels_is_refused() {
    let deepen = |policy| Policy::threshold(1, vec![policy]);
    let four = deepen(deepen(deepen(key(1)).unwrap()).unwrap()).unwrap();
    assert!(decode_in_transaction(&encode(&four)).is_ok());
    assert_breaks!(deepen(four.clone()), PolicyError::Depth);
    let five = threshold_bytes(1, &[encode(&four)]);
    assert_breaks!(decode_in_transaction(&five), malformed(PolicyError::Depth));
    let hostile = [1, 1, 1].repeat(10_000);
    assert_breaks!(decode_in_transaction(&hostile), malformed(PolicyError::Depth));
}

#[test]
fn policy_of_seventeen_keys_is_refused_wherever_they_stand() {
    let fifteen = Policy::threshold(1, keys(15)).unwrap();
    let sixteen = Policy::threshold(1, vec![fifteen.clone(), key(16)]).unwrap();
    assert!(decode_in_transaction(&encode(&sixteen)).is_ok());
    let children = vec![fifteen, key(16), key(17)];
    let bytes = threshold_bytes(1, &encoded(&children));
    assert_breaks!(Policy::threshold(1, children), PolicyError::Keys);
    assert_breaks!(decode_in_transaction(&bytes), malformed(PolicyError::Keys));
}

#[test]
fn policy_above_1024_bytes_is_refused() {
    let hashes = |count| vec![Policy::Preimage([9; 32]); count];
    let lock = |height| Policy::After(Height(height));
    let locks = |last| {
        let inner = Policy::threshold(1, vec![lock(1 << 20), lock(1 << 20), lock(1 << 20), lock(last)]);
        Policy::threshold(1, vec![inner.unwrap()]).unwrap()
    };
    let children = |last| {
        let most = vec![Policy::threshold(1, hashes(16)).unwrap(), locks(last)];
        [hashes(14), most].concat()
    };
    let longest = Policy::threshold(1, children(1000)).unwrap();
    assert_eq!(encoded_len(&longest), POLICY_BYTES_MAX);
    assert_eq!(decode(&encode(&longest)), Ok(longest.clone()));
    assert!(decode_in_transaction(&encode(&longest)).is_ok());

    assert_breaks!(Policy::threshold(1, children(1 << 20)), PolicyError::Bytes);
    let longer = threshold_bytes(1, &encoded(&children(1 << 20)));
    assert_breaks!(decode_in_transaction(&longer), malformed(PolicyError::Bytes));
    assert_breaks!(
        decode::<Policy>(&longer),
        CodecError::TooLong { bytes: longer.len(), bytes_max: POLICY_BYTES_MAX }
    );
}

#[test]
fn unknown_kind_of_policy_is_refused() {
    assert_breaks!(decode_in_transaction(&[4]), CodecError::Malformed("unknown kind 4 of policy".to_owned()));
}

/// Reads these 32 bytes as a key, by themselves and within a policy.
fn read_key(bytes: [u8; 32]) -> [Result<PublicKey, KeyError>; 2] {
    let within = decode::<Policy>(&[&[0][..], &bytes].concat());
    let within = within.map_err(|error| {
        let all = [KeyError::NotCanonical, KeyError::SmallOrder];
        let reads = |key_error: &KeyError| error == CodecError::Malformed(key_error.to_string());
        all.into_iter().find(reads).unwrap_or_else(|| panic!("{error}"))
    });
    let key = within.map(|policy| match policy {
        Policy::Key(key) => key,
        Policy::Threshold(_) | Policy::After(_) | Policy::Preimage(_) => panic!("a key was written"),
    });
    [PublicKey::from_bytes(bytes), key]
}

#[test]
fn key_that_is_not_reduced_is_no_key() {
    // p = 2^255 − 19 and above, with either sign.
    for (low, high) in [(0xed, 0x7f), (0xee, 0xff), (0xff, 0x7f)] {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (low, high);
        for read in read_key(bytes) {
            assert_breaks!(read, KeyError::NotCanonical);
        }
    }
    let mut below = [0xff; 32];
    (below[0], below[31]) = (0xeb, 0x7f);
    assert!(read_key(below).iter().all(Result::is_ok), "p − 2 is reduced");
}

#[test]
fn key_of_small_order_is_no_key() {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    for mut bytes in [[0; 32], one, minus_one] {
        for sign in [0, 0x80] {
            bytes[31] = bytes[31] & 0x7f | sign;
            for read in read_key(bytes) {
                assert_breaks!(read, KeyError::SmallOrder);
            }
        }
    }
}

#[test]
fn key_off_the_curve_can_be_paid_to_and_never_signs() {
    let off_curve = (2..).map(|low| {
        let mut bytes = [0; 32];
        bytes[0] = low;
        PublicKey::from_bytes(bytes).unwrap()
    });
    let key = off_curve.into_iter().find(|key| !key.is_on_curve()).unwrap();
    let stage = Stage::new();
    let mut body = stage.pay(0, 0, 1, 5, 1).body;
    body.policy = Policy::Key(key);
    let transaction = Actor::new(0).sign(stage.params(), body);
    assert_breaks!(stage.check(transaction), TransactionError::Signature);
    let mut stage = stage;
    let actor = Actor::new(0);
    let body = actor.payment(stage.params(), 0, Policy::Key(key).address(), 5, 0);
    let paid = actor.sign(stage.params(), body);
    stage.apply(vec![paid]).unwrap();
}
