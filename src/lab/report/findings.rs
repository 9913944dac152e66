//! What studies found, in the ways that people and programs ask for.

use serde::Serialize;

use super::curve::figure;
use super::html::document;
use super::{escaped, paragraph};
use crate::lab::studies::Finding;

#[derive(Serialize)]
struct Told<'a> {
    figures: &'a [Finding],
}

/// Findings in JSON: a list `figures`, with an object for each row of a table.
///
/// # Panics
/// Never: every field has a JSON form.
pub fn findings_json(findings: &[Finding]) -> String {
    serde_json::to_string_pretty(&Told { figures: findings }).expect("every field has a JSON form")
}

/// Findings in lines for people.
pub fn findings_text(findings: &[Finding]) -> String {
    let told = findings.iter().map(|finding| {
        let Finding { name, title, about, seed, table, .. } = finding;
        let quick = if finding.is_quick { ", quick" } else { "" };
        format!("{title} ({name}, seed {seed}{quick})\n\n{}\n{}", paragraph(about, 2), table.text())
    });
    told.collect::<Vec<_>>().join("\n\n")
}

/// Findings as a page: for each what was measured, curves, and the table.
pub fn findings_page(title: &str, findings: &[Finding]) -> String {
    let mut body = format!("<h1>{}</h1>", escaped(title));
    if let Some(first) = findings.first() {
        let quick = if first.is_quick { " Fewer and smaller networks ran than usually do." } else { "" };
        body.push_str(&format!(
            "<p class=\"muted\">Each figure was found out by running whole networks of real nodes in simulated time, with seed {}.{quick}</p>",
            first.seed
        ));
    }
    for finding in findings {
        let figures: String = finding.plots.iter().map(figure).collect();
        body.push_str(&format!(
            "<section id=\"{}\"><h2>{}</h2><p>{}</p>{figures}{}</section>",
            escaped(finding.name),
            escaped(finding.title),
            escaped(finding.about),
            finding.table.html()
        ));
    }
    document(title, &body)
}
