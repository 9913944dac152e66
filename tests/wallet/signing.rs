//! Signatures of several holders, in any order and from anywhere.

use cairn::consensus::{TransactionError, Untimely};
use cairn::crypto::Signature;
use cairn::types::{Address, ChainTag, Height, Nonce, Policy, Reference};
use cairn::wallet::{Draft, Fee, Lack, Means, PartError, Rest, Scene, Signing, SigningError, Warning, ways};
use proptest::prelude::*;

use crate::people::{
    address, after, dead_key, draft, key, lock, name, of, params, pebbles, preimage, public, secret,
};

pub fn signing_of(wish: &Draft) -> Signing {
    let params = params();
    let way = ways(&wish.policy, &Means::all(&wish.policy)).swap_remove(0);
    let has_account = |_: &Address| true;
    let (height, balance) = (Height(10), pebbles(1 << 40));
    let scene = Scene { params: &params, height, balance, has_account: &has_account, rate_floor: 0 };
    Signing::new(wish.prepare(&way, &scene).unwrap().body, &params).unwrap()
}

fn signing(policy: Policy) -> Signing {
    signing_of(&draft(policy))
}

#[test]
fn two_of_three_complete_a_transaction_wherever_they_sign() {
    let blank = signing(of(2, vec![key(0), key(1), key(2)]));
    let (mut one, mut other) = (blank.clone(), blank);
    one.sign(&secret(2)).unwrap();
    other.sign(&secret(0)).unwrap();
    let lack = one.lack(Height(10)).unwrap();
    assert_eq!(lack.words(&name), ["one more of these two has to sign: you, alice"]);
    assert_eq!(one.complete(Height(10), &params()).unwrap_err(), SigningError::Lacking(lack));
    let (mut there, mut back) = (one.clone(), other.clone());
    there.combine(&other).unwrap();
    back.combine(&one).unwrap();
    assert_eq!(there, back);
    assert_eq!(there.lack(Height(10)), None);
    let transaction = there.complete(Height(10), &params()).unwrap();
    assert_eq!(transaction.transaction(), back.complete(Height(10), &params()).unwrap().transaction());
    assert_eq!(transaction.facts().txid, one.txid());
}

#[test]
fn signature_that_does_not_hold_or_has_no_say_is_refused_at_once() {
    let mut one = signing(of(1, vec![key(0), key(1)]));
    assert_eq!(one.sign(&secret(3)), Err(PartError::NoSay(public(3))));
    let stranger = secret(3).sign(one.parts().message());
    assert_eq!(one.add_signature(public(0), stranger), Err(PartError::Signature(public(0))));
    let of_the_txid = secret(0).sign(one.txid().as_bytes());
    assert_eq!(one.add_signature(public(0), of_the_txid), Err(PartError::Signature(public(0))));
    assert_eq!(one.add_signature(public(0), Signature([0; 64])), Err(PartError::Signature(public(0))));
    assert_eq!(one.parts().signatures().len(), 0);
    let held = secret(0).sign(one.parts().message());
    one.add_signature(public(0), held).unwrap();
    assert_eq!(one.lack(Height(10)), None);
}

#[test]
fn parts_of_another_transaction_are_refused() {
    let mut one = signing(key(0));
    let mut wish = draft(key(0));
    wish.payments[0].amount = pebbles(5001);
    let other = signing_of(&wish);
    let error = SigningError::OtherTransaction { expected: one.txid(), found: other.txid() };
    assert_eq!(one.combine(&other), Err(error));
    let elsewhere = secret(0).sign(other.parts().message());
    assert_eq!(one.add_signature(public(0), elsewhere), Err(PartError::Signature(public(0))));
}

#[test]
fn preimage_is_taken_where_it_is_asked_for() {
    let mut one = signing(of(2, vec![key(0), lock(1)]));
    assert_eq!(one.add_preimage(preimage(2)), Err(PartError::Preimage));
    one.sign(&secret(0)).unwrap();
    assert!(matches!(one.lack(Height(10)), Some(Lack::Preimage(_))));
    one.add_preimage(preimage(1)).unwrap();
    let transaction = one.complete(Height(10), &params()).unwrap();
    assert_eq!(&transaction.transaction().witness.preimages[..], [preimage(1)]);
}

#[test]
fn transaction_is_complete_for_the_heights_it_is_valid_at() {
    let mut one = signing(of(2, vec![key(0), after(1200)]));
    one.sign(&secret(0)).unwrap();
    assert_eq!(one.lack(Height(1199)), Some(Lack::Height(Height(1200))));
    assert!(one.complete(Height(1200), &params()).is_ok());
    let mut brief = signing_of(&Draft { expiry: Some(Height(20)), ..draft(key(0)) });
    brief.sign(&secret(0)).unwrap();
    assert!(brief.complete(Height(20), &params()).is_ok());
    let expired = Untimely::Expired { expiry: Height(20), height: Height(21) };
    assert_eq!(brief.complete(Height(21), &params()).unwrap_err(), expired.into());
}

#[test]
fn signer_who_sees_no_chain_is_warned_of_what_the_body_shows() {
    assert_eq!(signing(key(0)).warnings(), []);
    let mut wish = Draft { nonce: Nonce(0), fee: Fee::Exactly(pebbles(900_000)), ..draft(key(0)) };
    let warned = |wish: &Draft| signing_of(wish).warnings();
    assert!(matches!(warned(&wish)[..], [Warning::FeeBeyondReason { .. }, Warning::RevealsPolicy]));
    // How much a sweep sends nobody knows here, so its payments excuse nothing.
    wish.payments[0].amount = pebbles(99_000_000);
    assert_eq!(warned(&wish), [Warning::RevealsPolicy]);
    wish.rest = Some(Rest { to: address(3), reference: Reference::default() });
    assert!(matches!(warned(&wish)[..], [Warning::FeeBeyondReason { .. }, Warning::RevealsPolicy]));
}

#[test]
fn nothing_that_the_chain_would_refuse_comes_before_a_signer() {
    let body = signing(key(0)).body().clone();
    let mut foreign = body.clone();
    foreign.chain = ChainTag([9; 4]);
    let error = TransactionError::OtherChain { expected: params().chain.tag(), found: ChainTag([9; 4]) };
    assert_eq!(Signing::new(foreign, &params()), Err(error.into()));
    let mut dead = body;
    dead.policy = Policy::Key(dead_key());
    assert_eq!(Signing::new(dead, &params()), Err(SigningError::Nobody));
}

proptest! {
    #[test]
    fn order_of_signing_does_not_matter(order in Just((0..5_u8).collect::<Vec<_>>()).prop_shuffle(), enough in 3..=5_usize) {
        let policy = of(3, (0..5).map(key).collect());
        let mut forward = signing(policy.clone());
        let mut backward = signing(policy);
        let signers = &order[..enough];
        signers.iter().for_each(|number| forward.sign(&secret(*number)).unwrap());
        signers.iter().rev().for_each(|number| {
            let mut alone = backward.clone();
            alone.sign(&secret(*number)).unwrap();
            backward.combine(&alone).unwrap();
        });
        prop_assert_eq!(&forward, &backward);
        let (one, other) = (forward.complete(Height(10), &params()), backward.complete(Height(10), &params()));
        prop_assert_eq!(one.unwrap(), other.unwrap());
    }
}
