//! From an order to a transaction that a node has: signed under the wallet's lock, written down, and sent, unless it was before.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::{Context, Result, bail, ensure};

use super::Options;
use super::chain::Chain;
use super::ends::{Ended, Undone};
use super::follow::{Patience, Seen, follow};
use super::hearing::gives_way;
use super::order::{Asked, FeeTooLow, Order, Terms, Which};
use super::paid::told;
use super::proofs::checked_tip;
use super::reader::wait_for_reader;
use super::vault::Vault;
use super::wording::own_keys;
use crate::api::view::{ContentView, Standing, SyncView};
use crate::cli::output::{Delivery, Report};
use crate::client::ClientError;
use crate::crypto::{PublicKey, sha256};
use crate::types::{Action, Address, Height, Nonce, Preimage, Transaction, Txid};
use crate::wallet::keystore::{Unlocked, WalletFile};
use crate::wallet::{
    DraftError, Earlier, Kept, Means, OrderKey, Ordered, Outbox, OutboxError, Prepared, Progress, Sent,
    Signing,
};

/// Everything that a command that pays has at hand.
pub(super) struct Desk<'a> {
    pub options: &'a Options,
    pub vault: Vault,
    /// The wallet, as anybody sees it who has the file.
    pub file: WalletFile,
    pub chain: Chain,
}

/// What is to be done about an order.
enum Course {
    /// It was signed before, and that is what is meant.
    Repeat {
        /// What to say about it.
        words: &'static str,
        /// What was signed.
        sent: Box<Sent>,
    },
    /// It has a key, was over with long ago, and this is all that is left of it.
    Over(Kept),
    /// It is to be signed, and this is its nonce.
    Anew(Nonce),
}

impl<'a> Desk<'a> {
    pub fn open(options: &'a Options) -> Result<Self> {
        let vault = options.vault()?;
        let file = vault.read()?;
        let chain = options.chain(file.network())?;
        Ok(Self { options, vault, file, chain })
    }

    /// What this wallet can sign alone, and show, in the next block.
    fn means(&self, preimages: &[Preimage], asked: &Asked) -> Means {
        let hashes = preimages.iter().map(|preimage| sha256(preimage)).collect();
        Means { keys: own_keys(self.file.book()), hashes, height: asked.height() }
    }

    /// Pays: asks, signs, sends, and waits for blocks.
    pub fn pay(&self, order: Order, terms: &Terms, which: Which<'_>, patience: &Patience) -> Result<()> {
        let (account, _) = terms.payer(self.file.book())?;
        let address = account.address();
        self.look_after(&address)?;
        let actions = order.actions()?;
        let first = self.first_behind(&address, &actions, which)?;
        self.tell_again(&address, &actions, which, first, terms.yes)?;
        let asked = order.ask(&self.chain)?;
        // Before what it costs is judged: what was sent already has taken that from the account.
        match self.course(&asked, which)? {
            Course::Anew(nonce) => {
                self.check_ready()?;
                self.agree_to_displace(&asked, nonce, which, terms.yes)?;
                let had = self.vault.note(|file| {
                    let of_it = |sent: &&Sent| sent.nonce() == nonce && which.is_of(sent, &address, &actions);
                    let may_be_mined =
                        |sent: &&Sent| sent.was_taken() && sent.is_timely(asked.height()) && !sent.is_lost();
                    let had = file.outbox.iter().filter(of_it).rfind(may_be_mined);
                    Ok(had.map(|had| *had.txid()))
                })?;
                let signed = self.sign_and_send(asked, nonce, terms, which);
                let transaction = signed.map_err(|error| doubtful_if_had(error, had))?;
                self.follow(&transaction, patience, false)
            }
            Course::Repeat { words, sent } => {
                self.say(words);
                if sent.progress() == Progress::Signed {
                    self.send(sent.transaction())?;
                } else if matches!(which, Which::Once(_)) {
                    self.send_own(&sent)?;
                }
                self.follow(sent.transaction(), patience, true)
            }
            Course::Over(kept) => self.tell_what_is_left(&kept),
        }
    }

