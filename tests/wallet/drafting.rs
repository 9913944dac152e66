//! From a wish to a body that the chain takes.

use cairn::consensus::{TransactionError, Untimely, check_transaction};
use cairn::ledger::SpendError;
use cairn::types::{Address, Amount, Height, Nonce, Note, Policy, Reference};
use cairn::wallet::{
    Draft, DraftError, Fee, Means, Payment, Prepared, RATE_BELIEVED_MAX, Rest, Scene, Signing, Warning,
    describe, fee_for, quoted, ways,
};
use proptest::prelude::*;

use crate::people::{
    address, after, draft, key, lock, of, params, pebbles, policies, preimage, reference, secret,
};

/// Prepares for the cheapest way that everybody together has; everyone but the last four people has an account.
fn prepare_with(draft: &Draft, balance: u64, rate_floor: u64) -> Result<Prepared, DraftError> {
    let params = params();
    let has_account = |to: &Address| (0..16).any(|number| address(number) == *to);
    let balance = pebbles(balance);
    let scene = Scene { params: &params, height: Height(10), balance, has_account: &has_account, rate_floor };
    let way = ways(&draft.policy, &Means::all(&draft.policy)).swap_remove(0);
    draft.prepare(&way, &scene)
}

fn prepare(draft: &Draft, balance: u64) -> Result<Prepared, DraftError> {
    prepare_with(draft, balance, 1000)
}

fn plain() -> Draft {
    draft(key(0))
}

#[test]
fn fee_at_a_rate_is_for_the_length_that_is_signed_and_rounded_up() {
    let prepared = prepare(&Draft { fee: Fee::PerKilobyte(1001), ..plain() }, 1_000_000).unwrap();
    assert_eq!(prepared.body.fee, fee_for(1001, prepared.bytes));
    assert_eq!(fee_for(1001, 1000), pebbles(1001));
    assert_eq!(fee_for(1, 1), pebbles(1));
    assert_eq!(fee_for(0, 5000), pebbles(0));
    assert_eq!(fee_for(u64::MAX, 5000), pebbles(u64::MAX));
    assert_eq!(prepared.warnings, []);
    assert_eq!(prepared.sent(), pebbles(5000));
}

#[test]
fn draft_of_nothing_or_of_too_much_is_refused() {
    let nothing = Draft { payments: Vec::new(), ..plain() };
    assert_eq!(prepare(&nothing, 5), Err(DraftError::Nothing));
    let payments = |count| vec![plain().payments.swap_remove(0); count];
    let many = Draft { payments: payments(257), ..plain() };
    assert_eq!(prepare(&many, 10_000_000), Err(DraftError::Actions(257)));
    assert!(prepare(&Draft { payments: payments(256), ..plain() }, 10_000_000).is_ok());
}

#[test]
fn whatever_the_chain_would_refuse_is_refused_before() {
    let mut zero = plain();
    zero.payments[0].amount = Amount::ZERO;
    let refused = TransactionError::PaysNothing { action: 0 };
    assert_eq!(prepare(&zero, 1_000_000), Err(DraftError::Refused(refused)));

    let mut all_there_is = plain();
    all_there_is.payments[0].amount = pebbles(u64::MAX);
    assert_eq!(prepare(&all_there_is, 5), Err(DraftError::Refused(TransactionError::Overflow)));

    let fee = prepare(&plain(), 1_000_000).unwrap().body.fee.pebbles();
    let (cost, balance) = (pebbles(5000 + fee), pebbles(4999 + fee));
    assert_eq!(prepare(&plain(), 4999 + fee), Err(SpendError::Balance { cost, balance }.into()));
    assert!(prepare(&plain(), 5000 + fee).is_ok());

    let expired = Draft { expiry: Some(Height(9)), ..plain() };
    let untimely = Untimely::Expired { expiry: Height(9), height: Height(10) };
    assert_eq!(prepare(&expired, 1_000_000), Err(untimely.into()));
    assert!(prepare(&Draft { expiry: Some(Height(10)), ..plain() }, 1_000_000).is_ok());

    let mut heavy = draft(of(16, (0..16).map(key).collect()));
    let long = Reference::new([b'r'; 32]).unwrap();
    let payment = Payment { to: address(1), amount: pebbles(1 << 33), reference: long };
    heavy.payments = vec![payment; 256];
    let refused = prepare(&heavy, u64::MAX >> 1);
    assert!(matches!(refused, Err(DraftError::Refused(TransactionError::TooLong { .. }))), "{refused:?}");
}

