//! An agent as a skill: each portion is one piece of its work, with the items in what it is told.

use std::sync::Arc;

use orchestrate_core::limits::Limits;
use orchestrate_core::plan::{Plan, Step, StepKind};
use orchestrate_core::team::{Agent, Team};
use orchestrate_core::template::AgentTemplate;

use super::error::ScenarioError;
use super::inputs::Portions;
use super::material::Material;
use super::portions::Portion;
use super::skill::Skill;

/// An agent as a skill.
#[derive(Debug, Clone)]
pub struct AgentSkill {
    agent: Arc<Agent>,
    material: Material,
}

impl AgentSkill {
    /// An agent made from a template, which works on items that were read.
    ///
    /// # Errors
    /// [`ScenarioError::NoItems`] when items are only made: an agent has no use for numbers.
    pub fn new(template: Arc<AgentTemplate>, material: Material) -> Result<Self, ScenarioError> {
        let nothing = || ScenarioError::NoItems {
            agent: template.id.clone(),
        };
        if material.len().is_none() {
            return Err(nothing());
        }
        let team = Team::new([template.clone()]);
        let agent = team.members().first().cloned().ok_or_else(nothing)?;
        let agent = Agent {
            limits: Limits::default(),
            ..agent
        };
        Ok(Self {
            agent: Arc::new(agent),
            material,
        })
    }
}

impl Skill for AgentSkill {
    fn told(&self) -> String {
        format!("agent {}", self.agent.id)
    }

    fn portions(&self) -> Portions {
        Portions::Batches
    }

    fn items(&self) -> Option<u64> {
        self.material.len()
    }

    fn equip(&self, plan: &mut Plan) {
        plan.context
            .insert("items".to_owned(), self.material.pinned());
        plan.agents
            .insert(self.agent.id.clone(), self.agent.clone());
    }

    fn invoke(&self, portion: &Portion) -> Step {
        let mut step = Step::agent(self.agent.id.clone());
        if let StepKind::Agent(work) = &mut step.kind {
            let items = self.material.slice(portion.offset, portion.items);
            work.instruction = Some(format!(
                "Do your work on each of these {} items:\n\n{items}",
                portion.items
            ));
        }
        step
    }
}
