//! One remote agent: its card, read once, and the calls of the protocol.

use std::env;
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::card::{AgentCard, PLACES};
use super::dialect::{Operation, Outgoing, RemoteTask, Reply, read_task};
use super::error::RemoteError;
use crate::guard::masked;
use crate::model::ensure_crypto;

/// Bytes of an answer that are read.
const READ: usize = 32 * 1024 * 1024;
/// How long a card or the state of a task may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of what is no answer of the protocol is shown.
const SHOWN: usize = 200;
/// The header that names the version of the protocol.
const VERSION: &str = "A2A-Version";

/// An agent elsewhere, as the settings name it.
#[derive(Debug, Clone)]
pub struct RemoteSetup {
    /// What users call it.
    pub name: String,
    /// Its address, below which its card stands, or that of the card itself, which then ends with `.json`.
    pub url: String,
    /// The name of the variable that holds the key for it.
    pub key_variable: Option<String>,
    /// Longest time of one attempt; the agent's own limit holds beside it.
    pub timeout: Duration,
}

/// An agent elsewhere. Nothing is connected to before the first call.
#[derive(Debug)]
pub struct RemoteAgent {
    setup: RemoteSetup,
    connection: OnceCell<Connection>,
}

#[derive(Debug)]
struct Connection {
    client: Client,
    key: Option<HeaderValue>,
    card: AgentCard,
}

impl RemoteAgent {
    /// The agent of a setup.
    #[must_use]
    pub fn new(setup: RemoteSetup) -> Self {
        Self {
            setup,
            connection: OnceCell::new(),
        }
    }

