//! What every call with one key passes: its circuit first, then its pace. First come, first served.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use orchestrate_core::model::{ModelError, ModelFault, ModelResponse};
use tokio::time::Instant;

use super::breaker::{Admitted, Breaker};
use super::pace::Pace;

/// The gate of one provider and key.
#[derive(Debug)]
pub(super) struct Gate {
    breaker: Breaker,
    /// None where nothing has to be held back: a model on one's own machine.
    pace: Option<Mutex<Pace>>,
    /// Held by whoever is next, so that all others wait in line behind it.
    turn: tokio::sync::Mutex<()>,
    origin: Instant,
}

/// A call that has passed the gate; `leave` is told how it ended.
#[derive(Debug)]
#[must_use = "the gate must be told how the call ended"]
pub(super) struct Pass {
    reserved: u64,
    admitted: Admitted,
}

impl Gate {
    pub(super) fn new(
        requests_per_minute: Option<u32>,
        tokens_per_minute: Option<u64>,
        own_machine: bool,
    ) -> Self {
        let told = requests_per_minute.is_some() || tokens_per_minute.is_some();
        let pace = (told || !own_machine)
            .then(|| Mutex::new(Pace::new(requests_per_minute, tokens_per_minute)));
        Self {
            breaker: Breaker::default(),
            pace,
            turn: tokio::sync::Mutex::default(),
            origin: Instant::now(),
        }
    }

    /// Why no call would be let through now, if so.
    pub(super) fn refusal(&self, model: &str) -> Option<ModelError> {
        self.breaker.refusal(model)
    }

    /// Waits until a call that uses at most so many tokens may be made.
    ///
    /// # Errors
    /// When the circuit is open, also when it opens while the call waits.
    pub(super) async fn enter(&self, model: &str, tokens: u64) -> Result<Pass, ModelError> {
        if let Some(refusal) = self.breaker.refusal(model) {
            return Err(refusal);
        }
        if let Some(pace) = &self.pace {
            let _turn = self.turn.lock().await;
            loop {
                // Those that wait in line behind one that found the circuit open need not wait for a place.
                if let Some(refusal) = self.breaker.refusal(model) {
                    return Err(refusal);
                }
                let taken = lock(pace).take(self.now(), tokens);
                let Err(wait) = taken else { break };
                tokio::time::sleep(wait).await;
            }
        }
        // Asked last, so that nothing can open the circuit between the answer and the call.
        let admitted = self.breaker.admit(model)?;
        Ok(Pass {
            reserved: tokens,
            admitted,
        })
    }

    /// Takes in how a call ended.
    pub(super) fn leave(&self, pass: Pass, answer: &Result<ModelResponse, ModelError>) {
        self.breaker.report(pass.admitted, answer.as_ref().err());
        let Some(pace) = &self.pace else { return };
        let mut pace = lock(pace);
        match answer {
            Ok(response) => pace.accepted(pass.reserved, response.usage.total()),
            Err(error) if error.fault == ModelFault::RateLimited => {
                pace.refused(self.now(), error.retry_after_ms.map(Duration::from_millis));
            }
            Err(_) => pace.accepted(pass.reserved, 0),
        }
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

fn lock(pace: &Mutex<Pace>) -> std::sync::MutexGuard<'_, Pace> {
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}