    /// Has an order signed, once somebody agreed to it, and sends it.
    fn sign_and_send(
        &self,
        mut asked: Asked,
        nonce: Nonce,
        terms: &Terms,
        which: Which<'_>,
    ) -> Result<Transaction> {
        let preimages = terms.preimages.all()?;
        let means = self.means(&preimages, &asked);
        let agreed = asked.prepare(&self.chain, self.file.book(), nonce, &means)?;
        asked.agree(&agreed, self.file.book(), &self.chain, terms)?;
        let transaction = self.sign(&mut asked, &means, &preimages, &agreed, which)?;
        self.send(&transaction)?;
        Ok(transaction)
    }

    /// The first number that an order does not wait for: behind its own, where something was signed for it, and none where that is over.
    fn first_behind(&self, account: &Address, actions: &[Action], which: Which<'_>) -> Result<Nonce> {
        let Which::Once(key) = which else { return Ok(Nonce(u64::MAX)) };
        let height = self.chain.next_height()?;
        self.vault.note(|file| {
            Ok(match ordered(&file.outbox, key, account, actions, height)? {
                Ordered::Signed(sent) if !sent.is_mined() => sent.nonce(),
                Ordered::Signed(_) | Ordered::Over(_) => Nonce(0),
                Ordered::Refused(nonce) => nonce,
                Ordered::New => Nonce(u64::MAX),
            })
        })
    }

    /// Whether an order is one that was signed before.
    ///
    /// One of which nobody was told is never a second payment, beside another or not: that was said of the one before it. Nor is one a
    /// third that was made beside the same before, whatever became of it.
    fn course(&self, asked: &Asked, which: Which<'_>) -> Result<Course> {
        let (account, actions) = (asked.account(), asked.actions()?);
        self.vault.note(|file| {
            let outbox = &file.outbox;
            let named = match which {
                Which::Once(key) => return course_of_key(outbox, key, &actions, asked),
                Which::Beside(named) => Some(named),
                Which::Plain => None,
            };
            let next = outbox.next_nonce(&account, asked.expected);
            let nonce = *next.as_ref().unwrap_or(&asked.expected);
            let made = named.and_then(|named| outbox.made_beside(&account, &actions, named));
            if let Some(made) = made.filter(|made| !made.is_doubtful()) {
                return Ok(repeat(made));
            }
            if let Some(Earlier::Unheard(sent)) = outbox.earlier(&account, &actions, nonce) {
                return Ok(repeat(sent));
            }
            check_once(outbox, &account, &actions, nonce, which)?;
            Ok(Course::Anew(next?))
        })
    }

    /// Sends what was signed for an order with a key, where a node said that it will not be mined, and nothing else has its number. It is
    /// the one order still, whatever becomes of it.
    fn send_own(&self, sent: &Sent) -> Result<()> {
        let is_free = self.chain.account(sent.account())?.nonce <= sent.nonce();
        let may_be_sent = self.vault.note(|file| Ok(file.outbox.may_be_sent(sent)))?;
        if sent.is_doubtful() && is_free && may_be_sent {
            // What a refusal makes of it is found out by following it.
            self.tell(sent.transaction())?;
        }
        Ok(())
    }

    /// Says all that is known of an order with a key that was over with long ago.
    fn tell_what_is_left(&self, kept: &Kept) -> Result<()> {
        let txid = kept.txid;
        if !kept.is_mined {
            let why = format!(
                "the order of this key was {txid}, and that was given up: another was mined in its place, or nobody ever knew what \
                 became of it. To pay the same after all take another key"
            );
            return Err(Ended::KeyTaken { txid, why }.into());
        }
        let report = Report::default().same("txid", "sent", txid);
        let report = match self.chain.client.transaction(&txid)?.map(|view| view.standing) {
            Some(Standing::Confirmed { block, height, depth, .. }) => {
                Seen::Mined { block, height, depth }.told(report)
            }
            None if self.keeps_less_than_all()? => {
                let text = "was mined, so long ago that neither this wallet nor the node keeps more";
                report.fact("status", "status", text, "confirmed")
            }
            None | Some(_) => {
                let why =
                    "it stood in a block deep enough to be settled, and this node says that it does not"
                        .to_owned();
                return Err(Ended::InDoubt { txid, why }.into());
            }
        };
        report
            .only_json("repeated", true)
            .only_json("notes", self.options.notes.take())
            .tell(self.options.json)
    }

