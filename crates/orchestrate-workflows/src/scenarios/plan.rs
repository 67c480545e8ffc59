//! The plan of scenarios: a step for each portion, so that every one is recorded, retried and gone on with by itself.
//!
//! Scenarios that run freely are branches, each within its time. Scenarios that wait for each other are one
//! graph, whose steps also need those of the others that they wait for. What failed in one scenario never stops
//! another: needs are met by whatever ended, and a condition on the scenario's own portions decides whether it goes on.

use orchestrate_core::condition::{Comparison, Condition};
use orchestrate_core::expression::Expression;
use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{
    ApproveStep, GraphNode, Join, OnError, Plan, RetryPolicy, Step, StepKind,
};
use orchestrate_core::team::Team;
use serde_json::Value;

use super::error::ScenarioError;
use super::inputs::{Scenario, Scenarios, Sync};
use super::portions::Portion;
use super::skill::Skill;

/// Before a portion is tried again, in milliseconds; doubled for each further time.
const REST_MS: u64 = 500;

impl Scenarios {
    /// The plan that runs a skill.
    ///
    /// # Errors
    /// When a value makes no sense, or there are too few items or too many portions.
    pub fn plan(&self, skill: &dyn Skill) -> Result<Plan, ScenarioError> {
        let all = self.all_portions(skill.portions(), skill.items())?;
        let mut branches: Vec<Vec<GraphNode>> = Vec::with_capacity(all.len());
        for (scenario, portions) in self.scenarios.iter().zip(&all) {
            let mut nodes = Vec::with_capacity(portions.len());
            let mut pauses: Vec<StepName> = Vec::new();
            for (at, portion) in portions.iter().enumerate() {
                let step = self.step(skill, scenario, portion);
                let before = portions.get(..at).unwrap_or_default();
                let mut needs: Vec<StepName> = before
                    .last()
                    .into_iter()
                    .map(|it| it.name.clone())
                    .collect();
                needs.extend(self.waits_for(portion, before.last(), &all));
                needs.extend(pauses.last().cloned());
                let mut node = GraphNode::new(step, needs);
                node.when = goes_on(before, &pauses, allowed(scenario, portions.len()))?;
                nodes.push(node);
                if let Some(pause) = pause(scenario, portion)? {
                    let need = [portion.name.clone()];
                    let mut node = GraphNode::new(pause, need);
                    let done = portions.get(..=at).unwrap_or_default();
                    node.when = goes_on(done, &pauses, allowed(scenario, portions.len()))?;
                    pauses.extend(node.step.name.clone());
                    nodes.push(node);
                }
            }
            branches.push(nodes);
        }
        let root = match self.sync {
            Sync::FreeRunning => {
                let steps = self.scenarios.iter().zip(branches);
                let steps = steps.map(|(scenario, nodes)| {
                    let mut step = graph(nodes);
                    step.name = StepName::new(&scenario.name).ok();
                    // The time until somebody answers is not that of the scenario.
                    match scenario.pause_after.is_empty() {
                        true => step.within_ms(scenario.time_budget_seconds.saturating_mul(1000)),
                        false => step,
                    }
                });
                Step::new(StepKind::Parallel {
                    steps: steps.collect(),
                    join: Join::All,
                    max_concurrency: self.width,
                    on_error: OnError::Continue,
                    collect: None,
                })
            }
            Sync::Milestone | Sync::LockStep => graph(branches.into_iter().flatten().collect()),
        };
        let task = format!("Run `{}` at several difficulties", skill.told());
        let mut plan = Plan::new(task, &Team::default(), root);
        plan.context
            .insert("workflow".to_owned(), Self::NAME.into());
        let inputs = serde_json::to_value(self).unwrap_or_default();
        plan.context.insert("inputs".to_owned(), inputs);
        skill.equip(&mut plan);
        Ok(plan)
    }

    fn step(&self, skill: &dyn Skill, scenario: &Scenario, portion: &Portion) -> Step {
        let mut step = skill.invoke(portion);
        step.name = Some(portion.name.clone());
        let most = scenario.time_budget_seconds.saturating_mul(1000);
        step.deadline_ms = Some(step.deadline_ms.map_or(most, |own| own.min(most)));
        if let StepKind::Agent(work) = &mut step.kind {
            work.timeout_ms = Some(most);
            work.retry = RetryPolicy {
                max_attempts: self.attempts,
                delay_ms: REST_MS,
                ..RetryPolicy::default()
            };
        }
        step
    }

