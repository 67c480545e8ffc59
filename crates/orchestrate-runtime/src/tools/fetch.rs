//! `http.fetch`: pages of hosts that are on a list.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use reqwest::Url;
use serde_json::json;

use super::{failed, needed, spec};
use crate::model::ensure_crypto;

/// Bytes of a page that are read.
const READ: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads pages by HTTP. A page that points elsewhere is not followed: the model sees where it points
/// and can ask for that, if its host is on the list too.
#[derive(Debug)]
pub struct HttpFetch {
    hosts: Vec<String>,
    client: OnceLock<Option<reqwest::Client>>,
    spec: ToolSpec,
}

impl HttpFetch {
    /// Reads pages of these hosts, each `name` or `name:port`.
    #[must_use]
    pub fn new(hosts: &[String]) -> Self {
        let parameters = json!({
            "type": "object",
            "properties": {"url": {"type": "string"}},
            "required": ["url"], "additionalProperties": false
        });
        let what = format!(
            "Reads a page by HTTP GET. Allowed hosts: {}.",
            hosts.join(", ")
        );
        Self {
            hosts: hosts.iter().map(|host| host.to_lowercase()).collect(),
            client: OnceLock::new(),
            // It changes nothing, but the other side sees it: it is no reading of this project.
            spec: spec("http.fetch", &what, Effect::Read, parameters),
        }
    }

    fn allows(&self, url: &Url) -> bool {
        let Some(host) = url.host_str().map(str::to_lowercase) else {
            return false;
        };
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        let named = match &with_port {
            Some(with_port) => with_port,
            None => &host,
        };
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && self.hosts.iter().any(|allowed| allowed == named)
    }
}

#[async_trait]
impl Tool for HttpFetch {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let given = needed(&call, "url")?;
        let url = Url::parse(given).map_err(|error| ToolFailure::Retry {
            message: format!("`{given}` is no address: {error}"),
        })?;
        if !self.allows(&url) {
            let message = format!("`{given}` is not allowed; {}", self.spec.description);
            return Err(failed(FailureClass::Denied, message));
        }
        let client = self.client.get_or_init(|| {
            ensure_crypto();
            let builder = reqwest::Client::builder().timeout(TIMEOUT);
            builder
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .ok()
        });
        let lost = |what: &str| failed(FailureClass::Transient, format!("`{given}`: {what}"));
        let client = client
            .as_ref()
            .ok_or_else(|| lost("no connection can be made"))?;
        let response = client.get(url).send().await.map_err(|error| {
            lost(if error.is_timeout() {
                "no answer in time"
            } else {
                "no connection"
            })
        })?;
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (kind, location) = (header("content-type"), header("location"));
        let (mut bytes, mut stream) = (Vec::new(), response.bytes_stream());
        let mut whole = true;
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|_| lost("the connection was cut"))?;
            let room = READ.saturating_sub(bytes.len()).min(piece.len());
            bytes.extend(piece.iter().take(room));
            if room < piece.len() {
                whole = false;
                break;
            }
        }
        let body = String::from_utf8_lossy(&bytes);
        Ok(ToolOutput::json(json!({
            "status": status, "content_type": kind, "location": location, "body": body, "whole": whole
        })))
    }
}
