//! A link as slow, narrow and lossy as its faults say: what was sealed waits here until it may go.

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use tokio::time::Instant;

use super::faults::Link;

/// Bytes that may be on their way; nothing more is sent until some have arrived, as with a window of TCP.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;
/// How long a lost frame takes to be sent again; twice as long each time it is lost again.
const RESEND_AFTER: Duration = Duration::from_millis(200);
/// How often a frame is lost at most: where everything is, it takes minutes and not for ever.
const LOSSES_MAX: u32 = 10;
/// How far ahead frames are put on a narrow link. Those behind still wait where something urgent can pass them.
const AHEAD: Duration = Duration::from_millis(20);

/// Frames on their way, in their order.
pub(super) struct Line {
    frames: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    draws: ChaCha8Rng,
    /// When the link has passed on all that was put on it.
    free_at: Instant,
    last_due: Instant,
}

impl Line {
    pub fn new(draws: ChaCha8Rng, now: Instant) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, draws, free_at: now, last_due: now }
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// When another frame can be put on it; nothing while too much is on its way.
    pub fn open_at(&self) -> Option<Instant> {
        (self.bytes < LINE_BYTES_MAX).then(|| self.free_at.checked_sub(AHEAD).unwrap_or(self.free_at))
    }

    /// When the first frame arrives.
    pub fn due_at(&self) -> Option<Instant> {
        self.frames.front().map(|(due, _)| *due)
    }

    /// Puts a frame on it.
    pub fn put(&mut self, frame: Vec<u8>, link: &Link, now: Instant) {
        let takes = link.bytes_per_second.map_or(Duration::ZERO, |bytes_per_second| {
            Duration::from_secs_f64(frame.len() as f64 / bytes_per_second.max(1) as f64)
        });
        self.free_at = self.free_at.max(now) + takes;
        let late = link.jitter.mul_f64(self.share()) + self.lost_for(link.loss);
        // What follows waits for what was lost.
        let due = (self.free_at + link.delay + late).max(self.last_due);
        self.last_due = due;
        self.bytes += frame.len();
        self.frames.push_back((due, frame));
    }

    /// Takes off what has arrived, and appends it to `out`.
    pub fn take_due(&mut self, now: Instant, out: &mut Vec<u8>) {
        while self.due_at().is_some_and(|due| due <= now) {
            let Some((_, frame)) = self.frames.pop_front() else { break };
            self.bytes -= frame.len();
            out.extend_from_slice(&frame);
        }
    }

    /// How long it takes until a frame is not lost.
    fn lost_for(&mut self, loss: f64) -> Duration {
        let mut late = Duration::ZERO;
        for times in 0..LOSSES_MAX {
            if self.share() >= loss {
                break;
            }
            late += RESEND_AFTER * 2_u32.pow(times);
        }
        late
    }

    /// A share, from 0 to almost 1.
    fn share(&mut self) -> f64 {
        f64::from(self.draws.next_u32()) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn line(now: Instant) -> Line {
        Line::new(ChaCha8Rng::from_seed([1; 32]), now)
    }

    /// When each of so many frames arrives.
    fn arrivals(link: Link, frames: usize, bytes: usize) -> Vec<Duration> {
        let now = Instant::now();
        let mut line = line(now);
        (0..frames).for_each(|_| line.put(vec![0; bytes], &link, now));
        let due: Vec<Duration> = line.frames.iter().map(|(due, _)| *due - now).collect();
        assert!(due.is_sorted());
        due
    }

    #[test]
    fn delay_and_jitter_say_how_late_everything_comes() {
        let (delay, jitter) = (Duration::from_millis(50), Duration::from_millis(30));
        assert_eq!(arrivals(Link { delay, ..Link::default() }, 3, 9), [delay; 3]);
        let arrived = arrivals(Link { delay, jitter, ..Link::default() }, 100, 9);
        assert!(arrived.iter().all(|due| (delay..delay + jitter).contains(due)));
        assert!(arrived.last() > arrived.first());
    }

    #[test]
    fn narrow_link_passes_so_much_a_second() {
        let link = Link { bytes_per_second: Some(1000), ..Link::default() };
        let arrived = arrivals(link, 3, 500);
        assert_eq!(arrived, [500, 1000, 1500].map(Duration::from_millis));
        let now = Instant::now();
        let mut line = line(now);
        line.put(vec![0; 500], &link, now);
        assert!(line.open_at().is_some_and(|at| at > now), "it is not put on ahead of its time");
    }

    #[test]
    fn lost_frame_comes_late_and_holds_up_what_follows() {
        let arrived = arrivals(Link { loss: 0.5, ..Link::default() }, 40, 9);
        assert!(arrived.last().is_some_and(|due| *due >= RESEND_AFTER));
        let all_lost = arrivals(Link { loss: 1.0, ..Link::default() }, 1, 9);
        assert_eq!(all_lost, [RESEND_AFTER * (2_u32.pow(LOSSES_MAX) - 1)]);
    }

    #[test]
    fn line_takes_no_more_than_a_window() {
        let now = Instant::now();
        let mut line = line(now);
        let link = Link { delay: Duration::from_secs(60), ..Link::default() };
        line.put(vec![0; LINE_BYTES_MAX], &link, now);
        assert_eq!(line.open_at(), None);
        let mut out = Vec::new();
        line.take_due(now, &mut out);
        assert!(out.is_empty());
        line.take_due(now + link.delay, &mut out);
        assert_eq!(out.len(), LINE_BYTES_MAX);
        assert!(line.is_empty() && line.open_at().is_some());
    }
}
