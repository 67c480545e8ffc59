//! The same table with models in the place of agents: every answer goes through the turn of an agent, with
//! the forms that are asked for, tools where a step has some, and the faults of a provider.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::backend::AgentBackend;
use orchestrate_core::model::{
    Deltas, Entry, Model, ModelError, ModelFault, ModelRequest, ModelResponse, Price,
};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::task::Context;
use orchestrate_core::team::Agent;
use orchestrate_core::testing::{example, model_calls, model_says};
use orchestrate_core::tool::{Effect, ToolOutput};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::{ModelBook, Prices};
use orchestrate_runtime::tools::{FunctionTool, ToolSet};
use orchestrate_strategies::conformance::{Row, rows};
use serde_json::{Value, json};

use crate::harness::{compare, executor_of, hold, plan};

/// Strategies whose agents work with tools.
const WITH_TOOLS: [&str; 2] = ["tool_enhanced", "react"];

/// Cases about answers that do not have the form that was asked for. The turn of a model sends them back, so
/// that the strategy never sees them.
const REFUSED_BY_FORM: [&str; 3] = [
    "an_unknown_specialist_is_a_failure_of_its_sub_task",
    "a_speaker_who_is_not_there_is_a_stall",
    "exactly_valid_is_valid",
];

/// A model that says what an agent of the table is to answer.
#[derive(Debug)]
struct Double {
    id: String,
    answers: Mutex<VecDeque<Value>>,
    /// What it said last; a turn that sends an answer back is told the same again.
    last: Mutex<Option<Value>>,
    turns: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Double {
    fn next(&self, request: &ModelRequest<'_>) -> Value {
        let mut last = self.last.lock().unwrap();
        let is_sent_back = request
            .history
            .entries()
            .any(|entry| matches!(entry, Entry::Assistant { .. }));
        if let Some(last) = &*last
            && is_sent_back
        {
            return last.clone();
        }
        *self
            .turns
            .lock()
            .unwrap()
            .entry(self.id.clone())
            .or_default() += 1;
        let mut answers = self.answers.lock().unwrap();
        let scripted = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        let answer = scripted.unwrap_or_else(|| match request.output {
            Some(output) => example(&output.schema),
            None => json!({"verdict": "yes", "by": self.id, "quality_score": 9}),
        });
        *last = Some(answer.clone());
        answer
    }
}

/// The words of an answer; it says how sure it is where its form has a place for that.
fn words(mut answer: Value, request: &ModelRequest<'_>) -> String {
    let closed = request
        .output
        .and_then(|output| output.schema.get("additionalProperties"))
        == Some(&json!(false));
    if let Some(fields) = answer.as_object_mut()
        && !closed
    {
        fields.entry("confidence").or_insert(json!(0.9));
    }
    answer.to_string()
}

#[async_trait]
impl Model for Double {
    fn name(&self) -> &str {
        "double/m"
    }

