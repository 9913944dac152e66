//! Coins for whoever asks, within bounds.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::ground::Funded;
use crate::node::{NodeHandle, ReadError, TransactionRefused};
use crate::types::{Address, Amount, Height, PEBBLES_PER_COIN, Policy, Reference, Txid};
use crate::wallet::{Draft, DraftError, Fee, Means, Payment, Scene, Signing, SigningError, ways};

/// What one is given who does not say how much.
pub const FAUCET_AMOUNT: Amount = Amount::from_pebbles(100 * PEBBLES_PER_COIN);
/// What is given at most at once.
pub const FAUCET_AMOUNT_MAX: Amount = Amount::from_pebbles(1_000 * PEBBLES_PER_COIN);

/// How often one address is given something within [`WINDOW`].
const TIMES_MAX: usize = 10;
/// For how long it is remembered who was given something.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered; beyond, all wait for their turn.
const ADDRESSES_MAX: usize = 10_000;
/// How often one payment is made anew because the chain went on under it.
const TRIES_MAX: usize = 4;
/// What the faucet's payments say.
const REFERENCE: &[u8] = b"faucet";
/// Blocks within which its payments should stand in one.
const SOON: u32 = 2;
/// Pebbles that it gives for 1,000 bytes, at least.
const FEE_RATE_MIN: u64 = 1_000;

/// Why nothing is given.
#[derive(Debug, thiserror::Error)]
pub enum FaucetError {
    /// More than one is given.
    #[error(
        "the faucet gives {FAUCET_AMOUNT_MAX} at most; ask for less, or send from one of the funded accounts"
    )]
    TooMuch,
    /// Nothing was asked for.
    #[error("asked for nothing: say how much, up to {FAUCET_AMOUNT_MAX}")]
    Nothing,
    /// Given enough for now.
    #[error("this address was given something {TIMES_MAX} times within a minute: ask again in {0} seconds")]
    TooOften(u64),
    /// The payment was not taken.
    #[error("the payment was not taken: {0}")]
    Refused(#[from] TransactionRefused),
    /// It has nothing left.
    #[error("the faucet cannot pay: {0}")]
    Draft(#[from] DraftError),
    /// It cannot sign.
    #[error("the faucet cannot sign: {0}")]
    Signing(#[from] SigningError),
    /// The chain cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Given {
    /// The payment.
    pub txid: Txid,
    /// How much.
    pub amount: Amount,
}

/// An account that gives.
pub(super) struct Faucet {
    account: Funded,
    /// When each address was given something lately. One payment is made at a time: two would have the same nonce.
    given: Mutex<HashMap<Address, Vec<Instant>>>,
}

impl Faucet {
    pub fn new(account: Funded) -> Self {
        Self { account, given: Mutex::default() }
    }

    /// Pays, through this node.
    pub fn give(&self, node: &NodeHandle, to: Address, amount: Amount) -> Result<Given, FaucetError> {
        if amount == Amount::ZERO {
            return Err(FaucetError::Nothing);
        }
        if amount > FAUCET_AMOUNT_MAX {
            return Err(FaucetError::TooMuch);
        }
        let mut given = self.given.lock();
        let now = Instant::now();
        wait_of(&mut given, &to, now)
            .map_or(Ok(()), |wait| Err(FaucetError::TooOften(wait.as_secs() + 1)))?;
        let txid = self.pay(node, to, amount)?;
        given.entry(to).or_default().push(now);
        Ok(Given { txid, amount })
    }

    fn pay(&self, node: &NodeHandle, to: Address, amount: Amount) -> Result<Txid, FaucetError> {
        let mut tries = 1;
        let body = loop {
            match self.draft(node, to, amount) {
                Err(FaucetError::Read(_)) if tries < TRIES_MAX => tries += 1,
                drafted => break drafted?,
            }
        };
        let (params, height) = (node.genesis().params(), next_height(node));
        let mut signing = Signing::new(body, params)?;
        signing.sign(&self.account.secret).map_err(SigningError::from)?;
        let transaction = signing.complete(height, params)?.transaction().clone();
        let txid = transaction.body.txid();
        pollster::block_on(node.submit_transaction(transaction)).wait()?;
        Ok(txid)
    }

    fn draft(
        &self,
        node: &NodeHandle,
        to: Address,
        amount: Amount,
    ) -> Result<crate::types::Body, FaucetError> {
        let reader = node.reader();
        let (nonce, _) = reader.pending(&self.account.address)?;
        let balance =
            reader.account(&self.account.address)?.map(|account| account.balance).unwrap_or_default();
        let (has_account, height) = (reader.account(&to)?.is_some(), next_height(node));
        let policy = Policy::Key(self.account.secret.public_key());
        let means = Means {
            keys: BTreeSet::from([self.account.secret.public_key()]),
            hashes: BTreeSet::new(),
            height,
        };
        let way = ways(&policy, &means).into_iter().next().expect("a key signs for itself");
        let rate = reader.pool()?.estimate_fee_rate(SOON).pebbles_per_kilobyte().max(FEE_RATE_MIN);
        let reference = Reference::new(REFERENCE.to_vec()).expect("a short word");
        let draft = Draft {
            policy,
            nonce,
            fee: Fee::PerKilobyte(rate),
            expiry: None,
            payments: vec![Payment { to, amount, reference }],
            note: None,
            rest: None,
        };
        let scene = Scene {
            params: node.genesis().params(),
            height,
            balance,
            has_account: &|_| has_account,
            rate_floor: 0,
        };
        Ok(draft.prepare(&way, &scene)?.body)
    }
}

fn next_height(node: &NodeHandle) -> Height {
    let height = node.reader().tip().height;
    height.next().unwrap_or(height)
}

/// How long an address has to wait until it is given something again; nothing where it is given at once.
fn wait_of(given: &mut HashMap<Address, Vec<Instant>>, to: &Address, now: Instant) -> Option<Duration> {
    given.retain(|_, times| {
        times.retain(|time| now.duration_since(*time) < WINDOW);
        !times.is_empty()
    });
    let oldest = match given.get(to) {
        Some(times) if times.len() >= TIMES_MAX => times.first(),
        Some(_) => None,
        None if given.len() >= ADDRESSES_MAX => given.values().flatten().min(),
        None => None,
    };
    oldest.map(|oldest| WINDOW.saturating_sub(now.duration_since(*oldest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_given_something_ten_times_a_minute() {
        let address =
            |seed| Policy::Key(crate::crypto::SecretKey::from_bytes(&[seed; 32]).public_key()).address();
        let (mut given, now, to) = (HashMap::new(), Instant::now(), address(1));
        for _ in 0..TIMES_MAX {
            assert_eq!(wait_of(&mut given, &to, now), None);
            given.entry(to).or_insert_with(Vec::new).push(now);
        }
        let later = now + Duration::from_secs(20);
        assert_eq!(wait_of(&mut given, &to, later), Some(Duration::from_secs(40)));
        assert_eq!(wait_of(&mut given, &address(2), later), None);
        assert_eq!(wait_of(&mut given, &to, now + WINDOW), None);
    }
}
