//! An outbox as it is written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sent::{Progress, Sent};
use super::{OUTBOX_MAX, Outbox, OutboxError};
use crate::codec::{decode, encode};
use crate::types::{Address, BlockHash, ChainId, Nonce, Timestamp, Txid};

const VERSION: u32 = 1;

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
    settled: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentForm {
    raw: String,
    progress: Progress,
    #[serde(default)]
    since: u32,
    /// Earlier versions did not say, and nothing was before that.
    #[serde(default)]
    made: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reported: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    told: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    weighed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beside: Option<Txid>,
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
            VERSION => {}
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
            (sent.beside, sent.made) = (form.beside, Timestamp(form.made));
            Ok(sent)
        };
        let sent: Result<Vec<Sent>, OutboxError> = form.sent.into_iter().map(read).collect();
        let settled: Result<BTreeMap<Address, Nonce>, OutboxError> = form
            .settled
            .iter()
            .map(|(account, nonce)| {
                let bytes: [u8; 32] = hex::FromHex::from_hex(account).map_err(|error| malformed(&error))?;
                Ok((Address::from_bytes(bytes), Nonce(*nonce)))
            })
            .collect();
        Ok(Self { sent: sent?, settled: settled? })
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
            made: sent.made.0,
            reported: sent.is_reported,
            told: sent.is_told,
            weighed: sent.is_weighed,
            beside: sent.beside,
        };
        let sent = self.sent.iter().map(form).collect();
        let settled =
            self.settled.iter().map(|(account, nonce)| (hex::encode(account.as_bytes()), nonce.0)).collect();
        let form = Form { cairn_outbox: VERSION, chain: Some(chain.0), sent, settled };
        serde_json::to_string_pretty(&form).expect("text and numbers")
    }
}
