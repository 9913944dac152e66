//! Where a list goes on: text that whoever reads the list hands back unchanged.
//!
//! A cursor says where a page ended, not how many were skipped: nothing is passed over or told twice because something was
//! added meanwhile. A reorganization may take back what lies below one; each page says at which tip it was read.

use std::fmt;
use std::str::FromStr;

use super::problem::{Code, Problem, shortened};
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

fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// What is said of text that is no cursor of a list.
pub fn bad(text: &str) -> Problem {
    Problem::new(Code::BadCursor, format!("`{}`", shortened(text)))
}
