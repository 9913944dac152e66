//! What the pool demands beyond the rules of the chain: places, prices, room.

use std::sync::Arc;

use cairn::consensus::{Blame, CheckedTransaction, Untimely};
use cairn::mempool::{AdmitError, Admitted, FeeRate, Limits, Mempool, Standing};
use cairn::testkit::{Actor, MAP_SEED};
use cairn::types::{Action, Amount, Height, Nonce, Reference, Transaction, TxHash};

use crate::stage::{FUNDS, Stage, address, note_action, pay_action, pay_all_action};

/// What a new account costs here.
const CHARGE: u64 = 1000;

/// A stage with a pool.
struct Scene {
    stage: Stage,
    pool: Mempool,
}

impl Scene {
    fn new() -> Self {
        Self::with(Limits::DEFAULT)
    }

    fn with(limits: Limits) -> Self {
        let stage = Stage::new();
        let pool = Mempool::new(Arc::new(stage.params().clone()), limits, MAP_SEED);
        Self { stage, pool }
    }

    fn check(&self, transaction: Transaction) -> Arc<CheckedTransaction> {
        Arc::new(self.stage.check(transaction).unwrap())
    }

    fn admit(&mut self, transaction: Transaction) -> Result<Admitted, AdmitError> {
        let checked = self.check(transaction);
        let ledger = &self.stage.follower.ledger;
        let admitted = self.pool.admit(checked, ledger, ledger.height().next().unwrap(), 0);
        self.pool.audit(ledger);
        admitted
    }

    fn pay(&mut self, from: u32, nonce: u64, to: u32, amount: u64, fee: u64) -> Result<Admitted, AdmitError> {
        let payment = self.stage.pay(from, nonce, to, amount, fee);
        self.admit(payment)
    }

    /// A payment with as many small payments as it takes to be long.
    fn long(&self, from: u32, nonce: u64, fee: u64) -> Transaction {
        let reference = Reference::new([7; 32]).unwrap();
        let pay = Action::Pay { to: address(3), amount: amount(1), reference };
        self.stage.act(from, nonce, fee, vec![pay; 256])
    }
}

fn amount(pebbles: u64) -> Amount {
    Amount::from_pebbles(pebbles)
}

fn hash(transaction: &Transaction) -> TxHash {
    transaction.hash()
}

/// A pool of the smallest size, filled by the first person with transactions of this fee.
fn full(fee: u64) -> (Scene, u64) {
    let bytes_max = 4 * 32 * 1024;
    let mut scene = Scene::with(Limits { bytes_max, waiting_bytes_max: bytes_max / 2, ..Limits::DEFAULT });
    for nonce in 0.. {
        let next = scene.long(0, nonce, fee);
        if scene.pool.bytes() + scene.check(next.clone()).facts().bytes > bytes_max {
            return (scene, nonce);
        }
        scene.admit(next).unwrap();
    }
    unreachable!("a pool that never fills");
}

#[test]
fn transaction_that_is_here_is_known() {
    let mut scene = Scene::new();
    scene.pay(0, 0, 1, 5, 1).unwrap();
    assert_breaks!(scene.pay(0, 0, 1, 5, 1), AdmitError::Known, Blame::Nobody);
}

#[test]
fn same_payment_with_another_witness_does_not_replace() {
    let mut scene = Scene::new();
    let owner = Actor::new(0);
    let key = owner.policy();
    let other = Actor::new(9).policy();
    let policy = cairn::types::Policy::threshold(1, vec![key, other]).unwrap();
    let shared = policy.address();
    let params = scene.stage.params().clone();
    let fund = owner.sign(&params, owner.payment(&params, 0, shared, 10_000, 0));
    scene.admit(fund).unwrap();
    let mut body = owner.payment(&params, 0, address(1), 5, 1);
    body.policy = policy;
    let signed = |who: &Actor, choice: u16| {
        let mut transaction = who.sign(&params, body.clone());
        transaction.witness.choices = crate::stage::list(vec![choice]);
        transaction
    };
    let (first, second) = (signed(&owner, 1), signed(&Actor::new(9), 2));
    let other = hash(&first);
    scene.admit(first).unwrap();
    assert_breaks!(scene.admit(second), AdmitError::OtherWitness { other }, Blame::Nobody);
}

#[test]
fn transaction_outside_its_window_is_not_parked() {
    let mut scene = Scene::new();
    scene.stage.follower.mine_empty(address(100), 3);
    let params = scene.stage.params().clone();
    let expiring = |expiry| {
        let mut body = Actor::new(0).payment(&params, 0, address(1), 5, 1);
        body.expiry = Some(Height(expiry));
        Actor::new(0).sign(&params, body)
    };
    let (expiry, height) = (Height(3), Height(4));
    assert_breaks!(
        scene.admit(expiring(3)),
        AdmitError::Untimely(Untimely::Expired { expiry, height }),
        Blame::Nobody
    );
    scene.admit(expiring(4)).unwrap();
}

