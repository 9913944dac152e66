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
/// What an answer takes beside its bytes, about.
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
        let gzipped =
            self.gzipped.get_or_init(|| (self.body.len() >= GZIP_BYTES_MIN).then(|| gzip(&self.body)));
        gzipped.as_ref()
    }

    fn weight(&self) -> usize {
        self.body.len() + OVERHEAD_BYTES
    }
}

fn tag_of(body: &[u8]) -> HeaderValue {
    let tag = format!("\"{}\"", hex::encode(&sha256(body)[..12]));
    HeaderValue::from_str(&tag).expect("hexadecimal digits in quotes")
}

/// The same in fewer bytes.
pub fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("memory takes whatever is written").into()
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
        if answer.body.len() <= ANSWER_BYTES_MAX {
            self.forever.lock().keep(question.into(), Arc::clone(answer));
        }
    }

    /// Keeps an answer that was read at this tip. One that was read at an earlier tip than others comes too late.
    pub fn keep_at(&self, tip: &Tip, question: &str, answer: &Arc<Kept>) {
        if answer.body.len() > ANSWER_BYTES_MAX {
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
            at_tip.bytes += answer.weight();
            at_tip.answers.insert(question.into(), Arc::clone(answer));
        }
    }
}

impl Forever {
    fn keep(&mut self, question: Box<str>, answer: Arc<Kept>) {
        if self.young_bytes > FOREVER_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += answer.weight();
        self.young.insert(question, answer);
    }
}
