//! Runs of the table: scripted agents and people, and what must hold of every run.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::approval::{ApprovalRequest, Approver, Asked};
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use orchestrate_core::template::Tier;
use orchestrate_core::testing::{example, template};
use orchestrate_runtime::LocalExecutor;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::conformance::{Case, Row};
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::workflow::Recipe;
use serde_json::{Value, json};

/// What an agent was given at one attempt: its inputs, and its context under `context.`.
pub(crate) type Asking = (String, BTreeMap<String, String>);

/// Agents that answer from a script, else in the form that they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    answers: Mutex<BTreeMap<String, VecDeque<Value>>>,
    asked: Arc<Mutex<Vec<Asking>>>,
    /// Whether the answers begin again when they are through, instead of the last being repeated.
    again: bool,
}

impl Scripted {
    pub(crate) fn new(answers: &BTreeMap<String, Vec<Value>>) -> Self {
        let answers = answers.iter();
        Self {
            answers: Mutex::new(
                answers
                    .map(|(id, list)| (id.clone(), list.iter().cloned().collect()))
                    .collect(),
            ),
            asked: Arc::default(),
            again: false,
        }
    }

    pub(crate) fn again_and_again(mut self) -> Self {
        self.again = true;
        self
    }

    pub(crate) fn log(&self) -> Arc<Mutex<Vec<Asking>>> {
        self.asked.clone()
    }

    fn next(&self, id: &str) -> Option<Value> {
        let mut answers = self.answers.lock().unwrap();
        let list = answers.get_mut(id)?;
        if self.again {
            list.rotate_left(1);
            list.back().cloned()
        } else if list.len() > 1 {
            list.pop_front()
        } else {
            list.front().cloned()
        }
    }
}

#[async_trait]
impl AgentBackend for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn supports(&self, _: &Agent) -> bool {
        true
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let id = input.agent.id.to_string();
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut given: BTreeMap<String, String> = input
            .inputs
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let context = input.context.iter();
        given.extend(context.map(|(name, value)| (format!("context.{name}"), text(value))));
        self.asked.lock().unwrap().push((id.clone(), given));
        let answer = self.next(&id).unwrap_or_else(|| match &input.answer {
            Some(schema) => example(schema),
            None => json!({"verdict": "yes", "by": id, "quality_score": 9}),
        });
        if answer.get("hang").is_some() {
            std::future::pending::<()>().await;
        }
        if let Some(ms) = answer.get("wait").and_then(Value::as_u64) {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        if let Some(why) = answer.get("fail").and_then(Value::as_str) {
            let failure = AgentFailure::reported(why);
            return Err(match answer.get("output") {
                Some(output) => failure.with_output(output.clone()),
                None => failure,
            });
        }
        let confidence = answer.get("confidence").and_then(Value::as_f64);
        Ok(AgentOutput::json(answer).with_confidence(confidence.unwrap_or(0.9)))
    }
}

/// A person who decides as scripted, and then no more.
#[derive(Debug)]
struct Person(Mutex<VecDeque<String>>);

#[async_trait]
impl Approver for Person {
    fn name(&self) -> &'static str {
        "script"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        let decision = self.0.lock().unwrap().pop_front();
        match decision {
            Some(decision) => Asked::Decided(request.answer(decision, "somebody")),
            None => Asked::Later,
        }
    }
}

pub(crate) fn team(ids: &[String]) -> Team {
    let tiers = [Tier::Cheap, Tier::Capable, Tier::Premium];
    let members = ids.iter().zip(tiers.into_iter().cycle());
    Team::new(members.map(|(id, tier)| template(id, tier).into()))
}

/// The plan of a row, with more parameters and context laid over.
pub(crate) fn plan(row: &Row, ids: &[String], params: &Context, context: &Context) -> Plan {
    let team = team(ids);
    let mut all = row.params.clone();
    all.extend(params.clone());
    let mut whole = row.context.clone();
    whole.extend(context.clone());
    let recipe = Recipe::new(&row.strategy).params(all);
    let step = Catalog::builtin()
        .compose(&recipe, &team, &whole)
        .unwrap_or_else(|error| panic!("{}: {error}", row.strategy));
    Plan::new("the task", &team, step).with_context(whole)
}

