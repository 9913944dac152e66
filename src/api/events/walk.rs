//! Going through the journal, a slice at a time: every event in its place, behind a cursor.

use std::collections::VecDeque;
use std::sync::Arc;

use super::filter::Filter;
use super::hub::Hub;
use super::opened::Opened;
use super::stream::Told;
use crate::api::context::Context;
use crate::api::cursor::EventCursor;
use crate::api::view::{
    AccountEvent, BlockEvent, ChainChange, EventType, EventView, FlowView, ReorganizationEvent, TipView,
    TransactionEvent,
};
use crate::chain::HeaderEntry;
use crate::node::{Cursor, CursorError, Events, NodeEvent, NodeHandle, ReadError, Reader};
use crate::storage::{Move, Step};
use crate::types::{Address, BlockHash, Height};

/// Events that are made at once; the next are made when these were read.
const SLICE_EVENTS_MAX: usize = 512;
/// Steps that are gone through at once, whatever there is to tell of them.
const SLICE_STEPS_MAX: usize = 64;

/// Where in a step a block's own event stands.
const BLOCK_PLACE: u32 = 1;
/// Where its first transaction stands.
const FIRST_PLACE: u32 = 2;
/// The index that says that all of a step was seen, and that its change goes on. A whole step has one more.
const ALL_BUT_THE_CHANGE: u32 = u32::MAX - 1;

/// Some of what happened.
pub struct Slice {
    /// In order.
    pub told: Vec<Told>,
    /// Whether there is more.
    pub then: Then,
}

/// What comes behind a slice.
pub enum Then {
    /// More that has happened.
    More,
    /// What has yet to happen.
    Wait,
    /// Something that is not there any more.
    Pruned(Height),
    /// Nothing: the journal cannot be read.
    Fault(String),
}

/// What was yet to be told of a step.
struct Todo {
    step: Step,
    /// The whole change, where this is its first step and it takes blocks off.
    change: Option<Change>,
}

struct Change {
    disconnected: Vec<BlockHash>,
    connected: Vec<BlockHash>,
}

/// Goes through the journal for one stream.
pub struct Walk {
    context: Context,
    filter: Arc<Filter>,
    events: Events,
    todo: VecDeque<Todo>,
    /// Places of the first of these that were seen.
    seen: u32,
    position: Cursor,
}

impl Walk {
    /// Behind a cursor.
    pub fn after(context: &Context, filter: &Arc<Filter>, cursor: Cursor) -> Result<Self, CursorError> {
        let events = context.node().events(cursor)?;
        let (context, filter) = (context.clone(), Arc::clone(filter));
        Ok(Self { context, filter, events, todo: VecDeque::new(), seen: 0, position: cursor })
    }

    /// Behind everything that was told.
    pub fn position(&self) -> Cursor {
        self.position
    }

    /// The next that there is to tell.
    pub fn slice(&mut self) -> Slice {
        let mut told = Vec::new();
        let then = self.fill(&mut told);
        Slice { told, then }
    }

    fn fill(&mut self, told: &mut Vec<Told>) -> Then {
        let reader = self.node().reader();
        for _ in 0..SLICE_STEPS_MAX {
            if self.todo.is_empty() {
                match self.events.ready() {
                    Ok(Some(event)) => self.take(event),
                    Ok(None) => return Then::Wait,
                    Err(error) => return Then::Fault(error.to_string()),
                }
            }
            let Some(todo) = self.todo.pop_front() else { continue };
            match self.tell(&reader, &todo, told) {
                Ok(true) => {
                    let index = if todo.step.last { u32::MAX } else { ALL_BUT_THE_CHANGE };
                    self.position = self.at(&todo.step, index);
                    self.seen = 0;
                }
                // It goes on behind what is told now.
                Ok(false) => self.todo.push_front(todo),
                Err(then) => return then,
            }
            if told.len() >= SLICE_EVENTS_MAX {
                break;
            }
        }
        Then::More
    }

    fn node(&self) -> &NodeHandle {
        self.context.node()
    }

    fn hub(&self) -> &Hub {
        self.context.hub()
    }

    fn at(&self, step: &Step, index: u32) -> Cursor {
        Cursor { sequence: step.sequence, index, ..self.position }
    }

    /// Takes a change apart into its steps. Where a cursor lies within it, it is what is left of it from there on.
    fn take(&mut self, event: NodeEvent) {
        let last = event.cursor().sequence;
        let (off, on) = match event {
            NodeEvent::Grew { block, .. } => (Vec::new(), vec![block]),
            NodeEvent::Reorganized { disconnected, connected, .. } => (disconnected, connected),
        };
        let moves = off.iter().map(|block| (Move::Disconnected, *block));
        let moves = moves.chain(on.iter().map(|block| (Move::Connected, *block)));
        let first = last + 1 - (off.len() + on.len()) as u64;
        let steps = (first..).zip(moves);
        let steps =
            steps.map(|(sequence, (moved, block))| Step { sequence, moved, block, last: sequence == last });
        self.todo = steps.map(|step| Todo { step, change: None }).collect();
        if let Some(todo) = self.todo.front_mut().filter(|_| !off.is_empty()) {
            todo.change = Some(Change { disconnected: off, connected: on });
        }
        let is_begun = self.position.index != u32::MAX && self.position.sequence == first;
        self.seen = if is_begun { self.position.index } else { 0 };
    }

