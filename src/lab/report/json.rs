//! An outcome for programs.

use serde::Serialize;

use crate::lab::scenario::Conclusion;

#[derive(Serialize)]
struct Told<'a> {
    holds: bool,
    #[serde(flatten)]
    outcome: &'a Conclusion,
}

/// All of an outcome in JSON: `holds` first, then every field of an [`Conclusion`].
///
/// # Panics
/// Never: every field has a JSON form.
pub fn json(outcome: &Conclusion) -> String {
    let told = Told { holds: outcome.holds(), outcome };
    serde_json::to_string_pretty(&told).expect("every field has a JSON form")
}
