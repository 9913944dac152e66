//! Payments as fast as they are wanted, and what became of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use parking_lot::Mutex;

use super::place::{Which, explained};
use crate::api::view::{AddressText, BlockView, Outcome, TipView};
use crate::cli::output::Report;
use crate::cli::progress::Progress;
use crate::client::{Client, ClientError};
use crate::codec::List;
use crate::consensus::{Genesis, Params};
use crate::crypto::SecretKey;
use crate::devnet::desk::NetworkView;
use crate::types::{Action, Address, Amount, Body, Height, Nonce, Policy, Reference, Transaction, Txid};
use crate::wallet::{Signing, fee_for};

/// How often each sender sends what has become due.
const TICK: Duration = Duration::from_millis(50);
/// Transactions that are sent together.
const TOGETHER_MAX: usize = 250;
/// How often it is looked for new blocks.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// Bytes that a payment has, about: its fee is for so many.
const PAYMENT_BYTES: usize = 160;

/// What is wanted.
pub(super) struct Wanted {
    /// Payments a second.
    pub tps: u32,
    /// For so long.
    pub time: Duration,
    /// How long those that were taken in are waited for then.
    pub wait: Duration,
}

/// What all threads note.
#[derive(Default)]
struct Notes {
    offered: u64,
    admitted: u64,
    /// Why those were refused that were, by code.
    refused: BTreeMap<String, u64>,
    /// Seconds that each answer took.
    admission: Vec<f64>,
    /// Those that wait for a block, and since when.
    waiting: HashMap<Txid, Instant>,
    /// Those that a block brought before the answer came.
    early: HashMap<Txid, Instant>,
    /// Those that stand in a block, since when they waited and when it came.
    confirmed: HashMap<Txid, (Instant, Instant)>,
}

impl Notes {
    /// Notes that a block came.
    fn came(&mut self, txids: Vec<Txid>, now: Instant) {
        for txid in txids {
            match self.waiting.remove(&txid) {
                Some(since) => drop(self.confirmed.insert(txid, (since, now))),
                None => drop(self.early.insert(txid, now)),
            }
        }
    }

    /// Notes that a block was left: what is in it waits again, as long as it did.
    fn left(&mut self, txids: Vec<Txid>) {
        for txid in txids {
            match self.confirmed.remove(&txid) {
                Some((since, _)) => drop(self.waiting.insert(txid, since)),
                None => drop(self.early.remove(&txid)),
            }
        }
    }

    /// Seconds until each of those that stand in a block did.
    fn confirmation(&self) -> Vec<f64> {
        let took = |(since, at): &(Instant, Instant)| at.saturating_duration_since(*since).as_secs_f64();
        self.confirmed.values().map(took).collect()
    }
}

/// What one of several senders is to send.
#[derive(Clone, Copy)]
struct Share {
    /// Payments a second, of all together.
    tps: u32,
    time: Duration,
    /// Which of the senders this is, and how many there are.
    at: u64,
    of: u64,
}

impl Share {
    /// Payments that this one should have sent by now: those of all together are dealt out in turn, so that not one of them is
    /// lost by rounding.
    fn due(self, elapsed: Duration) -> u64 {
        let all =
            u128::from(self.tps) * elapsed.min(self.time).as_nanos() / Duration::from_secs(1).as_nanos();
        let all = u64::try_from(all).unwrap_or(u64::MAX);
        (all + self.of - 1 - self.at) / self.of
    }
}

/// One account that sends.
struct Sender {
    client: Client,
    secret: SecretKey,
    address: Address,
    to: Address,
    genesis: Arc<Genesis>,
    fee: Amount,
}

/// Sends payments from the funded accounts to each other, over all nodes, and says what became of them.
pub(super) fn run(which: &Which, wanted: &Wanted) -> Result<()> {
    let network: NetworkView = which.client()?.get("/v1/network").map_err(explained)?;
    let nodes: Vec<Client> = network
        .nodes
        .iter()
        .filter(|node| node.up)
        .map(|node| Client::new(&node.at.http))
        .collect::<Result<_, _>>()?;
    let first = nodes.first().context("no node runs: `cairn devnet restart 0` brings one back")?;
    let genesis = Arc::new(first.genesis()?);
    let senders = senders(&network, &nodes, &genesis)?;
    ensure!(!senders.is_empty(), "no account has money to send");
    let (notes, over) = (Arc::new(Mutex::new(Notes::default())), Arc::new(AtomicBool::new(false)));
    let watcher = {
        let (client, notes, over) = (first.clone(), Arc::clone(&notes), Arc::clone(&over));
        let from = client.tip()?;
        thread::spawn(move || watch(&client, from, &notes, &over))
    };
    let begun = Instant::now();
    let of = senders.len() as u64;
    let sending: Vec<_> = (0..)
        .zip(senders)
        .map(|(at, sender)| {
            let (notes, share) = (Arc::clone(&notes), Share { tps: wanted.tps, time: wanted.time, at, of });
            thread::spawn(move || sender.send(share, begun, &notes))
        })
        .collect();
    show(&notes, wanted, begun, || sending.iter().all(JoinHandle::is_finished));
    let failed = sending.into_iter().filter_map(|thread| thread.join().ok()?.err()).next();
    let sent_for = begun.elapsed();
    let deadline = Instant::now() + wanted.wait;
    while Instant::now() < deadline && !notes.lock().waiting.is_empty() {
        thread::sleep(LOOK_EVERY);
    }
    over.store(true, Ordering::Relaxed);
    // A thread that panicked has said so.
    let _ = watcher.join();
    tell(&notes.lock(), sent_for, which.json)?;
    failed.map_or(Ok(()), |error| Err(error).context("not all accounts could send to the end"))
}

