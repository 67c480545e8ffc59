//! The decomposer itself: parts of a task, what each depends on, how much there is to it, and who does it.

use std::sync::Arc;

use orchestrate_core::id::StepName;
use orchestrate_core::task::{Context, DecompositionStrategy, Topology};
use orchestrate_core::template::{AgentRegistry, AgentTemplate, Selecting, Tier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::split::{Clause, split};
use super::weigh::weigh;
use crate::meta::analyze;
use crate::meta::error::PlanError;
use crate::meta::hints::Hints;
use crate::meta::team::Candidates;

/// One part of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubTask {
    /// Its name among the parts.
    pub id: StepName,
    /// What is to be done.
    pub task: String,
    /// The template of the agent that is suggested for it.
    pub agent: String,
    /// How much there is to it, from 1 to 5.
    pub complexity: f64,
    /// The parts that must have ended before it can start.
    pub depends_on: Vec<StepName>,
    /// Why this agent, this figure and these dependencies.
    pub why: String,
}

/// A task taken apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decomposition {
    /// How it was taken apart.
    pub strategy: DecompositionStrategy,
    /// Who hears of whom.
    pub topology: Topology,
    /// How much there is to the whole, from 1 to 5.
    pub complexity: f64,
    /// The parts in an order in which they could be done.
    pub sub_tasks: Vec<SubTask>,
    /// Why it was taken apart like this.
    pub reasons: Vec<String>,
}

/// From this figure on agents that work on parts should hear of each other.
const MESH_ABOVE: f64 = 3.5;
/// From this figure on that may be worth it; it is for the user to say.
const MESH_FROM: f64 = 3.0;

/// Takes tasks apart. Pure: the same task, context and registry give the same parts.
#[derive(Debug, Clone, Copy)]
pub struct TaskDecomposer<'a> {
    registry: &'a AgentRegistry,
}

impl<'a> TaskDecomposer<'a> {
    /// A decomposer that suggests agents from a registry.
    #[must_use]
    pub fn new(registry: &'a AgentRegistry) -> Self {
        Self { registry }
    }

    /// Takes a task apart. A task that has no parts stays whole.
    ///
    /// The context's hint `topology` decides who hears of whom; the planner's hints are honoured for each part.
    ///
    /// # Errors
    /// [`PlanError::EmptyTask`], [`PlanError::Hints`], or [`PlanError::NoAgents`] for an empty registry.
    pub fn decompose(
        &self,
        task: &str,
        context: &Context,
        strategy: DecompositionStrategy,
    ) -> Result<Decomposition, PlanError> {
        if task.trim().is_empty() {
            return Err(PlanError::EmptyTask);
        }
        let hints = Hints::read(context, self.registry, crate::catalog::all())?;
        let clauses = split(task);
        let whole = weigh(
            &analyze::read(task, &hints).analysis.requirements,
            clauses.len(),
        );
        let mut building = Building {
            registry: self.registry,
            hints: &hints,
            strategy,
            sub_tasks: Vec::new(),
            earlier: Vec::new(),
            current: Vec::new(),
        };
        if let [only] = clauses.as_slice() {
            building.by_domain(only)?;
        } else {
            for clause in &clauses {
                building.clause(clause)?;
            }
        }
        let sub_tasks = building.sub_tasks;
        let (topology, about) = topology(hints.topology, whole.score, sub_tasks.len());
        let reasons = vec![
            format!(
                "{} parts, {strategy}: {}",
                sub_tasks.len(),
                if clauses.len() > 1 {
                    "as the task is written"
                } else {
                    "by its domains"
                }
            ),
            format!(
                "complexity {:.1} of 5: {}",
                whole.score,
                whole.reasons.join(", ")
            ),
            about,
        ];
        Ok(Decomposition {
            strategy,
            topology,
            complexity: whole.score,
            sub_tasks,
            reasons,
        })
    }

    /// The agent that is suggested for a task, with the reason.
    ///
    /// # Errors
    /// As [`TaskDecomposer::decompose`].
    pub fn suggest_agent(
        &self,
        task: &str,
        context: &Context,
    ) -> Result<(Arc<AgentTemplate>, String), PlanError> {
        if task.trim().is_empty() {
            return Err(PlanError::EmptyTask);
        }
        let hints = Hints::read(context, self.registry, crate::catalog::all())?;
        let lower = task.to_lowercase();
        let selecting = Selecting {
            task: &lower,
            health: None,
        };
        let reading = analyze::read(task, &hints);
        let score = weigh(&reading.analysis.requirements, 1).score;
        let candidates = Candidates::find(self.registry, selecting, &reading, &hints)?;
        let (lead, why) = candidates.named().next().ok_or(PlanError::NoAgents)?;
        Ok(escalated(self.registry, lead, why, score))
    }
}

