//! Tools as steps: which are there, what a call is given, and what its end means.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use orchestrate_core::backend::{AgentFailure, AgentOutput};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::task::Context;
use orchestrate_core::tool::{Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use orchestrate_strategies::graph::{Task, Work};
use serde_json::Value;

use super::dispatcher::Dispatcher;
use super::flights::Step;
use crate::guard::{scrub, scrub_value};
use crate::policy::ApprovalPolicy;

/// A tool and, once it has been needed, what its arguments are checked with.
#[derive(Debug)]
struct Entry {
    tool: Arc<dyn Tool>,
    schema: OnceLock<Result<jsonschema::Validator, String>>,
}

/// The tools of an executor by name. One that is added later takes the place of one of its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Tools {
    tools: HashMap<String, Arc<Entry>>,
    /// Which calls a person must allow.
    policy: Arc<ApprovalPolicy>,
}

impl Tools {
    pub(super) fn add(&mut self, tool: Arc<dyn Tool>) {
        let name = tool.spec().name.clone();
        let schema = OnceLock::new();
        self.tools.insert(name, Arc::new(Entry { tool, schema }));
    }

    /// Lets a person decide about calls that a policy names.
    pub(super) fn ask_by(&mut self, policy: ApprovalPolicy) {
        self.policy = Arc::new(policy);
    }

    pub(super) fn policy(&self) -> Arc<ApprovalPolicy> {
        self.policy.clone()
    }

    /// What the tools say of themselves, by name.
    pub(super) fn specs(&self) -> Vec<&ToolSpec> {
        let mut specs: Vec<_> = self.tools.values().map(|entry| entry.tool.spec()).collect();
        specs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        specs
    }

    /// The tool of that name.
    ///
    /// # Errors
    /// How the step ends that was to call it: not executed, and what there is.
    pub(super) fn find(&self, name: &str) -> Result<Arc<dyn Tool>, Outcome> {
        let entry = self.tools.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.specs().iter().map(|spec| spec.name.as_str()).collect();
            let possible = if names.is_empty() {
                "there are none".to_owned()
            } else {
                format!("possible: {}", names.join(", "))
            };
            Outcome::failed(
                FailureClass::NotExecuted,
                format!("there is no tool `{name}` ({possible})"),
            )
        })?;
        Ok(entry.tool.clone())
    }

    /// Checks arguments against the schema of a tool.
    fn check(&self, name: &str, arguments: &Value) -> Result<(), String> {
        let Some(entry) = self.tools.get(name) else {
            return Ok(());
        };
        let schema = entry.schema.get_or_init(|| {
            jsonschema::validator_for(&entry.tool.spec().parameters)
                .map_err(|error| error.to_string())
        });
        let schema = schema
            .as_ref()
            .map_err(|error| format!("the schema of tool `{name}` is not usable: {error}"))?;
        let problems: Vec<String> = schema
            .iter_errors(arguments)
            .map(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                path => format!("`{path}`: {error}"),
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "the arguments of tool `{name}` do not fit: {}",
                problems.join("; ")
            ))
        }
    }
}

impl Dispatcher {
    /// What a call of a step's tool is given.
    ///
    /// # Errors
    /// What is wrong with the arguments; the call is then not made.
    pub(super) fn tool_call(
        &self,
        step: &mut Step,
        cancel: CancelSignal,
    ) -> Result<ToolCall, AgentFailure> {
        let inputs = step.inputs.clone();
        let Work::Tool {
            tool, arguments, ..
        } = &step.task.work
        else {
            return Err(AgentFailure::new(
                FailureClass::Internal,
                "it is no call of a tool",
            ));
        };
        let mut arguments: Context = (**arguments).clone();
        for (name, value) in inputs {
            arguments.insert(name.as_ref().to_owned(), Arc::unwrap_or_clone(value));
        }
        let arguments = Value::Object(arguments);
        self.tools
            .check(tool, &arguments)
            .map_err(|message| AgentFailure::new(FailureClass::Input, message))?;
        Ok(ToolCall {
            run: self.run.clone(),
            step: step.task.path.clone(),
            arguments: Arc::new(arguments),
            approved: false,
            tokens_left: 0,
            idempotency_key: format!("{}:{}", self.run, step.task.path.as_str()),
            cancel,
        })
    }
}

/// How a step ends whose attempt was cut off: what may have had an effect is not known to have ended so.
pub(super) fn cut_off(task: &Task, outcome: Outcome) -> Outcome {
    match &task.work {
        Work::Tool { tool, effect, .. } if !effect.is_repeatable() => Outcome::Unknown {
            message: format!(
                "tool `{tool}` was called and nobody saw the end ({}): its effect (`{effect}`) may have happened",
                outcome.error().unwrap_or_default()
            ),
        },
        _ => outcome,
    }
}

/// A tool's answer in the form of an agent's. What is recorded may be read by others, so credentials that it
/// holds are masked, as they are in what agents say.
pub(super) fn answer(output: ToolOutput) -> AgentOutput {
    let mut answer = AgentOutput::json(without_secrets(output.output));
    answer.evidence = masked_commands(output.evidence);
    answer.usage = output.usage;
    answer
}

/// A tool's failure in the form of an agent's.
pub(super) fn failure(failure: ToolFailure) -> AgentFailure {
    let message = failure.to_string();
    let message = scrub(&message).unwrap_or(message);
    match failure {
        ToolFailure::Retry { .. } => AgentFailure::new(FailureClass::Input, message),
        ToolFailure::Failed { class, .. } => AgentFailure::new(class, message),
        ToolFailure::Unsuccessful { output, .. } => {
            let output = *output;
            let mut failure =
                AgentFailure::reported(message).with_output(without_secrets(output.output));
            failure.evidence = masked_commands(output.evidence);
            failure
        }
        ToolFailure::NeedsApproval { .. } => AgentFailure::new(FailureClass::Denied, message),
        _ => AgentFailure::new(FailureClass::Internal, message),
    }
}

fn without_secrets(output: Arc<Value>) -> Arc<Value> {
    scrub_value(&output).map_or(output, Arc::new)
}

fn masked_commands(mut evidence: Vec<Evidence>) -> Vec<Evidence> {
    let words = evidence.iter_mut().filter_map(|it| it.command.as_mut());
    for word in words.flatten() {
        if let Some(masked) = scrub(word) {
            *word = masked;
        }
    }
    evidence
}