/// One for each funded account but the faucet's, each at a node of its own as far as there are so many.
fn senders(network: &NetworkView, nodes: &[Client], genesis: &Arc<Genesis>) -> Result<Vec<Sender>> {
    let secret = |key: &str| -> Result<SecretKey> {
        let bytes: Option<[u8; 32]> = hex::decode(key).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(SecretKey::from_bytes(&bytes.context("a key that is none")?))
    };
    let of = |secret: &SecretKey| Policy::Key(secret.public_key()).address();
    let last = network.accounts.len().saturating_sub(1);
    let secrets: Vec<SecretKey> =
        network.accounts[..last].iter().map(|account| secret(&account.key)).collect::<Result<_>>()?;
    let fees = nodes.first().context("no node runs")?.fees()?;
    let fee = fee_for(fees.next_block.max(fees.floor).max(1000), PAYMENT_BYTES);
    let sender = |(at, secret): (usize, &SecretKey)| Sender {
        client: nodes[at % nodes.len()].clone(),
        secret: secret.clone(),
        address: of(secret),
        to: of(&secrets[(at + 1) % secrets.len()]),
        genesis: Arc::clone(genesis),
        fee,
    };
    Ok(secrets.iter().enumerate().map(sender).collect())
}

impl Sender {
    fn params(&self) -> &Params {
        self.genesis.params()
    }

    /// Its account's next nonce, as its node says.
    fn next_nonce(&self) -> Result<Nonce, ClientError> {
        Ok(self.client.account(&AddressText::new(&self.address, &self.params().prefix))?.next_nonce)
    }

    /// Sends what has become due, until the time is over; what became due in its last moment is sent after it, and of more,
    /// with which this node did not keep up, [`TOGETHER_MAX`].
    fn send(&self, share: Share, begun: Instant, notes: &Mutex<Notes>) -> Result<(), ClientError> {
        let (mut nonce, mut sent, mut is_last) = (self.next_nonce()?, 0_u64, false);
        while !is_last {
            let elapsed = begun.elapsed();
            is_last = elapsed >= share.time;
            let due = share.due(elapsed);
            let count = usize::try_from(due.saturating_sub(sent)).unwrap_or(TOGETHER_MAX).min(TOGETHER_MAX);
            if count == 0 {
                thread::sleep(if is_last { Duration::ZERO } else { TICK });
                continue;
            }
            sent += count as u64;
            let numbers = (nonce.0..).take(count).map(Nonce);
            let batch: Vec<Transaction> = numbers.filter_map(|nonce| self.payment(nonce)).collect();
            let asked = Instant::now();
            let outcomes = self.client.submit_all(&batch)?;
            let all_in = note(&mut notes.lock(), &batch, &outcomes, asked);
            // Where one was refused those behind it wait for it.
            nonce = if all_in { Nonce(nonce.0 + count as u64) } else { self.next_nonce()? };
        }
        Ok(())
    }

    /// The least that can be paid. Signed, unless the chain would never take it.
    fn payment(&self, nonce: Nonce) -> Option<Transaction> {
        let pay =
            Action::Pay { to: self.to, amount: Amount::from_pebbles(1), reference: Reference::default() };
        let body = Body {
            chain: self.params().chain.tag(),
            policy: Policy::Key(self.secret.public_key()),
            nonce,
            fee: self.fee,
            expiry: None,
            actions: List::new(vec![pay]).ok()?,
        };
        let mut signing = Signing::new(body, self.params()).ok()?;
        signing.sign(&self.secret).ok()?;
        signing.complete(Height(u32::MAX), self.params()).ok().map(|checked| checked.transaction().clone())
    }
}

/// Notes what a node said to several; whether it took all of them.
fn note(notes: &mut Notes, batch: &[Transaction], outcomes: &[Outcome], asked: Instant) -> bool {
    let took = asked.elapsed().as_secs_f64();
    notes.offered += batch.len() as u64;
    let mut all_in = true;
    for (transaction, outcome) in batch.iter().zip(outcomes) {
        match outcome {
            Outcome::Accepted(_) => {
                notes.admitted += 1;
                notes.admission.push(took);
                let txid = transaction.body.txid();
                match notes.early.remove(&txid) {
                    Some(at) => drop(notes.confirmed.insert(txid, (asked, at))),
                    None => drop(notes.waiting.insert(txid, asked)),
                }
            }
            Outcome::Refused(problem) => {
                all_in = false;
                *notes.refused.entry(problem.code.name()).or_default() += 1;
            }
        }
    }
    all_in
}