fn topology(hint: Option<Topology>, score: f64, parts: usize) -> (Topology, String) {
    match hint {
        Some(topology) => (
            topology,
            format!("topology {topology}: the context says so"),
        ),
        None if parts < 2 => (
            Topology::Star,
            "topology star: there is one part".to_owned(),
        ),
        None if score > MESH_ABOVE => (
            Topology::Mesh,
            format!("topology mesh: the complexity is above {MESH_ABOVE}"),
        ),
        None if score >= MESH_FROM => (
            Topology::Star,
            format!(
                "topology star: from {MESH_FROM} to {MESH_ABOVE} it is for you to say; the hint `topology=mesh` lets the agents hear of each other, which costs more"
            ),
        ),
        None => (
            Topology::Star,
            format!("topology star: the complexity is below {MESH_FROM}"),
        ),
    }
}

/// The most that agents of a tier are given.
fn reach(tier: Tier) -> f64 {
    match tier {
        Tier::Cheap => 2.0,
        Tier::Capable => 3.5,
        Tier::Premium => 5.0,
    }
}

/// The agent, or whoever on its escalation path is up to a task that exceeds it.
fn escalated(
    registry: &AgentRegistry,
    agent: &Arc<AgentTemplate>,
    why: &str,
    score: f64,
) -> (Arc<AgentTemplate>, String) {
    let tier = agent.tier_preference;
    if score <= reach(tier) {
        return (agent.clone(), why.to_owned());
    }
    let exceeds = format!(
        "complexity {score:.1} exceeds {} ({tier}, up to {:.1})",
        agent.id,
        reach(tier)
    );
    let mut path = registry.escalation_path(agent).into_iter();
    match path.find(|other| reach(other.tier_preference) >= score) {
        Some(other) => {
            let why = format!("{why}; {exceeds}: escalated to {}", other.id);
            (other, why)
        }
        None => (
            agent.clone(),
            format!("{why}; {exceeds}, and only a person could take over"),
        ),
    }
}

struct Building<'a> {
    registry: &'a AgentRegistry,
    hints: &'a Hints,
    strategy: DecompositionStrategy,
    sub_tasks: Vec<SubTask>,
    /// What the parts of the current stage come after.
    earlier: Vec<StepName>,
    /// The parts of the current stage.
    current: Vec<StepName>,
}

impl Building<'_> {
    /// A task that is one clause: one part for each of its domains, or the whole.
    fn by_domain(&mut self, clause: &Clause<'_>) -> Result<(), PlanError> {
        let domains = analyze::read(clause.text, self.hints)
            .analysis
            .requirements
            .domains;
        if domains.len() < 2 {
            return self.clause(clause);
        }
        for domain in domains {
            let text = format!("{} (the part of it that is about {domain})", clause.text);
            let hints = Hints {
                domains: vec![domain],
                ..self.hints.clone()
            };
            self.part(&text, clause.text, false, &hints)?;
        }
        Ok(())
    }

    fn clause(&mut self, clause: &Clause<'_>) -> Result<(), PlanError> {
        let hints = self.hints;
        self.part(clause.text, clause.text, clause.after, hints)
    }

    fn part(
        &mut self,
        task: &str,
        words: &str,
        after: bool,
        hints: &Hints,
    ) -> Result<(), PlanError> {
        let reading = analyze::read(words, hints);
        let score = weigh(&reading.analysis.requirements, 1).score;
        let lower = words.to_lowercase();
        let selecting = Selecting {
            task: &lower,
            health: None,
        };
        let candidates = Candidates::find(self.registry, selecting, &reading, hints)?;
        if after || self.strategy == DecompositionStrategy::Sequential {
            let ended = std::mem::take(&mut self.current);
            if !ended.is_empty() {
                self.earlier = ended;
            }
        }
        let mut members = candidates.named();
        let (lead, why) = members.next().ok_or(PlanError::NoAgents)?;
        let (agent, why) = escalated(self.registry, lead, why, score);
        let number = self.sub_tasks.len() + 1;
        let lead = self.add(
            &agent,
            task.to_owned(),
            score,
            self.earlier.clone(),
            why,
            number,
        )?;
        let mut last = vec![lead.clone()];
        if self.strategy == DecompositionStrategy::Hierarchical {
            for (member, why) in members {
                let task = format!("{task}: build on what `{lead}` found, as {}", member.role);
                let number = self.sub_tasks.len() + 1;
                let needs = vec![lead.clone()];
                last.push(self.add(member, task, score, needs, why.to_owned(), number)?);
            }
        }
        self.current.extend(last);
        Ok(())
    }

    fn add(
        &mut self,
        agent: &Arc<AgentTemplate>,
        task: String,
        complexity: f64,
        depends_on: Vec<StepName>,
        why: String,
        number: usize,
    ) -> Result<StepName, PlanError> {
        // The ids of templates are names, and dots mean something in references.
        let id = format!("{number}_{}", agent.id.replace('.', "_"));
        let id = StepName::new(id).map_err(|_| PlanError::NoAgents)?;
        self.sub_tasks.push(SubTask {
            id: id.clone(),
            task,
            agent: agent.id.clone(),
            complexity,
            depends_on,
            why,
        });
        Ok(id)
    }
}
