//! Answers that were given before, while they are true.
//!
//! Most of what is asked is asked again: the tip by everybody, a block by whoever heard of it. An answer that is kept costs
//! a look-up instead of reading and writing it anew. What holds for ever is kept as long as there is room; what holds at
//! a tip goes with the tip. The tag by which a client asks whether its copy is still true is made once, and so is the
//! compressed form.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::{Mutex, RwLock};

use super::meters::RouteMeter;
use crate::crypto::sha256;
use crate::node::Tip;

/// Bytes of answers that hold for ever, kept in each of two generations.
const FOREVER_BYTES_MAX: usize = 16 << 20;
/// Bytes of answers kept for one tip; beyond, nothing more is kept until the next.
const AT_TIP_BYTES_MAX: usize = 16 << 20;
/// Larger answers are not kept.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Answers to longer questions are not kept: nobody asks those again, but to fill this.
const QUESTION_BYTES_MAX: usize = 256;
/// What an answer takes beside its bytes and those of its question, about.
const OVERHEAD_BYTES: usize = 512;
/// Shorter answers are not made shorter.
pub const GZIP_BYTES_MIN: usize = 1024;

/// An answer that is kept.
#[derive(Debug)]
pub struct Kept {
    /// Its body.
    pub body: Bytes,
    /// What it is.
    pub content_type: HeaderValue,
    /// How long others may keep it.
    pub cache_control: HeaderValue,
    /// What a page may do, where it is one.
    pub policy: Option<HeaderValue>,
    /// What tells it from any other answer to the same question.
    pub tag: HeaderValue,
    /// By what it is counted.
    pub meter: Arc<RouteMeter>,
    gzipped: OnceLock<Option<Bytes>>,
}

impl Kept {
    /// An answer, to be kept.
    pub fn new(body: Bytes, headers: &HeaderMap, meter: Arc<RouteMeter>) -> Self {
        let header = |name| headers.get(name).cloned();
        let or_none = |name| header(name).unwrap_or(HeaderValue::from_static(""));
        Self {
            tag: tag_of(&body),
            content_type: or_none(CONTENT_TYPE),
            cache_control: or_none(CACHE_CONTROL),
            policy: header(CONTENT_SECURITY_POLICY),
            meter,
            gzipped: OnceLock::new(),
            body,
        }
    }

    /// Its body, compressed, where that is worth it.
    pub fn gzipped(&self) -> Option<&Bytes> {
        self.gzipped.get_or_init(|| self.is_long().then(|| gzip(&self.body))).as_ref()
    }

    fn is_long(&self) -> bool {
        self.body.len() >= GZIP_BYTES_MIN
    }

    /// What it takes beside its question. It may be compressed at any time, to hardly less than it was.
    fn weight(&self) -> usize {
        let forms = if self.is_long() { 2 } else { 1 };
        self.body.len() * forms + OVERHEAD_BYTES
    }
}

fn tag_of(body: &[u8]) -> HeaderValue {
    // Weak, as it is of the answer's bytes both as they are and compressed.
    let tag = format!("W/\"{}\"", hex::encode(&sha256(body)[..12]));
    HeaderValue::from_str(&tag).expect("hexadecimal digits in quotes")
}

/// The same in fewer bytes.
pub fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    // It may be kept for long: room that was not needed is given back.
    written.expect("memory takes whatever is written").into_boxed_slice().into()
}

type Answers = HashMap<Box<str>, Arc<Kept>>;

/// Answers that hold for ever: those asked for lately, and those asked for before.
#[derive(Default)]
struct Forever {
    young: Answers,
    young_bytes: usize,
    old: Answers,
}

/// Answers that hold at one tip.
struct AtTip {
    tip: Tip,
    answers: Answers,
    bytes: usize,
}

/// Answers that were given before, by what was asked.
pub struct Cache {
    forever: Mutex<Forever>,
    at_tip: RwLock<AtTip>,
}

impl Cache {
    /// Nothing yet.
    pub fn new(tip: Tip) -> Self {
        let at_tip = AtTip { tip, answers: HashMap::new(), bytes: 0 };
        Self { forever: Mutex::default(), at_tip: RwLock::new(at_tip) }
    }

