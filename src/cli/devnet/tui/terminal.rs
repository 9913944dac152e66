//! Having the terminal to oneself, and giving it back as it was, whatever happens.

use std::io::{self, IsTerminal, Stdout, stdin, stdout};
use std::panic;
use std::thread::{self, ThreadId};

use parking_lot::Mutex;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use super::board::Board;
use super::draw::draw;

/// The thread that draws, while one does.
static DRAWN_BY: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Whether there is a terminal to draw on and to read keys from.
pub(in crate::cli::devnet) fn is_there() -> bool {
    stdin().is_terminal() && stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|it| it != "dumb")
}

/// A terminal that is drawn on, until this is dropped.
pub(super) struct Screen(Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    /// Takes it. A panic of this thread gives it back before it is told of; those of others are told to `panicked`, for
    /// they would be drawn over.
    ///
    /// # Errors
    /// When the terminal does not do what it is told.
    pub fn take(panicked: impl Fn(&str) + Send + Sync + 'static) -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let drawn_by = *DRAWN_BY.lock();
            match drawn_by {
                Some(thread) if thread != thread::current().id() => panicked(&panic.to_string()),
                Some(_) => {
                    give_back();
                    before(panic);
                }
                None => before(panic),
            }
        }));
        *DRAWN_BY.lock() = Some(thread::current().id());
        let screen = Terminal::new(CrosstermBackend::new(stdout())).map(Self);
        let taken = enable_raw_mode().and_then(|()| execute!(stdout(), EnterAlternateScreen));
        if let Err(error) = taken {
            give_back();
            return Err(error);
        }
        screen
    }

    /// Draws, and says how far the page can be moved.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, board: &Board) -> io::Result<usize> {
        let mut scroll_max = 0;
        self.0.draw(|frame| scroll_max = draw(frame, board))?;
        Ok(scroll_max)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Makes the terminal as it was; a second time does nothing.
fn give_back() {
    if DRAWN_BY.lock().take().is_some() {
        // Where it cannot be told, it is gone.
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
