//! Steps that start, listen to others, and route, joined by and and or.

use orchestrate_core::condition::{Comparison, Condition};
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::plan::{GraphNode, Need, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::common;

/// What a step of a flow listens to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Listen {
    /// A step by its name, or one route of a router, written `router:route`.
    One(String),
    /// The first that succeeds; slower ones go on and what listens to them runs.
    Any {
        /// The alternatives, each a step by its name.
        any: Vec<String>,
    },
    /// All of them.
    All {
        /// Steps or routes.
        all: Vec<String>,
    },
}

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowStep {
    /// Its name.
    pub name: StepName,
    /// Who does it.
    pub agent: AgentId,
    /// What it listens to; without it it starts the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Listen>,
    /// The routes among which it chooses; whoever listens to another route is not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
}

/// A flow of events: who starts, who listens to whom, who routes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventFlow {
    /// The steps. Without any the first member starts, the others listen to it, and the last listens to all others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<FlowStep>,
}

impl EventFlow {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "event_flow";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a step of the wrong form.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        common::read(Self::NAME, params)
    }

    /// These steps.
    #[must_use]
    pub fn of(steps: impl IntoIterator<Item = FlowStep>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
        }
    }

    /// The steps, or the flow that a team makes without any.
    fn steps(&self, team: &Team) -> Vec<FlowStep> {
        if !self.steps.is_empty() {
            return self.steps.clone();
        }
        let names = common::step_names(team.members());
        let last = names.len().saturating_sub(1);
        let first = names.first().cloned().unwrap_or_default();
        let middle: Vec<String> = names.iter().take(last).skip(1).cloned().collect();
        team.members()
            .iter()
            .zip(&names)
            .enumerate()
            .filter_map(|(position, (agent, name))| {
                let on = match position {
                    0 => None,
                    _ if position == last && !middle.is_empty() => Some(Listen::All {
                        all: middle.clone(),
                    }),
                    _ => Some(Listen::One(first.clone())),
                };
                Some(FlowStep {
                    name: StepName::new(name).ok()?,
                    agent: agent.id.clone(),
                    on,
                    routes: Vec::new(),
                })
            })
            .collect()
    }
}

/// What a step needs, and under which condition on routes it is taken.
struct Trigger {
    needs: Vec<Need>,
    when: Option<Condition>,
    heard: Vec<String>,
}

impl Trigger {
    fn of(step: &FlowStep, steps: &[FlowStep]) -> Result<Self, StrategyError> {
        let mut this = Self {
            needs: Vec::new(),
            when: None,
            heard: Vec::new(),
        };
        match &step.on {
            None => {}
            Some(Listen::One(name)) => this.all(step, std::slice::from_ref(name), steps)?,
            Some(Listen::All { all }) => this.all(step, all, steps)?,
            Some(Listen::Any { any }) => {
                let mut alternatives = Vec::with_capacity(any.len());
                for name in any {
                    let (source, route) = this.find(step, name, steps)?;
                    if route.is_some() {
                        let problem = format!(
                            "of `{}` has the route `{name}` in an `any`: listen to the step behind the route instead",
                            step.name
                        );
                        return Err(common::parameter(EventFlow::NAME, "steps", problem));
                    }
                    alternatives.push(Need::Step(source));
                }
                this.needs.push(Need::Any { any: alternatives });
            }
        }
        Ok(this)
    }

    fn all(
        &mut self,
        step: &FlowStep,
        names: &[String],
        steps: &[FlowStep],
    ) -> Result<(), StrategyError> {
        let mut routes = Vec::new();
        for name in names {
            let (source, route) = self.find(step, name, steps)?;
            if let Some(route) = route {
                let field = format!("steps.{source}.output.route");
                routes.push(Condition::compare(field, Comparison::Eq, route));
            }
            self.needs.push(Need::Step(source));
        }
        self.when = (!routes.is_empty()).then_some(Condition::All { of: routes });
        Ok(())
    }

    /// The step that a name means, and its route, if it is one.
    fn find(
        &mut self,
        step: &FlowStep,
        name: &str,
        steps: &[FlowStep],
    ) -> Result<(StepName, Option<String>), StrategyError> {
        let (source, route) = match name.split_once(':') {
            Some((source, route)) => (source, Some(route)),
            None => (name, None),
        };
        let wrong = |what: String| {
            let problem = format!("of `{}` listens to {what}", step.name);
            Err(common::parameter(EventFlow::NAME, "steps", problem))
        };
        let Some(found) = steps.iter().find(|it| it.name == *source) else {
            let names: Vec<&str> = steps.iter().map(|it| it.name.as_str()).collect();
            return wrong(format!(
                "`{source}`, which is not there (possible: {})",
                names.join(", ")
            ));
        };
        if let Some(route) = route
            && !found.routes.iter().any(|it| it == route)
        {
            return wrong(format!(
                "the route `{route}` of `{source}`, which has none of that name (possible: {})",
                found.routes.join(", ")
            ));
        }
        self.heard.push(source.to_owned());
        Ok((found.name.clone(), route.map(str::to_owned)))
    }
}

impl ExecutionStrategy for EventFlow {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "steps start, listen and route, joined by and and or",
            "the order is a graph, and some of its ways depend on a decision",
            "whoever the steps name; without steps, who starts, who listens, and who joins",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let steps = self.steps(team);
        let ids = common::ids(team.members());
        let mut nodes = Vec::with_capacity(steps.len());
        for step in &steps {
            if !ids.contains(&step.agent.as_str()) {
                let problem = format!(
                    "of `{}` names `{}`, who is not in the team (possible: {})",
                    step.name,
                    step.agent,
                    ids.join(", ")
                );
                return Err(common::parameter(Self::NAME, "steps", problem));
            }
            let trigger = Trigger::of(step, &steps)?;
            let heard: BTreeMap<String, String> = trigger
                .heard
                .iter()
                .map(|name| (format!("{name}_output"), format!("steps.{name}.output")))
                .collect();
            let instruction = (!step.routes.is_empty()).then(|| {
                format!(
                    "Decide how it goes on: give `route`, exactly one of: {}.",
                    step.routes.join(", ")
                )
            });
            let mut work = common::work(&step.agent, instruction.as_deref(), heard);
            if !step.routes.is_empty() {
                let answer = json!({
                    "type": "object",
                    "properties": {"route": {"enum": step.routes}},
                    "required": ["route"],
                });
                work = common::asking(work, answer);
            }
            nodes.push(GraphNode {
                needs: trigger.needs,
                when: trigger.when,
                step: work.named(step.name.clone()),
            });
        }
        Ok(Step::new(StepKind::Graph {
            nodes,
            on_error: OnError::SkipDependents,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let last = common::output(common::last_success(group.parts));
        let mut output = common::summary(group.parts, last);
        let steps: Context = group
            .parts
            .iter()
            .map(|part| {
                let told = json!({"outcome": part.outcome.word(), "output": *part.output});
                (part.name.clone(), told)
            })
            .collect();
        let routes: Context = group
            .parts
            .iter()
            .filter_map(|part| Some((part.name.clone(), part.output.get("route")?.clone())))
            .collect();
        output.insert("steps".to_owned(), Value::Object(steps));
        output.insert("routes".to_owned(), Value::Object(routes));
        Aggregate {
            outcome: group.outcome.clone(),
            output: Value::Object(output),
            confidence: common::mean_confidence(group.parts),
        }
    }
}
