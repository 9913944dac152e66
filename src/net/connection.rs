//! One connection, from the moment that it is known who is there.
//!
//! What comes and what goes are looked after by turns in one task, so that an idle connection costs little, and whatever
//! goes wrong in it ends it alone.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::select;
use tokio::time::timeout;

use super::greet::Greeted;
use super::reading::Reading;
use super::sending::Sending;
use super::serving::serve;
use super::wire::{End, Event, Room, Wire};
use super::writing::Writing;
use crate::protocol::{Input, Met, PeerId};

/// How long what waits for somebody whom we hang up on has.
const FAREWELL: Duration = Duration::from_millis(500);

/// Tells the machine who is there, carries messages both ways, and tells it when that is over.
pub async fn carry(wire: Arc<Wire>, greeted: Greeted, peer: PeerId) -> End {
    let end = match survive(converse(&wire, greeted, peer)).await {
        Ok(end) => end,
        Err(fault) => End::Fault(fault),
    };
    if !matches!(end, End::Stopped) {
        let told = Input::Disconnected { peer, reason: end.to_string() };
        // Where the machine has ended there is nobody to tell.
        let _ = wire.tell(Event::Told(told, Room::default())).await;
    }
    end
}

async fn converse(wire: &Arc<Wire>, greeted: Greeted, peer: PeerId) -> End {
    let Greeted { stream, address, side, node, sealer, opener } = greeted;
    let sending = Sending::new();
    let met = Event::Met(Met { peer, address, side, node }, sending.clone());
    if let Err(end) = wire.tell(met).await {
        return end;
    }
    let link = wire.faults.watch(address, Some(node));
    let (reader, writer) = stream.into_split();
    let mut reading = Reading::new(wire, peer, reader, opener, link.clone(), sending.clone());
    let mut writing =
        Writing::new(writer, sealer, sending.clone(), link, wire.faults.draws(peer), wire.patience.write);
    let mut stopping = wire.stopping.clone();
    let end = select! {
        end = reading.read() => never(end),
        end = writing.write() => never(end),
        end = serve(wire, &sending) => never(end),
        end = sending.ended() => end,
        _ = stopping.changed() => End::Stopped,
    };
    // The other side may be told why, if it reads.
    if matches!(end, End::Ordered | End::Stopped) {
        let _ = timeout(FAREWELL, writing.finish()).await;
    }
    end
}

fn never(end: Result<Infallible, End>) -> End {
    match end {
        Ok(never) => match never {},
        Err(end) => end,
    }
}

/// What comes of something, or the words with which it panicked.
pub(super) async fn survive<F: Future>(work: F) -> Result<F::Output, String> {
    let mut work = pin!(work);
    std::future::poll_fn(move |context| {
        // Nothing of it is looked at again after a panic.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(words(&*panic))),
        }
    })
    .await
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_ends_what_panicked_and_says_its_words() {
        let ends = |work: fn() -> u8| pollster::block_on(survive(async move { work() }));
        assert_eq!(ends(|| 7), Ok(7));
        assert_eq!(ends(|| panic!("oh")), Err("oh".to_owned()));
        assert_eq!(ends(|| panic!("oh {}", 1)), Err("oh 1".to_owned()));
    }
}