    /// Whether the node has thrown old blocks away, and all new ones are there: what it does not know was in those.
    pub fn keeps_less_than_all(&self) -> Result<bool> {
        let status = self.chain.client.status()?;
        let lacks_new = matches!(status.sync, SyncView::Asking | SyncView::Fetching { .. });
        Ok(status.base > Height::GENESIS && !lacks_new && status.stopped.is_none())
    }

    /// Has the order's body signed with the next nonce, and written down before anybody hears of it.
    fn sign(
        &self,
        asked: &mut Asked,
        means: &Means,
        preimages: &[Preimage],
        agreed: &Prepared,
        which: Which<'_>,
    ) -> Result<Transaction> {
        let (account, params) = (asked.account(), self.chain.params());
        let seen = checked_tip(&self.vault, &self.chain);
        // Somebody else may have paid from it while this was being looked at.
        let now = self.chain.account(&account)?;
        (asked.expected, asked.balance) = (now.next_nonce, now.spendable);
        self.vault.sign(&self.options.passwords(), |wallet, sent| {
            // Names were looked up in what anybody could have written there; now it is certain who wrote it.
            check_book(wallet, &self.file)?;
            let nonce = nonce_for(&sent.outbox, asked, which)?;
            ensure!(
                nonce == agreed.body.nonce || gives_way(&sent.outbox, asked, nonce, which)?.0.is_none(),
                "what this account sent changed while you were asked: say it again"
            );
            let prepared = asked.prepare(&self.chain, self.file.book(), nonce, means)?;
            check_once(&sent.outbox, &account, &prepared.body.actions, nonce, which)?;
            ensure!(
                prepared.settlement.cost == agreed.settlement.cost,
                "what this costs changed while you were asked: say it again"
            );
            let mut signing = Signing::new(prepared.body, params)?;
            sign_all(&mut signing, wallet, prepared.way.keys())?;
            preimages.iter().try_for_each(|preimage| signing.add_preimage(*preimage))?;
            let signed = signing.complete(asked.height().max(prepared.way.min_height()), params);
            let transaction = signed.map_err(anyhow::Error::from)?.transaction().clone();
            sent.add(&transaction, which.purpose(), seen)?;
            Ok(transaction)
        })
    }

    /// Says that numbers below one are not used yet, if they are not: until they are, it cannot be mined.
    ///
    /// Where that cannot be found out, the payment is made all the same.
    pub fn say_hole(&self, account: &Address, nonce: Nonce) {
        let Ok(expected) = self.chain.account(account).map(|account| account.next_nonce) else { return };
        let free = self.vault.note(|file| Ok(file.outbox.next_nonce(account, expected)?));
        if let Ok(free) = free
            && free < nonce
        {
            self.say(&format!(
                "number {nonce} of its account is mined after those before it, and number {free} is not used yet: what `cairn wallet \
                 send` or `prepare` makes next takes that"
            ));
        }
    }

    /// Says something beside the answer; programs find it in that, under `notes`.
    pub fn say(&self, line: &str) {
        if self.options.json {
            self.options.notes.borrow_mut().push(line.to_owned());
        } else {
            self.show(line);
        }
    }

    /// Shows people what programs find in the answer.
    pub fn show(&self, lines: &str) {
        if !self.options.json {
            // Nobody may be there to read it, which is no reason to leave a payment half made.
            let _ = writeln!(io::stderr(), "{lines}");
        }
    }

    /// Waits for blocks, and says what became of an order, and whether an earlier command sent it. Then it is over with.
    pub fn follow(&self, transaction: &Transaction, patience: &Patience, repeated: bool) -> Result<()> {
        if let Some(txid) = self.watch(transaction, patience, repeated)? {
            self.vault.reported(&txid);
        }
        Ok(())
    }

