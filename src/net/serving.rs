//! Serves blocks and transactions to one who asked for them, as fast as they are taken.

use std::convert::Infallible;
use std::sync::Arc;

use super::bridge::gather;
use super::lanes::Parcel;
use super::sending::{Sending, Wanted};
use super::wire::{End, Wire};
use crate::codec::{List, encode};
use crate::protocol::{BLOCKS_ASKED_MAX, BlockBytes, Message, Served};
use crate::types::BlockHash;

/// Serves until the connection ends. One thing at a time is read, and only while what was read before is taken.
pub(super) async fn serve(wire: &Arc<Wire>, sending: &Sending) -> Result<Infallible, End> {
    let mut missing = Vec::new();
    loop {
        match sending.wanted().await {
            Wanted::Block(block) => {
                let stock = Arc::clone(&wire.stock);
                let hash = match &block {
                    Served::Kept(block) => block.header.hash(),
                    Served::Stored(hash) => *hash,
                };
                let read = blocking(move || match block {
                    Served::Kept(block) => Some(encode(&*block)),
                    Served::Stored(hash) => stock.block(&hash),
                });
                match read.await.and_then(|bytes| BlockBytes::new(bytes).ok()) {
                    Some(block) => {
                        send_missing(sending, &mut missing);
                        sending.send(&Parcel::of(&Message::Block(block)));
                    }
                    None => missing.push(hash),
                }
                if missing.len() >= BLOCKS_ASKED_MAX || !sending.wants_blocks() {
                    send_missing(sending, &mut missing);
                }
            }
            Wanted::Transactions(hashes) => {
                let stock = Arc::clone(&wire.stock);
                let gathered = blocking(move || {
                    let (together, rest) = gather(&hashes, |hash| stock.transaction(hash));
                    (together, rest.to_vec())
                });
                let (together, rest) = gathered.await;
                // The rest waits until this was taken.
                sending.want_first(&rest);
                if let Ok(together) = List::new(together) {
                    sending.send(&Parcel::of(&Message::Transactions(together)));
                }
            }
        }
    }
}

/// Reads a disk where that holds up nobody; a panic there is a panic here.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and this with it.
            Err(_) => std::future::pending().await,
        },
    }
}

fn send_missing(sending: &Sending, missing: &mut Vec<BlockHash>) {
    if let Ok(hashes) = List::new(std::mem::take(missing)) {
        sending.send(&Parcel::of(&Message::Missing(hashes)));
    }
}
