//! Agents over models, run by the executor: forms, repairs, tools, retries, fallbacks.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use expect_test::expect;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{AgentStep, Plan, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::{ModelBook, Prices, ProviderKind, ProviderSetup};
use orchestrate_runtime::tools::ToolSet;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::double::{Double, Reply};
use crate::families::{KEY, READ, Said, WRITTEN, calls, says, tool};

/// A team of one, whose step asks for an answer of a form if one is given.
pub(crate) fn plan(answer: Option<Value>) -> Plan {
    let mut template = template("reviewer", Tier::Cheap);
    template.resource_requirements.max_tokens = 20_000;
    let team = Team::new([Arc::new(template)]);
    let step = AgentStep {
        answer: answer.map(Box::new),
        ..AgentStep::new(team.members()[0].id.clone())
    };
    Plan::new("Review the login", &team, Step::new(StepKind::Agent(step)))
}

pub(crate) fn book(kind: ProviderKind, doubles: &[&Double]) -> ModelBook {
    let mut book = ModelBook::new(Prices::default());
    let mut names = Vec::new();
    for (at, double) in doubles.iter().enumerate() {
        let setup = ProviderSetup::new(format!("p{at}"), kind).at(double.address.as_str());
        book.add_provider(setup.with_key(SecretString::from(KEY)))
            .unwrap();
        names.push(format!("p{at}/m"));
    }
    book.set_tier(Tier::Cheap, &names).unwrap();
    book
}

pub(crate) async fn run(backend: ModelBackend, plan: &Plan) -> RunReport {
    LocalExecutor::builder()
        .backend(backend)
        .build()
        .unwrap()
        .run(plan)
        .await
        .unwrap()
}

fn score() -> Value {
    json!({"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"], "additionalProperties": false})
}

#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) spec: ToolSpec,
    pub(crate) called: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Tool for Reader {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        self.called.lock().unwrap().push(format!(
            "{} {}",
            call.arguments["path"],
            call.idempotency_key.rsplit(':').next().unwrap()
        ));
        Ok(ToolOutput::json(json!("fn main() {}")))
    }
}

#[tokio::test]
async fn an_answer_of_the_wrong_form_is_sent_back_once_in_every_family() {
    for kind in ProviderKind::ALL {
        let double = Double::in_order(vec![
            says("it is fine").stream(kind),
            says("{\"score\": 8}").stream(kind),
        ])
        .await;
        let report = run(
            ModelBackend::new(Arc::new(book(kind, &[&double]))),
            &plan(Some(score())),
        )
        .await;
        assert_eq!(
            report.outcome,
            Some(Outcome::Succeeded),
            "{kind:?} {:?}",
            report.agents
        );
        assert_eq!(*report.output, json!({"score": 8}), "{kind:?}");
        let asked = double.asked();
        assert_eq!(asked.len(), 2);
        assert!(
            asked[1]
                .body
                .to_string()
                .contains("Your answer cannot be used"),
            "{kind:?}"
        );
        let tokens = 2 * (READ + WRITTEN);
        assert_eq!((report.usage.tokens, report.usage.calls), (tokens, 1));
        // A price that nobody knows is not nought.
        let unpriced = if kind == ProviderKind::Ollama {
            0
        } else {
            tokens
        };
        assert_eq!(report.usage.unpriced_tokens, unpriced, "{kind:?}");
    }
}

#[tokio::test]
async fn an_agent_calls_the_tools_that_it_may_in_every_family() {
    for kind in ProviderKind::ALL {
        let called = Arc::default();
        let mut tools = ToolSet::default();
        tools.add(Arc::new(Reader {
            spec: tool(),
            called: Arc::clone(&called),
        }));
        tools.allow("reviewer", "fs.*");
        let double = Double::in_order(vec![
            calls("fs_read", json!({"path": "a.rs"})).stream(kind),
            says("{\"summary\": \"small\", \"confidence\": 0.75}").stream(kind),
        ])
        .await;
        let backend = ModelBackend::new(Arc::new(book(kind, &[&double]))).with_tools(tools);
        let report = run(backend, &plan(None)).await;
        assert!(report.success(), "{kind:?} {:?}", report.agents);
        assert_eq!(*called.lock().unwrap(), ["\"a.rs\" 1"], "{kind:?}");
        assert!((report.agents[0].confidence - 0.75).abs() < 1e-9);
        assert!(
            double.asked()[1].body.to_string().contains("fn main() {}"),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn what_nobody_allowed_is_not_offered() {
    let kind = ProviderKind::OpenAi;
    let mut tools = ToolSet::default();
    tools.add(Arc::new(Reader {
        spec: ToolSpec {
            effect: Effect::Read,
            ..tool()
        },
        called: Arc::default(),
    }));
    tools.allow("somebody_else", "*");
    let double = Double::in_order(vec![says("fine").stream(kind)]).await;
    let backend = ModelBackend::new(Arc::new(book(kind, &[&double]))).with_tools(tools);
    assert!(run(backend, &plan(None)).await.success());
    assert_eq!(double.asked()[0].body.get("tools"), None);
}

#[tokio::test]
async fn a_refused_key_ends_the_run_by_its_class() {
    let double = Double::in_order(vec![Reply::status(401, "{}")]).await;
    let report = run(
        ModelBackend::new(Arc::new(book(ProviderKind::Anthropic, &[&double]))),
        &plan(None),
    )
    .await;
    assert_eq!(double.asked().len(), 1);
    expect!["p0/m: the key was refused (status 401); check that the key is valid and may use this model (ORC1302)"]
        .assert_eq(report.agents[0].error.as_deref().unwrap());
}

#[tokio::test]
async fn an_agent_ends_at_its_limit_of_tokens() {
    let kind = ProviderKind::OpenAi;
    let endless: Said = calls("fs_read", json!({"path": "a"}));
    let mut tools = ToolSet::default();
    tools.add(Arc::new(Reader {
        spec: tool(),
        called: Arc::default(),
    }));
    tools.allow("*", "fs.read");
    let double = Double::in_order(vec![endless.stream(kind)]).await;
    let mut plan = plan(None);
    for agent in plan.agents.values_mut() {
        let mut small = (*agent.template).clone();
        small.resource_requirements.max_tokens = 1200;
        *agent = Arc::new(orchestrate_core::team::Agent {
            template: Arc::new(small),
            ..(**agent).clone()
        });
    }
    let report = run(
        ModelBackend::new(Arc::new(book(kind, &[&double]))).with_tools(tools),
        &plan,
    )
    .await;
    expect!["it came to no answer within its limit of 1200 tokens of one attempt, and about 5389 would let it make its next call; `max-tokens` under `[agents.reviewer]` in `orchestrate.toml` gives it more"]
        .assert_eq(report.agents[0].error.as_deref().unwrap());
    assert!(
        report.usage.tokens <= 1200 && report.overruns.is_empty(),
        "{:?}",
        report.usage
    );
}
