//! Planning with a model: it is asked once, its answer is checked as any other plan, and the rules decide
//! where it gives none. What it uses is reserved on the limits of the run before, and the run pays for it.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::budget::{Account, Budget, Refused};
use orchestrate_core::limits::{Cost, Limits, Usage};
use orchestrate_core::model::{Model, Price};
use orchestrate_core::outcome::LimitKind;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_runtime::agent::{Consulted, Question, consult as ask};
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::meta::{Advice, MetaOrchestrator};
use orchestrate_strategies::turn::TurnLimit;

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
    /// What the model used.
    pub(crate) used: Usage,
    /// What is to be said to the user of how it came to be.
    pub(crate) told: String,
}

/// What planning may use, and the limit of the run that keeps it from more, if one does.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Share {
    most: Usage,
    bound: Option<LimitKind>,
}

impl Share {
    fn of(limits: Limits, price: Option<Price>) -> Self {
        let by_cost = limits.cost.zip(price);
        let by_cost = by_cost.map(|(cost, price)| (price.affords(cost), LimitKind::Cost));
        let by_tokens = limits.tokens.map(|tokens| (tokens, LimitKind::Tokens));
        let least = by_tokens.into_iter().chain(by_cost).min_by_key(|it| it.0);
        let (tokens, bound) = match least.filter(|(tokens, _)| *tokens < TOKENS) {
            Some((tokens, limit)) => (tokens, Some(limit)),
            None => (TOKENS, None),
        };
        let most = Usage {
            tokens,
            cost: price.map_or(Cost::ZERO, |price| price.most(tokens)),
            ..Usage::default()
        };
        Self { most, bound }
    }
}

/// Asks the planner's model about a task that the rules have planned.
///
/// # Errors
/// When no model could be asked, one without a price under a limit of cost, or a limit of the run was
/// reached before there was an answer.
pub(crate) async fn consult(
    models: &Models,
    project: &Path,
    context: Context,
    limits: Limits,
    ruled: ExecutionPlan,
) -> Result<Advised, Failure> {
    let model: Arc<dyn Model> = models.planner().ok_or(CliError::NoPlanner)?;
    // A budget among the hints is a limit too.
    let limits = ruled.plan.limits.tightest(limits);
    if limits.cost.is_some() && model.price().is_none() {
        return Err(CliError::Unpriced {
            model: model.name().to_owned(),
            agent: "planner".to_owned(),
        }
        .into());
    }
    let registry = registry(project, &models.services().agents)?;
    let planner = MetaOrchestrator::new(&registry);
    let asked = planner.consultation(&ruled.task, &context, &ruled);
    let share = Share::of(limits, model.price());
    let mut budget = Budget::new(limits);
    let reservation = budget
        .reserve(Account::RUN, share.most)
        .map_err(|refused| {
            let limit = match refused {
                Refused::Exhausted { limit, .. } => Some(limit),
                Refused::Busy { limit, .. } => limit,
            };
            limit_reached(limit.unwrap_or(LimitKind::Tokens), Usage::default())
        })?;
    let mut taken: Option<ExecutionPlan> = None;
    let question = Question {
        system: &asked.system,
        text: &asked.question,
        schema: &asked.schema,
        tokens: share.most.tokens,
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
    let Consulted {
        answer,
        sent_back,
        usage,
        limit,
        ..
    } = consulted;
    // What was used beyond the reservation is booked too: the run then has less left, or nothing.
    let settled = budget.settle(reservation, usage);
    if let (Some(TurnLimit::Tokens { .. }), Some(bound)) = (limit, share.bound) {
        return Err(limit_reached(bound, usage).into());
    }
    let used = spent(&usage).unwrap_or_else(|| "no token".to_owned());
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
    Ok(Advised {
        plan,
        used: settled.booked,
        told,
    })
}

fn limit_reached(limit: LimitKind, used: Usage) -> CliError {
    CliError::PlanningLimit {
        limit: limit.as_str(),
        flag: match limit {
            LimitKind::Cost => "--max-cost",
            _ => "--max-tokens",
        },
        used: spent(&used).unwrap_or_else(|| "nothing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planning_may_use_what_the_tightest_limit_leaves() {
        let price = Price {
            input: Cost::units(2),
            output: Cost::units(10),
            ..Price::FREE
        };
        let limits = |tokens: Option<u64>, cost: Option<u64>| Limits {
            tokens,
            cost: cost.map(Cost),
            ..Limits::default()
        };
        let share = |limits| {
            let share = Share::of(limits, Some(price));
            (share.most.tokens, share.most.cost.0, share.bound)
        };
        assert_eq!(share(limits(None, None)), (40_000, 400_000, None));
        let tokens = Some(LimitKind::Tokens);
        assert_eq!(share(limits(Some(500), None)), (500, 5000, tokens));
        let cost = Some(LimitKind::Cost);
        assert_eq!(share(limits(Some(500), Some(99))), (9, 90, cost));
        assert_eq!(
            share(limits(Some(500), Some(1_000_000))),
            (500, 5000, tokens)
        );
    }
}