    /// The same; gives what stands for it in the end, if somebody read that.
    pub fn watch(
        &self,
        transaction: &Transaction,
        patience: &Patience,
        repeated: bool,
    ) -> Result<Option<Txid>> {
        let ordered = transaction.body.txid();
        let (seen, stands) = follow(self, transaction, patience, repeated).map_err(|error| {
            // Whatever went wrong, it was sent.
            match error.is::<Ended>() {
                true => error,
                false => {
                    Ended::OnItsWay { txid: ordered, why: format!("cannot be waited for ({error:#})") }.into()
                }
            }
        })?;
        let (transaction, txid) = (&stands, stands.body.txid());
        let content = ContentView::new(transaction, None, &self.chain.params().prefix);
        let report = match txid == ordered {
            true => Report::default(),
            false => Report::default().only_json("instead_of", ordered.to_string()),
        };
        let report = report
            .same("txid", "sent", txid)
            .same("from", "from", self.chain.text(&transaction.body.policy.address()))
            .only_json("nonce", transaction.body.nonce.0)
            .only_json("actions", serde_json::to_value(&content.actions)?);
        let fee = transaction.body.fee;
        let report = told(report, transaction, self).fact("fee", "fee", fee, fee.pebbles().to_string());
        let report =
            seen.told(report).only_json("repeated", repeated).only_json("notes", self.options.notes.take());
        let told = report.deliver(self.options.json).with_context(|| format!("{txid} is sent"))?;
        Ok((wait_for_reader(told, true) == Delivery::Taken).then_some(txid))
    }
}

/// A refusal of what is signed anew for an order is none of what a node had for it before: that may be mined yet.
fn doubtful_if_had(error: anyhow::Error, had: Option<Txid>) -> anyhow::Error {
    let is_refusal = error.chain().any(|cause| match cause.downcast_ref() {
        Some(ClientError::Problem(problem)) => problem.code.is_verdict(),
        Some(_) => false,
        None => cause.is::<DraftError>() || cause.is::<FeeTooLow>(),
    });
    match had.filter(|_| is_refusal) {
        Some(txid) => {
            let why = format!("a node had it, and what is signed for it now is not taken: {error:#}");
            Ended::InDoubt { txid, why }.into()
        }
        None => error,
    }
}

/// Names were looked up in what anybody could have written there; once it is opened it is certain who wrote it.
pub(super) fn check_book(opened: &Unlocked, shown: &WalletFile) -> Result<()> {
    ensure!(
        opened.keyring().book() == shown.book(),
        "the wallet was changed while you were asked: say it again"
    );
    Ok(())
}

/// How far an order with a key has come.
fn ordered<'a>(
    outbox: &'a Outbox,
    key: &OrderKey,
    account: &Address,
    actions: &[Action],
    height: Height,
) -> Result<Ordered<'a>> {
    outbox.ordered(key, account, actions, height).map_err(|error| match error {
        OutboxError::OtherOrder { txid, .. } => Ended::KeyTaken { txid, why: error.to_string() }.into(),
        error => error.into(),
    })
}

/// What is to be done about an order with a key.
fn course_of_key(outbox: &Outbox, key: &OrderKey, actions: &[Action], asked: &Asked) -> Result<Course> {
    Ok(match ordered(outbox, key, &asked.account(), actions, asked.height())? {
        Ordered::New => Course::Anew(outbox.next_nonce(&asked.account(), asked.expected)?),
        Ordered::Refused(nonce) => Course::Anew(nonce),
        Ordered::Signed(sent) => repeat(sent),
        Ordered::Over(kept) => Course::Over(*kept),
    })
}

/// The nonce for an order that is to be signed now: the next one, but for an order with a key that was refused its own.
fn nonce_for(outbox: &Outbox, asked: &Asked, which: Which<'_>) -> Result<Nonce> {
    if let Which::Once(key) = which {
        match ordered(outbox, key, &asked.account(), &asked.actions()?, asked.height())? {
            Ordered::New => {}
            Ordered::Refused(nonce) => return Ok(nonce),
            Ordered::Signed(_) | Ordered::Over(_) => bail!(
                "another command carries out the order `{key}` as well: say it again, and that is followed"
            ),
        }
    }
    Ok(outbox.next_nonce(&asked.account(), asked.expected)?)
}

/// What was signed before, and is meant.
fn repeat(sent: &Sent) -> Course {
    let words = match sent.progress() {
        Progress::Signed => "this payment was signed before and cut off: it is sent now, and once",
        _ if sent.is_known() => "this payment was made before: it is not made again",
        _ => {
            "this payment was made before, and whoever ordered it was never told how it ended: it is not made again"
        }
    };
    Course::Repeat { words, sent: Box::new(sent.clone()) }
}

