//! The plan that prebuilt workflows share: all agents at once, each once.

use std::collections::BTreeSet;

use orchestrate_core::id::StepName;
use orchestrate_core::plan::{Collect, Join, OnError, Plan, RetryPolicy, Step, StepKind};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_core::template::AgentRegistry;
use serde::Serialize;
use serde_json::Value;

use crate::error::WorkflowError;
use crate::programs::Programs;

/// Who works in a workflow, on what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SideBySide<'a> {
    /// The name of the workflow.
    pub(crate) workflow: &'a str,
    /// The task in words.
    pub(crate) task: &'a str,
    /// The agents by template id.
    pub(crate) agents: &'a [String],
    /// The agents that are usual in it, for whoever selects none.
    pub(crate) usual: &'a [&'a str],
    /// The programs that they may start.
    pub(crate) programs: &'a Programs,
}

impl SideBySide<'_> {
    /// The plan: all agents at once, each once. What they do is deterministic, so a failure would
    /// only repeat itself; and one that fails does not stop the others, because a report with
    /// three answers and one reason is worth more than none. The inputs stand in the plan, so that
    /// a saved plan says what it was made for and other inputs are another plan.
    ///
    /// # Errors
    /// When an agent is unknown, missing or named twice.
    pub(crate) fn plan(
        &self,
        registry: &AgentRegistry,
        inputs: &impl Serialize,
    ) -> Result<Plan, WorkflowError> {
        let team = self.team(registry)?;
        let steps = team.members().iter().map(|agent| {
            let mut step = Step::agent(agent.id.clone());
            if let StepKind::Agent(work) = &mut step.kind {
                work.retry = RetryPolicy::NEVER;
                // A program takes the time that it was given, and the agent its own beside that.
                let own = agent.template.resource_requirements.timeout_seconds;
                work.timeout_ms = self
                    .programs
                    .longest(agent.template.id.as_str())
                    .map(|time| time.as_secs().saturating_add(own).saturating_mul(1000));
            }
            step.name = StepName::new(agent.id.as_str()).ok();
            step
        });
        let root = Step::new(StepKind::Parallel {
            steps: steps.collect(),
            join: Join::All,
            max_concurrency: None,
            on_error: OnError::Continue,
            collect: Some(Collect {
                strategy: "parallel".to_owned(),
                params: Context::new(),
            }),
        });
        let context = [
            ("workflow".to_owned(), Value::from(self.workflow)),
            (
                "inputs".to_owned(),
                serde_json::to_value(inputs).unwrap_or_default(),
            ),
        ];
        let context = context.into_iter().collect();
        Ok(Plan::new(self.task, &team, root).with_context(context))
    }

    fn team(&self, registry: &AgentRegistry) -> Result<Team, WorkflowError> {
        if self.agents.is_empty() {
            return Err(WorkflowError::NoAgents {
                possible: self.usual.join(", "),
            });
        }
        let mut seen = BTreeSet::new();
        if let Some(id) = self.agents.iter().find(|id| !seen.insert(*id)) {
            return Err(WorkflowError::Repeated { id: id.clone() });
        }
        Ok(registry.team(self.agents.iter().map(String::as_str))?)
    }
}
