//! Where a list or the events go on: text that whoever reads them hands back unchanged.
//!
//! The cursor of a list says where a page ended, not how many were skipped: nothing is passed over or told twice because something was
//! added meanwhile. A reorganization may take back what lies below one; each page says at which tip it was read.

use std::fmt;
use std::str::FromStr;

use super::problem::{Code, Problem, shortened};
use crate::node::Cursor;
use crate::storage::Place;
use crate::types::Height;

/// A place in a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlaceCursor(pub Place);

impl fmt::Display for PlaceCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { height, position, .. } = self.0;
        write!(f, "{height}-{position}")
    }
}

impl FromStr for PlaceCursor {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let parse = || {
            let (height, position) = text.split_once('-')?;
            let place =
                Place { height: Height(number(height)?), position: number(position)?, offset: 0, length: 0 };
            Some(Self(place))
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
