//! The planner itself: analysis, strategy, team, plan.

use orchestrate_core::learning::Lessons;
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::{AgentChoice, ExecutionPlan, Learned, Plan, Step};
use orchestrate_core::task::{Context, DecompositionStrategy};
use orchestrate_core::team::Team;
use orchestrate_core::template::{AgentRegistry, HealthBoard, Selecting};

use super::analyze::{self, Analysis, Reading};
use super::choose::{GIVEN, Situation, choose};
use super::confidence::confidence;
use super::decompose::{self, TaskDecomposer};
use super::error::{HintProblem, PlanError};
use super::hints::Hints;
use super::lessons::{self, Offer, Workshop};
use super::opinion::Advice;
use super::team::{self, Candidates};
use crate::catalog::{self, Catalog};
use crate::graph::bounds;
use crate::strategy::{Adaptive, Debate, Parallel, Refinement, Sequential, Teaching};
use serde_json::{Value, json};

/// Turns a task into a plan. Pure: the same task, context, registry and catalogue give the same plan.
#[derive(Debug, Clone, Copy)]
pub struct MetaOrchestrator<'a> {
    registry: &'a AgentRegistry,
    catalog: &'a Catalog,
    lessons: Option<&'a Lessons>,
    health: Option<(&'a HealthBoard, u64)>,
    advice: Option<&'a Advice>,
}

impl<'a> MetaOrchestrator<'a> {
    /// A planner that chooses among these agents and the built-in strategies.
    #[must_use]
    pub fn new(registry: &'a AgentRegistry) -> Self {
        Self {
            registry,
            catalog: catalog::all(),
            lessons: None,
            health: None,
            advice: None,
        }
    }

    /// The same, passing over agents that fare badly at that time of the board's clock, as long as others can take their place.
    #[must_use]
    pub fn with_health(mut self, board: &'a HealthBoard, now_us: u64) -> Self {
        self.health = Some((board, now_us));
        self
    }

    /// The same with another catalogue, whose strategies hints may name.
    #[must_use]
    pub fn with_catalog(mut self, catalog: &'a Catalog) -> Self {
        self.catalog = catalog;
        self
    }

    /// The same with what was learned: a composition that is proven for the kind of task goes
    /// before what the rules choose, and the reasons say so.
    #[must_use]
    pub fn with_lessons(mut self, lessons: &'a Lessons) -> Self {
        self.lessons = Some(lessons);
        self
    }

