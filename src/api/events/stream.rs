//! One stream: what happened after a cursor, then what happens, until nobody reads or the node ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task;
use tokio::time::{self, Instant};

use super::filter::Filter;
use super::hub::{Hub, Place};
use super::live::{Heard, Live};
use super::walk::{Slice, Then, Walk};
use crate::api::context::{Context, tip_view};
use crate::api::cursor::EventCursor;
use crate::api::problem::Problem;
use crate::api::view::{
    ClosingEvent, ClosingWhy, EventView, HelloEvent, ResetEvent, ResetWhy, ResyncWhy, TipView,
};
use crate::node::{Cursor, CursorError, Tip};
use crate::types::Height;

/// Events that wait to be sent, for each stream. No more are made until there is room.
pub const QUEUE_MAX: usize = 64;

/// Something that is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Where this leaves whoever has seen it.
    pub at: Cursor,
    /// What it is.
    pub what: What,
}

/// What is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// Something that happened.
    Event(EventView),
    /// Nothing of what happened up to here was asked for.
    Place,
    /// Nothing happened.
    Heartbeat,
}

impl Told {
    /// Something that happened.
    pub fn new(at: Cursor, event: EventView) -> Self {
        Self { at, what: What::Event(event) }
    }
}

/// What somebody wants to be told.
#[derive(Clone)]
pub struct Order {
    /// What of all that happens.
    pub filter: Arc<Filter>,
    /// What came after this; where nothing is said, what comes next.
    pub after: Option<Cursor>,
}

/// The end at which a stream comes out.
pub struct Stream {
    told: mpsc::Receiver<Told>,
}

impl Stream {
    /// Begins to tell.
    pub fn begin(context: &Context, order: Order) -> Self {
        // The last word has a place of its own.
        let (to, told) = mpsc::channel(QUEUE_MAX + 1);
        tokio::spawn(tell(context.clone(), order, to));
        Self { told }
    }

    /// What is told next; nothing at the end.
    pub async fn next(&mut self) -> Option<Told> {
        self.told.recv().await
    }
}

/// A place among all streams, for somebody.
pub fn enter(context: &Context, address: Option<IpAddr>) -> Result<Place, Problem> {
    context.hub().enter(address)
}

/// Why nothing more is told.
enum End {
    /// Nobody is there any more.
    Gone,
    /// What is told is not read.
    Slow,
    /// The node ends, or no longer answers.
    Stopping,
    /// What is to be told cannot be read.
    Fault(String),
}

impl End {
    /// What is said of it, where anybody is left to hear it.
    fn closing(self, cursor: Cursor) -> Option<EventView> {
        let (why, detail) = match self {
            Self::Gone => return None,
            Self::Slow => (ClosingWhy::Slow, None),
            Self::Stopping => (ClosingWhy::Stopping, None),
            Self::Fault(detail) => (ClosingWhy::Fault, Some(detail)),
        };
        Some(EventView::Closing(ClosingEvent { why, detail, cursor: EventCursor(cursor).to_string() }))
    }
}

async fn tell(context: Context, order: Order, to: mpsc::Sender<Told>) {
    let Ok(last_word) = to.clone().reserve_owned().await else { return };
    let listener = to.clone();
    let hub = Arc::clone(context.hub());
    let mut telling = Telling {
        tips: context.node().tips(),
        ended: hub.ended(),
        live: Live::default(),
        position: context.node().cursor(),
        said: context.node().cursor(),
        beat: Instant::now() + hub.limits().heartbeat,
        filter: order.filter,
        has_node_ended: false,
        hub,
        context,
        to,
    };
    // Wherever it is: whoever has gone away must not keep a place in a queue, or nothing would bound how many there are.
    let end = tokio::select! {
        end = telling.follow(order.after) => end,
        () = listener.closed() => End::Gone,
    };
    if matches!(end, End::Slow) {
        telling.hub.give_up();
    }
    if let Some(closing) = end.closing(telling.said) {
        last_word.send(Told::new(telling.said, closing));
    }
}

