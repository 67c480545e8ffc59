//! Planning with a model: it is asked once, its answer is checked as any other plan, and the rules decide
//! where it gives none.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::limits::Limits;
use orchestrate_core::model::Model;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_runtime::agent::{Consulted, Question, consult as ask};
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::meta::{Advice, MetaOrchestrator};

use super::models::Models;
use super::place::registry;
use crate::error::{CliError, Failure};
use crate::render::{safe, spent};

/// Tokens that planning may use at most, whatever the limits of the run.
const TOKENS: u64 = 40_000;

/// A plan that a model was asked about.
#[derive(Debug)]
pub(crate) struct Advised {
    pub(crate) plan: ExecutionPlan,
    /// What is to be said to the user of how it came to be.
    pub(crate) told: String,
}

/// Asks the planner's model about a task that the rules have planned.
///
/// # Errors
/// When no model could be asked, or one without a price under a limit of cost.
pub(crate) async fn consult(
    models: &Models,
    project: &Path,
    context: Context,
    limits: Limits,
    ruled: ExecutionPlan,
) -> Result<Advised, Failure> {
    let model: Arc<dyn Model> = models.planner().ok_or(CliError::NoPlanner)?;
    if limits.cost.is_some() && model.price().is_none() {
        return Err(CliError::Unpriced {
            model: model.name().to_owned(),
            agent: "planner".to_owned(),
        }
        .into());
    }
    let registry = registry(project)?;
    let planner = MetaOrchestrator::new(&registry);
    let asked = planner.consultation(&ruled.task, &context, &ruled);
    let mut taken: Option<ExecutionPlan> = None;
    let question = Question {
        system: &asked.system,
        text: &asked.question,
        schema: &asked.schema,
        tokens: limits.tokens.unwrap_or(TOKENS).min(TOKENS),
    };
    let consulted = ask(model.as_ref(), question, |answer| {
        let opinion = serde_json::from_value(answer.clone()).map_err(|error| error.to_string())?;
        let advice = Advice {
            model: model.name().to_owned(),
            opinion,
        };
        taken = Some(planner.consider(&ruled.task, context.clone(), &advice)?);
        Ok(())
    })
    .await;
    let used = spent(&consulted.usage).unwrap_or_else(|| "no token".to_owned());
    let Consulted {
        answer, sent_back, ..
    } = consulted;
    let name = safe(model.name());
    let back = sent_back
        .into_iter()
        .map(|why| format!("model {name}: an answer was sent back: {}", safe(&why)));
    let (mut plan, told) = match (answer, taken) {
        (Ok(_), Some(plan)) => (
            plan,
            format!("model {name} was asked for the plan ({used})"),
        ),
        (answer, _) => {
            let why = answer.err().unwrap_or_else(|| "it gave no plan".to_owned());
            let why = format!("model {name} gave no plan that can be used: {}", safe(&why));
            let mut plan = ruled;
            plan.reasons.push(format!("{why}; the rules decided"));
            (plan, format!("{why}; the rules decide ({used})"))
        }
    };
    plan.reasons.extend(back);
    plan.reasons
        .push(format!("planning by a model used {used}"));
    plan.plan.limits = plan.plan.limits.tightest(limits);
    plan.bounds = bounds(&plan.plan);
    plan.digest = plan.plan.digest();
    Ok(Advised { plan, told })
}