#[test]
fn new_account_is_charged_once_and_its_charge_must_be_there() {
    let mut twice = plain();
    twice.payments[0].to = address(17);
    twice.payments.push(twice.payments[0].clone());
    let charge = params().account_charge;
    let prepared = prepare(&twice, 1_000_000).unwrap();
    assert_eq!(prepared.settlement.charge, charge);
    assert_eq!(prepared.warnings, [Warning::NewRecipient { to: address(17), charge }]);
    let cost = prepared.settlement.cost;
    assert_eq!(cost.pebbles(), 10_000 + prepared.body.fee.pebbles() + charge.pebbles());
    assert!(prepare(&twice, cost.pebbles()).is_ok());
    assert!(matches!(
        prepare(&twice, cost.pebbles() - 1),
        Err(DraftError::Spend(SpendError::Balance { .. }))
    ));
}

#[test]
fn sweep_pays_what_payments_and_fee_leave() {
    let rest = Some(Rest { to: address(4), reference: reference("rest") });
    let prepared = prepare(&Draft { rest: rest.clone(), ..plain() }, 100_000).unwrap();
    let fee = prepared.body.fee.pebbles();
    assert_eq!(prepared.settlement.paid_all, Some(pebbles(95_000 - fee)));
    assert_eq!(prepared.sent(), pebbles(100_000 - fee));
    assert_eq!(prepared.warnings, [], "who asks for all need not be asked again");
    let nothing_left = prepare(&Draft { rest, ..plain() }, 5000 + fee);
    assert_eq!(nothing_left, Err(SpendError::NothingLeft.into()));
}

#[test]
fn person_is_asked_about_what_they_may_not_have_meant() {
    let warned = |draft: &Draft, balance| prepare(draft, balance).unwrap().warnings;
    assert_eq!(warned(&Draft { nonce: Nonce(0), ..plain() }, 1_000_000), [Warning::RevealsPolicy]);
    let note = Some(Note::new(*b"thanks").unwrap());
    assert_eq!(warned(&Draft { note, ..plain() }, 1_000_000), [Warning::PublicNote]);
    let mut itself = plain();
    itself.payments[0].to = address(0);
    assert_eq!(warned(&itself, 1_000_000), [Warning::PaysItself]);
    let cost = prepare(&plain(), 1_000_000).unwrap().settlement.cost.pebbles();
    assert_eq!(warned(&plain(), cost + 100), [Warning::PaysNearlyAll { left: pebbles(100) }]);
    let later = Draft { policy: of(2, vec![key(0), after(500)]), ..plain() };
    assert_eq!(warned(&later, 1_000_000), [Warning::NotBefore(Height(500))]);
}

/// A payment for just what a node says that it takes.
fn fee_at_rate_of_node(rate: u64) -> Prepared {
    prepare_with(&Draft { fee: Fee::PerKilobyte(rate), ..plain() }, 1 << 40, rate).unwrap()
}

#[test]
fn fee_is_beyond_reason_when_it_is_large_by_both_measures() {
    let with_fee = |fee, amount: u64| {
        let mut draft = Draft { fee: Fee::Exactly(pebbles(fee)), ..plain() };
        draft.payments[0].amount = pebbles(amount);
        prepare(&draft, 1 << 40).unwrap()
    };
    let least = fee_for(1000, with_fee(20_000, 5000).bytes);
    let most = least.pebbles() * 100;
    let beyond = |fee| vec![Warning::FeeBeyondReason { fee: pebbles(fee), least }];
    assert_eq!(with_fee(most + 1, 5000).warnings, beyond(most + 1));
    assert_eq!(with_fee(most, 5000).warnings, [], "a hundred times the least");
    assert_eq!(with_fee(most + 1, 101 * (most + 1)).warnings, [], "under a hundredth of what is sent");
    // Whatever a node says that it takes, …
    let told = fee_at_rate_of_node(1_000_000);
    let believed = fee_for(RATE_BELIEVED_MAX, told.bytes);
    let fee = fee_for(1_000_000, told.bytes);
    assert_eq!(told.warnings, [], "a hundred times what is believed");
    let told = fee_at_rate_of_node(1_010_000);
    let fee_above = fee_for(1_010_000, told.bytes);
    assert!(fee_above > fee);
    assert_eq!(told.warnings, [Warning::FeeBeyondReason { fee: fee_above, least: believed }]);
    // … and however much is sent.
    let mut large = Draft { fee: Fee::PerKilobyte(1_010_000), ..plain() };
    large.payments[0].amount = pebbles(1 << 38);
    let named = prepare_with(&large, 1 << 40, 1000).unwrap();
    assert!(matches!(named.warnings[..], [Warning::FeeBeyondReason { .. }]), "{:?}", named.warnings);
    large.fee = Fee::Exactly(named.body.fee);
    assert_eq!(prepare_with(&large, 1 << 40, 1000).unwrap().warnings, []);
    // A fee of one byte less is for a transaction that is shorter by as much.
    let enough = with_fee(250, 5000).bytes as u64;
    assert_eq!(with_fee(enough, 5000).warnings, []);
    let below = Warning::FeeBelowFloor { fee: pebbles(enough - 1), least: pebbles(enough) };
    assert_eq!(with_fee(enough - 1, 5000).warnings, [below]);
}

