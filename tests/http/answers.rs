//! How answers are handed out: tags, what may be kept, compression, methods that are not there.

use std::io::Read as _;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use flate2::read::GzDecoder;

use crate::stage::{Said, Stage};

fn get_with(stage: &Stage, path: &str, name: &str, value: &str) -> Said {
    stage.ask(Request::get(path).header(name, value).body(Body::empty()).unwrap())
}

#[test]
fn what_cannot_change_may_be_kept_for_ever_and_what_can_is_asked_about() {
    let mut stage = Stage::new();
    let hash = stage.mine(Vec::new()).header.hash();
    let kept = |path: &str| stage.get(path).header("cache-control").to_owned();
    assert_eq!(kept(&format!("/v1/blocks/{hash}/raw")), "public, max-age=31536000, immutable");
    assert_eq!(kept(&format!("/v1/blocks/{hash}/header")), "public, max-age=31536000, immutable");
    // Its depth grows.
    assert_eq!(kept(&format!("/v1/blocks/{hash}")), "no-cache");
    assert_eq!(kept("/v1/blocks/1/header"), "no-cache");
    assert_eq!(kept("/v1/mempool"), "no-store");
    assert_eq!(stage.get("/v1/blocks/9").header("cache-control"), "no-store");
}

#[test]
fn a_copy_that_is_still_true_is_not_sent_again() {
    let mut stage = Stage::new();
    let first = stage.get("/v1/tip");
    let tag = first.tag().to_owned();
    for list in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let again = get_with(&stage, "/v1/tip", "if-none-match", &list);
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{list}");
        assert_eq!(again.tag(), tag);
    }
    stage.mine(Vec::new());
    let moved = get_with(&stage, "/v1/tip", "if-none-match", &tag);
    assert_eq!(moved.status, StatusCode::OK);
    assert_ne!(moved.tag(), tag);
}

#[test]
fn an_answer_that_is_kept_goes_with_the_tip() {
    let mut stage = Stage::new();
    for height in 0..3 {
        assert_eq!(stage.json("/v1/tip")["height"], height);
        assert_eq!(stage.json("/v1/tip")["height"], height);
        assert_eq!(stage.json("/v1/blocks/0")["depth"], height + 1);
        stage.mine(Vec::new());
    }
}

#[test]
fn long_answers_are_compressed_for_whoever_takes_that() {
    let stage = Stage::with_history();
    let path = "/v1/blocks?limit=5";
    let plain = stage.get(path);
    assert!(plain.headers.get("content-encoding").is_none());
    for _ in 0..2 {
        let said = get_with(&stage, path, "accept-encoding", "br, gzip;q=0.8");
        assert_eq!(said.header("content-encoding"), "gzip");
        assert_eq!(said.header("vary"), "accept-encoding");
        assert!(said.body.len() < plain.body.len());
        let mut body = Vec::new();
        GzDecoder::new(&said.body[..]).read_to_end(&mut body).unwrap();
        assert_eq!(body, plain.body);
    }
    for refusing in ["identity", "gzip;q=0", "br"] {
        assert!(
            get_with(&stage, path, "accept-encoding", refusing).headers.get("content-encoding").is_none()
        );
    }
    assert!(get_with(&stage, "/v1/tip", "accept-encoding", "gzip").headers.get("content-encoding").is_none());
}

#[test]
fn another_method_is_refused_with_those_that_are_there() {
    let stage = Stage::new();
    let said = stage.ask(Request::delete("/v1/tip").body(Body::empty()).unwrap());
    assert_eq!((said.status, said.code().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
    assert!(said.header("allow").contains("GET"));
    let said = stage.ask(Request::post("/v1/transactions").body(Body::from("{}")).unwrap());
    assert_eq!((said.status, said.code().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type"));
}

#[test]
fn asking_for_the_head_alone_leaves_the_answer_whole_for_others() {
    let mut stage = Stage::new();
    let hash = stage.mine(Vec::new()).header.hash();
    for path in ["/v1/tip", "/v1/mempool", &format!("/v1/blocks/{hash}/header")] {
        let head = stage.ask(Request::head(path).body(Body::empty()).unwrap());
        let whole = stage.get(path);
        assert_eq!(whole.tag(), head.tag(), "{path}");
        assert!(whole.json().is_object(), "{path}");
    }
}