    /// How it is set up.
    #[must_use]
    pub fn setup(&self) -> &RemoteSetup {
        &self.setup
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// When it cannot be reached, lets nobody in or is no agent that can be spoken to.
    pub async fn card(&self) -> Result<&AgentCard, RemoteError> {
        Ok(&self.connection().await?.card)
    }

    /// Sends a message, without waiting for what comes of it.
    pub(super) async fn send(&self, outgoing: &Outgoing<'_>) -> Result<Reply, RemoteError> {
        let dialect = self.card().await?.dialect;
        let parameters = dialect.message(outgoing);
        // Some agents answer only when they have done their work, whatever they are asked.
        let result = self.call(Operation::Send, parameters, self.setup.timeout);
        let result = result.await?;
        dialect.reply(&result).map_err(|it| self.protocol(it))
    }

    /// Asks how far a task is.
    pub(super) async fn task(&self, id: &str) -> Result<RemoteTask, RemoteError> {
        let result = self.call(Operation::Get, json!({ "id": id }), PATIENCE);
        read_task(&result.await?).map_err(|it| self.protocol(it))
    }

    /// Asks it to end a task.
    pub(super) async fn cancel(&self, id: &str) -> Result<(), RemoteError> {
        let result = self.call(Operation::Cancel, json!({ "id": id }), PATIENCE);
        result.await.map(|_| ())
    }

    async fn connection(&self) -> Result<&Connection, RemoteError> {
        self.connection.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<Connection, RemoteError> {
        ensure_crypto();
        let unreachable = |problem: String| self.unreachable(problem, false);
        let client = Client::builder()
            // Another server than the one that was named is not given the key.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| unreachable(error.to_string()))?;
        let key = self.key()?;
        let mut missing = String::new();
        for url in self.card_addresses()? {
            let request = client.get(url.clone()).timeout(PATIENCE);
            let request = with_key(request, key.as_ref()).header(VERSION, "1.0");
            let answer = request.send().await;
            let answer = answer.map_err(|error| unreachable(told(&error)))?;
            if answer.status() == StatusCode::NOT_FOUND {
                missing = format!("there is no card at `{url}`");
                continue;
            }
            let bytes = self.body(answer).await?;
            let card = AgentCard::read(&bytes, &url).map_err(|it| self.protocol(it))?;
            return Ok(Connection { client, key, card });
        }
        Err(self.protocol(missing))
    }

    /// Where its card may stand.
    fn card_addresses(&self) -> Result<Vec<Url>, RemoteError> {
        let parse = |text: &str| {
            Url::parse(text).map_err(|error| {
                self.unreachable(format!("`{text}` is no address: {error}"), false)
            })
        };
        let url = self.setup.url.trim();
        if url.ends_with(".json") {
            return Ok(vec![parse(url)?]);
        }
        let base = url.trim_end_matches('/');
        PLACES
            .iter()
            .map(|place| parse(&format!("{base}/{place}")))
            .collect()
    }

    /// The header that holds its key, if it wants one.
    fn key(&self) -> Result<Option<HeaderValue>, RemoteError> {
        let Some(variable) = &self.setup.key_variable else {
            return Ok(None);
        };
        let key = env::var(variable).unwrap_or_default();
        let refused = |problem: String| RemoteError::Credentials {
            agent: self.setup.name.clone(),
            problem,
        };
        if key.trim().is_empty() {
            return Err(refused(format!("the variable `{variable}` is not set")));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {}", key.trim()))
            .map_err(|_| refused(format!("what `{variable}` holds cannot be a key")))?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    async fn call(
        &self,
        operation: Operation,
        mut parameters: Value,
        patience: Duration,
    ) -> Result<Value, RemoteError> {
        let Connection { client, key, card } = self.connection().await?;
        if let (Some(tenant), Some(object)) = (&card.tenant, parameters.as_object_mut()) {
            object.insert("tenant".to_owned(), tenant.as_str().into());
        }
        let request = client.post(card.address.clone()).timeout(patience);
        let request = with_key(request, key.as_ref())
            .header(VERSION, card.version())
            .json(&json!({
                "jsonrpc": "2.0",
                "id": 1,
                "method": card.dialect.method(operation),
                "params": parameters,
            }));
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.unreachable(told(&error), !error.is_connect()))?;
        let bytes = self.body(answer).await?;
        let mut answer: Value = serde_json::from_slice(&bytes).map_err(|_| {
            let text = String::from_utf8_lossy(&bytes);
            let start: String = text.trim().chars().take(SHOWN).collect();
            self.protocol(format!("its answer is no JSON: {start}"))
        })?;
        if let Some(fault) = answer.get("error").filter(|it| !it.is_null()) {
            let message = fault.get("message").and_then(Value::as_str);
            return Err(RemoteError::Refused {
                agent: self.setup.name.clone(),
                code: fault
                    .get("code")
                    .and_then(Value::as_i64)
                    .unwrap_or_default(),
                problem: masked(message.unwrap_or("no reason is given").to_owned()),
            });
        }
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(self.protocol("its answer has no `result`".to_owned())),
        }
    }

    /// The body of an answer. A fault of the protocol can come with any status.
    async fn body(&self, answer: Response) -> Result<Vec<u8>, RemoteError> {
        let status = answer.status();
        let agent = self.setup.name.clone();
        let header = |name| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(RemoteError::Credentials {
                    agent,
                    problem: format!("it answers {status}; it wants a key, or another one"),
                });
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let seconds = header(RETRY_AFTER).and_then(|it| it.trim().parse().ok());
                return Err(RemoteError::Busy {
                    agent,
                    problem: format!("it answers {status}"),
                    wait: seconds.map(Duration::from_secs),
                });
            }
            _ => {}
        }
        let is_json = header(reqwest::header::CONTENT_TYPE).is_some_and(|it| it.contains("json"));
        if status.is_redirection() {
            let to = header(reqwest::header::LOCATION).unwrap_or_default();
            let problem =
                format!("it answers {status} and points to `{to}`, which is not followed");
            return Err(self.protocol(problem));
        }
        if status.is_server_error() && !is_json {
            return Err(self.unreachable(format!("it answers {status}"), true));
        }
        if !status.is_success() && !is_json {
            return Err(self.protocol(format!("it answers {status}")));
        }
        let mut bytes = Vec::new();
        let mut pieces = answer.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| self.unreachable(told(&error), true))?;
            if bytes.len() + piece.len() > READ {
                return Err(self.protocol(format!("its answer is longer than {READ} bytes")));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    fn unreachable(&self, problem: String, may_have_arrived: bool) -> RemoteError {
        RemoteError::Unreachable {
            agent: self.setup.name.clone(),
            problem,
            may_have_arrived,
        }
    }

    pub(super) fn protocol(&self, problem: String) -> RemoteError {
        RemoteError::Protocol {
            agent: self.setup.name.clone(),
            problem: masked(problem),
        }
    }
}

fn with_key(request: RequestBuilder, key: Option<&HeaderValue>) -> RequestBuilder {
    match key {
        Some(key) => request.header(AUTHORIZATION, key.clone()),
        None => request,
    }
}

/// What went wrong with a connection. The library's own words name the whole address, which may hold a key.
fn told(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection was cut"
    };
    what.to_owned()
}
