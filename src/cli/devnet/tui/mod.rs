//! `cairn devnet --tui`: the network on one screen, and keys that give orders to it.
//!
//! What is shown is a [`board::Board`], and [`draw::draw`] is a function of it. Around them are threads that only bring news:
//! one looks at the network, one carries out orders, which may take a while, and one reads keys. The one that draws never
//! waits for any of them, so that the screen always answers.

mod board;
mod draw;
mod hand;
mod keys;
mod network;
mod pages;
mod paint;
mod sight;
mod terminal;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use ratatui::crossterm::event::{self, Event, KeyEvent};

use self::board::{Board, Sight};
use self::hand::Hand;
use self::keys::Press;
use self::sight::Watcher;
use self::terminal::Screen;
pub(super) use self::terminal::is_there;
use super::run::Wake;
use crate::cli::output::say_aside;
use crate::cli::signals;
use crate::devnet::DevnetHandle;
use crate::devnet::desk::NetworkView;
use crate::miner::STACK_BYTES;
use crate::types::Timestamp;

/// How long a thread that reads keys outlives the screen, at most.
const KEYS_LINGER: Duration = Duration::from_millis(200);

const NO_THREADS: &str = "cannot start threads";

/// What there is to be shown, or done.
enum News {
    /// This is how the network is.
    Seen(Box<Sight>),
    /// This was said.
    Said(String),
    /// A key was pressed.
    Pressed(KeyEvent),
    /// The screen has another size.
    Resized,
    /// It is over.
    End,
}

/// Shows a network until a key or a signal ends it.
pub(super) fn show(
    devnet: &DevnetHandle,
    network: NetworkView,
    desk: &str,
    woken: Receiver<Wake>,
) -> Result<()> {
    let (tell, news) = channel();
    let (happened, happenings) = sync_channel(1);
    let mut watcher = Watcher::new(devnet.clone());
    let mut board =
        Board::new(network.name, desk.to_owned(), network.mnemonic, network.accounts, watcher.look());
    // https://no-color.org
    board.colours = std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    let said = |tell: &Sender<News>| {
        let tell = tell.clone();
        move |line: &str| drop(tell.send(News::Said(line.to_owned())))
    };
    let _aside = say_aside(said(&tell));
    let hand = Hand::of(devnet.clone(), happened.clone(), said(&tell)).context(NO_THREADS)?;
    let looked = tell.clone();
    // It reads blocks, as those do who mine them.
    let looks = thread::Builder::new().name("cairn-looks".to_owned()).stack_size(STACK_BYTES);
    let told = move |sight| looked.send(News::Seen(Box::new(sight))).is_ok();
    looks.spawn(move || sight::keep_looking(watcher, &happenings, told)).context(NO_THREADS)?;
    let ended = tell.clone();
    thread::spawn(move || pass_on(&woken, &happened, &ended));
    let mut screen = Screen::take(said(&tell)).context("cannot draw on this terminal")?;
    let _keys = Keys::read(tell);
    keep_drawing(&mut screen, &mut board, &news, &hand).context("cannot draw on this terminal any more")
}

/// A new tip is something to look at; a signal is the end.
fn pass_on(woken: &Receiver<Wake>, happened: &SyncSender<()>, ended: &Sender<News>) {
    for wake in woken {
        match wake {
            // One that waits already is enough.
            Wake::Tip => drop(happened.try_send(())),
            Wake::Signal => {
                // Where nobody listens any more, it is over.
                let _ = ended.send(News::End);
            }
        }
    }
}

fn keep_drawing(
    screen: &mut Screen,
    board: &mut Board,
    news: &Receiver<News>,
    hand: &Hand,
) -> std::io::Result<()> {
    let mut is_drawn = false;
    loop {
        if !is_drawn {
            let scroll_max = screen.draw(board)?;
            board.stop_at(scroll_max);
        }
        is_drawn = true;
        let Ok(first) = news.recv() else { return Ok(()) };
        for one in std::iter::once(first).chain(news.try_iter()) {
            is_drawn &= matches!(one, News::Seen(_));
            match one {
                News::End => return Ok(()),
                News::Resized => {}
                News::Seen(sight) => is_drawn &= !board.saw(*sight, now()),
                News::Said(line) => board.say(&line, now()),
                News::Pressed(key) => match keys::meant(&key, board) {
                    Some(Press::End) => {
                        signals::asked_otherwise();
                        return Ok(());
                    }
                    Some(Press::Turn(page)) => board.turn_to(page),
                    Some(Press::Move(rows)) => board.move_by(rows),
                    Some(Press::Give(order)) => hand.give(order),
                    None => {}
                },
            }
        }
    }
}

/// Reads keys until it is dropped.
struct Keys(Arc<AtomicBool>);

impl Keys {
    fn read(tell: Sender<News>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                let read =
                    event::poll(KEYS_LINGER).and_then(|is_there| is_there.then(event::read).transpose());
                let told = match read {
                    Ok(Some(Event::Key(key))) => tell.send(News::Pressed(key)),
                    Ok(Some(Event::Resize(..))) => tell.send(News::Resized),
                    Ok(_) => Ok(()),
                    // Nobody could end it by a key any more.
                    Err(_) => tell.send(News::End),
                };
                if told.is_err() {
                    return;
                }
            }
        });
        Self(over)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What time it is where people are, for the log.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u32::try_from(since.as_secs()).unwrap_or(u32::MAX))
}
