//! Anything at all, and everything held to its promise after each step.

use std::collections::BTreeSet;

use cairn::mempool::{AdmitError, Admitted, FeeRate, Limits, Mempool, Reconciled, Standing, Trial, Why};
use cairn::testkit::{Actor, Follower};
use cairn::types::{Action, Amount, Height, Note, Reference, Transaction, TxHash};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::node::{FUNDS, Node, address, pay_action, pay_all_action};

/// People who take part; the first four own something.
const PEOPLE: u32 = 8;

pub struct Player {
    pub node: Node,
    rng: ChaCha12Rng,
    /// Where the chain stood a few blocks ago.
    past: Vec<Follower>,
    /// Whether every other transaction is as long as they come.
    bulky: bool,
    /// Transactions that nobody left for, and others.
    trials: [usize; 2],
}

impl Player {
    pub fn new(seed: u64, limits: Limits) -> Self {
        let node = Node::with(limits, |_| ());
        let past = vec![node.follower.clone()];
        Self { node, rng: ChaCha12Rng::seed_from_u64(seed), past, bulky: false, trials: [0; 2] }
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    fn who(&mut self) -> u32 {
        self.below(u64::from(PEOPLE)) as u32
    }

    /// Somebody's next transaction, or one that replaces, or one that comes too early, of any kind.
    fn draw(&mut self) -> Transaction {
        let who = self.who();
        let next = self.node.next_nonce(who).0;
        let nonce = match self.below(10) {
            0..6 => next,
            6..8 => next.saturating_sub(1 + self.below(3)),
            _ => next + 1 + self.below(3),
        };
        let fee = [0, 0, 10, 100, 5000][self.below(5) as usize] + self.below(50);
        let mut actions = Vec::new();
        for _ in 0..=self.below(3) {
            let (to, share) = (self.who(), self.below(12));
            let amount = if share > 8 { FUNDS / (1 << (12 - share)) } else { 500 << (2 * share) };
            actions.push(match self.below(12) {
                0 => Action::Note(Note::new([7]).unwrap()),
                _ => pay_action(to, amount + 1),
            });
        }
        actions.sort_by_key(|action| matches!(action, Action::Note(_)));
        while actions.iter().filter(|action| matches!(action, Action::Note(_))).count() > 1 {
            actions.pop();
        }
        if self.bulky && self.below(2) == 0 {
            let (to, reference) = (address(self.who()), Reference::new([7; 32]).unwrap());
            let pay = Action::Pay { to, amount: Amount::from_pebbles(1), reference };
            actions.extend(vec![pay; 100 + self.below(150) as usize]);
        }
        if self.below(15) == 0 {
            actions.push(pay_all_action(self.who()));
        }
        let actor = Actor::new(who);
        let mut body = actor.body(self.node.params(), nonce, fee, actions);
        if self.below(6) == 0 {
            body.expiry = Some(Height(self.node.next_height().0 + self.below(5) as u32));
        }
        actor.sign(self.node.params(), body)
    }

    pub fn admit(&mut self) {
        let transaction = self.draw();
        let before = self.node.offered();
        let hash = transaction.hash();
        let tried = self.node.would_admit(&transaction);
        let again = self.node.would_admit(&transaction);
        let admitted = self.node.admit(&transaction);
        let expected =
            admitted.clone().map(|Admitted { standing, departed, .. }| Trial { standing, departed });
        assert_eq!(tried, expected, "a trial says what will be");
        assert_eq!(again, expected, "and changes nothing");
        self.trials[usize::from(expected.is_ok_and(|trial| !trial.departed.is_empty()))] += 1;
        match admitted {
            Ok(_) => assert!(self.node.pool.get(&hash).is_some(), "what was let in is here"),
            Err(AdmitError::Balance { .. } | AdmitError::UnknownSender) => {}
            Err(_) => assert_eq!(self.node.offered(), before, "who is refused changes nothing"),
        }
        self.node.audit();
    }

    /// Mines the best, or what only this miner knows.
    pub fn mine(&mut self) {
        let count = self.below(20) as usize;
        let mut transactions = self.node.best(count);
        if self.below(4) == 0 {
            transactions = self.foreign();
        }
        self.node.mine(transactions);
        self.remember();
    }

    fn remember(&mut self) {
        self.past.push(self.node.follower.clone());
        if self.past.len() > 6 {
            self.past.remove(0);
        }
    }

    /// A payment from a miner's own pool that conflicts with whatever is here.
    fn foreign(&mut self) -> Vec<Transaction> {
        let who = self.below(4) as u32;
        let pool = Mempool::new(self.node.params().clone().into(), Limits::DEFAULT, cairn::testkit::MAP_SEED);
        let mut stranger = Node { pool, ..self.node.clone() };
        let nonce = stranger.next_nonce(who).0;
        let payment = stranger.payment(who, nonce, self.who(), 1 + self.below(FUNDS / 2), 3);
        if stranger.admit(&payment).is_ok() { vec![payment] } else { Vec::new() }
    }

    /// Another branch becomes the longest; it holds some of what the old one held.
    pub fn reorganize(&mut self) {
        let back = self.below(self.past.len() as u64) as usize;
        let mut other = self.past[back].clone();
        let abandoned: Vec<Transaction> = self
            .node
            .follower
            .branch()
            .split_off(other.height().0 as usize)
            .iter()
            .flat_map(|block| block.transactions.iter().cloned())
            .collect();
        let keep = self.below(1 + abandoned.len() as u64) as usize;
        other.mine(address(60), abandoned[..keep].to_vec());
        while other.height() <= self.node.follower.height() {
            other.mine(address(60), Vec::new());
        }
        let was_here: BTreeSet<TxHash> = self.node.offered().into_iter().collect();
        let mut reconciled = Reconciled::default();
        for step in self.node.follow(&other) {
            reconciled.departed.extend(step.departed);
            reconciled.mined.extend(step.mined);
        }
        self.check_returned(&abandoned[keep..], &reconciled);
        let told: BTreeSet<TxHash> =
            crate::node::reasons(&reconciled.departed).iter().map(|left| left.0).collect();
        let gone = was_here.iter().filter(|hash| self.node.pool.get(hash).is_none());
        let mined: BTreeSet<TxHash> = reconciled.mined.iter().copied().collect();
        assert!(
            gone.into_iter().all(|hash| told.contains(hash) || mined.contains(hash)),
            "no one leaves untold"
        );
        self.past.truncate(back + 1);
        self.remember();
    }

    /// Every transaction of the abandoned branch is back, or could not be let in now.
    fn check_returned(&self, abandoned: &[Transaction], reconciled: &Reconciled) {
        let turned_over = reconciled.departed.iter().any(|left| left.why == Why::Evicted);
        for transaction in abandoned {
            let hash = transaction.hash();
            if self.node.pool.get(&hash).is_some() {
                continue;
            }
            let left = reconciled.departed.iter().find(|left| left.transaction.facts().hash == hash);
            let why = left.unwrap_or_else(|| panic!("{hash} vanished without a word")).why;
            let again = self.node.clone().admit(transaction);
            let limits = matches!(why, Why::Evicted | Why::Orphaned | Why::Unfunded);
            let ready = again.as_ref().is_ok_and(|admitted| admitted.standing == Standing::Ready);
            assert!(!ready || limits || turned_over, "{why:?}, but now {again:?}");
        }
    }

    pub fn wait(&mut self) {
        self.node.now += self.below(3000);
        self.node.expire();
    }

    /// All that is ready fits one block, in the order in which it is offered, and that block is valid.
    pub fn check_order(&self) {
        let mut miner = self.node.follower.clone();
        let all = self.node.best(usize::MAX);
        assert_eq!(all.len(), self.node.pool.ready_len());
        miner.mine(address(61), all);
        let mut after = self.node.clone();
        let promoted = after.mine_best(usize::MAX).promoted.len();
        assert_eq!(after.pool.ready_len(), promoted, "all of it was mined, and nothing but that");
    }

    pub fn step(&mut self) {
        match self.below(100) {
            0..78 => self.admit(),
            78..88 => self.mine(),
            88..92 => self.reorganize(),
            92..96 => self.wait(),
            _ => self.check_order(),
        }
    }
}

/// How often, times what the environment asks for.
fn cases(usual: u64) -> u64 {
    u64::from(cairn::testkit::strategies::cases(usual as u32).cases)
}

#[test]
fn every_promise_holds_whatever_happens() {
    for seed in 0..cases(24) {
        println!("seed {seed}");
        let mut player = Player::new(seed, Limits::DEFAULT);
        (0..300).for_each(|_| player.step());
        player.check_order();
        assert!(player.trials.iter().all(|count| *count > 0), "trials of both kinds");
    }
}

#[test]
fn every_promise_holds_within_narrow_bounds() {
    let limits = Limits {
        account_transactions_max: 5,
        account_waiting_max: 2,
        waiting_max: 4,
        age_seconds_max: 5000,
        rejections_max: 3,
        ..Limits::DEFAULT
    };
    for seed in 1000..1000 + cases(24) {
        println!("seed {seed}");
        let mut player = Player::new(seed, limits);
        (0..300).for_each(|_| player.step());
    }
}

#[test]
fn every_promise_holds_in_a_full_pool() {
    let bytes_max = 4 * 32 * 1024;
    let limits =
        Limits { bytes_max, waiting_bytes_max: 40_000, floor_halflife_seconds: 500, ..Limits::DEFAULT };
    let mut evicted = 0;
    for seed in 2000..2000 + cases(24) {
        println!("seed {seed}");
        let mut player = Player { bulky: true, ..Player::new(seed, limits) };
        for _ in 0..200 {
            player.step();
            evicted += usize::from(player.node.pool.floor(player.node.now) > FeeRate::ZERO);
        }
    }
    assert!(evicted > 0, "pools that were full");
}

#[test]
fn same_seed_leads_to_the_same_pool_whatever_the_map_keys() {
    let run = |keys: [u64; 4]| {
        let mut player = Player::new(7, Limits::DEFAULT);
        let params = player.node.params().clone().into();
        player.node.pool = Mempool::new(params, Limits::DEFAULT, cairn::ledger::MapSeed(keys));
        (0..400).for_each(|_| player.step());
        player.node.offered()
    };
    let first = run([1, 2, 3, 4]);
    assert!(!first.is_empty());
    assert_eq!(first, run([99, 98, 97, 96]));
}
