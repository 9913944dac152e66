//! Nodes in a ring: how large a drawing must be, and where each stands.

use std::f64::consts::{FRAC_PI_2, TAU};

/// Nodes that have room in the smallest drawing.
const COUNT_USUAL: f64 = 9.0;
/// The smallest drawing's middle, and how far from it nodes stand.
const MIDDLE: (f64, f64) = (220.0, 170.0);
const REACH: (f64, f64) = (165.0, 130.0);

/// So many nodes in a ring.
#[derive(Clone, Copy)]
pub struct Ring {
    count: f64,
    /// How many times larger than the smallest it is drawn.
    scale: f64,
}

impl Ring {
    /// Room for so many.
    pub fn of(count: usize) -> Self {
        let count = count as f64;
        Self { count, scale: (count / COUNT_USUAL).max(1.0) }
    }

    /// What is seen of the drawing's plane.
    pub fn view_box(self) -> String {
        format!("0 0 {:.0} {:.0}", MIDDLE.0 * 2.0 * self.scale, MIDDLE.1 * 2.0 * self.scale)
    }

    /// Where somebody in the middle stands.
    pub fn middle(self) -> (f64, f64) {
        (MIDDLE.0 * self.scale, MIDDLE.1 * self.scale)
    }

    /// Where one of the ring stands, the first at the top.
    pub fn place(self, at: usize) -> (f64, f64) {
        let turn = at as f64 / self.count * TAU - FRAC_PI_2;
        let (x, y) = self.middle();
        (x + REACH.0 * self.scale * turn.cos(), y + REACH.1 * self.scale * turn.sin())
    }
}

/// A place, as drawings name it.
pub fn round(number: f64) -> String {
    format!("{number:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_ring_of_fifty_do_not_lie_on_each_other() {
        let ring = Ring::of(50);
        let ((x1, y1), (x2, y2)) = (ring.place(0), ring.place(1));
        assert!((x1 - x2).hypot(y1 - y2) > 60.0);
    }
}
