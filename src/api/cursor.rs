//! Where a list or the events go on: text that whoever reads them hands back unchanged.
//!
//! The cursor of a list says where a page ended, not how many were skipped: nothing is passed over or told twice because something was
//! added meanwhile. A reorganization may take back what lies below one; each page says at which tip it was read.

use std::fmt;
use std::str::FromStr;

use super::problem::{Code, Problem, shortened};
use crate::node::Cursor;
use crate::storage::{Order, Place};
use crate::types::Height;

/// A place in a history: the last that was told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlaceCursor {
    height: Height,
    position: u32,
}

impl PlaceCursor {
    /// What stands there.
    pub fn of(height: Height, position: u32) -> Self {
        Self { height, position }
    }

    /// Where a list goes on below it.
    pub fn newest_first(cursor: Option<Self>) -> Order {
        Order::Newest { before: cursor.map(|cursor| cursor.place(0)) }
    }

    /// Where a list goes on above it.
    pub fn oldest_first(cursor: Option<Self>) -> Order {
        Order::Oldest { after: cursor.map(|cursor| cursor.place(u32::MAX)) }
    }

    /// Where in the block it lies does not matter, so long as it is on the right side of it.
    fn place(self, offset: u32) -> Place {
        Place { height: self.height, position: self.position, offset, length: offset }
    }
}

impl From<Place> for PlaceCursor {
    fn from(Place { height, position, .. }: Place) -> Self {
        Self { height, position }
    }
}

impl fmt::Display for PlaceCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.height, self.position)
    }
}

impl FromStr for PlaceCursor {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let parse = || {
            let (height, position) = text.split_once('-')?;
            Some(Self { height: Height(number(height)?), position: number(position)? })
        };
        parse().ok_or_else(|| bad(text))
    }
}

/// A place in what happened: `EPOCH-SEQUENCE` behind a whole step, `EPOCH-SEQUENCE-INDEX` within one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventCursor(pub Cursor);

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor { epoch, sequence, index } = self.0;
        match index {
            u32::MAX => write!(f, "{epoch}-{sequence}"),
            index => write!(f, "{epoch}-{sequence}-{index}"),
        }
    }
}

impl FromStr for EventCursor {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let parse = || {
            let mut parts = text.splitn(3, '-');
            let (epoch, sequence) = (number(parts.next()?)?, number(parts.next()?)?);
            // A step is never begun before its first place, so no cursor says 0.
            let index =
                parts.next().map_or(Some(u32::MAX), |index| number(index).filter(|index| *index > 0))?;
            Some(Self(Cursor { epoch, sequence, index }))
        };
        parse().ok_or_else(|| bad(text))
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// What is said of text that is no cursor of a list.
pub fn bad(text: &str) -> Problem {
    Problem::new(Code::BadCursor, format!("`{}`", shortened(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_of_events_is_read_back_as_it_was_written() {
        for text in ["0-0", "0-17", "3-18446744073709551615", "1-5-1", "0-9-4294967294"] {
            assert_eq!(text.parse::<EventCursor>().unwrap().to_string(), text);
        }
        for text in ["", "0", "0-", "-1", "0-1-", "0-1-0", "0-1-2-3", "0-+1", "a-1", "4294967296-0"] {
            assert!(text.parse::<EventCursor>().is_err(), "{text}");
        }
    }
}