#[test]
fn used_nonce_is_refused() {
    let mut scene = Scene::new();
    let mined = scene.stage.pay(0, 0, 1, 5, 1);
    scene.stage.apply(vec![mined]).unwrap();
    assert_breaks!(
        scene.pay(0, 0, 1, 6, 1),
        AdmitError::OldNonce { expected: Nonce(1), found: Nonce(0) },
        Blame::Nobody
    );
}

#[test]
fn nonce_ahead_waits_and_one_too_far_ahead_does_not() {
    let mut scene = Scene::with(Limits { account_transactions_max: 64, ..Limits::DEFAULT });
    let admitted = scene.pay(0, 64, 1, 5, 1).unwrap();
    assert_eq!(admitted.standing, Standing::Waiting { expected: Nonce(0) });
    assert_breaks!(
        scene.pay(0, 65, 1, 5, 1),
        AdmitError::NonceTooFar { expected: Nonce(0), found: Nonce(65), ahead_max: 64 },
        Blame::Nobody
    );
}

#[test]
fn sender_whom_nobody_pays_is_refused_ready_or_waiting() {
    let mut scene = Scene::new();
    assert_breaks!(scene.pay(7, 0, 1, 5, 0), AdmitError::UnknownSender, Blame::Nobody);
    assert_breaks!(scene.pay(7, 1, 1, 5, 0), AdmitError::UnknownSender, Blame::Nobody);
}

#[test]
fn queue_costs_no_more_than_the_balance() {
    let mut scene = Scene::new();
    scene.pay(0, 0, 1, FUNDS - 100, 10).unwrap();
    assert_breaks!(
        scene.pay(0, 1, 1, 81, 10),
        AdmitError::Balance { cost: amount(91), available: amount(90) },
        Blame::Nobody
    );
    scene.pay(0, 1, 1, 80, 10).unwrap();
}

#[test]
fn every_address_without_an_account_is_charged_once() {
    let mut scene = Scene::new();
    let pays = |amount| vec![pay_action(7, 1), pay_action(7, 1), pay_action(8, 1), pay_action(1, amount)];
    let left = FUNDS - 2 * CHARGE - 3;
    let dear = scene.stage.act(0, 0, 0, pays(left + 1));
    assert_breaks!(
        scene.admit(dear),
        AdmitError::Balance { cost: amount(FUNDS + 1), available: amount(FUNDS) },
        Blame::Nobody
    );
    let cheap = scene.stage.act(0, 0, 0, pays(left));
    scene.admit(cheap).unwrap();
}

#[test]
fn cost_beyond_all_money_is_refused() {
    let mut scene = Scene::new();
    assert_breaks!(scene.pay(0, 0, 7, u64::MAX, 0), AdmitError::Overflow, Blame::Nobody);
}

#[test]
fn payment_of_all_needs_a_pebble_and_ends_the_queue() {
    let mut scene = Scene::new();
    scene.pay(0, 0, 1, FUNDS - 10, 0).unwrap();
    let nothing = scene.stage.act(0, 1, 10, vec![pay_all_action(1)]);
    assert_breaks!(scene.admit(nothing), AdmitError::NothingLeft, Blame::Nobody);
    let all = scene.stage.act(0, 1, 9, vec![pay_all_action(1)]);
    scene.admit(all).unwrap();
    let note = scene.stage.act(0, 2, 0, vec![note_action(3)]);
    assert_breaks!(scene.admit(note), AdmitError::AfterPayAll { nonce: Nonce(1) }, Blame::Nobody);
}

#[test]
fn fee_below_the_floor_is_told_what_would_do() {
    let mut scene = Scene::with(Limits { fee_rate_min: FeeRate::per_kilobyte(1000), ..Limits::DEFAULT });
    let probe = scene.stage.pay(0, 0, 1, 5, 100);
    let needed = scene.check(probe).facts().bytes as u64;
    let (fee, needed) = (amount(100), amount(needed));
    assert_breaks!(scene.pay(0, 0, 1, 5, 100), AdmitError::Floor { fee, needed }, Blame::Nobody);
    scene.pay(0, 0, 1, 5, needed.pebbles()).unwrap();
}

#[test]
fn full_pool_takes_only_what_outbids_its_cheapest() {
    let (mut scene, count) = full(20_000);
    let cheap = scene.long(1, 0, 20_000);
    let bytes = scene.check(cheap.clone()).facts().bytes;
    let before = scene.pool.bytes();
    let (fee, needed) = (amount(20_000), amount(20_001));
    assert_breaks!(scene.admit(cheap), AdmitError::Full { fee, needed }, Blame::Nobody);
    assert_eq!(scene.pool.bytes(), before, "nothing left for it");
    let dear = scene.long(1, 0, 20_001);
    assert_eq!(scene.check(dear.clone()).facts().bytes, bytes);
    let admitted = scene.admit(dear).unwrap();
    assert_eq!(admitted.departed.len(), 1);
    assert_eq!(admitted.departed[0].transaction.transaction().body.nonce, Nonce(count - 1), "the tail");
    assert!(scene.pool.floor(0) > FeeRate::ZERO, "the floor rose");
}