/// Refuses under the lock what would be paid a second time with another number, unless that is meant.
pub(super) fn check_once(
    outbox: &Outbox,
    account: &Address,
    actions: &[Action],
    nonce: Nonce,
    which: Which<'_>,
) -> Result<()> {
    let mut known = BTreeSet::new();
    // That was decided by its key.
    if matches!(which, Which::Once(_)) {
        return Ok(());
    }
    if let Which::Beside(txid) = which {
        if let Some(made) = outbox.made_beside(account, actions, txid).filter(|made| made.nonce() != nonce) {
            return Err(made_already(outbox, made, txid));
        }
        known = outbox.known_to(txid);
        ensure!(
            outbox.find(txid).is_some_and(|named| named.does(account, actions)),
            "{txid} is no payment of just this that this wallet remembers, and --again names such a one: say it without --again"
        );
    }
    match outbox.earlier(account, actions, nonce) {
        // No more than one with a number is ever mined.
        Some(earlier) if earlier.sent().nonce() == nonce => Ok(()),
        // Another command signed it while this one asked: whoever says `again` could not mean that one.
        Some(earlier @ Earlier::Unheard(_)) => Err(repeats(outbox, earlier)),
        // Whatever stands for it now.
        Some(earlier) if known.contains(earlier.sent().txid()) => Ok(()),
        Some(earlier) => Err(repeats(outbox, earlier)),
        None => Ok(()),
    }
}

/// Why another is not made beside one beside which there is one.
fn made_already(outbox: &Outbox, made: &Sent, beside: &Txid) -> anyhow::Error {
    if made.is_doubtful() {
        return repeats(outbox, outbox.doubt(made));
    }
    let txid = made.txid();
    let why = format!(
        "just this payment was made beside {beside} already, as {txid}; to pay the same once more, say --again {txid}"
    );
    Ended::Repeats { txid: *txid, why, undone: Undone::SentAgain }.into()
}

/// Why an order is not carried out that was signed before, what is known of that, and what to do.
fn repeats(outbox: &Outbox, earlier: Earlier<'_>) -> anyhow::Error {
    let txid = earlier.sent().txid();
    let why = match earlier {
        Earlier::Waits(_) => format!("just this payment waits for a block already, as {txid}"),
        Earlier::Unheard(_) => {
            let why = format!(
                "just this payment was made before, as {txid}, and whoever ordered it was never told how it ended. Order it once \
                 more as that was ordered, and you are told, and nothing is paid; from then on --again {txid} means another"
            );
            return Ended::Repeats { txid: *txid, why, undone: Undone::SentAgain }.into();
        }
        Earlier::Doubtful { instead: Some(instead), .. }
            if matches!(instead.progress(), Progress::Mined { .. }) =>
        {
            let instead = instead.txid();
            format!(
                "just this payment was signed before, as {txid}. By the node's word {instead}, which has its number, stands in a \
                 block: where that is so, no more than that was paid. `cairn wallet show {instead}` asks once more, another node \
                 with --node"
            )
        }
        Earlier::Doubtful { instead: Some(instead), .. } => format!(
            "just this payment was signed before, as {txid}, and can be mined until {}, which has its number, is: wait for that",
            instead.txid()
        ),
        Earlier::Doubtful { sent, instead: None } => {
            let said = match sent.progress() {
                Progress::Refused => "a node refused it, and may have kept it",
                _ => "by the node's word its number went to another, and in no block it is seen",
            };
            format!(
                "just this payment was signed before, as {txid}, and what became of it is not known: {said}. Look for it with \
                 `cairn wallet show {txid}`, `cairn wallet history`, or at another node with --node"
            )
        }
    };
    let last = outbox.last_beside(earlier.sent()).txid();
    let beside = if last == txid { String::new() } else { format!("; {last} was made beside it") };
    let why = format!("{why}{beside}; to pay the same once more, say --again {last}");
    Ended::Repeats { txid: *txid, why, undone: Undone::SentAgain }.into()
}

fn sign_all(signing: &mut Signing, wallet: &Unlocked, keys: &[PublicKey]) -> Result<()> {
    for key in keys {
        let secret = wallet.keyring().secret_key(key).context("this wallet lost the key it had")?;
        signing.sign(&secret)?;
    }
    Ok(())
}