    /// The same with what a model thinks of the composition: it fills in what the context leaves open,
    /// before rules and lessons, and the reasons say so. See [`MetaOrchestrator::consultation`].
    #[must_use]
    pub fn with_advice<'b>(&self, advice: &'b Advice) -> MetaOrchestrator<'b>
    where
        'a: 'b,
    {
        MetaOrchestrator {
            advice: Some(advice),
            ..*self
        }
    }

    pub(super) fn registry(&self) -> &'a AgentRegistry {
        self.registry
    }

    pub(super) fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// What a task needs, by its words and by the hints in the context: `domain`, `complexity`,
    /// `capabilities`, `tier`, `strategy`, `budget`, `quality_gates`, `tools`, `task_pattern`.
    ///
    /// # Errors
    /// [`PlanError::EmptyTask`], or [`PlanError::Hints`] with every hint that cannot be honoured.
    pub fn analyze(&self, task: &str, context: &Context) -> Result<Analysis, PlanError> {
        self.read(task, context)
            .map(|(reading, _)| reading.analysis)
    }

    /// The kind of a task, under which its outcome is recorded and lessons are looked up: what the
    /// context calls it, `release_prep` for a release, else its domains and its complexity.
    ///
    /// # Errors
    /// As [`MetaOrchestrator::analyze`].
    pub fn task_pattern(&self, task: &str, context: &Context) -> Result<String, PlanError> {
        let (reading, hints) = self.read(task, context)?;
        Ok(task_pattern(&reading, &hints))
    }

    /// Analyses a task, chooses a strategy and a team, and writes the plan.
    ///
    /// # Errors
    /// As [`MetaOrchestrator::analyze`]; [`PlanError::NoAgents`] for an empty registry, and
    /// [`PlanError::Strategy`] when the strategy does not take a value in the context.
    pub fn analyze_and_compose(
        &self,
        task: &str,
        context: Context,
    ) -> Result<ExecutionPlan, PlanError> {
        let (reading, hints) = self.read(task, &context)?;
        if let Some(way) = hints.decompose {
            return self.decomposed(task, context, reading, &hints, way);
        }
        let lower = task.to_lowercase();
        let selecting = Selecting {
            task: &lower,
            health: self.health,
        };
        let mut candidates = Candidates::find(self.registry, selecting, &reading, &hints)?;
        let (name, why) = self.strategy(&reading, &hints, &candidates, &context)?;
        let params = self.params(&name, &context, &mut candidates)?;
        // What was asked for with parameters of its own is no composition to come back to.
        let plain = params.is_empty();
        if !hints.agents.is_empty() {
            candidates.name(&hints.agents, true, "the model names it");
        }
        let task_pattern = match plain {
            true => task_pattern(&reading, &hints),
            false => String::new(),
        };
        let ruled = self.offer(candidates.clone(), (&name, why), params, &context)?;
        let (taken, why, learned) = match self.lessons.filter(|_| plain && self.advice.is_none()) {
            None => {
                let why = vec![ruled.why.clone()];
                (ruled, why, None)
            }
            Some(lessons) => {
                let others = || self.others(&candidates, &hints, &name, &context);
                let workshop = Workshop {
                    registry: self.registry,
                    catalog: self.catalog,
                    hints: &hints,
                    context: &context,
                };
                lessons::choose(lessons, (task, &task_pattern), ruled, others, workshop)
            }
        };
        let Offer {
            strategy: name,
            composition,
            root,
            ..
        } = taken;

        let chosen = Chosen {
            strategy: name,
            team: composition.team,
            agents: composition.agents,
            root,
            reasons: why,
            task_pattern,
            learned,
        };
        Ok(plan_of(task, context, reading, &hints, chosen))
    }

    /// The plan of a task that is taken apart, as the hint `decompose` asks.
    fn decomposed(
        &self,
        task: &str,
        context: Context,
        reading: Reading,
        hints: &Hints,
        way: DecompositionStrategy,
    ) -> Result<ExecutionPlan, PlanError> {
        let decomposition = TaskDecomposer::new(self.registry).decompose(task, &context, way)?;
        let composed = decompose::compose(&decomposition, self.registry, hints.synthesizer);
        let (team, agents, root) = composed.ok_or(PlanError::NoAgents)?;
        let chosen = Chosen {
            strategy: format!("{way}_decomposition"),
            team,
            agents,
            root,
            reasons: decomposition.reasons,
            // It was taken apart because somebody said so: that is no composition to come back to.
            task_pattern: String::new(),
            learned: None,
        };
        Ok(plan_of(task, context, reading, hints, chosen))
    }

    /// The team of a strategy and its step.
    fn offer(
        &self,
        candidates: Candidates<'_>,
        (name, why): (&str, String),
        params: Context,
        context: &Context,
    ) -> Result<Offer, PlanError> {
        let arity = self.catalog.info(name)?.arity;
        let composition = team::compose(candidates, name, arity, params);
        let strategy = self.catalog.get_strategy(name, &composition.params)?;
        let root = strategy.compose(&composition.team, context)?;
        Ok(Offer {
            strategy: name.to_owned(),
            composition,
            root,
            why,
        })
    }

    /// The same candidates by the other strategies that fit any task, to be explored.
    fn others(
        &self,
        candidates: &Candidates<'_>,
        hints: &Hints,
        ruled: &str,
        context: &Context,
    ) -> Vec<Offer> {
        let wanted = candidates.wanted();
        EXPLORED
            .into_iter()
            .filter(|name| *name != ruled && hints.strategy.is_none())
            .filter(|name| self.holds(name, wanted))
            .filter_map(|name| {
                let why = format!("strategy {name}: it is tried in place of {ruled}");
                self.offer(candidates.clone(), (name, why), Context::new(), context)
                    .ok()
            })
            .collect()
    }

    /// Whether a strategy has room for everybody whom a hint asks for.
    fn holds(&self, name: &str, wanted: usize) -> bool {
        let arity = self.catalog.info(name).map(|info| info.arity);
        arity.is_ok_and(|arity| arity.most.is_none_or(|most| wanted <= most as usize))
    }

    fn read(&self, task: &str, context: &Context) -> Result<(Reading, Hints), PlanError> {
        if task.trim().is_empty() {
            return Err(PlanError::EmptyTask);
        }
        let mut hints = Hints::read(context, self.registry, self.catalog)?;
        let advised = self.advice.map(|advice| advice.lay_under(&mut hints));
        hints.check_advised(self.registry, self.catalog)?;
        let mut reading = analyze::read(task, &hints);
        reading
            .analysis
            .reasons
            .splice(0..0, advised.into_iter().flatten());
        Ok((reading, hints))
    }

    /// What the context says of the strategy's parameters: the value that asked for it, and `strategy_params`.
    /// Whoever they name works on the task.
    fn params(
        &self,
        strategy: &str,
        context: &Context,
        candidates: &mut Candidates<'_>,
    ) -> Result<Context, PlanError> {
        let mut params = Context::new();
        for (key, of, parameter) in GIVEN {
            let value = context.get(key).filter(|value| !value.is_null());
            if let (true, Some(value)) = (of == strategy, value) {
                params.insert(parameter.to_owned(), references(key, value));
            }
        }
        match context.get("strategy_params") {
            None | Some(Value::Null) => {}
            Some(Value::Object(own)) => params.extend(own.clone()),
            Some(other) => {
                return Err(PlanError::Hints {
                    problems: vec![HintProblem {
                        hint: "strategy_params",
                        given: other.to_string(),
                        possible: format!("an object of what `strategies show {strategy}` lists"),
                    }],
                });
            }
        }
        let mut named = Vec::new();
        self.catalog
            .agents_named(&Value::Object(params.clone()), &mut named);
        let only = GIVEN.iter().any(|(_, of, _)| *of == strategy);
        candidates.name(&named, only, "the parameters of the strategy name it");
        Ok(params)
    }

    /// The hinted strategy, else the one that a rule chooses among those that leave nobody out whom a hint asks for.
    fn strategy(
        &self,
        reading: &Reading,
        hints: &Hints,
        candidates: &Candidates<'_>,
        context: &Context,
    ) -> Result<(String, String), PlanError> {
        let wanted = candidates.wanted();
        let possible = |name: &str| self.holds(name, wanted);
        let Some(hinted) = &hints.strategy else {
            let situation = Situation {
                requirements: &reading.analysis.requirements,
                cues: &reading.cues,
                agents: candidates.len(),
                templates: &candidates.templates(),
                context,
            };
            let (name, why) = choose(&situation, possible);
            return Ok((name.to_owned(), why));
        };
        if possible(hinted) {
            return Ok((
                hinted.clone(),
                format!("strategy {hinted}: {}", hints.source("strategy")),
            ));
        }
        let names: Vec<&str> = self
            .catalog
            .iter()
            .map(|info| info.name.as_str())
            .filter(|name| possible(name))
            .collect();
        Err(PlanError::Hints {
            problems: vec![HintProblem {
                hint: "strategy",
                given: hinted.clone(),
                possible: format!(
                    "{}, because `capabilities` and `tools` ask for {wanted} agents",
                    names.join(", ")
                ),
            }],
        })
    }
}