    /// The portions of other scenarios that must have ended before this one begins, which comes after `before`.
    fn waits_for(
        &self,
        portion: &Portion,
        before: Option<&Portion>,
        all: &[Vec<Portion>],
    ) -> Vec<StepName> {
        let Some(before) = before else {
            return Vec::new();
        };
        let others = all.iter().filter(|portions| {
            portions
                .first()
                .is_some_and(|it| it.scenario != portion.scenario)
        });
        let meets = |it: &&Portion| match self.sync {
            Sync::FreeRunning => false,
            Sync::LockStep => it.number == before.number,
            Sync::Milestone => before
                .milestones
                .last()
                .is_some_and(|reached| it.milestones.contains(reached)),
        };
        others
            .filter_map(|portions| portions.iter().find(meets))
            .map(|it| it.name.clone())
            .collect()
    }

    /// Where the step of a portion stands in the plan.
    pub(super) fn path(&self, portion: &Portion) -> StepPath {
        let root = StepPath::root();
        match self.sync {
            Sync::FreeRunning => root.child(&portion.scenario).child(&portion.name),
            Sync::Milestone | Sync::LockStep => root.child(&portion.name),
        }
    }

    /// The portions that must have ended before a portion begins: the one before it, and those of others.
    pub(super) fn needs(&self, portion: &Portion, all: &[Vec<Portion>]) -> Vec<StepName> {
        let own = all.iter().flatten().find(|it| {
            it.scenario == portion.scenario && it.number.checked_add(1) == Some(portion.number)
        });
        let mut needs: Vec<StepName> = own.into_iter().map(|it| it.name.clone()).collect();
        needs.extend(self.waits_for(portion, own, all));
        needs
    }
}

fn graph(nodes: Vec<GraphNode>) -> Step {
    Step::new(StepKind::Graph {
        nodes,
        on_error: OnError::Continue,
        collect: None,
    })
}

/// How many of so many portions may fail.
pub(super) fn allowed(scenario: &Scenario, portions: usize) -> usize {
    // A share of a whole number, with room for how numbers are written: 0.1 of 10 is 1.
    (scenario.error_tolerance * portions as f64 + 1e-9) as usize
}

/// The question that is asked after a portion, if there is one.
fn pause(scenario: &Scenario, portion: &Portion) -> Result<Option<Step>, ScenarioError> {
    let mut reached = portion.milestones.iter().rev();
    let Some(percent) = reached.find(|it| scenario.pause_after.contains(it)) else {
        return Ok(None);
    };
    let question = format!("`{}` has done {percent} %. Does it go on?", scenario.name);
    let name = format!("{}_pause_{percent}", scenario.name);
    let name = StepName::new(&name).map_err(|error| ScenarioError::Value {
        of: format!("scenario `{}`", scenario.name),
        problem: error.to_string(),
    })?;
    let step = Step::new(StepKind::Approve(ApproveStep::new(question)));
    Ok(Some(step.named(name)))
}

/// The condition under which a scenario goes on after these portions and pauses.
fn goes_on(
    before: &[Portion],
    pauses: &[StepName],
    allowed: usize,
) -> Result<Option<Condition>, ScenarioError> {
    let tolerated = tolerated(before, allowed)?;
    let answered = pauses.iter().map(|it| {
        let field = format!("steps.{it}.success");
        Condition::compare(field, Comparison::Eq, Value::Bool(true))
    });
    let mut all: Vec<Condition> = tolerated.into_iter().chain(answered).collect();
    Ok(match all.len() {
        0 | 1 => all.pop(),
        _ => Some(Condition::All { of: all }),
    })
}

/// The condition that no more of these portions failed than may.
fn tolerated(before: &[Portion], allowed: usize) -> Result<Option<Condition>, ScenarioError> {
    if before.len() <= allowed {
        return Ok(None);
    }
    if let (0, Some(last)) = (allowed, before.last()) {
        let field = format!("steps.{}.success", last.name);
        return Ok(Some(Condition::compare(
            field,
            Comparison::Eq,
            Value::Bool(true),
        )));
    }
    let outcomes = before.iter().map(|it| format!("steps.{}.outcome", it.name));
    let outcomes: Vec<String> = outcomes.collect();
    let text = format!(
        "[{}] | reject(\"eq\", \"succeeded\") | list | length <= {allowed}",
        outcomes.join(", ")
    );
    let text = Expression::new(&text).map_err(|error| ScenarioError::Value {
        of: "`error_tolerance`".to_owned(),
        problem: error.to_string(),
    })?;
    Ok(Some(Condition::Expression { text }))
}
