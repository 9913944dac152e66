//! Carrying out orders, one after the other, where nothing waits for it.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::keys::Order;
use crate::devnet::desk::words::{apart, late};
use crate::devnet::{DevnetError, DevnetHandle};
use crate::miner::STACK_BYTES;

/// Orders that wait for others; somebody who leans on a key gives no more.
const ORDERS_MAX: usize = 8;

/// Takes orders.
pub(super) struct Hand(SyncSender<Order>);

impl Hand {
    /// Carries them out on a thread of its own, says what came of them, and that something happened.
    ///
    /// # Errors
    /// When there are no more threads.
    pub fn of(
        devnet: DevnetHandle,
        happened: SyncSender<()>,
        said: impl Fn(&str) + Send + 'static,
    ) -> io::Result<Self> {
        let (give, orders) = sync_channel(ORDERS_MAX);
        thread::Builder::new()
            .name("cairn-orders".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || carry_out(&devnet, &orders, &happened, said))?;
        Ok(Self(give))
    }

    /// Has this done, too.
    pub fn give(&self, order: Order) {
        // Those that are too many are keys that were held down.
        let _ = self.0.try_send(order);
    }
}

fn carry_out(
    devnet: &DevnetHandle,
    orders: &Receiver<Order>,
    happened: &SyncSender<()>,
    said: impl Fn(&str),
) {
    for order in orders {
        match done(devnet, order) {
            Ok(what) => said(&what),
            Err(error) => said(&error.to_string()),
        }
        // One that waits already is enough.
        let _ = happened.try_send(());
    }
}

/// What came of an order. That nodes end and begin is seen, whoever ordered it.
fn done(devnet: &DevnetHandle, order: Order) -> Result<String, DevnetError> {
    Ok(match order {
        Order::Mine => {
            let made = devnet.mine(1, None)?;
            let late = late(&made.behind).map_or_else(String::new, |late| format!("; {late}"));
            made.blocks.last().map_or_else(String::new, |hash| format!("made block {hash}{late}"))
        }
        Order::Kill(node) => devnet.kill(node).map(|()| String::new())?,
        Order::Restart(node) => devnet.restart(node).map(|()| String::new())?,
        Order::Heal => {
            let apart = apart(&devnet.heal()?).map_or_else(String::new, |apart| format!("; {apart}"));
            format!("all links are as they should be{apart}")
        }
        Order::Hold(true) => devnet.hold_clock(true).map(|_| "the clock is held".to_owned())?,
        Order::Hold(false) => devnet.hold_clock(false).map(|_| "the clock runs on".to_owned())?,
        Order::Warp(seconds) => {
            devnet.warp(seconds).map(|_| format!("the clock is {seconds} seconds further"))?
        }
    })
}