#[test]
fn own_transactions_do_not_give_way_to_the_senders_next() {
    let (mut scene, count) = full(20_000);
    let next = scene.long(0, count, 900_000);
    assert_breaks!(scene.admit(next), AdmitError::FullOfOwn { own: count as usize }, Blame::Nobody);
}

#[test]
fn full_pool_lends_nothing() {
    let (mut scene, _) = full(0);
    // The fourth person is paid by what fills the pool, and would need one pebble of that.
    let reference = Reference::new([7; 32]).unwrap();
    let pay = |pebbles| Action::Pay { to: address(1), amount: amount(pebbles), reference: reference.clone() };
    let pays = |last| (0..255).map(|_| pay(1)).chain([pay(last)]).collect();
    let greedy = scene.stage.act(3, 0, 100_000, pays(FUNDS - 100_000 - 254));
    let (cost, balance) = (amount(FUNDS + 1), amount(FUNDS));
    assert_breaks!(scene.admit(greedy), AdmitError::FullAndUnconfirmed { cost, balance }, Blame::Nobody);
    let modest = scene.stage.act(3, 0, 100_000, pays(FUNDS - 100_000 - 255));
    scene.admit(modest).unwrap();
}

#[test]
fn replacement_below_ten_percent_is_refused() {
    let mut scene = Scene::new();
    let old = scene.stage.pay(0, 0, 1, 5, 101);
    let replaced = hash(&old);
    scene.admit(old).unwrap();
    let (fee, needed) = (amount(111), amount(112));
    assert_breaks!(
        scene.pay(0, 0, 1, 6, 111),
        AdmitError::Replacement { fee, needed, replaced },
        Blame::Nobody
    );
    let admitted = scene.pay(0, 0, 1, 6, 112).unwrap();
    assert_eq!(admitted.departed[0].transaction.facts().hash, replaced);
    assert_eq!(scene.pool.len(), 1);
}

#[test]
fn replacement_of_nothing_takes_a_pebble_and_no_lower_rate() {
    let mut scene = Scene::new();
    let old = scene.stage.pay(0, 0, 1, 5, 0);
    let replaced = hash(&old);
    scene.admit(old).unwrap();
    let (fee, needed) = (amount(0), amount(1));
    assert_breaks!(
        scene.pay(0, 0, 1, 6, 0),
        AdmitError::Replacement { fee, needed, replaced },
        Blame::Nobody
    );
    let one = scene.stage.pay(0, 0, 1, 6, 1000);
    let replaced = hash(&one);
    scene.admit(one.clone()).unwrap();
    // Ten percent more for twice the bytes is less for each.
    let (old, long) = (scene.check(one), scene.stage.act(0, 0, 1100, vec![note_action(256)]));
    let bytes = scene.check(long.clone()).facts().bytes;
    let needed = FeeRate::new(amount(1000), old.facts().bytes as u32).fee_for(bytes);
    assert_breaks!(
        scene.admit(long),
        AdmitError::Replacement { fee: amount(1100), needed, replaced },
        Blame::Nobody
    );
    let enough = scene.stage.act(0, 0, needed.pebbles(), vec![note_action(256)]);
    scene.admit(enough).unwrap();
}

#[test]
fn account_has_a_limit() {
    let limits = Limits { account_transactions_max: 2, account_waiting_max: 1, ..Limits::DEFAULT };
    let mut scene = Scene::with(limits);
    scene.pay(0, 0, 1, 5, 0).unwrap();
    scene.pay(0, 1, 1, 5, 0).unwrap();
    assert_breaks!(scene.pay(0, 2, 1, 5, 0), AdmitError::AccountFull { transactions_max: 2 }, Blame::Nobody);
    scene.pay(0, 1, 1, 5, 1).unwrap();
}

#[test]
fn furthest_of_an_account_has_no_room_to_wait() {
    let mut scene = Scene::with(Limits { account_waiting_max: 1, ..Limits::DEFAULT });
    scene.pay(0, 5, 1, 5, 0).unwrap();
    assert_breaks!(
        scene.pay(0, 6, 1, 5, 0),
        AdmitError::NoRoomToWait { expected: Nonce(0), found: Nonce(6) },
        Blame::Nobody
    );
    assert_eq!(scene.pay(0, 4, 1, 5, 0).unwrap().departed.len(), 1, "the nearer one takes its place");
}
