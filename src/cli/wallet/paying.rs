//! From an order to a transaction that a node has: signed under the wallet's lock, written down, sent, and told again where a
//! node forgot.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::Options;
use super::chain::Chain;
use super::ends::Ended;
use super::follow::{Patience, follow};
use super::order::{Asked, Order, Terms};
use super::paid::told;
use super::vault::Vault;
use super::wording::own_keys;
use crate::api::view::{ContentView, Standing};
use crate::api::{Code, Problem};
use crate::cli::output::Report;
use crate::client::ClientError;
use crate::crypto::{PublicKey, sha256};
use crate::types::{Address, Preimage, Transaction, Txid};
use crate::wallet::keystore::{Unlocked, WalletFile};
use crate::wallet::{Means, Prepared, Progress, Sent, Signing};

/// Everything that a command that pays has at hand.
pub(super) struct Desk<'a> {
    pub options: &'a Options,
    pub vault: Vault,
    /// The wallet, as anybody sees it who has the file.
    pub file: WalletFile,
    pub chain: Chain,
}

/// What a node said to a transaction.
pub(super) enum Heard {
    /// It has it.
    Taken,
    /// It will not have it.
    Refused(Box<Problem>),
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

    /// Looks at what became of all that this account sent. Gives those of which nobody knew whether a node had heard.
    pub fn look_after(&self, address: &Address) -> Result<BTreeSet<Txid>> {
        let mined = self.chain.account(address)?.nonce;
        let tip = self.chain.client.tip()?.height;
        let ours: Vec<Sent> = self.vault.note(|file| {
            Ok(file.outbox.iter().filter(|sent| sent.account() == address).cloned().collect())
        })?;
        let cut_off = ours.iter().filter(|sent| sent.progress == Progress::Signed).map(|sent| *sent.txid());
        let cut_off = cut_off.collect();
        let standings: Result<Vec<Option<Standing>>, ClientError> = ours
            .iter()
            .map(|sent| Ok(self.chain.client.transaction(sent.txid())?.map(|view| view.standing)))
            .collect();
        let standings = standings?;
        self.vault.note(|file| {
            for (sent, standing) in ours.iter().zip(&standings) {
                match standing {
                    Some(Standing::Confirmed { height, .. }) => {
                        file.outbox.note(sent.txid(), Progress::Mined { height: *height });
                    }
                    Some(Standing::Pending { .. }) => file.outbox.note(sent.txid(), Progress::Taken),
                    // It was said to be refused, and may have been kept by whoever said so.
                    _ if sent.progress == Progress::Refused && sent.nonce() >= mined => {}
                    Some(Standing::Replaced { .. }) => file.outbox.forget(sent.txid()),
                    // Its nonce went to another.
                    _ if sent.nonce() < mined => file.outbox.forget(sent.txid()),
                    // By that node's word: what comes next has its nonce, in case it is not so.
                    Some(Standing::Expired) => file.outbox.note(sent.txid(), Progress::Refused),
                    Some(Standing::Dropped { .. }) | None => {}
                }
            }
            file.outbox.settle(tip);
            file.save()
        })?;
        Ok(cut_off)
    }

    /// Tells the node again what it does not know of this account's: it may be another node, or have lost its pool.
    fn tell_again(&self, address: &Address) -> Result<()> {
        let expected = self.chain.account(address)?.next_nonce;
        let untold = self.vault.note(|file| {
            let untold = file.outbox.untold(address, expected).into_iter();
            Ok(untold.map(|sent| sent.transaction().clone()).collect::<Vec<_>>())
        })?;
        for transaction in &untold {
            if let Heard::Refused(problem) = self.tell(transaction)? {
                let txid = transaction.body.txid();
                self.say(&format!(
                    "{txid}, which was signed before, is not taken any more: {}",
                    problem.detail
                ));
            }
        }
        Ok(())
    }

    /// Has the order's body signed with the next nonce, and written down before anybody hears of it.
    fn sign(
        &self,
        asked: &mut Asked,
        means: &Means,
        preimages: &[Preimage],
        agreed: &Prepared,
        again: bool,
    ) -> Result<Transaction> {
        let (account, params) = (asked.account(), self.chain.params());
        // Somebody else may have paid from it while this was being looked at.
        asked.expected = self.chain.account(&account)?.next_nonce;
        self.vault.sign(&self.options.passwords(), |wallet, sent| {
            // Names were looked up in what anybody could have written there; now it is certain who wrote it.
            ensure!(
                wallet.keyring().book() == self.file.book(),
                "the wallet was changed while you were asked: say it again"
            );
            let nonce = sent.outbox.next_nonce(&account, asked.expected)?;
            let prepared = asked.prepare(&self.chain, self.file.book(), nonce, means)?;
            if let Some(same) = sent.outbox.same(&account, &prepared.body.actions).filter(|_| !again) {
                return Err(waits_already(same.txid()).into());
            }
            ensure!(
                prepared.settlement.cost == agreed.settlement.cost,
                "what this costs changed while you were asked: say it again"
            );
            let mut signing = Signing::new(prepared.body, params)?;
            sign_all(&mut signing, wallet, prepared.way.keys())?;
            preimages.iter().try_for_each(|preimage| signing.add_preimage(*preimage))?;
            let signed = signing.complete(asked.height().max(prepared.way.min_height()), params);
            let transaction = signed.map_err(anyhow::Error::from)?.transaction().clone();
            sent.add(&transaction)?;
            Ok(transaction)
        })
    }

