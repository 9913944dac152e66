//! An outbox as it is written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::once::{Kept, OrderKey};
use super::sent::{Progress, Sent};
use super::{OUTBOX_MAX, Outbox, OutboxError, Settled};
use crate::codec::{decode, encode};
use crate::types::{Address, BlockHash, ChainId, Nonce, Timestamp, Txid};

/// Of what is written. Version 1 had no keys of orders, and told less of each transaction; version 2 did not tell what a node had.
const VERSION: u32 = 3;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    cairn_outbox: u32,
    /// Of which chain. Earlier versions did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<BlockHash>,
    sent: Vec<SentForm>,
    /// By account, the nonce above all that are kept no longer. Earlier versions did not say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settled: BTreeMap<String, SettledForm>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: BTreeMap<OrderKey, KeptForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SettledForm {
    /// As version 1 had it.
    Above(u64),
    /// As it is written.
    Since { above: u64, since: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptForm {
    txid: Txid,
    mined: bool,
    order: String,
    since: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentForm {
    raw: String,
    progress: Progress,
    #[serde(default)]
    since: u32,
    /// Version 1 had it, and nothing reads it.
    #[serde(default, skip_serializing, rename = "made")]
    _made: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reported: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    over: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    raised: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    had: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lost: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    told: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    weighed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beside: Option<Txid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    once: Option<OrderKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<BlockHash>,
}

impl SettledForm {
    fn read(&self) -> Settled {
        match *self {
            // As if it had been today, whatever day that is.
            Self::Above(above) => Settled { above: Nonce(above), since: Timestamp(u32::MAX) },
            Self::Since { above, since } => Settled { above: Nonce(above), since: Timestamp(since) },
        }
    }
}

impl Outbox {
    /// Reads what [`Outbox::to_json`] wrote, of this chain.
    ///
    /// # Errors
    /// When it is something else, or another chain's.
    pub fn from_json(text: &str, chain: ChainId) -> Result<Self, OutboxError> {
        let malformed = |error: &dyn std::fmt::Display| OutboxError::Malformed(error.to_string());
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let form: Form =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| malformed(&error))?;
        deserializer.end().map_err(|error| malformed(&error))?;
        match form.cairn_outbox {
            1..=VERSION => {}
            later if later > VERSION => return Err(OutboxError::Later(later)),
            other => return Err(malformed(&format!("there is no version {other}"))),
        }
        if let Some(found) = form.chain.map(ChainId).filter(|found| *found != chain) {
            return Err(OutboxError::OtherChain { found });
        }
        if form.sent.len() > OUTBOX_MAX {
            return Err(malformed(&"more transactions than one holds"));
        }
        let read = |form: SentForm| -> Result<Sent, OutboxError> {
            let bytes = hex::decode(&form.raw).map_err(|error| malformed(&error))?;
            let transaction = decode(&bytes).map_err(|error| malformed(&error))?;
            let mut sent = Sent::new(transaction, form.progress, Timestamp(form.since));
            (sent.is_reported, sent.is_told, sent.is_weighed) = (form.reported, form.told, form.weighed);
            (sent.is_over, sent.is_raised) = (form.over || form.reported, form.raised);
            (sent.was_taken, sent.is_lost) = (sent.was_taken || form.had || form.over, form.lost);
            (sent.beside, sent.once, sent.seen) = (form.beside, form.once, form.seen);
            Ok(sent)
        };
        let sent: Result<Vec<Sent>, OutboxError> = form.sent.into_iter().map(read).collect();
        let digest = |digits: &str| -> Result<[u8; 32], OutboxError> {
            hex::FromHex::from_hex(digits).map_err(|error| malformed(&error))
        };
        let settled = form
            .settled
            .iter()
            .map(|(account, settled)| Ok((Address::from_bytes(digest(account)?), settled.read())));
        let settled: Result<BTreeMap<Address, Settled>, OutboxError> = settled.collect();
        let kept = form.kept.into_iter().map(|(key, kept)| {
            let (what, since) = (digest(&kept.order)?, Timestamp(kept.since));
            Ok((key, Kept { txid: kept.txid, is_mined: kept.mined, what, since }))
        });
        let kept: Result<BTreeMap<OrderKey, Kept>, OutboxError> = kept.collect();
        Ok(Self { sent: sent?, settled: settled?, kept: kept? })
    }

    /// As it is written down.
    ///
    /// # Panics
    /// Never: text and numbers become JSON.
    pub fn to_json(&self, chain: ChainId) -> String {
        let form = |sent: &Sent| SentForm {
            raw: hex::encode(encode(&sent.transaction)),
            progress: sent.progress,
            since: sent.since.0,
            _made: 0,
            reported: sent.is_reported,
            over: sent.is_over,
            raised: sent.is_raised,
            had: sent.was_taken,
            lost: sent.is_lost,
            told: sent.is_told,
            weighed: sent.is_weighed,
            beside: sent.beside,
            once: sent.once.clone(),
            seen: sent.seen,
        };
        let sent = self.sent.iter().map(form).collect();
        let settled = self.settled.iter().map(|(account, settled)| {
            let form = SettledForm::Since { above: settled.above.0, since: settled.since.0 };
            (hex::encode(account.as_bytes()), form)
        });
        let kept = self.kept.iter().map(|(key, kept)| {
            let order = hex::encode(kept.what);
            (key.clone(), KeptForm { txid: kept.txid, mined: kept.is_mined, order, since: kept.since.0 })
        });
        let (settled, kept) = (settled.collect(), kept.collect());
        let form = Form { cairn_outbox: VERSION, chain: Some(chain.0), sent, settled, kept };
        serde_json::to_string_pretty(&form).expect("text and numbers")
    }
}