/// Tells one stream.
struct Telling {
    context: Context,
    hub: Arc<Hub>,
    filter: Arc<Filter>,
    to: mpsc::Sender<Told>,
    live: Live,
    tips: watch::Receiver<Tip>,
    ended: watch::Receiver<bool>,
    has_node_ended: bool,
    /// Behind everything that was gone through.
    position: Cursor,
    /// Behind everything that was handed over.
    said: Cursor,
    /// When it is said that there is nothing to say.
    beat: Instant,
}

impl Telling {
    async fn follow(&mut self, after: Option<Cursor>) -> End {
        match self.go(after).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn go(&mut self, after: Option<Cursor>) -> Result<std::convert::Infallible, End> {
        let mut walk = match after {
            Some(cursor) => self.resume(cursor).await?,
            None => self.begin().await?,
        };
        if self.filter.is_live() {
            self.live = Live::listen(&self.context, &self.filter).await;
            self.resync(ResyncWhy::Began).await?;
        }
        // Whoever comes back learns at once that they have missed nothing more.
        let mut has_come_back = after.is_some();
        loop {
            self.tips.borrow_and_update();
            walk = self.catch_up(walk).await?;
            if self.said != self.position || has_come_back {
                self.mark(What::Place).await?;
                has_come_back = false;
            }
            self.wait().await?;
        }
    }

    /// Goes on behind a cursor; from now on where it leads nowhere.
    async fn resume(&mut self, cursor: Cursor) -> Result<Walk, End> {
        (self.position, self.said) = (cursor, cursor);
        let (context, filter) = (self.context.clone(), Arc::clone(&self.filter));
        let opened = self.at_disk(move || Walk::after(&context, &filter, cursor)).await?;
        let error = match opened {
            Ok(walk) => return Ok(walk),
            Err(error) => error,
        };
        let why = match &error {
            CursorError::AnotherEpoch { .. } => ResetWhy::AnotherEpoch,
            CursorError::Ahead { .. } => ResetWhy::Ahead,
            CursorError::Pruned { .. } => ResetWhy::Pruned,
            CursorError::Storage(error) => return Err(End::Fault(error.to_string())),
        };
        self.reset(why, error.to_string()).await
    }

    /// Goes on from now, and says so.
    async fn reset(&mut self, why: ResetWhy, detail: String) -> Result<Walk, End> {
        let (walk, tip) = self.walk_from_now().await?;
        let cursor = EventCursor(walk.position()).to_string();
        self.at_place(&walk, EventView::Reset(ResetEvent { why, detail, cursor, tip })).await?;
        Ok(walk)
    }

    async fn begin(&mut self) -> Result<Walk, End> {
        let (walk, tip) = self.walk_from_now().await?;
        let cursor = EventCursor(walk.position()).to_string();
        self.at_place(&walk, EventView::Hello(HelloEvent { cursor, tip })).await?;
        Ok(walk)
    }

    /// Says something behind everything that has happened.
    async fn at_place(&mut self, walk: &Walk, event: EventView) -> Result<(), End> {
        self.position = walk.position();
        self.say(Told::new(self.position, event)).await
    }

    async fn walk_from_now(&mut self) -> Result<(Walk, TipView), End> {
        let (context, filter) = (self.context.clone(), Arc::clone(&self.filter));
        let opened = self.at_disk(move || {
            let reader = context.node().reader();
            let walk = Walk::after(&context, &filter, reader.cursor());
            walk.map(|walk| (walk, tip_view(reader.tip())))
        });
        opened.await?.map_err(|error| End::Fault(error.to_string()))
    }

    /// Tells all that has happened.
    async fn catch_up(&mut self, mut walk: Walk) -> Result<Walk, End> {
        loop {
            let (back, slice) = self
                .at_disk(move || {
                    let slice = walk.slice();
                    (walk, slice)
                })
                .await?;
            walk = back;
            let Slice { told, then } = slice;
            for told in told {
                self.say(told).await?;
            }
            self.position = walk.position();
            match then {
                Then::Wait => return Ok(walk),
                Then::More => {}
                Then::Pruned(height) => walk = self.begin_anew(height).await?,
                Then::Fault(detail) => return Err(End::Fault(detail)),
            }
            if *self.ended.borrow() {
                return Err(End::Stopping);
            }
            if Instant::now() >= self.beat {
                self.mark(What::Heartbeat).await?;
            }
        }
    }

    async fn begin_anew(&mut self, height: Height) -> Result<Walk, End> {
        self.reset(ResetWhy::Pruned, format!("the block at height {height} was pruned; begin anew")).await
    }

    /// Waits for something to happen to the chain, and tells what happens elsewhere.
    async fn wait(&mut self) -> Result<(), End> {
        loop {
            let heard = tokio::select! {
                () = becomes_true(&mut self.ended) => return Err(End::Stopping),
                moved = self.tips.changed() => return self.moved(moved.is_ok()),
                heard = self.live.next(&self.filter) => Some(heard),
                () = time::sleep_until(self.beat) => None,
            };
            match heard {
                None => self.mark(What::Heartbeat).await?,
                Some(Heard::Missed) => self.resync(ResyncWhy::Missed).await?,
                Some(Heard::Told(event)) => self.say(Told::new(self.position, event)).await?,
            }
        }
    }

    /// What was published before the node ended is told yet.
    fn moved(&mut self, goes_on: bool) -> Result<(), End> {
        if !goes_on && self.has_node_ended {
            return Err(End::Stopping);
        }
        self.has_node_ended = !goes_on;
        Ok(())
    }

    async fn resync(&mut self, why: ResyncWhy) -> Result<(), End> {
        let resync = Live::resync(&self.context, why).await;
        self.say(Told::new(self.position, EventView::Resync(resync))).await
    }

    /// Says where the stream is.
    async fn mark(&mut self, what: What) -> Result<(), End> {
        self.say(Told { at: self.position, what }).await
    }

    async fn say(&mut self, told: Told) -> Result<(), End> {
        let at = told.at;
        match time::timeout(self.hub.limits().slow, self.to.send(told)).await {
            Ok(Ok(())) => {
                self.said = at;
                self.beat = Instant::now() + self.hub.limits().heartbeat;
                Ok(())
            }
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        }
    }

    /// Does something that may take the disk, in its turn.
    async fn at_disk<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, End> {
        let turn = self.hub.turn().await;
        let working = task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.map_err(|_| End::Fault("a fault while this was read".to_owned()))
    }
}

/// Waits until it is true, or until nobody will say so any more.
async fn becomes_true(ended: &mut watch::Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
}

/// How long somebody may take to read one event.
pub fn slow(context: &Context) -> Duration {
    context.hub().limits().slow
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Handle};

    use super::super::hub::READERS_MAX;
    use super::*;
    use crate::testkit::{Network, TestNode};

    #[test]
    fn whoever_has_gone_away_waits_for_no_turn_at_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let node = TestNode::start(folder.path(), &Network::new(1).genesis);
        let context = Context::new(node.handle(), None);
        let filter = Arc::new(Filter::of_query(None, None, &context.params().prefix).unwrap());
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut turns = Vec::new();
            for _ in 0..READERS_MAX {
                turns.push(context.hub().turn().await);
            }
            for after in [None, Some(context.node().cursor())] {
                let mut stream = Stream::begin(&context, Order { filter: Arc::clone(&filter), after });
                let waited = time::timeout(Duration::from_millis(20), stream.next()).await;
                assert!(waited.is_err(), "it has its turn");
            }
            let gone = async {
                while Handle::current().metrics().num_alive_tasks() > 0 {
                    time::sleep(Duration::from_millis(1)).await;
                }
            };
            let gone = time::timeout(Duration::from_secs(20), gone).await;
            assert!(gone.is_ok(), "tasks that wait for nobody");
        });
    }
}
