//! What a node says of transactions that were signed here, and what it is told of them.
//!
//! What is made of its word is decided in [`crate::wallet::Outbox`].

use anyhow::{Context, Result};

use super::now;
use super::paying::Desk;
use crate::api::view::Standing;
use crate::api::{Code, Problem};
use crate::client::ClientError;
use crate::types::{Address, Transaction, Txid};
use crate::wallet::{Look, Progress, Sent, Word};

/// What a node said to a transaction.
pub(super) enum Heard {
    /// It has it.
    Taken,
    /// It will not have it.
    Refused(Box<Problem>),
}

/// What a node's answer says of a transaction, in the words of the outbox.
fn word(standing: Option<&Standing>) -> Word {
    match standing {
        Some(Standing::Confirmed { height, .. }) => Word::Confirmed(*height),
        Some(Standing::Pending { .. }) => Word::Pending,
        Some(Standing::Replaced { .. }) => Word::Replaced,
        Some(Standing::Expired) => Word::Expired,
        Some(Standing::Dropped { .. }) | None => Word::Unknown,
    }
}

impl Desk<'_> {
    /// Looks at what became of all that this account sent.
    pub fn look_after(&self, address: &Address) -> Result<()> {
        let client = &self.chain.client;
        let look = Look { nonce: self.chain.account(address)?.nonce, tip: client.tip()?.height, now: now() };
        let ours: Vec<Sent> = self.vault.note(|file| {
            Ok(file.outbox.iter().filter(|sent| sent.account() == address).cloned().collect())
        })?;
        let words: Result<Vec<(Txid, Word)>, ClientError> = ours
            .iter()
            .map(|sent| {
                let standing = client.transaction(sent.txid())?.map(|view| view.standing);
                Ok((*sent.txid(), word(standing.as_ref())))
            })
            .collect();
        let words = words?;
        self.vault.note(|file| {
            words.iter().for_each(|(txid, word)| file.outbox.hear(txid, *word, &look));
            file.outbox.settle(look.tip, look.now);
            file.save()
        })
    }

    /// Tells the node again what it does not know of this account's: it may be another node, or have lost its pool.
    pub fn tell_again(&self, address: &Address) -> Result<()> {
        let expected = self.chain.account(address)?.next_nonce;
        let untold = self.vault.note(|file| {
            let untold = file.outbox.untold(address, expected).into_iter();
            Ok(untold.map(|sent| sent.transaction().clone()).collect::<Vec<_>>())
        })?;
        for transaction in &untold {
            if let Heard::Refused(problem) = self.tell(transaction)? {
                let txid = transaction.body.txid();
                self.say(&format!(
                    "{txid}, which was signed before, is not taken any more: {}. The next payment takes its number, unless `cairn \
                     wallet bump {txid}` sends the same for a higher fee first, or `cairn wallet cancel {txid}` puts nothing in \
                     its place",
                    problem.detail
                ));
            }
        }
        Ok(())
    }

    /// Tells the node of a transaction that is written down, and notes what it says. Where nobody answers, or not to the point,
    /// it is kept as it was.
    pub fn tell(&self, transaction: &Transaction) -> Result<Heard> {
        let txid = transaction.body.txid();
        match self.chain.client.submit(transaction) {
            Ok(_) => self.note(&txid, Progress::Taken),
            // It is there already.
            Err(ClientError::Problem(problem)) if problem.code == Code::OtherWitness => {
                self.note(&txid, Progress::Taken);
            }
            Err(ClientError::Problem(problem)) if problem.code.is_verdict() => {
                self.note(&txid, Progress::Refused);
                return Ok(Heard::Refused(problem));
            }
            Err(error) => {
                return Err(error).with_context(|| {
                    format!(
                        "{txid} is signed and kept, and may not have been heard of: say the same again, and it is sent once"
                    )
                });
            }
        }
        Ok(Heard::Taken)
    }

    /// Notes what a node said to a transaction. Where that cannot be written the node has said it all the same, and what was
    /// written before suffices for never paying twice.
    fn note(&self, txid: &Txid, progress: Progress) {
        let Err(error) = self.vault.note(|file| file.note(txid, progress)) else { return };
        let said = match progress {
            Progress::Refused => "was not taken by the node",
            _ => "is sent",
        };
        self.say(&format!("{txid} {said}, which could not be noted ({error:#})"));
    }

    /// Sends a transaction that is written down.
    pub fn send(&self, transaction: &Transaction) -> Result<()> {
        match self.tell(transaction)? {
            Heard::Taken => Ok(()),
            Heard::Refused(problem) => {
                let txid = transaction.body.txid();
                Err(ClientError::Problem(problem)).with_context(|| {
                    format!("the node did not take {txid}; its number goes to what is sent next, so that at most one of both is mined")
                })
            }
        }
    }
}
