//! A model that is called over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use genai::chat::ChatStreamEvent;
use orchestrate_core::model::{
    Delta, Deltas, Model, ModelError, ModelFault, ModelRequest, ModelResponse, Price,
};

use super::fault::{self, Failed};
use super::project;
use super::provider::Provider;

/// One model of a provider. Answers are always streamed, so that a connection that stands still is seen.
#[derive(Debug)]
pub struct HttpModel {
    provider: Arc<Provider>,
    /// `provider/model`.
    name: String,
    model: String,
    price: Option<Price>,
}

impl HttpModel {
    pub(super) fn new(provider: Arc<Provider>, model: &str, price: Option<Price>) -> Self {
        Self {
            name: format!("{}/{model}", provider.name()),
            model: model.to_owned(),
            provider,
            price,
        }
    }

    async fn call(
        &self,
        request: &ModelRequest<'_>,
        deltas: &Deltas<'_>,
    ) -> Result<ModelResponse, Failed> {
        let target = self.provider.target(&self.name, &self.model)?;
        let client = self.provider.client(&self.name)?;
        let options = project::options(request, self.provider.setup());
        let failed = |error| fault::read(&self.provider, &self.name, error);
        let chat = project::request(request, self.provider.setup().kind);
        let answer = client.exec_chat_stream(target, chat, Some(&options)).await;
        let mut stream = answer.map_err(failed)?.stream;
        while let Some(event) = stream.next().await {
            match event.map_err(failed)? {
                ChatStreamEvent::Chunk(chunk) => deltas(Delta::Text(chunk.content)),
                ChatStreamEvent::ReasoningChunk(chunk) => deltas(Delta::Reasoning(chunk.content)),
                ChatStreamEvent::End(end) => {
                    // Some protocols end alike when they are over and when they are cut; only one that
                    // is over says why it stopped.
                    let Some(stop) = project::stop(&end) else {
                        break;
                    };
                    let content = end.captured_content.unwrap_or_default();
                    let (text, calls) = project::answer(content, request.tools);
                    let guess = project::guess(request, &text, &calls);
                    let usage = project::usage(end.captured_usage, guess);
                    return Ok(ModelResponse {
                        model: self.name.clone(),
                        text,
                        calls,
                        usage,
                        cost: self.price.map(|price| price.of(usage)),
                        stop,
                    });
                }
                _ => {}
            }
        }
        let message = "the connection was cut in the middle of the answer";
        Err(ModelError::new(&self.name, ModelFault::Connection, message).into())
    }
}

#[async_trait]
impl Model for HttpModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn price(&self) -> Option<Price> {
        self.price
    }

    fn unavailable(&self) -> Option<ModelError> {
        self.provider.gate().refusal(&self.name)
    }

    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        deltas: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError> {
        let gate = self.provider.gate();
        let most = request.input_estimate() + u64::from(request.max_output_tokens);
        let pass = gate.enter(&self.name, most).await?;
        match self.call(request, deltas).await {
            Ok(response) => {
                gate.accepted(pass, &response);
                Ok(response)
            }
            Err(Failed { error, told }) => {
                gate.failed(pass, &error, &told);
                Err(error)
            }
        }
    }
}
