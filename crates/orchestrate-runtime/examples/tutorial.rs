//! The six workflows of the tutorial that users of such systems know, each a few lines: a security debate,
//! documentation at low cost, refined content, a hybrid of two phases, a template of one's own, and a condition.
//!
//! The agents here are functions, so that it runs anywhere: `cargo run -p orchestrate-runtime --example tutorial`.

use orchestrate_core::backend::AgentOutput;
use orchestrate_core::condition::{Comparison, Condition};
use orchestrate_core::id::{AgentId, InvalidName};
use orchestrate_core::plan::Plan;
use orchestrate_core::result::StrategyResult;
use orchestrate_core::task::Context;
use orchestrate_core::template::{AgentCapability, AgentRegistry, AgentTemplate, Tier};
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::strategy::{
    Conditional, Debate, Parallel, Predicate, Refinement, Teaching,
};
use orchestrate_strategies::workflow::{Member, Recipe, WorkflowDefinition, WorkflowReference};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;
/// Whatever goes wrong ends the example with its message.
pub(crate) type Ended = Result<StrategyResult, Failure>;

fn object(value: Value) -> Context {
    value.as_object().cloned().unwrap_or_default()
}

fn executor(answers: &[(&'static str, Value, f64)]) -> Result<LocalExecutor, Failure> {
    let mut backend = FunctionBackend::new();
    for (id, answer, confidence) in answers.iter().cloned() {
        backend = backend.agent(id, move |_| {
            let output = AgentOutput::json(answer.clone()).with_confidence(confidence);
            async move { Ok(output) }
        });
    }
    Ok(LocalExecutor::builder().backend(backend).build()?)
}

fn members<const N: usize>(ids: [&str; N]) -> Result<Vec<Member>, InvalidName> {
    let ids = ids.into_iter().map(AgentId::new);
    ids.map(|id| id.map(Member::from)).collect()
}

/// Several views on security, then a consensus.
pub(crate) async fn security_debate() -> Ended {
    let team = AgentRegistry::builtin().team([
        "security_auditor",
        "architecture_analyst",
        "code_reviewer",
    ])?;
    let executor = executor(&[
        ("security_auditor", json!({"verdict": "fix first"}), 0.9),
        ("architecture_analyst", json!({"verdict": "fix first"}), 0.7),
        ("code_reviewer", json!({"verdict": "ship"}), 0.6),
    ])?;
    let context = object(json!({"task": "Security audit with multiple perspectives"}));
    let debate = Debate::default().rounds(2);
    Ok(executor.execute(&debate, &team, context).await?)
}

/// A cheap writer tries; an expert takes over below the threshold.
pub(crate) async fn cost_optimised_documentation(sure: f64) -> Ended {
    let team = AgentRegistry::builtin().team(["documentation_writer", "code_reviewer"])?;
    let executor = executor(&[
        ("documentation_writer", json!({"text": "draft"}), sure),
        ("code_reviewer", json!({"text": "better"}), 0.95),
    ])?;
    let context = object(json!({"module_path": "src/lib.rs", "quality_threshold": 7.0}));
    Ok(executor
        .execute(&Teaching::default(), &team, context)
        .await?)
}

/// Draft, review, polish, until the quality is reached.
pub(crate) async fn content_refinement() -> Ended {
    let team = AgentRegistry::builtin().team([
        "documentation_writer",
        "code_reviewer",
        "documentation_writer",
    ])?;
    let draft = json!({"text": "draft", "quality_score": 6.0});
    let reviewed = json!({"text": "reviewed", "quality_score": 9.5});
    let executor = executor(&[
        ("documentation_writer", draft, 0.8),
        ("code_reviewer", reviewed, 0.9),
    ])?;
    let context = object(json!({"content": "Hello", "target_quality": 9.0}));
    Ok(executor
        .execute(&Refinement::default(), &team, context)
        .await?)
}

/// Validation side by side, then refinement if anything was found.
pub(crate) async fn hybrid(issues: u32) -> Ended {
    let mut catalog = Catalog::builtin();
    let validate =
        Recipe::new(Parallel::NAME).with(members(["security_auditor", "code_reviewer"])?);
    catalog.register_workflow(WorkflowDefinition::new("validate", validate))?;
    let found = Condition::compare("context.validation.outputs.0.issues", Comparison::Gt, 0);
    let refine = Recipe::default().with(members(["refactoring_specialist", "code_reviewer"])?);
    let refine =
        Recipe::new(Conditional::NAME).params(object(json!({"condition": found, "then": refine})));
    let second = WorkflowReference::inline(refine)
        .map("steps.validate.output", "validation")
        .named(AgentId::new("refine")?);
    let steps = json!({"steps": [WorkflowReference::to("validate"), second]});
    let whole = Recipe::new("nested_sequential").params(object(steps));
    let team = AgentRegistry::builtin().team([
        "security_auditor",
        "code_reviewer",
        "refactoring_specialist",
    ])?;
    let step = catalog.compose(&whole, &team, &Context::new())?;
    let executor = executor(&[
        ("security_auditor", json!({"issues": issues}), 0.9),
        ("code_reviewer", json!({"issues": 0}), 0.9),
        ("refactoring_specialist", json!({"changed": 3}), 0.9),
    ])?;
    let plan = Plan::new("Validate, then refine", &team, step);
    Ok(executor.run(&plan).await?.into_strategy_result())
}

/// An agent of one's own beside the built-in ones.
pub(crate) async fn custom_template() -> Ended {
    let mut registry = AgentRegistry::builtin();
    let mut own = AgentTemplate::clone(registry.require("code_reviewer")?);
    own.id = "accessibility_expert".to_owned();
    own.role = "Accessibility Expert".to_owned();
    own.capabilities = vec![AgentCapability::named("check_accessibility")];
    own.tier_preference = Tier::Capable;
    registry.register(own)?;
    let team = registry.team(["accessibility_expert", "writer"])?;
    let executor = executor(&[
        ("accessibility_expert", json!({"contrast": "too low"}), 0.9),
        ("writer", json!({"text": "Raise the contrast."}), 0.9),
    ])?;
    let parallel = Parallel::default();
    Ok(executor.execute(&parallel, &team, Context::new()).await?)
}

/// A condition over the context decides who works.
pub(crate) async fn conditional(coverage: u32) -> Ended {
    let low = Condition::compare("context.coverage", Comparison::Lt, 80);
    let then = Recipe::default().with(members(["test_generator"])?);
    let otherwise = Recipe::default().with(members(["report_generator"])?);
    let strategy = Conditional::new(Predicate::When(low), then).otherwise(otherwise);
    let team = AgentRegistry::builtin().team(["test_generator", "report_generator"])?;
    let executor = executor(&[
        ("test_generator", json!({"tests": 4}), 0.9),
        ("report_generator", json!({"report": "all good"}), 0.9),
    ])?;
    let context = object(json!({"coverage": coverage}));
    Ok(executor.execute(&strategy, &team, context).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let runs = [
        ("security debate", security_debate().await?),
        ("documentation", cost_optimised_documentation(0.8).await?),
        ("content refinement", content_refinement().await?),
        ("hybrid workflow", hybrid(2).await?),
        ("custom template", custom_template().await?),
        ("conditional workflow", conditional(62).await?),
    ];
    let mut out = String::new();
    for (name, result) in runs {
        let worked = result.outputs.iter().filter(|it| it.attempts > 0);
        let agents: Vec<&str> = worked.map(|it| it.agent_id.as_str()).collect();
        let outcome = result.outcome.word();
        out.push_str(&format!("{name}: {outcome}, by {}\n", agents.join(", ")));
    }
    std::io::Write::write_all(&mut std::io::stdout(), out.as_bytes())?;
    Ok(())
}
