//! What the lines say: requests as they come, answers and notifications as they go.
//!
//! Every byte order of this side is in this file but for one, which a miner needs as well and is in `words.rs`. How a
//! miner makes a header of all this is in `client/task.rs`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Refusal;
use super::words::words_reversed;
use crate::template::{Difficulty, Job, TURNED_BYTES, VERSION};
use crate::types::Timestamp;

/// Something that a miner asks for.
#[derive(Deserialize)]
pub(super) struct Request {
    /// A number or a text, to be given back as it came.
    #[serde(default)]
    pub id: Value,
    pub method: String,
    #[serde(default)]
    params: Value,
}

/// A share as it came.
pub(super) struct Submission<'a> {
    pub user: &'a str,
    pub job: &'a str,
    pub turned: [u8; TURNED_BYTES],
    pub time: Timestamp,
    pub nonce: u32,
    /// Bits of the version that were turned; none where the miner turns none.
    pub version: u32,
}

impl Request {
    /// Reads a line.
    ///
    /// # Errors
    /// With the id, as far as there is one, where it is no request.
    pub fn read(line: &str) -> Result<Self, Value> {
        serde_json::from_str(line).map_err(|_| {
            let object = serde_json::from_str::<Value>(line).ok();
            object.and_then(|object| object.get("id").cloned()).unwrap_or_default()
        })
    }

    pub fn param(&self, at: usize) -> Option<&Value> {
        self.params.get(at)
    }

    fn text(&self, at: usize, expected: &'static str) -> Result<&str, Refusal> {
        self.param(at).and_then(Value::as_str).ok_or(Refusal::Parameter(expected))
    }

    fn bytes<const N: usize>(&self, at: usize, expected: &'static str) -> Result<[u8; N], Refusal> {
        let mut bytes = [0; N];
        hex::decode_to_slice(self.text(at, expected)?, &mut bytes)
            .map_err(|_| Refusal::Parameter(expected))?;
        Ok(bytes)
    }

    fn word(&self, at: usize, expected: &'static str) -> Result<u32, Refusal> {
        self.bytes(at, expected).map(u32::from_be_bytes)
    }

    /// Who is to be paid, and perhaps by which machine.
    pub fn user(&self) -> Result<&str, Refusal> {
        self.text(0, "a user name")
    }

    /// What `mining.submit` says.
    pub fn submission(&self) -> Result<Submission<'_>, Refusal> {
        let version = match self.param(5) {
            None | Some(Value::Null) => 0,
            Some(_) => self.word(5, "version bits in 8 hexadecimal digits")?,
        };
        Ok(Submission {
            user: self.user()?,
            job: self.text(1, "a job")?,
            turned: self.bytes(2, "an extranonce2 of 8 hexadecimal digits")?,
            time: Timestamp(self.word(3, "a time in 8 hexadecimal digits")?),
            nonce: self.word(4, "a nonce in 8 hexadecimal digits")?,
            version,
        })
    }

    /// What `mining.suggest_difficulty` says.
    pub fn difficulty(&self) -> Result<Difficulty, Refusal> {
        let number = self.param(0).and_then(Value::as_f64).filter(|number| *number > 0.0);
        number.and_then(Difficulty::clamped).ok_or(Refusal::Parameter("a difficulty above zero"))
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a Value,
    result: Value,
    error: Option<(u16, String, ())>,
}

/// The answer to a request. Result and error are always there, one of them null.
pub(super) fn answer(id: &Value, outcome: Result<Value, Refusal>) -> String {
    let (result, error) = match outcome {
        Ok(result) => (result, None),
        Err(refusal) => (Value::Null, Some((refusal.code(), refusal.to_string(), ()))),
    };
    line(&Answer { id, result, error })
}

/// A line, with its end, for a connection that is ended.
pub(super) fn complaint(why: &str) -> String {
    line(&Answer { id: &Value::Null, result: Value::Null, error: Some((20, why.to_owned(), ())) }) + "\n"
}

/// What `mining.subscribe` gives.
pub(super) fn subscription(assigned: &[u8]) -> Value {
    json!([[["mining.set_difficulty", "s"], ["mining.notify", "s"]], hex::encode(assigned), TURNED_BYTES])
}

/// What `mining.configure` gives: of all extensions that are asked for, version rolling alone, and its bits.
pub(super) fn configuration(request: &Request, offered: u32) -> Result<(Value, Option<u32>), Refusal> {
    let names = request.param(0).and_then(Value::as_array);
    let names = names.ok_or(Refusal::Parameter("a list of extensions and an object"))?;
    let mut result = serde_json::Map::new();
    let mut mask = None;
    for name in names.iter().filter_map(Value::as_str) {
        let known = name == "version-rolling";
        result.insert(name.to_owned(), known.into());
        if known {
            let asked = request.param(1).and_then(|options| options.get("version-rolling.mask"));
            let asked = match asked.and_then(Value::as_str) {
                Some(digits) => u32::from_str_radix(digits, 16)
                    .map_err(|_| Refusal::Parameter("version-rolling.mask in hexadecimal digits"))?,
                None => u32::MAX,
            };
            mask = Some(asked & offered);
            result.insert("version-rolling.mask".to_owned(), format!("{:08x}", asked & offered).into());
        }
    }
    Ok((result.into(), mask))
}

#[derive(Serialize)]
struct Notification<P> {
    id: (),
    method: &'static str,
    params: P,
}

/// How hard shares are from the next job on.
pub(super) fn set_difficulty(difficulty: Difficulty) -> String {
    let number = difficulty.number();
    // Some read whole numbers only where there is no point in them.
    let whole = number >= 1.0 && number < (1_u64 << 53) as f64;
    let number = if whole { Value::from(number as u64) } else { Value::from(number) };
    line(&Notification { id: (), method: "mining.set_difficulty", params: [number] })
}

/// A job.
pub(super) fn notify(name: &str, job: &Job, time: Timestamp, clean: bool) -> String {
    let template = job.template();
    let groundwork = template.groundwork();
    let (front, back) = job.halves();
    let branch: Vec<String> = template.branch().iter().map(hex::encode).collect();
    let params = (
        name,
        hex::encode(words_reversed(groundwork.previous.as_bytes())),
        hex::encode(front),
        hex::encode(back),
        branch,
        format!("{VERSION:08x}"),
        groundwork.context.bits.to_string(),
        format!("{:08x}", time.0),
        clean,
    );
    line(&Notification { id: (), method: "mining.notify", params })
}

fn line(message: &impl Serialize) -> String {
    serde_json::to_string(message).expect("texts, numbers and lists become JSON")
}
