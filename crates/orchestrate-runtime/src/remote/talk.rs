//! What is said between an attempt and a remote agent. Each message and each wait is a recorded call, so
//! another attempt says nothing twice.

use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::approval::CallQuestion;
use orchestrate_core::backend::{AgentFailure, AgentInput};
use orchestrate_core::calls::{CallIntent, CallKind, CallResult, CallStart};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::canonical;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, ToolSpec};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use super::answer::answer;
use super::client::RemoteAgent;
use super::dialect::{Outgoing, RemoteTask, Reply, State};
use super::error::RemoteError;
use crate::guard::masked;
use crate::policy::{Asking, Permission};

/// How long after a message the task is asked for first, and how long it is waited between two questions at
/// most; each wait is half as long again as the one before.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// How often in a row the state of a task may not be told before the attempt fails.
const LOST: u32 = 5;
/// How long ending a task may take that nobody waits for any more.
const ENDING: Duration = Duration::from_secs(5);

/// What a person can decide about a question of a remote agent.
const ANSWER: &str = "answer";
const CANCEL: &str = "cancel";
/// What an agent is told when the person answers without words.
const NO_WORDS: &str = "Go on as you think best.";

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Sent {
    /// A task that has ended already.
    Ended(Ended),
    /// A task that goes on.
    Begun {
        /// Its id.
        task: String,
    },
    /// An answer without a task.
    Answered {
        /// The answer.
        answer: Value,
    },
}

/// A task that has ended or waits for somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) task: String,
    pub(super) state: State,
    pub(super) said: String,
    /// What it has made.
    #[serde(default)]
    pub(super) answer: Option<Value>,
    /// Digest of its whole status.
    status: String,
}

impl From<RemoteTask> for Ended {
    fn from(task: RemoteTask) -> Self {
        Self {
            answer: answer(&task.made).map(masked),
            task: task.id,
            state: task.state,
            said: masked(task.said),
            status: task.status,
        }
    }
}

/// What one attempt says and hears.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    remote: Arc<RemoteAgent>,
    input: &'a AgentInput,
    /// The position of the next call.
    next: u32,
}

impl<'a> Talk<'a> {
    pub(super) fn new(remote: Arc<RemoteAgent>, input: &'a AgentInput) -> Self {
        Self {
            remote,
            input,
            next: 0,
        }
    }

    fn name(&self) -> &str {
        &self.remote.setup().name
    }

    fn intent(&mut self, digest: &Value, effect: Effect) -> CallIntent {
        let ordinal = self.next;
        self.next += 1;
        CallIntent {
            ordinal,
            kind: CallKind::Agent,
            name: self.name().to_owned(),
            digest: canonical::digest(digest),
            effect,
            most: Usage::default(),
        }
    }

    async fn told(&self, ordinal: u32, success: bool, response: Value) -> Result<(), AgentFailure> {
        let result = CallResult {
            success,
            response: Arc::new(response),
            usage: Usage::default(),
        };
        self.input.calls.finish(ordinal, result).await
    }

    /// Sends a message: the work, or an answer with which a task that waits goes on.
    ///
    /// # Errors
    /// When it was not taken. One of which nobody knows whether it arrived is not sent again before a
    /// person has decided.
    pub(super) async fn send(
        &mut self,
        text: &str,
        goes_on: Option<&Ended>,
    ) -> Result<Sent, AgentFailure> {
        let task = goes_on.map(|it| it.task.as_str());
        // Nothing has been sent as long as nobody knows where to.
        let card = self.remote.card().await;
        card.map_err(|error| match error {
            RemoteError::Protocol { .. } => {
                AgentFailure::new(FailureClass::NotExecuted, error.to_string())
            }
            other => other.into(),
        })?;
        let url = &self.remote.setup().url;
        let digest = json!(["send", url, task, text]);
        let intent = self.intent(&digest, Effect::External);
        let (ordinal, digest) = (intent.ordinal, intent.digest.clone());
        match self.input.calls.begin(intent).await? {
            CallStart::Recorded(result) => return recorded(&result),
            CallStart::InDoubt => {
                if let Some(sent) = self.in_doubt(ordinal, &digest, text)? {
                    self.told(ordinal, true, json!(sent)).await?;
                    return Ok(sent);
                }
            }
            CallStart::Fresh => {}
        }
        let id = format!("{}:{ordinal}", self.input.idempotency_key());
        let outgoing = Outgoing {
            id: &id,
            text,
            task,
        };
        let sent = match self.remote.send(&outgoing).await {
            Ok(Reply::Task(task)) if is_at_work(&task, goes_on) => Sent::Begun { task: task.id },
            Ok(Reply::Task(task)) => Sent::Ended(task.into()),
            Ok(Reply::Answer(parts)) => match answer(&parts) {
                Some(answer) => Sent::Answered {
                    answer: masked(answer),
                },
                None => return Err(self.failed(ordinal, self.empty()).await),
            },
            Err(error) => return Err(self.failed(ordinal, error).await),
        };
        self.told(ordinal, true, json!(sent)).await?;
        Ok(sent)
    }

    fn empty(&self) -> RemoteError {
        self.remote.protocol("its answer is empty".to_owned())
    }

    /// A message that was not taken. Of one that may have arrived all the same, no end is recorded.
    async fn failed(&self, ordinal: u32, error: RemoteError) -> AgentFailure {
        if !error.may_have_arrived() {
            let response = json!({"error": error.to_string()});
            if let Err(failure) = self.told(ordinal, false, response).await {
                return failure;
            }
        }
        error.into()
    }

