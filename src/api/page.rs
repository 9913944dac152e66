//! The document for people: one page, made from the same document, without scripts and without anything from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::examples::Example;
use super::problem::Code;

/// How it looks, in light and in dark.
const STYLE: &str = include_str!("page.css");
/// Deeper forms are only named.
const DEPTH_MAX: usize = 3;

/// The page of a document.
pub fn page(document: &Value, heading: &str, examples: &[Example]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tags = list(&document["tags"]);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Cairn: " (heading) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav aria-label="Contents" {
                    a href="/" { strong { "Cairn " (text(&document["info"]["version"])) } }
                    @for tag in tags {
                        a href={ "#" (text(&tag["name"])) } { (text(&tag["name"])) }
                        ul {
                            @for (_, _, operation) in operations(document, &text(&tag["name"])) {
                                li { a href={ "#" (text(&operation["operationId"])) } { (text(&operation["operationId"])) } }
                            }
                        }
                    }
                    a href="#problems" { "problems" }
                }
                main {
                    h1 { (heading) }
                    @for paragraph in text(&document["info"]["description"]).split("\n\n") { p { (words(paragraph)) } }
                    p { "The same for programs: " a href="/openapi.json" { "/openapi.json" } ", OpenAPI 3.1." }
                    @for tag in tags {
                        h2 id=(text(&tag["name"])) { (text(&tag["name"])) }
                        p { (text(&tag["description"])) }
                        @for (method, path, operation) in operations(document, &text(&tag["name"])) {
                            (section(document, method, path, operation, examples))
                        }
                    }
                    (problems())
                }
            }
        }
    };
    page.into_string()
}

/// Text in which names stand between backticks.
fn words(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Everything under a tag: method, path, and what is said of it.
fn operations<'a>(document: &'a Value, tag: &str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let all = document["paths"].as_object().into_iter().flatten().flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    all.filter(|(_, _, operation)| list(&operation["tags"]).iter().any(|named| named == tag)).collect()
}

fn section(document: &Value, method: &str, path: &str, operation: &Value, examples: &[Example]) -> Markup {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&operation["operationId"]);
    let of_it = examples.iter().filter(|example| example.operation == name);
    html! {
        section id=(name) {
            h3 { (text(&operation["summary"])) }
            p.route { code { (method.to_uppercase()) " " (path) } }
            @if let Some(more) = operation["description"].as_str() { p { (words(more)) } }
            @let parameters = list(&operation["parameters"]);
            @if !parameters.is_empty() {
                table {
                    thead { tr { th scope="col" { "parameter" } th scope="col" { "in" } th scope="col" { "what it is" } } }
                    tbody {
                        @for parameter in parameters {
                            tr {
                                td { code { (text(&parameter["name"])) } }
                                td { (text(&parameter["in"])) @if parameter["required"] == true { ", needed" } }
                                td { (words(&text(&parameter["description"]))) (bounds(&parameter["schema"])) }
                            }
                        }
                    }
                }
            }
            @if let Some(schema) = json_of(&operation["requestBody"]) {
                details { summary { "what is sent" } (form(document, schema, 0)) }
            }
            @for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                @if let Some(schema) = json_of(answer).filter(|_| status != "default") {
                    details { summary { "what is answered, " (status) } (form(document, schema, 0)) }
                }
            }
            @for example in of_it { (shown(example)) }
        }
    }
}

fn json_of(part: &Value) -> Option<&Value> {
    part.pointer("/content/application~1json/schema")
}

/// Between what, and what where nothing is said.
fn bounds(schema: &Value) -> Markup {
    let said = |name: &str| schema.get(name).filter(|value| !value.is_null()).map(Value::to_string);
    html! {
        @if let (Some(least), Some(most)) = (said("minimum"), said("maximum")) { " From " (least) " to " (most) "." }
        @if let Some(usual) = said("default") { " Usually " (usual.trim_matches('"')) "." }
    }
}

/// The fields of a form, each with what it is.
fn form(document: &Value, schema: &Value, depth: usize) -> Markup {
    let schema = resolved(document, schema);
    let choices = ["oneOf", "anyOf"].into_iter().flat_map(|name| list(&schema[name]));
    let choices: Vec<&Value> = choices.filter(|choice| choice["type"] != "null").collect();
    html! {
        @for part in list(&schema["allOf"]) { (form(document, part, depth)) }
        @if schema["type"] == "array" { p { "A list, of which each is:" } (form(document, &schema["items"], depth)) }
        @if choices.len() > 1 { p { "One of these:" } }
        @for choice in choices { (form(document, choice, depth)) }
        @if let Some(fields) = schema["properties"].as_object() {
            dl {
                @for (name, field) in fields {
                    dt { code { (name) } " " small { (kind(field)) } }
                    dd {
                        (words(field["description"].as_str().or(resolved(document, field)["description"].as_str()).unwrap_or_default()))
                        @if depth < DEPTH_MAX && is_deep(document, field) { (form(document, field, depth + 1)) }
                    }
                }
            }
        }
    }
}

/// What a name in the document stands for.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let named = schema["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
    named.unwrap_or(schema)
}

/// The type of a field, in a word.
fn kind(field: &Value) -> String {
    if let Some(name) = field["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(only) = list(&field["enum"]).first().filter(|_| list(&field["enum"]).len() == 1) {
        return only.to_string();
    }
    let choices = list(&field["oneOf"]).iter().filter(|choice| choice["type"] != "null");
    if let Some(first) = choices.clone().next() {
        return format!("{} or null", kind(first));
    }
    match &field["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&field["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

/// Whether a field has fields of its own.
fn is_deep(document: &Value, field: &Value) -> bool {
    let schema = resolved(document, field);
    let inner = if schema["type"] == "array" { resolved(document, &schema["items"]) } else { schema };
    let choices = ["oneOf", "anyOf", "allOf"].into_iter().flat_map(|name| list(&inner[name]));
    inner["properties"].is_object()
        || choices.map(|choice| resolved(document, choice)).any(|choice| choice["properties"].is_object())
}

/// A request in curl, and its answer.
fn shown(example: &Example) -> Markup {
    let body = example.body.as_ref().map(Value::to_string);
    let usual = if body.is_some() { "post" } else { "get" };
    let port = if example.is_operators() { 9331 } else { 9330 };
    html! {
        pre tabindex="0" { code {
            "$ curl -s "
            @if example.method != usual { "-X " (example.method.to_uppercase()) " " }
            @if example.is_operators() { "-H \"authorization: Bearer $(cat ~/.cairn/api-token)\" " }
            @if let Some(body) = body { "-H 'content-type: application/json' -d '" (body) "' " }
            "'http://127.0.0.1:" (port) (example.path) "'"
            @if let Some(answer) = &example.answer { "\n" (serde_json::to_string_pretty(answer).unwrap_or_default()) }
        } }
    }
}

/// All that can go wrong, where problems point to.
fn problems() -> Markup {
    html! {
        h2 id="problems" { "problems" }
        p { "Whatever goes wrong is told as " code { "application/problem+json" } ": its " code { "code" } " never changes its meaning." }
        table {
            thead { tr { th scope="col" { "code" } th scope="col" { "status" } th scope="col" { "what is wrong" } th scope="col" { "what to do" } } }
            tbody {
                @for code in Code::ALL {
                    tr id={ "problem-" (code.name()) } {
                        td { code { (code.name()) } }
                        td { (code.status().as_u16()) }
                        td { (code.title()) }
                        td { (words(code.advice())) }
                    }
                }
            }
        }
    }
}
