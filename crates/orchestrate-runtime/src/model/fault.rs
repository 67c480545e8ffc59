//! What the client library reports, in our classes. No key and no whole body gets into a message.

use std::time::Duration;

use genai::Error;
use genai::webc::StreamTimeout;
use orchestrate_core::model::{ModelError, ModelFault};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::provider::Provider;
use super::told::{self, Told};

/// How much of what a provider says is shown.
const SHOWN: usize = 300;

/// A call that failed, and what the provider told of its limits with it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: ModelError,
    pub(super) told: Told,
}

/// A call that was not made: nothing was told.
impl From<ModelError> for Failed {
    fn from(error: ModelError) -> Self {
        Self {
            error,
            told: Told::default(),
        }
    }
}

pub(super) fn read(provider: &Provider, model: &str, error: Error) -> Failed {
    let (fault, message, headers) = sort(&error);
    let message: String = provider.masked(&message).chars().take(SHOWN).collect();
    let mut told = headers.map(Told::read).unwrap_or_default();
    told.wait = told.wait.or_else(|| wait_in_body(&error));
    // Rounded up, and as long as can be where it is longer.
    let wait = told.wait.map(|wait| wait.as_micros().div_ceil(1000));
    let wait = wait.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX));
    let error = ModelError::new(model, fault, message).with_retry_after(wait);
    Failed { error, told }
}

fn sort(error: &Error) -> (ModelFault, String, Option<&HeaderMap>) {
    match error {
        Error::HttpError {
            status,
            body,
            headers,
            ..
        } => {
            let (fault, message) = of_status(*status, body);
            (fault, message, Some(headers))
        }
        Error::WebModelCall { webc_error, .. } | Error::WebAdapterCall { webc_error, .. } => {
            of_web(webc_error)
        }
        // What goes wrong while an answer streams in is wrapped once more.
        Error::WebStream { error, .. } => {
            if let Some(inner) = error.downcast_ref::<Error>() {
                sort(inner)
            } else if error.is::<StreamTimeout>() {
                (
                    ModelFault::Stalled,
                    "nothing came any more".to_owned(),
                    None,
                )
            } else if let Some(inner) = error.downcast_ref::<reqwest::Error>() {
                let (fault, message) = of_transport(inner);
                (fault, message, None)
            } else {
                (
                    ModelFault::Connection,
                    "the connection was lost".to_owned(),
                    None,
                )
            }
        }
        Error::ChatResponse { body, .. } => {
            let (fault, message) = of_body(body);
            (fault, message, None)
        }
        Error::StreamParse { serde_error, .. } | Error::SerdeJson(serde_error) => (
            ModelFault::Malformed,
            format!("the answer is not what the protocol says: {serde_error}"),
            None,
        ),
        Error::JsonValueExt(_)
        | Error::InvalidJsonResponseElement { .. }
        | Error::NoChatResponse { .. }
        | Error::ChatResponseGeneration { .. } => (
            ModelFault::Malformed,
            "the answer is not what the protocol says".to_owned(),
            None,
        ),
        Error::RequiresApiKey { .. } | Error::NoAuthResolver { .. } | Error::NoAuthData { .. } => {
            (ModelFault::KeyMissing, "no key".to_owned(), None)
        }
        // Everything else is refused before anything is sent; its text may hold the request.
        _ => (
            ModelFault::BadRequest,
            "the request cannot be put into the provider's form".to_owned(),
            None,
        ),
    }
}

/// Gemini sends no headers about limits; how long to wait stands in the body.
fn wait_in_body(error: &Error) -> Option<Duration> {
    let body = match error {
        Error::HttpError { body, .. } => body,
        Error::WebStream { error, .. } => return wait_in_body(error.downcast_ref()?),
        _ => return None,
    };
    let body: Value = serde_json::from_str(body).ok()?;
    let details = first(&body).pointer("/error/details")?.as_array()?;
    let delay = details.iter().find_map(|it| it.get("retryDelay")?.as_str());
    Duration::try_from_secs_f64(told::seconds(delay?)?).ok()
}

fn of_web(error: &genai::webc::Error) -> (ModelFault, String, Option<&HeaderMap>) {
    use genai::webc::Error as Web;
    match error {
        Web::ResponseFailedStatus {
            status,
            body,
            headers,
        } => {
            let (fault, message) = of_status(*status, body);
            (fault, message, Some(headers))
        }
        Web::Reqwest(error) => {
            let (fault, message) = of_transport(error);
            (fault, message, None)
        }
        _ => (
            ModelFault::Malformed,
            "the answer is not JSON".to_owned(),
            None,
        ),
    }
}