#[test]
fn every_warning_has_words() {
    let prefix = params().prefix;
    let warning = Warning::NewRecipient { to: address(3), charge: pebbles(1000) };
    assert!(warning.words(&prefix).contains(&address(3).to_text(&prefix)));
    let warning = Warning::FeeBeyondReason { fee: pebbles(500_000_000), least: pebbles(200) };
    assert_eq!(
        warning.words(&prefix),
        "The fee of 5 CRN is far more than it usually takes: 0.000002 CRN would do."
    );
}

#[test]
fn body_is_described_from_its_bytes_with_nothing_hidden() {
    let mut wish = plain();
    wish.payments[0].reference = reference("A\u{202e}1\u{1b}[2J\"");
    wish.note = Some(Note::new(vec![0xff, 0x00]).unwrap());
    wish.expiry = Some(Height(99));
    wish.rest = Some(Rest { to: address(4), reference: Reference::default() });
    let lines = describe(&prepare(&wish, 1_000_000).unwrap().body, &params().prefix);
    let text = |number| address(number).to_text(&params().prefix);
    assert_eq!(lines[0], format!("From {}, its transaction number 3", text(0)));
    let quoted_reference = r#""A\u{202e}1\u{1b}[2J\"""#;
    assert_eq!(lines[1], format!("Pays 0.00005 CRN to {}, for {quoted_reference}", text(2)));
    assert_eq!(lines[2], "Says in public, for ever: hex:ff00");
    assert_eq!(lines[3], format!("Pays all that is left to {}", text(4)));
    assert!(lines[4].starts_with("Gives the miner a fee of 0.0000"));
    assert_eq!(lines[5], "Is void after height 99");
    assert!(lines[6].starts_with("May be signed by: key "));
    assert_eq!(quoted("grün ⛰".as_bytes()), "\"grün ⛰\"");
}

fn payments() -> impl Strategy<Value = Vec<Payment>> {
    let payment = (0..PAYEES, 1..1_000_000_u64, "[a-z]{0,32}").prop_map(|(to, amount, text)| Payment {
        to: address(to),
        amount: pebbles(amount),
        reference: reference(&text),
    });
    proptest::collection::vec(payment, 0..8)
}

const PAYEES: u8 = 20;

fn wishes() -> impl Strategy<Value = Draft> {
    let policy = policies().prop_map(|policy| match policy {
        // Whoever signs below knows the first four preimages and no others.
        policy if ways(&policy, &everything(&policy)).is_empty() => of(1, vec![lock(1), key(0)]),
        policy => policy,
    });
    let fee = prop_oneof![
        (0..3_000_000_u64).prop_map(Fee::PerKilobyte),
        (0..1_000_000_u64).prop_map(|fee| Fee::Exactly(pebbles(fee))),
    ];
    let rest =
        proptest::option::of((0..PAYEES).prop_map(|to| Rest { to: address(to), reference: reference("x") }));
    (policy, any::<u64>(), fee, payments(), rest, proptest::option::of("[ -~]{0,99}")).prop_map(
        |(policy, nonce, fee, payments, rest, note)| Draft {
            policy,
            nonce: Nonce(nonce),
            fee,
            expiry: None,
            payments,
            note: note.map(|text| Note::new(text).unwrap()),
            rest,
        },
    )
}

/// Everything that can be had, and of preimages only those that are known here.
fn everything(policy: &Policy) -> Means {
    Means { hashes: crate::people::means([], &[0, 1, 2, 3], 0).hashes, ..Means::all(policy) }
}

proptest! {
    #[test]
    fn what_is_prepared_and_signed_is_taken_by_consensus_with_the_length_that_was_said(wish in wishes()) {
        let params = params();
        let way = ways(&wish.policy, &everything(&wish.policy)).swap_remove(0);
        let balance = pebbles(1 << 50);
        let has_account = |_: &Address| true;
        let scene = Scene { params: &params, height: Height(10), balance, has_account: &has_account, rate_floor: 100 };
        let prepared = match wish.prepare(&way, &scene) {
            Ok(prepared) => prepared,
            Err(DraftError::Nothing) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut signing = Signing::new(prepared.body.clone(), &params).unwrap();
        for number in 0..PAYEES {
            if way.keys().contains(&secret(number).public_key()) {
                signing.sign(&secret(number)).unwrap();
            }
        }
        for number in 0..4 {
            // Those that the policy does not ask for are refused.
            let _ = signing.add_preimage(preimage(number));
        }
        let checked = signing.complete(Height(u32::MAX), &params).unwrap();
        prop_assert_eq!(checked.facts().bytes, prepared.bytes);
        prop_assert_eq!(checked.facts().txid, prepared.body.txid());
        if let Fee::PerKilobyte(rate) = wish.fee {
            prop_assert_eq!(prepared.body.fee, fee_for(rate, prepared.bytes));
        }
        prop_assert!(check_transaction(checked.transaction().clone(), &params).is_ok());
    }
}
