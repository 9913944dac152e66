//! What is to happen, in order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Events by their time; of the same time, in the order in which they were put in.
pub(super) struct Queue<E> {
    heap: BinaryHeap<Waiting<E>>,
    put: u64,
}

struct Waiting<E> {
    at: u64,
    number: u64,
    event: E,
}

impl<E> Queue<E> {
    pub fn new() -> Self {
        Self { heap: BinaryHeap::new(), put: 0 }
    }

    pub fn put(&mut self, at: u64, event: E) {
        self.put += 1;
        self.heap.push(Waiting { at, number: self.put, event });
    }

    /// Takes out what is next, if it is no later than this.
    pub fn take(&mut self, until: u64) -> Option<(u64, E)> {
        let next = self.heap.peek().filter(|next| next.at <= until)?;
        let at = next.at;
        self.heap.pop().map(|next| (at, next.event))
    }
}

impl<E> Ord for Waiting<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest.
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl<E> PartialOrd for Waiting<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Waiting<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Waiting<E> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_earlier_comes_first_and_of_the_same_time_what_was_put_in_first() {
        let mut queue = Queue::new();
        for (at, event) in [(5, 'c'), (1, 'a'), (5, 'd'), (1, 'b')] {
            queue.put(at, event);
        }
        assert_eq!(queue.take(0), None);
        let order: String = std::iter::from_fn(|| queue.take(9)).map(|(_, event)| event).collect();
        assert_eq!(order, "abcd");
    }
}
