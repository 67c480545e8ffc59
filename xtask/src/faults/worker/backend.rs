//! Agents with an effect that is counted: each attempt writes a line with a nonce that nobody else
//! has, and answers with that nonce.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::outcome::FailureClass;
use orchestrate_runtime::FunctionBackend;
use serde_json::json;

use super::acknowledge::word;
use super::plans::{SHAKY, SLOW, WORK};

/// One attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) run: String,
    pub(crate) step: String,
    pub(crate) agent: String,
    pub(crate) attempt: u64,
    pub(crate) nonce: String,
    /// When it began, in milliseconds since the machine was started: no jump of the clock changes that.
    pub(crate) at_ms: u64,
}

/// The attempts that were made, in order.
///
/// # Errors
/// When the file cannot be read or is not what attempts write.
pub(crate) fn effects(file: &Path) -> Result<Vec<Effect>, String> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("the file of effects: {error}")),
    };
    let effect = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        Some(Effect {
            run: words.next()?,
            step: words.next()?,
            agent: words.next()?,
            attempt: words.next()?.parse().ok()?,
            nonce: words.next()?,
            at_ms: words.next()?.parse().ok()?,
        })
    };
    let told = |line: &str| format!("a line of the file of effects means nothing: `{line}`");
    text.lines()
        .map(|line| effect(line).ok_or_else(|| told(line)))
        .collect()
}

/// Milliseconds since the machine was started.
fn uptime_ms() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or_default())
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX)
}

struct Effects {
    file: File,
    count: AtomicU64,
}

impl Effects {
    /// Has the effect of an attempt, and gives its answer.
    fn of(&self, input: &AgentInput) -> Result<AgentOutput, AgentFailure> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let nonce = format!("{}-{count}", std::process::id());
        let step = word(input.step.as_str());
        let line = format!(
            "{} {step} {} {} {nonce} {}\n",
            input.run,
            input.agent.id,
            input.attempt,
            uptime_ms()
        );
        // One call, so that the lines of several processes do not mix.
        (&self.file).write_all(line.as_bytes()).map_err(|error| {
            AgentFailure::new(FailureClass::Internal, format!("no effect: {error}"))
        })?;
        Ok(AgentOutput::json(json!({"did": step, "nonce": nonce})))
    }
}

/// The agents of the scripted plans.
///
/// # Errors
/// When the file of effects cannot be opened.
pub(super) fn backend(file: &Path) -> io::Result<FunctionBackend> {
    let file = OpenOptions::new().create(true).append(true).open(file)?;
    let count = AtomicU64::new(0);
    let effects = Arc::new(Effects { file, count });
    let (of_work, of_shaky, of_slow) = (effects.clone(), effects.clone(), effects);
    let pause = |input: &AgentInput| {
        // From 0 to 3 milliseconds, by the place in the plan: nobody ends in the order of the plan.
        let letters = input.step.as_str().bytes().map(u64::from);
        tokio::time::sleep(Duration::from_millis(letters.sum::<u64>() % 4))
    };
    let backend = FunctionBackend::new()
        .agent(WORK, move |input: AgentInput| {
            let effects = of_work.clone();
            async move {
                let answer = effects.of(&input)?;
                pause(&input).await;
                Ok(answer)
            }
        })
        .agent(SHAKY, move |input: AgentInput| {
            let answer = of_shaky.of(&input);
            async move {
                if input.attempt == 1 {
                    return Err(AgentFailure::new(FailureClass::Transient, "busy"));
                }
                answer
            }
        })
        .agent(SLOW, move |input: AgentInput| {
            let answer = of_slow.of(&input);
            async move {
                tokio::time::sleep(Duration::from_secs(20)).await;
                answer
            }
        });
    Ok(backend)
}
