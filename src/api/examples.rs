//! Requests and their answers as they stand in the document. Each was really asked of a node: a test asks it again, and
//! fails where the answer is another.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request, and what a node answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The operation's name in the document.
    pub operation: String,
    /// `get`, `post`, `put` or `delete`.
    pub method: String,
    /// The path and what stands behind the question mark.
    pub path: String,
    /// What was sent with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The status of the answer.
    #[serde(default)]
    pub status: u16,
    /// The answer, where it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}

impl Example {
    /// Whether it is asked on the operator's side.
    pub fn is_operators(&self) -> bool {
        self.path.starts_with("/admin/") || self.path == "/metrics"
    }
}

/// All of them; the first of an operation stands for it.
pub fn examples() -> Vec<Example> {
    serde_json::from_str(include_str!("examples.json")).expect("a test reads it")
}

/// Puts examples where the document has a place for them.
pub(super) fn put_into(document: &mut Value, examples: &[Example]) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (template, operations) in paths {
        for operation in operations.as_object_mut().into_iter().flat_map(|methods| methods.values_mut()) {
            let of_it = |example: &&Example| operation["operationId"] == example.operation.as_str();
            if let Some(example) = examples.iter().find(of_it) {
                put_one(template, operation, example);
            }
        }
    }
}

fn put_one(template: &str, operation: &mut Value, example: &Example) {
    let values = values(template, &example.path);
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        if let Some((_, value)) = values.iter().find(|(named, _)| *named == name) {
            parameter["example"] = typed(&parameter["schema"], value);
        }
    }
    if let (Some(body), Some(form)) =
        (&example.body, operation.pointer_mut("/requestBody/content/application~1json"))
    {
        form["example"] = body.clone();
    }
    let form = format!("/responses/{}/content/application~1json", example.status);
    if let (Some(answer), Some(form)) = (&example.answer, operation.pointer_mut(&form)) {
        form["example"] = answer.clone();
    }
}

/// The values of a path's parameters, by name.
fn values(template: &str, path: &str) -> Vec<(String, String)> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let named = template.split('/').zip(path.split('/')).filter_map(|(named, value)| {
        Some((named.strip_prefix('{')?.strip_suffix('}')?.to_owned(), value.to_owned()))
    });
    let asked = query.split('&').filter_map(|pair| pair.split_once('='));
    named.chain(asked.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

/// A value of the type that a parameter has.
fn typed(schema: &Value, text: &str) -> Value {
    let kind = &schema["type"];
    let is = |name: &str| kind == name || kind.as_array().is_some_and(|kinds| kinds.contains(&json!(name)));
    let is_height = schema["$ref"] == "#/components/schemas/Height";
    match text.parse::<u64>() {
        Ok(number) if is("integer") || is_height => json!(number),
        _ if is("boolean") => json!(text == "true"),
        _ => json!(text),
    }
}
