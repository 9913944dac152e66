//! What is to happen, in order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Microseconds of a slot.
const SLOT: u64 = 2_000;
/// Slots that are kept apart from each other: some more than messages take on the way.
const RING: u64 = 256;

/// Events by their time; of the same time, in the order in which they were put in.
///
/// Most happen soon. These lie in a ring of slots of time, each of which is put in order when its time comes, so that it
/// can be seen what comes next, and what comes after that. What happens later waits in a heap.
pub(super) struct Queue<E> {
    /// Those of this slot and of those before it, the next one last.
    current: Vec<Waiting<E>>,
    slot: u64,
    ring: Vec<Vec<Waiting<E>>>,
    in_ring: usize,
    later: BinaryHeap<Waiting<E>>,
    put: u64,
}

struct Waiting<E> {
    at: u64,
    number: u64,
    event: E,
}

impl<E> Queue<E> {
    pub fn new() -> Self {
        let ring = (0..RING).map(|_| Vec::new()).collect();
        Self { current: Vec::new(), slot: 0, ring, in_ring: 0, later: BinaryHeap::new(), put: 0 }
    }

    pub fn put(&mut self, at: u64, event: E) {
        self.put += 1;
        let waiting = Waiting { at, number: self.put, event };
        if at / SLOT <= self.slot {
            let place = self.current.partition_point(|other| other.at > at);
            self.current.insert(place, waiting);
        } else {
            self.put_later(waiting);
        }
    }

    fn put_later(&mut self, waiting: Waiting<E>) {
        let slot = waiting.at / SLOT;
        if slot < self.slot + RING {
            self.ring[(slot % RING) as usize].push(waiting);
            self.in_ring += 1;
        } else {
            self.later.push(waiting);
        }
    }

    /// Takes out what is next, if it is no later than this.
    pub fn take(&mut self, until: u64) -> Option<(u64, E)> {
        while self.current.is_empty() {
            if !self.go_on(until) {
                return None;
            }
        }
        let next = self.current.pop_if(|next| next.at <= until)?;
        Some((next.at, next.event))
    }

    /// What comes so many after the next, if that is soon.
    pub fn coming(&self, behind: usize) -> Option<&E> {
        let place = self.current.len().checked_sub(behind + 1)?;
        Some(&self.current[place].event)
    }

    /// Goes on to the next slot in which something may happen; whether there is one that begins no later than this.
    fn go_on(&mut self, until: u64) -> bool {
        let next = match self.later.peek() {
            _ if self.in_ring > 0 => self.slot + 1,
            Some(first) => first.at / SLOT,
            None => return false,
        };
        if next * SLOT > until {
            return false;
        }
        self.slot = next;
        while let Some(first) = self.later.peek()
            && first.at / SLOT < self.slot + RING
            && let Some(first) = self.later.pop()
        {
            self.ring[(first.at / SLOT % RING) as usize].push(first);
            self.in_ring += 1;
        }
        core::mem::swap(&mut self.current, &mut self.ring[(self.slot % RING) as usize]);
        self.in_ring -= self.current.len();
        self.current.sort_unstable();
        true
    }
}

impl<E> Ord for Waiting<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest, and so does the end of a slot.
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
    use crate::protocol::Draws;

    #[test]
    fn what_is_earlier_comes_first_and_of_the_same_time_what_was_put_in_first() {
        let mut queue = Queue::new();
        for (at, event) in [(5, 'c'), (1, 'a'), (5, 'd'), (1, 'b')] {
            queue.put(at, event);
        }
        assert_eq!(queue.take(0), None);
        assert_eq!(queue.take(1), Some((1, 'a')));
        assert_eq!((queue.coming(0), queue.coming(2), queue.coming(3)), (Some(&'b'), Some(&'d'), None));
        let order: String = std::iter::from_fn(|| queue.take(9)).map(|(_, event)| event).collect();
        assert_eq!(order, "bcd");
    }

    #[test]
    fn everything_comes_in_order_however_far_ahead_it_was_put_in() {
        const SPANS: [u64; 5] = [1, SLOT, 20 * SLOT, RING * SLOT, 50 * RING * SLOT];
        let mut draws = Draws::of(1);
        let (mut queue, mut plain) = (Queue::new(), std::collections::BTreeSet::new());
        let (mut now, mut number) = (0, 0);
        for round in 0..20_000 {
            if round % 10_000 < 6000 {
                let span = draws.place(SPANS.len());
                let at = now + draws.below(SPANS[span]);
                queue.put(at, number);
                plain.insert((at, number));
                number += 1;
            }
            let span = draws.place(3);
            let until = now + draws.below(SPANS[span]);
            let first = plain.first().copied().filter(|(at, _)| *at <= until);
            assert_eq!(queue.take(until), first);
            now = match first {
                Some(first) => first.0,
                None => until,
            };
            first.iter().for_each(|first| assert!(plain.remove(first)));
        }
        while let Some(first) = plain.pop_first() {
            assert_eq!(queue.take(u64::MAX), Some(first));
        }
        assert_eq!(queue.take(u64::MAX), None);
    }
}
