//! What goes wrong, in every family: each fault has its own class, code and advice, and none hangs.

use orchestrate_core::backend::AgentFailure;
use orchestrate_core::error::Explain as _;
use orchestrate_core::model::{History, Model as _, ModelError, ModelFault};
use orchestrate_core::outcome::FailureClass;
use orchestrate_runtime::model::{Provider, ProviderKind, ProviderSetup};

use crate::double::{Double, Reply};
use crate::families::{KEY, SSE, model, request, says};

async fn fails(kind: ProviderKind, reply: Reply) -> ModelError {
    let double = Double::in_order(vec![reply]).await;
    let history = History::begin("Look.");
    let answer = model(kind, &double)
        .answer(&request(&history, &[]), &|_| {})
        .await;
    let error = answer.expect_err(&format!("{kind:?}"));
    assert!(!format!("{error:?} {}", AgentFailure::from(error.clone())).contains(KEY));
    assert!(!error.hints().is_empty());
    error
}

#[tokio::test]
async fn every_status_has_its_class_in_every_family() {
    let body = format!(r#"{{"error":{{"message":"no: {KEY}","type":"x"}}}}"#);
    let cases = [
        (401, ModelFault::KeyRefused, FailureClass::Credentials),
        (402, ModelFault::Quota, FailureClass::Quota),
        (404, ModelFault::BadRequest, FailureClass::Input),
        (429, ModelFault::RateLimited, FailureClass::Transient),
        (500, ModelFault::Unavailable, FailureClass::Transient),
        (529, ModelFault::Unavailable, FailureClass::Transient),
    ];
    for kind in ProviderKind::ALL {
        for (status, fault, class) in cases {
            let error = fails(kind, Reply::status(status, &body)).await;
            assert_eq!(
                (error.fault, error.fault.failure_class()),
                (fault, class),
                "{kind:?} {status}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn the_wait_that_a_provider_asks_for_is_kept() {
    for kind in ProviderKind::ALL {
        let error = fails(kind, Reply::status_with(429, "retry-after: 7", "{}")).await;
        assert_eq!(error.retry_after_ms, Some(7000), "{kind:?}");
        let failure = AgentFailure::from(error);
        assert_eq!(failure.retry_after_ms.unwrap().get(), 7000);
    }
    // Gemini sends no such header: it stands in the body.
    let body = r#"[{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "type.googleapis.com/google.rpc.Help"}, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"}]}}]"#;
    let error = fails(ProviderKind::Gemini, Reply::status(429, body)).await;
    assert_eq!(error.retry_after_ms, Some(7500));
}

#[tokio::test]
async fn a_cut_stream_is_no_answer() {
    for kind in ProviderKind::ALL {
        let (content, mut pieces) = says("half an answer").pieces(kind);
        pieces.truncate(1);
        let error = fails(
            kind,
            Reply::Cut {
                kind: content,
                pieces: pieces.clone(),
            },
        )
        .await;
        assert_eq!(error.fault, ModelFault::Connection, "{kind:?}: {error}");
        // Closed as if it were over, in the middle.
        let error = fails(
            kind,
            Reply::Stream {
                kind: content,
                pieces,
            },
        )
        .await;
        assert_eq!(error.fault, ModelFault::Connection, "{kind:?}: {error}");
        let error = fails(kind, Reply::Hangup).await;
        assert_eq!(error.fault, ModelFault::Connection, "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn a_connection_that_stands_still_is_given_up() {
    for kind in ProviderKind::ALL {
        let (content, mut pieces) = says("half an answer").pieces(kind);
        pieces.truncate(1);
        let error = fails(
            kind,
            Reply::Stall {
                kind: content,
                pieces,
            },
        )
        .await;
        assert_eq!(error.fault, ModelFault::Stalled, "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    for kind in ProviderKind::ALL {
        let (content, piece) = match kind {
            ProviderKind::Ollama => ("application/x-ndjson", "{\"message\": {\n"),
            ProviderKind::Anthropic => (SSE, "event: message_start\ndata: {\"message\": {\n\n"),
            _ => (SSE, "data: {\"choices\": [\n\n"),
        };
        let error = fails(
            kind,
            Reply::Stream {
                kind: content,
                pieces: vec![piece.to_owned()],
            },
        )
        .await;
        assert_eq!(error.fault, ModelFault::Malformed, "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn without_a_key_nobody_is_called() {
    let double = Double::in_order(vec![says("x").stream(ProviderKind::OpenAi)]).await;
    let setup = ProviderSetup::new("openai", ProviderKind::OpenAi).at(double.address.as_str());
    let history = History::begin("Look.");
    let model = Provider::new(setup).model("m", None);
    let error = model
        .answer(&request(&history, &[]), &|_| {})
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "openai/m: no key: the variable `OPENAI_API_KEY` is not set"
    );
    assert_eq!(error.fault.failure_class(), FailureClass::Credentials);
    assert!(double.asked().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_told_by_its_class() {
    let setup = ProviderSetup::new("o", ProviderKind::Ollama).at("http://127.0.0.1:9/");
    let history = History::begin("Look.");
    let error = Provider::new(setup)
        .model("m", None)
        .answer(&request(&history, &[]), &|_| {})
        .await
        .unwrap_err();
    assert_eq!(error.fault, ModelFault::Connection, "{error}");
}
