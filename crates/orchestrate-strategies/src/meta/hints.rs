//! What the context asks of the planner. Hints win over the task's words; one that cannot be
//! honoured is an error that lists what is possible, and all such errors come at once.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use orchestrate_core::limits::Cost;
use orchestrate_core::task::{
    Context, DecompositionStrategy, TaskComplexity, TaskDomain, Topology, UnknownWord,
};
use orchestrate_core::template::{AgentRegistry, AgentTemplate, Tier};
use serde_json::Value;

use super::error::{HintProblem, PlanError};
use crate::catalog::Catalog;

/// The hints of a context, all of them possible.
#[derive(Debug, Clone, Default)]
pub(super) struct Hints {
    pub(super) domains: Vec<TaskDomain>,
    pub(super) complexity: Option<TaskComplexity>,
    pub(super) capabilities: Vec<String>,
    pub(super) tools: Vec<String>,
    pub(super) tier: Option<Tier>,
    pub(super) strategy: Option<String>,
    pub(super) budget: Option<Cost>,
    pub(super) quality_gates: BTreeMap<String, f64>,
    /// What the context calls this kind of task.
    pub(super) task_pattern: Option<String>,
    /// What of this a model said and not the context.
    pub(super) advised: Vec<&'static str>,
    /// Who is to work on it, and nobody else, by the ids of templates: only a model says so.
    pub(super) agents: Vec<String>,
    /// How the task is to be taken apart, if it is.
    pub(super) decompose: Option<DecompositionStrategy>,
    /// Who is to hear of whom when it is.
    pub(super) topology: Option<Topology>,
    /// Whether an agent words what the parts come to.
    pub(super) synthesizer: bool,
}

impl Hints {
    /// Reads the hints of a context against what the registry and the catalogue offer.
    pub(super) fn read(
        context: &Context,
        registry: &AgentRegistry,
        catalog: &Catalog,
    ) -> Result<Self, PlanError> {
        let mut reader = Reader {
            context,
            problems: Vec::new(),
        };
        let has_capability = |name: &str| registry.by_capability(name).next().is_some();
        let has_tool = |name: &str| with_tool(registry, name).is_some();
        let has_strategy = |name: &str| catalog.info(name).is_ok();
        let hints = Self {
            domains: reader.words("domain"),
            complexity: reader.complexity(),
            capabilities: reader.names("capabilities", has_capability, || {
                all(registry, |template| {
                    template
                        .capabilities
                        .iter()
                        .map(|it| it.name.as_str())
                        .collect()
                })
            }),
            tools: reader.names("tools", has_tool, || {
                all(registry, |template| {
                    template.tools.iter().map(String::as_str).collect()
                })
            }),
            tier: reader.words("tier").first().copied(),
            strategy: reader.strategy(has_strategy, catalog),
            budget: reader.budget(),
            quality_gates: reader.gates(),
            task_pattern: reader.task_pattern(),
            advised: Vec::new(),
            agents: Vec::new(),
            decompose: reader.words("decompose").first().copied(),
            topology: reader.words("topology").first().copied(),
            synthesizer: reader.flag("synthesizer"),
        };
        if reader.problems.is_empty() {
            Ok(hints)
        } else {
            Err(PlanError::Hints {
                problems: reader.problems,
            })
        }
    }

    /// Who says what is hinted, for reasons.
    pub(super) fn source(&self, hint: &str) -> &'static str {
        if self.advised.contains(&hint) {
            "the model says so"
        } else {
            "the context says so"
        }
    }

    /// Whether what a model said can be honoured: who and what it names exists.
    ///
    /// # Errors
    /// [`PlanError::Hints`] with everything that does not.
    pub(super) fn check_advised(
        &self,
        registry: &AgentRegistry,
        catalog: &Catalog,
    ) -> Result<(), PlanError> {
        let mut problems = Vec::new();
        for id in self.agents.iter().filter(|id| registry.get(id).is_none()) {
            problems.push(HintProblem {
                hint: "agents",
                given: id.clone(),
                possible: all(registry, |template| vec![template.id.as_str()]),
            });
        }
        if let Some(name) = self
            .strategy
            .as_ref()
            .filter(|it| catalog.info(it).is_err())
        {
            let names: Vec<&str> = catalog.iter().map(|info| info.name.as_str()).collect();
            problems.push(HintProblem {
                hint: "strategy",
                given: name.clone(),
                possible: names.join(", "),
            });
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(PlanError::Hints { problems })
        }
    }

    /// The templates that the hinted capabilities and tools ask for, each with the reason, in that order.
    pub(super) fn wanted(&self, registry: &AgentRegistry) -> Vec<(Arc<AgentTemplate>, String)> {
        let mut wanted: Vec<(Arc<AgentTemplate>, String)> = Vec::new();
        for capability in &self.capabilities {
            let there = wanted.iter().any(|(template, _)| template.can(capability));
            if let (false, Some(template)) = (there, registry.by_capability(capability).next()) {
                wanted.push((
                    template.clone(),
                    format!("the context asks for the capability `{capability}`"),
                ));
            }
        }
        for tool in &self.tools {
            let there = wanted
                .iter()
                .any(|(template, _)| template.tools.contains(tool));
            if let (false, Some(template)) = (there, with_tool(registry, tool)) {
                wanted.push((
                    template.clone(),
                    format!("the context asks for the tool `{tool}`"),
                ));
            }
        }
        wanted
    }
}

