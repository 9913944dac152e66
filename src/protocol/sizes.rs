//! How much there is of what grows.

/// So much of something, and so much there may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Of what.
    pub what: &'static str,
    /// How much there is.
    pub count: usize,
    /// How much there may be.
    pub max: usize,
}

impl Size {
    pub(super) fn new(what: &'static str, count: usize, max: usize) -> Self {
        Self { what, count, max }
    }
}