/// The kind of task under which its outcome is recorded: what the context calls it, `release_prep`
/// for a release, else the domains and the complexity.
fn task_pattern(reading: &Reading, hints: &Hints) -> String {
    if let Some(hinted) = &hints.task_pattern {
        return hinted.clone();
    }
    if reading.cues.release.is_some() {
        return "release_prep".to_owned();
    }
    let requirements = &reading.analysis.requirements;
    let domains: Vec<&str> = requirements.domains.iter().map(|it| it.as_str()).collect();
    format!("{}:{}", domains.join("+"), requirements.complexity)
}

/// Workflows are named by their ids in a context, and by references in parameters; what is no id stays as it is.
fn references(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("workflows", Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::String(id) => json!({ "workflow": id }),
                other => other.clone(),
            })
            .collect(),
        ("condition", Value::String(words)) => json!({ "ask": words }),
        _ => value.clone(),
    }
}

/// The strategies that are tried in place of another. The rest needs what a task in words does not
/// give, such as conditions, workflows, tools or somebody who hands out work: to try those by
/// chance would waste runs.
const EXPLORED: [&str; 6] = [
    Adaptive::NAME,
    Debate::NAME,
    Parallel::NAME,
    Refinement::NAME,
    Sequential::NAME,
    Teaching::NAME,
];

/// What was decided about a task.
struct Chosen {
    strategy: String,
    team: Team,
    agents: Vec<AgentChoice>,
    root: Step,
    reasons: Vec<String>,
    task_pattern: String,
    learned: Option<Learned>,
}

fn plan_of(
    task: &str,
    context: Context,
    reading: Reading,
    hints: &Hints,
    chosen: Chosen,
) -> ExecutionPlan {
    let Reading { analysis, cues } = reading;
    let Analysis {
        requirements,
        mut reasons,
    } = analysis;
    let Chosen {
        strategy,
        team,
        agents,
        root,
        reasons: more,
        task_pattern,
        learned,
    } = chosen;
    let (confidence, sure) = confidence(&requirements, &cues, &strategy, agents.len());
    reasons.extend(more);
    reasons.push(sure);
    let limits = Limits {
        cost: hints.budget,
        ..Limits::default()
    };
    let plan = Plan::new(task, &team, root)
        .with_context(context)
        .with_limits(limits);
    let bounds = bounds(&plan);
    ExecutionPlan {
        task: task.to_owned(),
        quality_gates: requirements.quality_gates.clone(),
        requirements,
        task_pattern,
        agents,
        strategy,
        estimated_cost: bounds.cost.expected,
        estimated_duration: bounds.latency_ms.expected / 1000,
        reasons,
        confidence,
        learned,
        bounds,
        digest: plan.digest(),
        plan,
    }
}