fn of_transport(error: &reqwest::Error) -> (ModelFault, String) {
    if error.is_timeout() {
        (ModelFault::Stalled, "nothing came any more".to_owned())
    } else if error.is_connect() {
        (
            ModelFault::Connection,
            "the provider cannot be reached".to_owned(),
        )
    } else {
        (ModelFault::Connection, "the connection was lost".to_owned())
    }
}

fn of_status(status: StatusCode, body: &str) -> (ModelFault, String) {
    let said = said(body);
    let words = said.to_lowercase();
    let quota = ["insufficient_quota", "quota", "credit balance", "billing"];
    let too_long = [
        "context length",
        "context_length",
        "too long",
        "maximum context",
        "token limit",
    ];
    let holds = |needles: &[&str]| needles.iter().any(|needle| words.contains(needle));
    let fault = match status.as_u16() {
        401 | 403 => ModelFault::KeyRefused,
        402 => ModelFault::Quota,
        // A used-up account is refused like one that is too fast, and waiting does not help it.
        429 if holds(&["insufficient_quota", "credit balance", "billing"]) => ModelFault::Quota,
        429 => ModelFault::RateLimited,
        408 | 504 => ModelFault::Stalled,
        400 if holds(&quota) => ModelFault::Quota,
        400 if words.contains("api key") => ModelFault::KeyRefused,
        400 | 413 | 422 if holds(&too_long) => ModelFault::TooLong,
        500.. => ModelFault::Unavailable,
        _ => ModelFault::BadRequest,
    };
    // What is said about a refused key may hold parts of it.
    let message = match fault {
        ModelFault::KeyRefused => format!("the key was refused (status {})", status.as_u16()),
        _ if said.is_empty() => format!("status {}", status.as_u16()),
        _ => format!("status {}: {said}", status.as_u16()),
    };
    (fault, message)
}

/// An error that a provider sends inside an answer that has begun.
fn of_body(body: &Value) -> (ModelFault, String) {
    let said = message_of(body).unwrap_or("an error without words");
    let words = body.to_string().to_lowercase();
    let fault = if words.contains("insufficient_quota") {
        ModelFault::Quota
    } else if words.contains("rate_limit") {
        ModelFault::RateLimited
    } else if words.contains("authentication") || words.contains("permission") {
        ModelFault::KeyRefused
    } else {
        ModelFault::Unavailable
    };
    (fault, format!("the provider broke off: {said}"))
}

/// What the body of a refusal says, with the type of the error, without anything else.
fn said(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return String::new();
    };
    let value = first(&value);
    let code = ["/error/code", "/error/type", "/error/status"]
        .iter()
        .find_map(|path| value.pointer(path)?.as_str());
    match (message_of(value), code) {
        (Some(message), Some(code)) => format!("{message} ({code})"),
        (Some(message), None) => message.to_owned(),
        (None, Some(code)) => code.to_owned(),
        (None, None) => String::new(),
    }
}

/// Gemini wraps its errors into a list when it streams.
fn first(body: &Value) -> &Value {
    match body {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        other => other,
    }
}

fn message_of(body: &Value) -> Option<&str> {
    ["/error/message", "/message", "/error"]
        .iter()
        .find_map(|path| body.pointer(path)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_sorted_by_status_and_words() {
        let check = |status: u16, body: &str, fault: ModelFault| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(of_status(status, body).0, fault, "{status} {body}");
        };
        check(401, "", ModelFault::KeyRefused);
        check(403, "{}", ModelFault::KeyRefused);
        check(
            400,
            r#"{"error":{"message":"API key not valid"}}"#,
            ModelFault::KeyRefused,
        );
        check(402, "", ModelFault::Quota);
        check(
            429,
            r#"{"error":{"message":"slow down","type":"rate_limit"}}"#,
            ModelFault::RateLimited,
        );
        check(
            429,
            r#"{"error":{"message":"You exceeded","code":"insufficient_quota"}}"#,
            ModelFault::Quota,
        );
        check(
            400,
            r#"{"error":{"message":"Your credit balance is too low"}}"#,
            ModelFault::Quota,
        );
        check(
            400,
            r#"{"error":{"message":"prompt is too long: 9 tokens"}}"#,
            ModelFault::TooLong,
        );
        check(
            404,
            r#"{"error":{"message":"model: x"}}"#,
            ModelFault::BadRequest,
        );
        check(500, "<html>", ModelFault::Unavailable);
        check(529, "{}", ModelFault::Unavailable);
    }

    #[test]
    fn what_is_said_about_a_refused_key_is_not_repeated() {
        let body = r#"{"error":{"message":"Incorrect API key provided: sk-abc"}}"#;
        let (_, message) = of_status(StatusCode::UNAUTHORIZED, body);
        assert_eq!(message, "the key was refused (status 401)");
    }
}