    fn price(&self) -> Option<Price> {
        None
    }

    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        _: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError> {
        let called = |entry: &Entry| matches!(entry, Entry::Calls { .. });
        if let Some(tool) = request.tools.first()
            && !request.history.entries().any(called)
        {
            return Ok(model_calls(&tool.name, json!({})));
        }
        let answer = self.next(request);
        if answer.get("hang").is_some() {
            std::future::pending::<()>().await;
        }
        if let Some(ms) = answer.get("wait").and_then(Value::as_u64) {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        if let Some(why) = answer.get("fail").and_then(Value::as_str) {
            return Err(ModelError::new("double/m", ModelFault::Filtered, why));
        }
        Ok(model_says(&words(answer, request)))
    }
}

/// A run in which every agent of a plan is such a model.
struct Doubles {
    backend: ModelBackend,
    turns: Arc<Mutex<BTreeMap<String, usize>>>,
    looked: Arc<Mutex<usize>>,
}

fn doubles(row: &Row, ids: &[String], answers: &BTreeMap<String, Vec<Value>>) -> Doubles {
    let turns: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let mut book = ModelBook::new(Prices::default());
    for id in ids {
        let script = answers.get(id).into_iter().flatten().cloned();
        let double = Double {
            id: id.clone(),
            answers: Mutex::new(script.collect()),
            last: Mutex::default(),
            turns: turns.clone(),
        };
        book.set_agent_model(id.as_str(), Arc::new(double));
    }
    let looked: Arc<Mutex<usize>> = Arc::default();
    let count = looked.clone();
    let mut tools = ToolSet::default();
    tools.add(Arc::new(FunctionTool::new(
        "look",
        Effect::Read,
        move |_| {
            *count.lock().unwrap() += 1;
            async { Ok(ToolOutput::json(json!("seen"))) }
        },
    )));
    if WITH_TOOLS.contains(&row.strategy.as_str()) {
        tools.allow("*", "look");
    }
    Doubles {
        backend: ModelBackend::new(Arc::new(book)).with_tools(tools),
        turns,
        looked,
    }
}

/// The same plan with agents who may read as much as a model is given.
fn roomy(mut plan: Plan) -> Plan {
    for agent in plan.agents.values_mut() {
        let mut template = (*agent.template).clone();
        template.resource_requirements.max_tokens = 1_000_000;
        *agent = Arc::new(Agent {
            template: Arc::new(template),
            ..(**agent).clone()
        });
    }
    plan
}

async fn run(plan: &Plan, backend: impl AgentBackend + 'static, decisions: &[String]) -> RunReport {
    let executor: LocalExecutor = executor_of(backend, decisions);
    executor.run(plan).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_strategy_succeeds_with_models() {
    for row in rows() {
        let plan = roomy(plan(row, &row.team, &Context::new(), &Context::new()));
        let doubles = doubles(row, &row.team, &row.answers);
        let report = run(&plan, doubles.backend, &[]).await;
        hold(&row.strategy, &plan, &report);
        let outcome = report.outcome.as_ref().unwrap();
        let what = format!("{}: {} {:?}", row.strategy, report.output, report.agents);
        assert_eq!(outcome, &Outcome::Succeeded, "{what}");
        assert!(report.usage.tokens > 0, "{what}");
        assert!(report.overruns.is_empty(), "{what}");
        let with_tools = WITH_TOOLS.contains(&row.strategy.as_str());
        assert_eq!(*doubles.looked.lock().unwrap() > 0, with_tools, "{what}");
        let turns: usize = doubles.turns.lock().unwrap().values().sum();
        assert!(turns as u64 <= report.usage.calls, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_strategy_ends_as_the_table_says_when_a_model_fails_or_hangs() {
    let mut wrong = Vec::new();
    for answer in [json!({"fail": "broken"}), json!({"hang": true})] {
        for row in rows() {
            for (id, expected) in &row.without {
                let plan = roomy(plan(row, &row.team, &Context::new(), &Context::new()));
                let mut answers = row.answers.clone();
                answers.insert(id.clone(), vec![answer.clone()]);
                let doubles = doubles(row, &row.team, &answers);
                let report = run(&plan, doubles.backend, &[]).await;
                let what = format!("{} with {answer} of `{id}`", row.strategy);
                hold(&what, &plan, &report);
                let outcome = report.outcome.as_ref().unwrap();
                if outcome.word() != expected {
                    let output = &report.output;
                    wrong.push(format!("{what}: {outcome:?}, not {expected}: {output}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn every_case_of_the_table_holds_with_models() {
    let mut wrong = Vec::new();
    let (mut count, mut left_out) = (0, Vec::new());
    for row in rows() {
        for case in &row.cases {
            // A model that fails gives nothing that an agent could hand on.
            let gives =
                |answer: &Value| answer.get("fail").is_some() && answer.get("output").is_some();
            if case.answers.values().flatten().any(gives) {
                left_out.push(case.name.as_str());
                continue;
            }
            let ids = case.team.as_ref().unwrap_or(&row.team);
            let plan = roomy(plan(row, ids, &case.params, &case.context));
            let doubles = doubles(row, ids, &case.answers);
            let report = run(&plan, doubles.backend, &case.decisions).await;
            let what = format!("{}: {}", row.strategy, case.name);
            hold(&what, &plan, &report);
            if REFUSED_BY_FORM.contains(&case.name.as_str()) {
                let told = format!("{} {:?}", report.output, report.agents);
                assert!(told.contains("(sent back 2 times)"), "{what}: {told}");
                continue;
            }
            let turns = doubles.turns.lock().unwrap();
            let asked = |id: &str| turns.get(id).copied().unwrap_or_default();
            wrong.extend(compare(&what, case, &report, &asked));
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "{count} cases");
    assert!(left_out.len() <= 3, "{left_out:?}");
}