pub(crate) fn executor(backend: Scripted, decisions: &[String]) -> LocalExecutor {
    executor_of(backend, decisions)
}

pub(crate) fn executor_of(
    backend: impl AgentBackend + 'static,
    decisions: &[String],
) -> LocalExecutor {
    LocalExecutor::builder()
        .backend(backend)
        .approver(Person(Mutex::new(decisions.iter().cloned().collect())))
        .build()
        .unwrap()
}

/// What must hold of every run, whatever became of it.
pub(crate) fn hold(what: &str, plan: &Plan, report: &RunReport) {
    let outcome = report.outcome.as_ref().unwrap();
    let census = report.census();
    let sum = census.succeeded
        + census.partial
        + census.failures()
        + census.skipped
        + census.cancelled
        + census.limited
        + census.unknown
        + census.paused;
    assert_eq!(census.requested, sum, "{what}: the census adds up");
    for result in &report.agents {
        assert_eq!(result.success, result.outcome.is_success(), "{what}");
        let error = result.error.as_deref();
        assert!(error != Some(""), "{what}: errors are never empty");
        assert!(result.success || error.is_some() || result.outcome.lets_pass());
    }
    assert!(
        outcome.is_success() || !outcome.error().unwrap_or_default().is_empty(),
        "{what}: {outcome:?}"
    );
    let most = bounds(plan);
    assert!(
        report.usage.calls <= most.calls.most,
        "{what}: {} calls, at most {}",
        report.usage.calls,
        most.calls.most
    );
}

/// Runs one case of the table and says everything that is not as it should be.
pub(crate) async fn check(row: &Row, case: &Case) -> Vec<String> {
    let what = format!("{}: {}", row.strategy, case.name);
    let ids = case.team.as_ref().unwrap_or(&row.team);
    let plan = plan(row, ids, &case.params, &case.context);
    let backend = Scripted::new(&case.answers);
    let log = backend.log();
    let report = executor(backend, &case.decisions).run(&plan).await.unwrap();
    hold(&what, &plan, &report);
    let log = log.lock().unwrap();
    let asked = |agent: &str| log.iter().filter(|(id, _)| id == agent).count();
    let mut wrong = compare(&what, case, &report, &asked);
    for given in &case.given {
        let of_agent = log.iter().filter(|(id, _)| *id == given.agent);
        let found = of_agent.map(|(_, inputs)| inputs).nth(given.call);
        let found = found.and_then(|inputs| inputs.get(&given.input));
        let holds = match (&given.holds, found) {
            (Some(text), Some(found)) => found.contains(text.as_str()),
            (None, None) => true,
            _ => false,
        };
        if !holds {
            wrong.push(format!("{what}: {given:?}, but it was {found:?}"));
        }
    }
    wrong
}

/// How a run differs from what a case says of its end, its output and how often each agent was asked.
pub(crate) fn compare(
    what: &str,
    case: &Case,
    report: &RunReport,
    asked: &dyn Fn(&str) -> usize,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let outcome = report.outcome.as_ref().unwrap();
    if outcome.word() != case.outcome {
        wrong.push(format!(
            "{what}: ended as {outcome:?}, not as {}: {}",
            case.outcome, report.output
        ));
    }
    for (pointer, expected) in &case.output {
        let found = report.output.pointer(pointer).unwrap_or(&Value::Null);
        if found != expected {
            wrong.push(format!(
                "{what}: {pointer} is {found}, not {expected}: {}",
                report.output
            ));
        }
    }
    for (agent, times) in &case.asked {
        let found = asked(agent);
        if found != *times {
            wrong.push(format!(
                "{what}: `{agent}` was asked {found} times, not {times}"
            ));
        }
    }
    wrong
}