    /// Tells the node of a transaction that is written down, and notes what it says. Where nobody answers, or not to the point,
    /// it is kept as it was.
    pub fn tell(&self, transaction: &Transaction) -> Result<Heard> {
        let txid = transaction.body.txid();
        let note = |progress| self.vault.note(|file| file.note(&txid, progress));
        match self.chain.client.submit(transaction) {
            Ok(_) => note(Progress::Taken).map(|()| Heard::Taken),
            // It is there already.
            Err(ClientError::Problem(problem)) if problem.code == Code::OtherWitness => {
                note(Progress::Taken).map(|()| Heard::Taken)
            }
            Err(ClientError::Problem(problem)) if problem.code.is_verdict() => {
                note(Progress::Refused).map(|()| Heard::Refused(problem))
            }
            Err(error) => Err(error).with_context(|| {
                format!("{txid} is signed and kept, and may not have been heard of: say the same again, and it is sent once")
            }),
        }
    }

    /// Sends a transaction that is written down.
    pub fn send(&self, transaction: &Transaction) -> Result<()> {
        match self.tell(transaction)? {
            Heard::Taken => Ok(()),
            Heard::Refused(problem) => {
                Err(ClientError::Problem(problem)).context("the node did not take it; nothing was sent")
            }
        }
    }

    /// Pays: asks, signs, sends, and waits for blocks.
    pub fn pay(&self, order: Order, terms: &Terms, patience: &Patience) -> Result<()> {
        let (account, _) = terms.payer(self.file.book())?;
        let address = account.address();
        let cut_off = self.look_after(&address)?;
        self.tell_again(&address)?;
        let mut asked = order.ask(&self.chain)?;
        let preimages = terms.preimages.all()?;
        let means = self.means(&preimages, &asked);
        let agreed = asked.prepare(&self.chain, self.file.book(), asked.expected, &means)?;
        match self.signed_before(&address, &agreed)? {
            Some(before) if cut_off.contains(&before.body.txid()) => {
                self.say("this payment was signed before and cut off: it is sent now, and once");
                return self.follow(&before, patience);
            }
            Some(before) if !patience.again => return Err(waits_already(&before.body.txid()).into()),
            Some(_) => {}
            None if patience.again => {}
            None => {
                if let Some(before) = self.mined_unheard(&address, &agreed)? {
                    self.say(
                        "this payment was made before, by a command that was cut off: it is not made again",
                    );
                    return self.follow(&before, patience);
                }
            }
        }
        asked.agree(&agreed, self.file.book(), &self.chain, terms)?;
        let transaction = self.sign(&mut asked, &means, &preimages, &agreed, patience.again)?;
        self.send(&transaction)?;
        self.follow(&transaction, patience)
    }

    /// A transaction that does just this, and was signed and not mined.
    fn signed_before(&self, address: &Address, agreed: &Prepared) -> Result<Option<Transaction>> {
        self.vault.note(|file| {
            Ok(file.outbox.same(address, &agreed.body.actions).map(|same| same.transaction().clone()))
        })
    }

    /// A transaction that does just this and stands in a block, of which nobody was told.
    fn mined_unheard(&self, address: &Address, agreed: &Prepared) -> Result<Option<Transaction>> {
        self.vault.note(|file| {
            let unheard = file.outbox.mined_unheard(address, &agreed.body.actions);
            Ok(unheard.map(|unheard| unheard.transaction().clone()))
        })
    }

    /// Says something beside the answer.
    pub fn say(&self, line: &str) {
        if !self.options.json {
            eprintln!("{line}");
        }
    }

    /// Waits for blocks, and says what became of it.
    pub fn follow(&self, transaction: &Transaction, patience: &Patience) -> Result<()> {
        let txid = transaction.body.txid();
        let seen = follow(self, transaction, patience).inspect_err(|error| {
            if let Some(Ended::OnItsWay { .. }) = error.downcast_ref() {
                self.reported(&txid);
            }
        })?;
        let content = ContentView::new(transaction, None, &self.chain.params().prefix);
        let report = Report::default()
            .same("txid", "sent", txid)
            .same("from", "from", self.chain.text(&transaction.body.policy.address()))
            .only_json("nonce", transaction.body.nonce.0)
            .only_json("actions", serde_json::to_value(&content.actions)?);
        let fee = transaction.body.fee;
        let report = told(report, transaction, self).fact("fee", "fee", fee, fee.pebbles().to_string());
        seen.told(report).tell(self.options.json)?;
        self.reported(&txid);
        Ok(())
    }

    /// Notes that whoever sent it knows. Where that cannot be noted, the same command will say it once more.
    fn reported(&self, txid: &Txid) {
        let _ = self.vault.note(|file| {
            file.outbox.report(txid);
            file.save()
        });
    }
}

fn waits_already(txid: &Txid) -> Ended {
    Ended::Declined(format!(
        "just this payment waits for a block already, as {txid}; to pay the same once more, say --again"
    ))
}

fn sign_all(signing: &mut Signing, wallet: &Unlocked, keys: &[PublicKey]) -> Result<()> {
    for key in keys {
        let secret = wallet.keyring().secret_key(key).context("this wallet lost the key it had")?;
        signing.sign(&secret)?;
    }
    Ok(())
}
