//! Where a list goes on: text that whoever reads the list hands back unchanged.
//!
//! A cursor says where a page ended, not how many were skipped: nothing is passed over or told twice because something was
//! added meanwhile. A reorganization may take back what lies below one; each page says at which tip it was read.

use std::fmt;
use std::str::FromStr;

use super::problem::{Code, Problem, shortened};
use crate::storage::{Order, Place};
use crate::types::Height;

/// A place in a history: the last that was told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlaceCursor {
    height: Height,
    position: u32,
}

impl PlaceCursor {
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
        parse().ok_or_else(|| Problem::new(Code::BadCursor, format!("`{}`", shortened(text))))
    }
}

fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
