//! An outcome for programs.

use serde::Serialize;

use crate::lab::scenario::Outcome;

#[derive(Serialize)]
struct Told<'a> {
    holds: bool,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

/// All of an outcome in JSON: `holds` first, then every field of an [`Outcome`].
///
/// # Panics
/// Never: every field has a JSON form.
pub fn json(outcome: &Outcome) -> String {
    let told = Told { holds: outcome.holds(), outcome };
    serde_json::to_string_pretty(&told).expect("every field has a JSON form")
}
