//! Stops calling a provider whose key was refused or whose quota is used up: no further call can succeed.
//!
//! Once open it stays so for the calls that were under way when it opened: an answer that was on its
//! way then says nothing about the next call. Only a call that was admitted as the trial closes it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orchestrate_core::model::{ModelError, ModelFault};
use orchestrate_core::outcome::FailureClass;
use tokio::time::Instant;

/// After this long one call may try whether somebody has mended it.
const REST: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Open {
    fault: ModelFault,
    why: String,
    try_again: Instant,
}

impl Open {
    fn refusal(&self, model: &str) -> ModelError {
        let message = format!("not called, because an earlier call said: {}", self.why);
        // Who reads of a key that is missing or refused knows what to do, whichever call was the first.
        let fault = match self.fault.failure_class() {
            FailureClass::Credentials => self.fault,
            _ => ModelFault::CircuitOpen,
        };
        ModelError::new(model, fault, message)
    }
}

/// The circuit of one provider and key.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Option<Open>>);

/// What a call was admitted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    /// The circuit was closed.
    Closed,
    /// It was open long enough: this call shows whether that was mended.
    Trial,
}

impl Breaker {
    /// Why a call would not be admitted now. Asking changes nothing.
    pub(super) fn refusal(&self, model: &str) -> Option<ModelError> {
        let open = self.lock();
        let open = open.as_ref()?;
        (Instant::now() < open.try_again).then(|| open.refusal(model))
    }

    /// Admits a call, or says why not.
    ///
    /// # Errors
    /// [`ModelFault::CircuitOpen`] or the fault of the key, with what the first failure said.
    pub(super) fn admit(&self, model: &str) -> Result<Admitted, ModelError> {
        match &mut *self.lock() {
            Some(open) if Instant::now() < open.try_again => Err(open.refusal(model)),
            Some(open) => {
                // The others wait for how this one ends.
                open.try_again = Instant::now() + REST;
                Ok(Admitted::Trial)
            }
            None => Ok(Admitted::Closed),
        }
    }

    /// Takes in how a call ended.
    pub(super) fn report(&self, admitted: Admitted, error: Option<&ModelError>) {
        let mut open = self.lock();
        match error {
            None if admitted == Admitted::Trial => *open = None,
            Some(error) if error.fault.opens_circuit() && open.is_none() => {
                *open = Some(Open {
                    fault: error.fault,
                    why: error.message.clone(),
                    try_again: Instant::now() + REST,
                });
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota() -> ModelError {
        ModelError::new("m", ModelFault::Quota, "no credit")
    }

    #[tokio::test(start_paused = true)]
    async fn a_used_up_quota_opens_it_until_one_trial_succeeds() {
        let breaker = Breaker::default();
        let busy = ModelError::new("m", ModelFault::Unavailable, "busy");
        breaker.report(Admitted::Closed, Some(&busy));
        assert_eq!(breaker.admit("m"), Ok(Admitted::Closed));
        breaker.report(Admitted::Closed, Some(&quota()));
        let error = breaker.admit("m").unwrap_err();
        assert_eq!(error.fault, ModelFault::CircuitOpen);
        assert!(error.message.contains("no credit"));
        tokio::time::advance(REST).await;
        assert_eq!(breaker.refusal("m"), None);
        assert_eq!(breaker.admit("m"), Ok(Admitted::Trial));
        assert!(breaker.admit("m").is_err() && breaker.refusal("m").is_some());
        breaker.report(Admitted::Trial, None);
        assert_eq!(breaker.admit("m"), Ok(Admitted::Closed));
    }

    #[tokio::test]
    async fn a_call_that_is_not_made_for_want_of_a_key_says_so() {
        for fault in [ModelFault::KeyMissing, ModelFault::KeyRefused] {
            let breaker = Breaker::default();
            let refused = ModelError::new("m", fault, "no key");
            breaker.report(Admitted::Closed, Some(&refused));
            assert_eq!(breaker.admit("m").unwrap_err().fault, fault);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_on_its_way_does_not_close_it() {
        let breaker = Breaker::default();
        let (first, second) = (breaker.admit("m").unwrap(), breaker.admit("m").unwrap());
        breaker.report(first, Some(&quota()));
        breaker.report(second, None);
        assert!(breaker.admit("m").is_err());
        // Nor does a trial that fails, for whatever reason.
        tokio::time::advance(REST).await;
        let trial = breaker.admit("m").unwrap();
        breaker.report(trial, Some(&quota()));
        assert!(breaker.admit("m").is_err());
    }
}
