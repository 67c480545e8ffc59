//! What every call with one key passes: its circuit first, then its pace. First come, first served.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use orchestrate_core::model::{ModelError, ModelFault, ModelResponse};
use tokio::time::Instant;

use super::breaker::{Admitted, Breaker};
use super::pace::Pace;
use super::told::Told;

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

/// A call that has passed the gate.
#[derive(Debug)]
#[must_use = "the gate must be told how the call ended"]
pub(super) struct Pass {
    reserved: u64,
    /// When it passed, since the gate was made.
    sent: Duration,
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
            sent: self.now(),
            admitted,
        })
    }

    /// A call was answered.
    pub(super) fn accepted(&self, pass: Pass, response: &ModelResponse) {
        self.breaker.report(pass.admitted, None);
        if let Some(pace) = &self.pace {
            lock(pace).accepted(pass.reserved, response.usage.total());
        }
    }

    /// A call failed, and the provider told this of its limits.
    pub(super) fn failed(&self, pass: Pass, error: &ModelError, told: &Told) {
        self.breaker.report(pass.admitted, Some(error));
        let Some(pace) = &self.pace else { return };
        let mut pace = lock(pace);
        if error.fault == ModelFault::RateLimited {
            pace.refused(self.now(), pass.sent, pass.reserved, told);
        } else {
            pace.accepted(pass.reserved, 0);
        }
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

fn lock(pace: &Mutex<Pace>) -> std::sync::MutexGuard<'_, Pace> {
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::doubles::{Double, Shape};
    use super::*;
    use orchestrate_core::model::{StopReason, TokenUsage};
    use reqwest::header::{HeaderMap, HeaderValue};
    use std::sync::Arc;

    fn answered() -> ModelResponse {
        ModelResponse {
            model: "m".to_owned(),
            text: String::new(),
            calls: Vec::new(),
            usage: TokenUsage::default(),
            cost: None,
            stop: StopReason::Completed,
        }
    }

    /// So many agents call through one gate, each call on its way for 400 to 560 milliseconds; gives the
    /// share of refusals and the share of the limits that was used.
    async fn play(callers: u64, holds: u32, says_when: bool) -> (f64, f64) {
        let gate = Arc::new(Gate::new(None, None, false));
        let provider = Arc::new(Mutex::new(Double::new(Shape::Bucket(holds), 10.0)));
        let began = Instant::now();
        let agents: Vec<_> = (0..callers)
            .map(|agent| {
                let (gate, provider) = (gate.clone(), provider.clone());
                tokio::spawn(async move {
                    loop {
                        let Ok(pass) = gate.enter("m", 0).await else {
                            return;
                        };
                        tokio::time::sleep(Duration::from_millis(150 + agent * 7)).await;
                        let answer = provider.lock().unwrap().call(began.elapsed());
                        tokio::time::sleep(Duration::from_millis(250)).await;
                        match answer {
                            Ok(()) => gate.accepted(pass, &answered()),
                            Err(wait) => {
                                let wait = says_when.then(|| Duration::from_secs_f64(wait));
                                let told = Told {
                                    wait,
                                    ..Told::default()
                                };
                                let error =
                                    ModelError::new("m", ModelFault::RateLimited, "too many");
                                gate.failed(pass, &error, &told);
                            }
                        }
                    }
                })
            })
            .collect();
        let mut possible = 0.0;
        for (per_minute, minutes) in [(600.0, 6u32), (240.0, 6), (900.0, 9), (300.0, 6)] {
            let now = began.elapsed();
            provider.lock().unwrap().set_limit(now, per_minute / 60.0);
            possible += per_minute * f64::from(minutes);
            tokio::time::sleep(Duration::from_secs(60) * minutes).await;
        }
        for agent in agents {
            agent.abort();
        }
        let (accepted, refused) = {
            let provider = provider.lock().unwrap();
            (f64::from(provider.accepted), f64::from(provider.refused))
        };
        (refused / (accepted + refused), accepted / possible)
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_follow_a_limit_that_moves_with_few_refusals() {
        for (callers, holds, says_when) in [
            (24, 5, true),
            (24, 1, true),
            (24, 60, true),
            (24, 1, false),
            (12, 5, true),
        ] {
            let (refused, used) = play(callers, holds, says_when).await;
            let case = format!("{callers} callers, {holds} seconds held, wait said: {says_when}");
            assert!(
                refused < 0.02,
                "{case}: {refused} of the calls were refused"
            );
            assert!(used >= 0.9, "{case}: {used} of the limit was used");
        }
    }

    /// What each family says with a refusal: its limit of requests a minute, and a wait of no account.
    fn told(family: &str, per_minute: &'static str) -> Told {
        let (limit, left) = match family {
            "anthropic" => (
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-remaining",
            ),
            "openai" => (
                "x-ratelimit-limit-requests",
                "x-ratelimit-remaining-requests",
            ),
            _ => ("ratelimit-limit", "ratelimit-remaining"),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [(limit, per_minute), (left, "0"), ("retry-after-ms", "1")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Told::read(&headers)
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_provider_tells_of_its_limit_with_a_refusal_sets_the_pace() {
        for family in ["anthropic", "openai", "the draft's"] {
            let gate = Gate::new(None, None, false);
            let mut sent = Vec::new();
            for number in 0..9 {
                let pass = gate.enter("m", 0).await.unwrap();
                sent.push(gate.now());
                let limit = match number {
                    0 => "300",
                    4 => "100",
                    _ => {
                        gate.accepted(pass, &answered());
                        continue;
                    }
                };
                let error = ModelError::new("m", ModelFault::RateLimited, "too many");
                gate.failed(pass, &error, &told(family, limit));
            }
            // Never faster than was told, and hardly slower.
            let between = |from: usize, to: usize| (sent[to] - sent[from]).as_millis();
            assert!((600..=680).contains(&between(1, 4)), "{family}: {sent:?}");
            assert!((1800..=2040).contains(&between(5, 8)), "{family}: {sent:?}");
        }
    }
}
