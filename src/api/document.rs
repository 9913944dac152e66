//! The document that describes all of this, made from the routes themselves.

use serde_json::{Value, json};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::admin;
use super::examples::{self, examples};
use super::problem::{PROBLEM_TYPE, Problem};
use super::routes;

/// What the document begins with; the paths come from the routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Cairn",
        description = "Everything a wallet, a shop or an explorer needs of a Cairn node.\n\n\
            Amounts are strings of pebbles (100000000 are one CRN), hashes and bytes hexadecimal digits, times seconds \
            since 1970. Lists go on by cursors: hand `next` back unchanged. Whatever goes wrong is told as \
            `application/problem+json` with a `code` that never changes its meaning, what exactly was wrong, and what to do. \
            Answers about what cannot change carry a tag and may be kept.",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(Problem)),
    modifiers(&Word),
    tags(
        (name = "node", description = "How the node is, and what chain it follows."),
        (name = "chain", description = "Blocks, branches, the supply."),
        (name = "transactions", description = "Sending, and what became of it."),
        (name = "accounts", description = "What an address has, and what happened to it."),
        (name = "mempool", description = "What waits for a block, and what it takes to be in the next one."),
        (name = "mining", description = "What to work on, and who does."),
        (name = "peers", description = "Other nodes."),
        (name = "events", description = "What happens, as it happens, and what happened while you were away."),
        (name = "admin", description = "The operator's side, on a listener of its own: 127.0.0.1:9331, unless it is told otherwise."),
    )
)]
struct Beginning;

/// How an operator is known.
struct Word;

impl utoipa::Modify for Word {
    fn modify(&self, openapi: &mut OpenApi) {
        let said = "What the node wrote into the file `api-token` in its data directory.";
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(said)).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document, OpenAPI 3.1.
pub fn document() -> Value {
    let mut document = Beginning::openapi();
    document.merge(routes::documented().into_openapi());
    document.merge(admin::documented().into_openapi());
    let mut document = completed(document);
    examples::put_into(&mut document, &examples());
    document
}

/// A document with all that every answer has.
pub(super) fn completed(document: OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    complete_responses(&mut document);
    document
}

/// Whatever is asked, what goes wrong is told in one form. Every answer needs a description, which forms have themselves.
fn complete_responses(document: &mut Value) {
    let problem = json!({
        "description": "Something is wrong: what, and what to do.",
        "content": { PROBLEM_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Value::as_object_mut).flat_map(|methods| methods.values_mut()) {
        operation["responses"]["default"] = problem.clone();
        for answer in
            operation["responses"].as_object_mut().into_iter().flat_map(|answers| answers.values_mut())
        {
            if answer["description"].as_str().is_none_or(str::is_empty) {
                answer["description"] = json!("What was asked for.");
            }
        }
    }
}