    /// What a person says of a message of which nobody knows whether it arrived; nothing when it is to be
    /// sent again.
    fn in_doubt(
        &self,
        ordinal: u32,
        digest: &str,
        text: &str,
    ) -> Result<Option<Sent>, AgentFailure> {
        let arguments = json!({ "message": text });
        let tool = ToolSpec {
            name: self.name().to_owned(),
            description: String::new(),
            parameters: Value::Null,
            effect: Effect::External,
        };
        let asking = Asking {
            calls: &self.input.calls,
            who: self.input.agent.id.as_str(),
            tool: &tool,
            arguments: &arguments,
            ordinal,
            digest,
        };
        match asking.in_doubt()? {
            Permission::Allowed => Ok(None),
            Permission::Made(words) => Ok(Some(Sent::Answered {
                answer: json!({ "summary": words }),
            })),
            Permission::Refused(words) => Err(AgentFailure::reported(words)),
        }
    }

    /// Waits until a task has ended, or waits for somebody itself.
    ///
    /// # Errors
    /// When the other side cannot be asked, or takes too long: then the task is ended there.
    pub(super) async fn until_ended(
        &mut self,
        task: &str,
        goes_on: Option<&Ended>,
    ) -> Result<Ended, AgentFailure> {
        let intent = self.intent(&json!(["wait", task, self.next]), Effect::Read);
        let ordinal = intent.ordinal;
        if let CallStart::Recorded(result) = self.input.calls.begin(intent).await? {
            return recorded(&result);
        }
        let mut abandoned = Abandoned {
            remote: self.remote.clone(),
            task: task.to_owned(),
            signal: self.input.cancel.clone(),
            counts: true,
        };
        let deadline = Instant::now() + self.remote.setup().timeout;
        let (mut pause, mut lost) = (FIRST, 0);
        let ended: Ended = loop {
            sleep(pause).await;
            pause = LONGEST.min(pause + pause / 2);
            match self.remote.task(task).await {
                Ok(found) if !is_at_work(&found, goes_on) => break found.into(),
                Ok(_) => lost = 0,
                Err(error) if error.passes() && lost < LOST => lost += 1,
                Err(error) => {
                    // Another attempt may find it again, so it is not ended.
                    abandoned.counts = false;
                    return Err(error.into());
                }
            }
            if Instant::now() >= deadline {
                let seconds = self.remote.setup().timeout.as_secs();
                return Err(AgentFailure::new(
                    FailureClass::Timeout,
                    format!(
                        "`{}` took longer than {seconds} s; its task is ended",
                        self.name()
                    ),
                ));
            }
        };
        abandoned.counts = false;
        self.told(ordinal, true, json!(ended)).await?;
        Ok(ended)
    }

    /// What a person answers to the question with which a task waits.
    ///
    /// # Errors
    /// While nobody has decided, and when the person ends the task.
    pub(super) fn answer_of_a_person(&self, asked: &Ended) -> Result<String, AgentFailure> {
        let name = self.name();
        let question = match asked.said.is_empty() {
            true => format!("`{name}` wants to know more"),
            false => format!("`{name}` asks: {}", asked.said),
        };
        let question = format!("{question} (the comment of the decision is the answer)");
        let answer = self.input.calls.decision(CallQuestion {
            question,
            decisions: vec![ANSWER.to_owned(), CANCEL.to_owned()],
            shown: Arc::new(json!({
                "agent": self.input.agent.id,
                "remote": name,
                "task": asked.task,
                "call": self.next,
                "so_far": asked.answer,
            })),
        })?;
        if answer.decision == ANSWER {
            let words = answer.comment.filter(|text| !text.trim().is_empty());
            return Ok(words.unwrap_or_else(|| NO_WORDS.to_owned()));
        }
        let task = asked.task.clone();
        drop(Abandoned {
            remote: self.remote.clone(),
            task,
            signal: self.input.cancel.clone(),
            counts: true,
        });
        let message = format!("{} ended the task instead of answering `{name}`", answer.by);
        Err(AgentFailure::new(FailureClass::Denied, message))
    }
}

/// Whether a task is worked on. One that was just answered is told as it was before, until it is taken up.
fn is_at_work(task: &RemoteTask, before: Option<&Ended>) -> bool {
    task.state == State::Working || before.is_some_and(|it| it.status == task.status)
}

/// What was recorded of a call that has ended.
fn recorded<T: serde::de::DeserializeOwned>(result: &CallResult) -> Result<T, AgentFailure> {
    serde_json::from_value((*result.response).clone()).map_err(|error| {
        let message = format!("what was recorded of a remote agent cannot be read: {error}");
        AgentFailure::new(FailureClass::Internal, message)
    })
}

/// A task that the other side is told to end when nobody waits for it any more. The executor drops an attempt
/// that is cancelled or too slow; it waits a little for whoever still holds the attempt's signal.
#[derive(Debug)]
struct Abandoned {
    remote: Arc<RemoteAgent>,
    task: String,
    signal: CancelSignal,
    counts: bool,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let Some(runtime) = Handle::try_current().ok().filter(|_| self.counts) else {
            return;
        };
        let (remote, task) = (self.remote.clone(), std::mem::take(&mut self.task));
        let signal = self.signal.clone();
        runtime.spawn(async move {
            // A task that cannot be ended ends by itself some time; nobody is there to hear of it.
            let _ = timeout(ENDING, remote.cancel(&task)).await;
            drop(signal);
        });
    }
}
