//! A provider of models: where it is, how it is spoken to, with which key, how fast.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use genai::adapter::AdapterKind;
use genai::{Client, ServiceTarget};
use orchestrate_core::model::{ModelError, ModelFault, Price};
use secrecy::{ExposeSecret, SecretString};

use super::gate::Gate;
use super::http::HttpModel;
use super::tls;

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// Anthropic.
    Anthropic,
    /// OpenAI.
    OpenAi,
    /// Anything that speaks as OpenAI does; it needs a base address.
    OpenAiCompatible,
    /// Google Gemini.
    Gemini,
    /// Ollama, on this machine unless told otherwise; it needs no key.
    Ollama,
}

impl ProviderKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Anthropic,
        Self::OpenAi,
        Self::OpenAiCompatible,
        Self::Gemini,
        Self::Ollama,
    ];

    /// The word that users write.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::OpenAiCompatible => "openai-compatible",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// The variable that holds the key unless another is named; none when no key is needed.
    #[must_use]
    pub fn key_variable(self) -> Option<&'static str> {
        match self {
            Self::Anthropic => Some("ANTHROPIC_API_KEY"),
            Self::OpenAi => Some("OPENAI_API_KEY"),
            Self::Gemini => Some("GEMINI_API_KEY"),
            Self::OpenAiCompatible | Self::Ollama => None,
        }
    }

    /// Where it is unless told otherwise.
    #[must_use]
    pub fn default_address(self) -> Option<&'static str> {
        match self {
            Self::Anthropic => Some("https://api.anthropic.com/v1/"),
            Self::OpenAi => Some("https://api.openai.com/v1/"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com/v1beta/"),
            Self::Ollama => Some("http://127.0.0.1:11434/"),
            Self::OpenAiCompatible => None,
        }
    }

    pub(super) fn adapter(self) -> AdapterKind {
        match self {
            Self::Anthropic => AdapterKind::Anthropic,
            Self::OpenAi | Self::OpenAiCompatible => AdapterKind::OpenAI,
            Self::Gemini => AdapterKind::Gemini,
            Self::Ollama => AdapterKind::Ollama,
        }
    }
}

impl FromStr for ProviderKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let possible = || Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| {
            format!(
                "unknown kind of provider `{text}` (possible: {})",
                possible()
            )
        })
    }
}

/// What is known of a provider before it is used.
#[derive(Debug, Clone)]
pub struct ProviderSetup {
    /// What users call it; the part of a model's name before the slash.
    pub name: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// Where it is; without it the kind's own place.
    pub address: Option<String>,
    /// The key, if one is set. It is shown nowhere.
    pub key: Option<SecretString>,
    /// The variable that the key was looked for in, for messages; none when no key is needed.
    pub key_variable: Option<String>,
    /// Requests a minute at most; without it the provider's answers alone set the pace.
    pub requests_per_minute: Option<u32>,
    /// Tokens a minute at most.
    pub tokens_per_minute: Option<u64>,
    /// How long nothing may come before a call counts as stalled.
    pub stall: Duration,
}

impl ProviderSetup {
    /// A provider of a kind at its own place, without a key.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ProviderKind) -> Self {
        Self {
            name: name.into(),
            kind,
            address: None,
            key: None,
            key_variable: kind.key_variable().map(str::to_owned),
            requests_per_minute: None,
            tokens_per_minute: None,
            stall: Duration::from_secs(90),
        }
    }

    /// The same provider at another place.
    #[must_use]
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// The same provider with a key.
    #[must_use]
    pub fn with_key(mut self, key: SecretString) -> Self {
        self.key = Some(key);
        self
    }
}

/// A provider that can be called. All models of one provider share its pace and its circuit.
pub struct Provider {
    setup: ProviderSetup,
    address: Arc<str>,
    gate: Gate,
    client: OnceLock<Result<Client, String>>,
}

/// Shows no key.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.setup.name)
            .field("kind", &self.setup.kind)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// A provider. Nothing is connected to before the first call.
    #[must_use]
    pub fn new(setup: ProviderSetup) -> Arc<Self> {
        let default = setup.kind.default_address().unwrap_or_default();
        let mut address = setup.address.clone().unwrap_or_else(|| default.to_owned());
        // The client joins paths to it without a slash of its own.
        if !address.ends_with('/') {
            address.push('/');
        }
        // Gemini's and Anthropic's own addresses end with a version; Ollama's has none.
        let gate = Gate::new(
            setup.requests_per_minute,
            setup.tokens_per_minute,
            setup.kind == ProviderKind::Ollama,
        );
        Arc::new(Self {
            address: address.into(),
            gate,
            client: OnceLock::new(),
            setup,
        })
    }

    /// One of its models.
    #[must_use]
    pub fn model(self: &Arc<Self>, model: &str, price: Option<Price>) -> HttpModel {
        HttpModel::new(self.clone(), model, price)
    }

    /// What users call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.setup.name
    }

    pub(super) fn setup(&self) -> &ProviderSetup {
        &self.setup
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The client, made at the first call.
    pub(super) fn client(&self, model: &str) -> Result<&Client, ModelError> {
        let made = self.client.get_or_init(|| {
            tls::ensure();
            Client::builder().build().map_err(|error| error.to_string())
        });
        made.as_ref()
            .map_err(|error| ModelError::new(model, ModelFault::Connection, error.as_str()))
    }

    /// Whom to call for one of its models, with the key.
    pub(super) fn target(&self, name: &str, model: &str) -> Result<ServiceTarget, ModelError> {
        let auth = match (&self.setup.key, &self.setup.key_variable) {
            (Some(key), _) => genai::resolver::AuthData::from_single(key.expose_secret()),
            (None, Some(variable)) => {
                let message = format!("no key: the variable `{variable}` is not set");
                return Err(ModelError::new(name, ModelFault::KeyMissing, message));
            }
            // The client wants some text even where the other side reads none.
            (None, None) => genai::resolver::AuthData::from_single("none"),
        };
        Ok(ServiceTarget {
            endpoint: genai::resolver::Endpoint::from_owned(self.address.clone()),
            auth,
            model: genai::ModelIden::new(self.setup.kind.adapter(), model),
        })
    }

    /// A text in which the key, and whatever looks like one, is masked.
    pub(super) fn masked(&self, text: &str) -> String {
        let key = self.setup.key.as_ref().map(ExposeSecret::expose_secret);
        let text = match key {
            Some(key) if !key.is_empty() => text.replace(key, "***"),
            _ => text.to_owned(),
        };
        let looks_like_one = |word: &str| {
            let word = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            KEY_BEGINNINGS.iter().any(|start| word.starts_with(start))
        };
        let words = text.split(' ');
        let words = words.map(|word| if looks_like_one(word) { "***" } else { word });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// How the keys of providers begin.
const KEY_BEGINNINGS: [&str; 6] = ["sk-", "sk_", "AIza", "gsk_", "xai-", "Bearer"];