/// Where a node goes from a block.
enum Step {
    /// To the one above it.
    Up(BlockView),
    /// To the one below it, because it is left.
    Back(BlockView),
    /// To where no way leads: it went back to a state.
    Elsewhere(TipView),
}

/// Notes which of them stand in blocks, as a node follows them.
fn watch(client: &Client, from: TipView, notes: &Mutex<Notes>, over: &AtomicBool) {
    let mut at = from;
    while !over.load(Ordering::Relaxed) {
        match step(client, at) {
            Ok(Some(Step::Up(BlockView { header, txids, .. }))) => {
                notes.lock().came(txids.unwrap_or_default(), Instant::now());
                at = TipView { height: header.height, hash: header.hash };
            }
            Ok(Some(Step::Back(BlockView { header, txids, .. }))) => {
                notes.lock().left(txids.unwrap_or_default());
                at = TipView { height: Height(header.height.0.saturating_sub(1)), hash: header.previous };
            }
            Ok(Some(Step::Elsewhere(tip))) => at = tip,
            // It may be down for a while.
            Ok(None) | Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}

/// Where it goes next from this block; nothing where it stands there.
fn step(client: &Client, at: TipView) -> Result<Option<Step>, ClientError> {
    let tip = client.tip()?;
    if tip.hash == at.hash {
        return Ok(None);
    }
    if let Some(above) = client.block(at.height.0.saturating_add(1))?
        && above.header.previous == at.hash
    {
        return Ok(Some(Step::Up(above)));
    }
    Ok(match client.block(at.hash)? {
        Some(here) => (!here.followed).then_some(Step::Back(here)),
        None => Some(Step::Elsewhere(tip)),
    })
}

/// Shows how far it is, until the time is over or nobody sends any more.
fn show(notes: &Mutex<Notes>, wanted: &Wanted, begun: Instant, over: impl Fn() -> bool) {
    let total = (f64::from(wanted.tps) * wanted.time.as_secs_f64()) as u64;
    let mut progress = Progress::new("sending", "payments", total);
    while begun.elapsed() < wanted.time && !over() {
        thread::sleep(2 * TICK);
        progress.at(notes.lock().offered, total);
    }
    progress.finish();
}

/// The value below which such a share of them lies.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(at.max(1) - 1).copied()
}

fn tell(notes: &Notes, sent_for: Duration, as_json: bool) -> Result<()> {
    let seconds = sent_for.as_secs_f64();
    let refused: u64 = notes.refused.values().sum();
    let why: Vec<String> = notes.refused.iter().map(|(code, count)| format!("{count} {code}")).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join(", ")) };
    let rate = |count: usize| format!("{count} ({:.0} a second)", count as f64 / seconds);
    let mut report = Report::default()
        .fact("offered", "offered", rate(notes.offered as usize), notes.offered)
        .fact("admitted", "taken in", rate(notes.admitted as usize), notes.admitted)
        .fact("refused", "refused", format!("{refused}{why}"), refused)
        .only_json("refused_why", serde_json::to_value(&notes.refused)?)
        .fact("confirmed", "in blocks", notes.confirmed.len(), notes.confirmed.len())
        .fact("waiting", "wait still", notes.waiting.len(), notes.waiting.len())
        .only_json("seconds", seconds);
    for (name, title, times) in [
        ("admission_ms", "taken in within", &notes.admission),
        ("confirmation_ms", "in a block within", &notes.confirmation()),
    ] {
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share| percentile(&sorted, share).map(|seconds| (seconds * 1e4).round() / 10.0);
        let text = match (at(0.5), at(0.95), at(0.99)) {
            (Some(half), Some(most), Some(nearly)) => {
                format!("{half} ms half of them, {most} ms 95 %, {nearly} ms 99 %")
            }
            _ => "none was".to_owned(),
        };
        let value = serde_json::json!({ "p50": at(0.5), "p95": at(0.95), "p99": at(0.99) });
        report = report.fact(name, title, text, value);
    }
    report.tell(as_json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_all_senders_are_what_is_wanted_whatever_their_number() {
        let time = Duration::from_secs(10);
        for (tps, of) in [(20, 9), (1, 9), (7, 1), (100_000, 9), (3, 5)] {
            let due = |elapsed| (0..of).map(|at| Share { tps, time, at, of }.due(elapsed)).sum::<u64>();
            assert_eq!(due(time), u64::from(tps) * 10, "{tps} by {of}");
            assert_eq!(due(2 * time), due(time), "no more after it");
            assert_eq!(due(time / 4), u64::from(tps) * 5 / 2);
        }
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            [0.5, 0.95, 0.99, 1.0].map(|share| percentile(&hundred, share)),
            [50.0, 95.0, 99.0, 100.0].map(Some)
        );
        assert_eq!(percentile(&[7.0], 0.5), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
