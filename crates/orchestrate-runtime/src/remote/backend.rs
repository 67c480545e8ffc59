//! The backend that has agents elsewhere do the work.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;
use serde_json::Value;

use super::client::RemoteAgent;
use super::dialect::State;
use super::talk::{Ended, Sent, Talk};
use crate::agent::prompt_of;

/// What an agent counts as that does not say how sure it is.
const UNSTATED: f64 = 0.5;

/// Runs agents by agents elsewhere, each named for an agent or a template.
#[derive(Debug, Clone, Default)]
pub struct RemoteBackend {
    remotes: BTreeMap<String, Arc<RemoteAgent>>,
}

impl RemoteBackend {
    /// Names who does the work of an agent, by the id of the agent or of its template.
    pub fn set(&mut self, agent: impl Into<String>, remote: Arc<RemoteAgent>) {
        self.remotes.insert(agent.into(), remote);
    }

    /// Who does the work of an agent.
    #[must_use]
    pub fn remote(&self, agent: &Agent) -> Option<&Arc<RemoteAgent>> {
        let by_id = self.remotes.get(agent.id.as_str());
        by_id.or_else(|| self.remotes.get(&agent.template.id))
    }
}

#[async_trait]
impl AgentBackend for RemoteBackend {
    fn name(&self) -> &'static str {
        "remote"
    }

    fn supports(&self, agent: &Agent) -> bool {
        self.remote(agent).is_some()
    }

    /// What it spends is its own matter; the attempt is counted.
    fn reservation(&self, _: &Agent) -> Usage {
        Usage::one_call()
    }

    fn records_what_it_uses(&self, _: &Agent) -> bool {
        true
    }

    /// What it says of anything is its word, and no measurement that was made here.
    fn measures(&self, _: &Agent) -> bool {
        false
    }

    /// Its calls are recorded, so another attempt goes on with the task of the one before.
    fn effect(&self, _: &Agent) -> Effect {
        Effect::Read
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let Some(remote) = self.remote(&input.agent) else {
            let message = format!("no remote agent for agent `{}`", input.agent.id);
            return Err(AgentFailure::new(FailureClass::NotExecuted, message));
        };
        let mut talk = Talk::new(remote.clone(), &input);
        let mut message = prompt_of(&input);
        let mut asked: Option<Ended> = None;
        loop {
            let ended = match talk.send(&message, asked.as_ref()).await? {
                Sent::Answered { answer } => return Ok(output(answer, remote, None)),
                Sent::Ended(ended) => ended,
                Sent::Begun { task } => talk.until_ended(&task, asked.as_ref()).await?,
            };
            if ended.state != State::InputRequired {
                return judged(ended, remote);
            }
            message = talk.answer_of_a_person(&ended)?;
            asked = Some(ended);
        }
    }
}

/// What a task that ended came to.
fn judged(ended: Ended, remote: &RemoteAgent) -> Result<AgentOutput, AgentFailure> {
    let name = &remote.setup().name;
    let gap = if ended.said.is_empty() { "" } else { ": " };
    let said = format!("{gap}{}", ended.said);
    let failed = |class, message: String, output: Option<Value>| {
        let failure = AgentFailure::new(class, message);
        Err(match output {
            Some(output) => failure.with_output(output),
            None => failure,
        })
    };
    match ended.state {
        State::Completed => match ended.answer {
            None => failed(
                FailureClass::Output,
                format!("`{name}` has done its task and gave nothing"),
                None,
            ),
            Some(answer) if answer.get("success") == Some(&Value::Bool(false)) => failed(
                FailureClass::Reported,
                format!("`{name}` says that it did not succeed"),
                Some(answer),
            ),
            Some(answer) => Ok(output(answer, remote, Some(&ended.task))),
        },
        State::Rejected => failed(
            FailureClass::Reported,
            format!("`{name}` does not take the task{said}"),
            ended.answer,
        ),
        State::Cancelled => failed(
            FailureClass::Reported,
            format!("`{name}` ended its task before it was done{said}"),
            ended.answer,
        ),
        State::AuthRequired => failed(
            FailureClass::Credentials,
            format!("`{name}` cannot go on before it is let in somewhere{said}"),
            ended.answer,
        ),
        State::Failed | State::Working | State::InputRequired => failed(
            FailureClass::Reported,
            format!("`{name}` says that its task failed{said}"),
            ended.answer,
        ),
    }
}

fn output(answer: Value, remote: &RemoteAgent, task: Option<&str>) -> AgentOutput {
    let stated = answer.get("confidence").and_then(Value::as_f64);
    let evidence = Evidence {
        method: "the answer of an agent elsewhere".to_owned(),
        tool: remote.setup().name.clone(),
        notes: task.map(|id| format!("task {id}")).into_iter().collect(),
        ..Evidence::default()
    };
    AgentOutput::json(answer)
        .with_confidence(stated.unwrap_or(UNSTATED))
        .with_evidence(evidence)
}