    /// Tells what is left of a step. Whether that was all of it.
    fn tell(&mut self, reader: &Reader, todo: &Todo, told: &mut Vec<Told>) -> Result<bool, Then> {
        let filter = Arc::clone(&self.filter);
        if let Some(change) = todo.change.as_ref().filter(|_| self.seen == 0)
            && filter.has(EventType::Reorganization)
        {
            let at = self.at(&todo.step, 1);
            told.push(Told::new(at, reorganization(reader, at, change)?));
        }
        if !filter.needs_blocks() {
            return Ok(true);
        }
        let entry = entry(reader, &todo.step.block)?;
        let opened = match self.hub().recently().open(reader, &entry.hash) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Err(Then::Pruned(entry.height)),
            Err(error) => return Err(fault(&error)),
        };
        let scene = Scene { context: &self.context, step: todo.step, entry, opened: &opened };
        let mut put = |place: u32, event: &dyn Fn(String) -> EventView| {
            let at = self.at(&todo.step, place + 1);
            told.push(Told::new(at, event(EventCursor(at).to_string())));
            told.len() >= SLICE_EVENTS_MAX
        };
        let full = scene.tell(&filter, self.seen, &mut put);
        if let Some(place) = full {
            self.seen = place + 1;
            self.position = self.at(&todo.step, self.seen);
        }
        Ok(full.is_none())
    }
}

/// A step with its block, as it is told.
struct Scene<'a> {
    context: &'a Context,
    step: Step,
    entry: HeaderEntry,
    opened: &'a Opened,
}

/// Takes an event at a place; whether it takes no more.
type Put<'a> = dyn FnMut(u32, &dyn Fn(String) -> EventView) -> bool + 'a;

impl Scene<'_> {
    /// Tells all places but those that were seen. Gives the last that was told where no more is taken.
    fn tell(&self, filter: &Filter, seen: u32, put: &mut Put<'_>) -> Option<u32> {
        if filter.has(EventType::Block)
            && seen <= BLOCK_PLACE
            && put(BLOCK_PLACE, &|cursor| self.block(cursor))
        {
            return Some(BLOCK_PLACE);
        }
        // A block has fewer transactions and actions than a place has numbers, by its length in bytes.
        let accounts_place = FIRST_PLACE + self.opened.txids.len() as u32;
        if filter.has(EventType::Transaction) {
            for place in seen.max(FIRST_PLACE)..accounts_place {
                if put(place, &|cursor| self.transaction(cursor, place - FIRST_PLACE)) {
                    return Some(place);
                }
            }
        }
        if filter.has(EventType::Account) {
            let concerned = (accounts_place..).zip(self.opened.concerned(&self.step));
            let news = concerned.skip(seen.saturating_sub(accounts_place) as usize);
            for (place, (position, address)) in news.filter(|(_, (_, address))| filter.watches(address)) {
                if put(place, &|cursor| self.account(cursor, *position, address)) {
                    return Some(place);
                }
            }
        }
        None
    }

    fn change(&self) -> ChainChange {
        match self.step.moved {
            Move::Connected => ChainChange::Connected,
            Move::Disconnected => ChainChange::Disconnected,
        }
    }

    fn block(&self, cursor: String) -> EventView {
        let event = BlockEvent {
            cursor,
            hash: self.entry.hash,
            height: self.entry.height,
            previous: self.entry.header.previous,
            time: self.entry.header.time,
            transactions: self.opened.txids.len(),
        };
        match self.step.moved {
            Move::Connected => EventView::BlockConnected(event),
            Move::Disconnected => EventView::BlockDisconnected(event),
        }
    }

    fn transaction(&self, cursor: String, index: u32) -> EventView {
        EventView::Transaction(TransactionEvent {
            cursor,
            change: self.change(),
            txid: self.opened.txids[index as usize],
            block: self.entry.hash,
            height: self.entry.height,
            position: index + 1,
        })
    }

    fn account(&self, cursor: String, position: u32, address: &Address) -> EventView {
        let height = self.entry.height;
        let (txid, flow) = match self.opened.flow(position, address) {
            Some((txid, flow)) => (Some(txid), flow),
            None => (None, FlowView::reward(self.opened.block.coinbase.amount)),
        };
        let maturity = self.context.params().maturity;
        EventView::Account(AccountEvent {
            cursor,
            address: self.context.text(address),
            change: self.change(),
            txid,
            block: self.entry.hash,
            height,
            position,
            flow,
            matures_at: txid.is_none().then(|| Height(height.0.saturating_add(maturity))),
        })
    }
}

fn reorganization(reader: &Reader, at: Cursor, change: &Change) -> Result<EventView, Then> {
    let lowest = change.disconnected.last().expect("a change of the branch takes blocks off");
    let fork = entry(reader, &entry(reader, lowest)?.header.previous)?;
    Ok(EventView::Reorganization(ReorganizationEvent {
        cursor: EventCursor(at).to_string(),
        fork: TipView { height: fork.height, hash: fork.hash },
        depth: change.disconnected.len(),
        disconnected: change.disconnected.clone(),
        connected: change.connected.clone(),
    }))
}

fn entry(reader: &Reader, hash: &BlockHash) -> Result<HeaderEntry, Then> {
    reader.header(hash).ok_or_else(|| Then::Fault(format!("no header of {hash}, which a step names")))
}

fn fault(error: &ReadError) -> Then {
    Then::Fault(error.to_string())
}
