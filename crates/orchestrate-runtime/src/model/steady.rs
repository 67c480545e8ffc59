//! A model that is tried again when it fails in passing, with others behind it for when that does not help.
//!
//! A call of a model has no effect, so it may be made again whatever became of it. How often is bounded.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::model::{
    Deltas, Model, ModelError, ModelFault, ModelRequest, ModelResponse, Price,
};

/// Tries of one model before the next one is asked, or the error is passed on.
const TRIES: u32 = 3;
/// The wait before the second try; doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// A provider that wants a longer wait than this is given up on; the step may be tried again later.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// A chain of models: the first that answers, answers.
#[derive(Debug)]
pub struct SteadyModel {
    chain: Vec<Arc<dyn Model>>,
    name: String,
}

impl SteadyModel {
    /// A chain of at least one model.
    #[must_use]
    pub fn new(first: Arc<dyn Model>, fallbacks: Vec<Arc<dyn Model>>) -> Self {
        let mut chain = vec![first];
        chain.extend(fallbacks);
        let names: Vec<&str> = chain.iter().map(|model| model.name()).collect();
        let name = names.join(", then ");
        Self { chain, name }
    }
}

/// Whether another model may be able to do what this one could not.
fn falls_back(fault: ModelFault) -> bool {
    fault.is_passing() || fault.opens_circuit() || fault == ModelFault::CircuitOpen
}

async fn tried(
    model: &dyn Model,
    request: &ModelRequest<'_>,
    deltas: &Deltas<'_>,
) -> Result<ModelResponse, ModelError> {
    let mut wait = FIRST_WAIT;
    let mut attempt = 1;
    loop {
        let error = match model.answer(request, deltas).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let asked = error
            .retry_after_ms
            .map_or(Duration::ZERO, Duration::from_millis);
        if attempt >= TRIES || !error.fault.is_passing() || asked > LONGEST_WAIT {
            return Err(error);
        }
        tokio::time::sleep(wait.max(asked)).await;
        wait *= 2;
        attempt += 1;
    }
}

#[async_trait]
impl Model for SteadyModel {
    fn name(&self) -> &str {
        &self.name
    }

    /// The dearest of all, so that what is reserved suffices whichever answers; unknown if one is unknown.
    fn price(&self) -> Option<Price> {
        let mut prices = self.chain.iter().map(|model| model.price());
        let first = prices.next()??;
        prices.try_fold(first, |dearest, price| {
            let price = price?;
            Some(Price {
                input: dearest.input.max(price.input),
                output: dearest.output.max(price.output),
                cache_read: dearest.cache_read.max(price.cache_read),
                cache_write: dearest.cache_write.max(price.cache_write),
            })
        })
    }

    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        deltas: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError> {
        let mut first_error = None;
        for model in &self.chain {
            match tried(model.as_ref(), request, deltas).await {
                Ok(response) => return Ok(response),
                Err(error) if falls_back(error.fault) => {
                    first_error.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        // The first is what the user chose, so what went wrong with it is what the user has to know.
        Err(first_error.unwrap_or_else(|| {
            ModelError::new(&self.name, ModelFault::BadRequest, "no model to ask")
        }))
    }
}
