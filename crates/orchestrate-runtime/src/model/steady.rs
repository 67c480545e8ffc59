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

    /// None of the chain can be called: what the first says, because it is what the user chose.
    fn unavailable(&self) -> Option<ModelError> {
        let refusals: Option<Vec<ModelError>> =
            self.chain.iter().map(|model| model.unavailable()).collect();
        refusals?.into_iter().next()
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

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::model::{CacheMark, History};
    use orchestrate_core::testing::{ScriptedModel, model_says};
    use tokio::time::Instant;

    fn fails(fault: ModelFault, wait: Option<u64>) -> Result<ModelResponse, ModelError> {
        Err(ModelError::new("m", fault, "no").with_retry_after(wait))
    }

    /// The number of calls of each model, the seconds that it took, and what came of it.
    async fn check(
        scripts: Vec<Vec<Result<ModelResponse, ModelError>>>,
    ) -> (Vec<usize>, f64, Result<String, ModelFault>) {
        let models: Vec<Arc<ScriptedModel>> = scripts
            .into_iter()
            .map(|script| Arc::new(ScriptedModel::new("m", script)))
            .collect();
        let mut chain = models.iter().map(|model| model.clone() as Arc<dyn Model>);
        let steady = SteadyModel::new(chain.next().unwrap(), chain.collect());
        let history = History::begin("x");
        let request = ModelRequest {
            system: "",
            history: &history,
            tools: &[],
            output: None,
            max_output_tokens: 10,
            cache: CacheMark::None,
        };
        let began = Instant::now();
        let answer = steady.answer(&request, &|_| {}).await;
        let calls = models.iter().map(|model| model.asked().len()).collect();
        let answer = answer.map(|it| it.text).map_err(|error| error.fault);
        (calls, began.elapsed().as_secs_f64(), answer)
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_fault_is_tried_again_after_as_long_as_was_asked() {
        let script = vec![
            fails(ModelFault::Connection, None),
            fails(ModelFault::RateLimited, Some(7000)),
            Ok(model_says("fine")),
        ];
        let (calls, seconds, answer) = check(vec![script]).await;
        assert_eq!((calls, answer), (vec![3], Ok("fine".into())));
        assert!((seconds - 7.5).abs() < 0.01, "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn when_that_does_not_help_the_next_model_is_asked() {
        let busy = vec![fails(ModelFault::Unavailable, None); 3];
        let refused = vec![fails(ModelFault::KeyRefused, None)];
        let (calls, _, answer) =
            check(vec![busy.clone(), refused, vec![Ok(model_says("fine"))]]).await;
        assert_eq!((calls, answer), (vec![3, 1, 1], Ok("fine".into())));
        // When all fail, what went wrong with the first is told.
        let (_, _, answer) = check(vec![busy, vec![fails(ModelFault::Quota, None)]]).await;
        assert_eq!(answer, Err(ModelFault::Unavailable));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_wrong_is_wrong_everywhere() {
        let wrong = vec![fails(ModelFault::TooLong, None)];
        let (calls, _, answer) = check(vec![wrong, vec![Ok(model_says("fine"))]]).await;
        assert_eq!((calls, answer), (vec![1, 0], Err(ModelFault::TooLong)));
    }
}
