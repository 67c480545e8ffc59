//! The connection to a server over HTTP, which hears in every form that a session is not known any more.
//!
//! The protocol has the status 404 for it, and the library then greets the server again by itself. Many
//! servers answer 400 instead, with a fault that names no request: the library cannot tell whose it is,
//! and whoever called would wait until its time is over.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, redirect};
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::BoxedSseResponse;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse, StreamableHttpResponseLimits,
};

/// As often as one request is sent on to another address of the same server.
const REDIRECTS: usize = 10;

/// A transport to the server at an address, with the key that it wants.
///
/// # Errors
/// When no client can be made.
pub(super) fn transport(
    url: &str,
    key: Option<String>,
) -> Result<StreamableHttpClientTransport<SessionClient>, reqwest::Error> {
    let client = Client::builder()
        // A connection whose last answer was not read to its end stands still when it is used again.
        .pool_max_idle_per_host(0)
        .redirect(redirect::Policy::custom(within_the_server))
        .build()?;
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    config.auth_header = key;
    Ok(StreamableHttpClientTransport::with_client(
        SessionClient(client),
        config,
    ))
}

/// Follows only what keeps the message and stays with the server: others must not see the session.
fn within_the_server(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let keeps_the_message = matches!(attempt.status().as_u16(), 307 | 308);
    let first = attempt.previous().first();
    let stays = first.is_some_and(|first| first.origin() == attempt.url().origin());
    if keeps_the_message && stays && attempt.previous().len() <= REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// Whether a call failed before anything of it was sent.
pub(super) fn never_sent(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<StreamableHttpError<reqwest::Error>>();
    matches!(error, Some(StreamableHttpError::Client(error)) if error.is_connect())
}

/// The library's client, and what it does not see.
#[derive(Debug, Clone)]
pub(super) struct SessionClient(Client);

type Answer<T> = Result<T, StreamableHttpError<reqwest::Error>>;
type Headers = HashMap<HeaderName, HeaderValue>;

impl StreamableHttpClient for SessionClient {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
    ) -> Answer<StreamableHttpPostResponse> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, auth, headers, limits)
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Answer<StreamableHttpPostResponse> {
        let in_session = session.is_some();
        let answer = self
            .0
            .post_message_with_response_limits(uri, message, session, auth, headers, limits)
            .await;
        let refusal = match &answer {
            Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(fault), _))
                if fault.id.is_none() =>
            {
                &*fault.error.message
            }
            Err(StreamableHttpError::UnexpectedServerResponse(said)) => said,
            _ => return answer,
        };
        if in_session && refusal.to_lowercase().contains("session") {
            return Err(StreamableHttpError::SessionExpired);
        }
        answer
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        auth: Option<String>,
        headers: Headers,
    ) -> Answer<()> {
        self.0.delete_session(uri, session, auth, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Answer<BoxedSseResponse> {
        self.0
            .get_stream(uri, session, last_event, auth, headers)
            .await
    }
}
