//! Stops calling a provider whose key was refused or whose quota is used up: no further call can succeed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use orchestrate_core::model::{ModelError, ModelFault};
use tokio::time::Instant;

/// After this long one call may try whether somebody has mended it.
const REST: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Open {
    why: String,
    try_again: Instant,
}

/// The circuit of one provider and key.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Option<Open>>);

impl Breaker {
    /// Whether a call may be made.
    ///
    /// # Errors
    /// [`ModelFault::CircuitOpen`] with what the first failure said.
    pub(super) fn check(&self, model: &str) -> Result<(), ModelError> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *open {
            Some(open) if Instant::now() < open.try_again => {
                let message = format!("not called, because an earlier call said: {}", open.why);
                Err(ModelError::new(model, ModelFault::CircuitOpen, message))
            }
            Some(open) => {
                // This call is the trial; the others wait for how it ends.
                open.try_again = Instant::now() + REST;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes in how a call ended.
    pub(super) fn report(&self, error: Option<&ModelError>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            None => *open = None,
            Some(error) if error.fault.opens_circuit() && open.is_none() => {
                *open = Some(Open {
                    why: error.message.clone(),
                    try_again: Instant::now() + REST,
                });
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_used_up_quota_opens_it_until_one_trial_succeeds() {
        let breaker = Breaker::default();
        breaker.report(Some(&ModelError::new("m", ModelFault::Unavailable, "busy")));
        assert!(breaker.check("m").is_ok());
        breaker.report(Some(&ModelError::new("m", ModelFault::Quota, "no credit")));
        let error = breaker.check("m").unwrap_err();
        assert_eq!(error.fault, ModelFault::CircuitOpen);
        assert!(error.message.contains("no credit"));
        tokio::time::advance(REST).await;
        assert!(breaker.check("m").is_ok());
        assert!(breaker.check("m").is_err());
        breaker.report(None);
        assert!(breaker.check("m").is_ok());
    }
}
