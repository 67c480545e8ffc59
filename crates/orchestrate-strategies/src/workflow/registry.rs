//! Workflows by id, and the circles among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::plan::Plan;
use orchestrate_core::strategy::StrategyError;
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use serde_json::Value;

use super::recipe::{WorkflowDefinition, WorkflowReference};
use crate::catalog::Catalog;

/// A workflow that was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("workflow `{id}` is registered already")]
pub struct WorkflowExists {
    /// Its id.
    pub id: String,
}

impl Explain for WorkflowExists {
    fn code(&self) -> &'static str {
        "ORC0208"
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Definition
    }

    fn hints(&self) -> Vec<String> {
        vec!["choose another id".into()]
    }
}

/// Definitions by id.
pub(crate) type Workflows = Arc<BTreeMap<String, WorkflowDefinition>>;

impl Catalog {
    /// Adds a workflow. It may name workflows that are added later.
    ///
    /// # Errors
    /// [`WorkflowExists`] when the id is taken: nothing is replaced in silence.
    pub fn register_workflow(
        &mut self,
        definition: WorkflowDefinition,
    ) -> Result<(), WorkflowExists> {
        if self.workflows.contains_key(&definition.id) {
            return Err(WorkflowExists { id: definition.id });
        }
        Arc::make_mut(&mut self.workflows).insert(definition.id.clone(), definition);
        Ok(())
    }

    /// A workflow by its id.
    ///
    /// # Errors
    /// [`StrategyError::UnknownWorkflow`] with all ids.
    pub fn get_workflow(&self, id: &str) -> Result<&WorkflowDefinition, StrategyError> {
        self.workflows.get(id).ok_or_else(|| {
            let ids: Vec<&str> = self.workflows.keys().map(String::as_str).collect();
            StrategyError::UnknownWorkflow {
                id: id.to_owned(),
                possible: if ids.is_empty() {
                    "none is registered".to_owned()
                } else {
                    ids.join(", ")
                },
            }
        })
    }

    /// The workflows in the order of their ids.
    pub fn workflows(&self) -> impl Iterator<Item = &WorkflowDefinition> {
        self.workflows.values()
    }

    /// Groups of workflows that contain each other in a circle, each in the order of ids.
    #[must_use]
    pub fn workflow_cycles(&self) -> Vec<Vec<&str>> {
        let mut graph = DiGraph::<&str, ()>::new();
        let nodes: BTreeMap<&str, _> = self
            .workflows
            .keys()
            .map(|id| (id.as_str(), graph.add_node(id)))
            .collect();
        for definition in self.workflows.values() {
            let mut named = Vec::new();
            // Parameters are data of any strategy, so references are found by their form.
            let whole = serde_json::to_value(&definition.recipe).unwrap_or_default();
            references(&whole, &mut named);
            let from = nodes.get(definition.id.as_str());
            for target in named.iter().filter_map(|id| nodes.get(id.as_str())) {
                if let Some(from) = from {
                    graph.update_edge(*from, *target, ());
                }
            }
        }
        let mut cycles: Vec<Vec<&str>> = tarjan_scc(&graph)
            .into_iter()
            .filter(|group| match group.as_slice() {
                [one] => graph.contains_edge(*one, *one),
                _ => true,
            })
            .map(|group| {
                let ids = group.into_iter().filter_map(|node| graph.node_weight(node));
                let mut ids: Vec<&str> = ids.copied().collect();
                ids.sort_unstable();
                ids
            })
            .collect();
        cycles.sort();
        cycles
    }

    /// A plan in which a team carries out a registered workflow. The workflow and everything that it
    /// names are written out; nothing is left to find while it runs.
    ///
    /// # Errors
    /// [`StrategyError`] for an unknown id, a circle among definitions, and whatever does not fit.
    pub fn plan_workflow(
        &self,
        id: &str,
        team: &Team,
        task: &str,
        context: Context,
    ) -> Result<Plan, StrategyError> {
        self.get_workflow(id)?;
        if let Some(cycle) = self.workflow_cycles().first() {
            let mut round = cycle.clone();
            round.extend(cycle.first());
            return Err(StrategyError::Cycle {
                stack: round.join(" > "),
            });
        }
        let reference = WorkflowReference::to(id);
        let resolved = self.resolve(&reference, team, &context, super::compose::MAX_DEPTH + 1)?;
        Ok(Plan::new(task, team, resolved.root).with_context(context))
    }
}

impl Catalog {
    /// The ids of agents that a value names, as members, judges, steps or speakers, in order and once
    /// each; those of the workflows that it names included.
    pub(crate) fn agents_named(&self, value: &Value, ids: &mut Vec<String>) {
        let mut open = vec![value.clone()];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(value) = open.pop() {
            named(&value, ids);
            let mut workflows = Vec::new();
            references(&value, &mut workflows);
            for id in workflows {
                let definition = self.workflows.get(&id);
                if let (true, Some(definition)) = (seen.insert(id), definition) {
                    open.extend(serde_json::to_value(&definition.recipe));
                }
            }
        }
    }
}

/// The ids of agents anywhere in a value.
fn named(value: &Value, ids: &mut Vec<String>) {
    let mut add = |value: &Value| {
        if let Some(id) = value.as_str()
            && !ids.iter().any(|it| it == id)
        {
            ids.push(id.to_owned());
        }
    };
    match value {
        Value::Object(map) => {
            for key in ["agents", "agent", "by", "steps", "speaker", "synthesizer"] {
                match map.get(key) {
                    Some(Value::Array(items)) => items.iter().for_each(&mut add),
                    Some(one) => add(one),
                    None => {}
                }
            }
            map.values().for_each(|value| named(value, ids));
        }
        Value::Array(items) => items.iter().for_each(|value| named(value, ids)),
        _ => {}
    }
}

/// The ids that references anywhere in a value name.
fn references(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(id)) = map.get("workflow") {
                ids.push(id.clone());
            }
            map.values().for_each(|value| references(value, ids));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, ids)),
        _ => {}
    }
}