    /// The answer to this, if it is kept and true at this tip.
    pub fn find(&self, question: &str, tip: &Tip) -> Option<Arc<Kept>> {
        let at_tip = self.at_tip.read();
        if at_tip.tip == *tip
            && let Some(found) = at_tip.answers.get(question)
        {
            return Some(Arc::clone(found));
        }
        drop(at_tip);
        let mut forever = self.forever.lock();
        if let Some(found) = forever.young.get(question) {
            return Some(Arc::clone(found));
        }
        let (question, found) = forever.old.remove_entry(question)?;
        forever.keep(question, Arc::clone(&found));
        Some(found)
    }

    /// Keeps an answer that holds for ever.
    pub fn keep_forever(&self, question: &str, answer: &Arc<Kept>) {
        if is_worth_keeping(question, answer) {
            self.forever.lock().keep(question.into(), Arc::clone(answer));
        }
    }

    /// Keeps an answer that was read at this tip. One that was read at an earlier tip than others comes too late.
    pub fn keep_at(&self, tip: &Tip, question: &str, answer: &Arc<Kept>) {
        if !is_worth_keeping(question, answer) {
            return;
        }
        let mut at_tip = self.at_tip.write();
        if at_tip.tip != *tip {
            if tip.sequence < at_tip.tip.sequence {
                return;
            }
            *at_tip = AtTip { tip: *tip, answers: HashMap::new(), bytes: 0 };
        }
        if at_tip.bytes < AT_TIP_BYTES_MAX {
            at_tip.bytes += question.len() + answer.weight();
            at_tip.answers.insert(question.into(), Arc::clone(answer));
        }
    }
}

fn is_worth_keeping(question: &str, answer: &Kept) -> bool {
    question.len() <= QUESTION_BYTES_MAX && answer.body.len() <= ANSWER_BYTES_MAX
}

impl Forever {
    fn keep(&mut self, question: Box<str>, answer: Arc<Kept>) {
        if self.young_bytes > FOREVER_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += question.len() + answer.weight();
        self.young.insert(question, answer);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;
    use crate::api::meters::Meters;
    use crate::testkit::{Network, TestNode};

    fn tip() -> Tip {
        let folder = tempfile::tempdir().unwrap();
        TestNode::start(folder.path(), &Network::new(1).genesis).tip()
    }

    fn answer(body: Vec<u8>) -> Arc<Kept> {
        let meter = Meters::default().route(&Method::GET, None);
        Arc::new(Kept::new(body.into(), &HeaderMap::new(), meter))
    }

    /// Bytes that cannot be compressed.
    fn noise(bytes: usize) -> Vec<u8> {
        let blocks = (0..bytes.div_ceil(32)).map(|at: usize| sha256(&at.to_be_bytes()));
        blocks.flatten().take(bytes).collect()
    }

    #[test]
    fn answers_to_long_questions_are_not_kept() {
        let tip = tip();
        let (cache, answer) = (Cache::new(tip), answer(b"{}".to_vec()));
        for (length, is_kept) in [(QUESTION_BYTES_MAX, true), (QUESTION_BYTES_MAX + 1, false)] {
            let [forever, at_tip] = ["f", "t"].map(|kind| kind.repeat(length));
            cache.keep_forever(&forever, &answer);
            cache.keep_at(&tip, &at_tip, &answer);
            assert_eq!(cache.find(&forever, &tip).is_some(), is_kept);
            assert_eq!(cache.find(&at_tip, &tip).is_some(), is_kept);
        }
    }

    #[test]
    fn questions_count_and_so_do_answers_in_both_forms() {
        let tip = tip();
        // Many small answers, and few large ones that nothing makes shorter.
        for (bytes, count) in [(2, 40_000), (256 << 10, 80)] {
            let (cache, answer) = (Cache::new(tip), answer(noise(bytes)));
            let question = |number: usize| format!("/{number:0>250}");
            for number in 0..count {
                cache.keep_at(&tip, &question(number), &answer);
                cache.keep_forever(&question(number), &answer);
            }
            let each = 251 + bytes + answer.gzipped().map_or(0, Bytes::len);
            let (at_tip, forever) = (cache.at_tip.read(), cache.forever.lock());
            let weights = [
                (at_tip.answers.len() * each, AT_TIP_BYTES_MAX),
                ((forever.young.len() + forever.old.len()) * each, 2 * FOREVER_BYTES_MAX),
            ];
            for (weight, max) in weights {
                // The last that is let in may go beyond, and what cannot be compressed becomes a little longer.
                assert!(weight <= max + max / 8, "{weight} bytes are kept");
                assert!(weight >= max / 4, "{weight} bytes are kept, and there is room for more");
            }
        }
    }
}
