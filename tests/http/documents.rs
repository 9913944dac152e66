//! The document that describes all of it.

use std::collections::BTreeSet;

use cairn::api::Code;
use serde_json::Value;

use crate::stage::Stage;

#[test]
fn the_document_is_served_and_each_operation_is_described() {
    let stage = Stage::new();
    let document = stage.json("/openapi.json");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at} by its name");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at}");
            assert!(operation["responses"]["default"].is_object(), "{at}");
            assert!(operation.as_object().unwrap().values().all(|part| !part.is_null()), "{at}: {operation}");
            for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{at}: {parameter}");
            }
        }
    }
    assert!(names.len() > 20, "{names:?}");
}

/// Every form has a line on each of its fields, so that nobody has to guess.
#[test]
fn every_field_of_every_form_is_described() {
    let stage = Stage::new();
    let document = stage.json("/openapi.json");
    let mut bare = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        look_at(name, schema, &mut bare);
    }
    assert_eq!(bare, Vec::<String>::new());
}

fn look_at(name: &str, schema: &Value, bare: &mut Vec<String>) {
    for (field, described) in schema["properties"].as_object().into_iter().flatten() {
        let is_tag = described["enum"].as_array().is_some_and(|values| values.len() == 1);
        let refers = described["$ref"].is_string() || described["oneOf"].is_array();
        if described["description"].is_null() && !is_tag && !refers {
            bare.push(format!("{name}.{field}"));
        }
    }
    for list in ["oneOf", "anyOf", "allOf"] {
        schema[list].as_array().into_iter().flatten().for_each(|part| look_at(name, part, bare));
    }
}

#[test]
fn the_page_for_people_names_every_operation_and_every_code() {
    let stage = Stage::new();
    let said = stage.get("/docs");
    assert_eq!(said.header("content-type"), "text/html; charset=utf-8");
    assert!(said.header("content-security-policy").starts_with("default-src 'none'"));
    let page = String::from_utf8(said.body).unwrap();
    for (_, item) in stage.json("/openapi.json")["paths"].as_object().unwrap() {
        for (_, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(page.contains(&format!("<section id=\"{name}\">")), "{name}");
        }
    }
    for code in Code::ALL {
        assert!(page.contains(&format!("id=\"problem-{}\"", code.name())), "{code:?}");
    }
    let outside: Vec<&str> = page.matches("src=").chain(page.matches("@import")).collect();
    assert_eq!(outside, Vec::<&str>::new(), "nothing comes from elsewhere");
}