fn with_tool<'a>(registry: &'a AgentRegistry, tool: &str) -> Option<&'a Arc<AgentTemplate>> {
    registry
        .iter()
        .find(|template| template.tools.iter().any(|name| name == tool))
}

fn all<'a>(
    registry: &'a AgentRegistry,
    names: impl Fn(&'a AgentTemplate) -> Vec<&'a str>,
) -> String {
    let names: BTreeSet<&str> = registry
        .iter()
        .flat_map(|template| names(template))
        .collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

struct Reader<'a> {
    context: &'a Context,
    problems: Vec<HintProblem>,
}

impl Reader<'_> {
    fn problem(&mut self, hint: &'static str, given: &Value, possible: impl Into<String>) {
        let given = given
            .as_str()
            .map_or_else(|| given.to_string(), str::to_owned);
        self.problems.push(HintProblem {
            hint,
            given,
            possible: possible.into(),
        });
    }

    /// One value, or a list of values. Null is no hint.
    fn values(&self, hint: &str) -> Vec<Value> {
        match self.context.get(hint) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items.clone(),
            Some(one) => vec![one.clone()],
        }
    }

    fn words<T: FromStr<Err = UnknownWord> + PartialEq>(&mut self, hint: &'static str) -> Vec<T> {
        let mut words = Vec::new();
        for value in self.values(hint) {
            // What is no text is read as the empty word, whose error lists what is possible.
            match value.as_str().unwrap_or_default().trim().parse::<T>() {
                Ok(word) if words.contains(&word) => {}
                Ok(word) => words.push(word),
                Err(unknown) => self.problem(hint, &value, unknown.possible),
            }
        }
        words
    }

    fn flag(&mut self, hint: &'static str) -> bool {
        match self.context.get(hint) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.problem(hint, other, "true or false");
                false
            }
        }
    }

    fn complexity(&mut self) -> Option<TaskComplexity> {
        let value = self
            .context
            .get("complexity")
            .filter(|value| !value.is_null())?;
        let word = value.as_str().unwrap_or_default().trim().to_lowercase();
        let complexity = match word.as_str() {
            "low" => Some(TaskComplexity::Simple),
            "medium" => Some(TaskComplexity::Moderate),
            "high" => Some(TaskComplexity::Complex),
            other => other.parse().ok(),
        };
        if complexity.is_none() {
            self.problem(
                "complexity",
                value,
                "simple or low, moderate or medium, complex or high",
            );
        }
        complexity
    }

    /// A list of names, or of objects with a `name`, or one name.
    fn names(
        &mut self,
        hint: &'static str,
        exists: impl Fn(&str) -> bool,
        possible: impl Fn() -> String,
    ) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for value in self.values(hint) {
            let name = value
                .as_str()
                .or_else(|| value.get("name")?.as_str())
                .unwrap_or_default();
            if !exists(name) {
                self.problem(hint, &value, possible());
            } else if !names.iter().any(|other| other == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    fn strategy(&mut self, exists: impl Fn(&str) -> bool, catalog: &Catalog) -> Option<String> {
        let value = self
            .context
            .get("strategy")
            .filter(|value| !value.is_null())?;
        let name = value.as_str().unwrap_or_default();
        if !exists(name) {
            let names: Vec<&str> = catalog.iter().map(|info| info.name.as_str()).collect();
            self.problem("strategy", value, names.join(", "));
            return None;
        }
        Some(name.to_owned())
    }

    fn task_pattern(&mut self) -> Option<String> {
        let value = self
            .context
            .get("task_pattern")
            .filter(|value| !value.is_null())?;
        let name = value
            .as_str()
            .map(str::trim)
            .filter(|name| !name.is_empty());
        if name.is_none() {
            self.problem("task_pattern", value, "a word for this kind of task");
        }
        name.map(str::to_owned)
    }

    fn budget(&mut self) -> Option<Cost> {
        let value = self
            .context
            .get("budget")
            .filter(|value| !value.is_null())?;
        match value
            .as_f64()
            .filter(|units| units.is_finite() && *units > 0.0)
        {
            Some(units) => Some(Cost::from(units)),
            None => {
                self.problem("budget", value, "a number of cost units above 0");
                None
            }
        }
    }

    fn gates(&mut self) -> BTreeMap<String, f64> {
        let possible = "an object of thresholds, each a number, 0 or more";
        match self.context.get("quality_gates") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(gates)) => {
                let mut thresholds = BTreeMap::new();
                for (name, value) in gates {
                    match value.as_f64().filter(|threshold| *threshold >= 0.0) {
                        Some(threshold) => drop(thresholds.insert(name.clone(), threshold)),
                        None => self.problem(
                            "quality_gates",
                            &serde_json::json!({ name: value }),
                            possible,
                        ),
                    }
                }
                thresholds
            }
            Some(other) => {
                self.problem("quality_gates", other, possible);
                BTreeMap::new()
            }
        }
    }
}
