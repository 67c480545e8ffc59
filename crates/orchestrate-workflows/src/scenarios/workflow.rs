//! A workflow of a definition file as a skill: each portion is a call of it, with the items among its inputs.

use std::collections::BTreeMap;

use orchestrate_core::plan::{CallStep, Plan, Step, StepKind};

use super::error::ScenarioError;
use super::inputs::Portions;
use super::portions::Portion;
use super::skill::Skill;

/// A workflow as a skill.
#[derive(Debug, Clone)]
pub struct WorkflowSkill {
    name: String,
    items: Option<u64>,
    plans: BTreeMap<String, Plan>,
}

impl WorkflowSkill {
    /// A workflow of that name. `plan` gives its plan for a portion, started with the items of it; `items` is how
    /// many there are, none when there are as many as anybody wants.
    ///
    /// # Errors
    /// What `plan` says.
    pub fn new<E: From<ScenarioError>>(
        name: impl Into<String>,
        items: Option<u64>,
        portions: &[Vec<Portion>],
        mut plan: impl FnMut(&Portion) -> Result<Plan, E>,
    ) -> Result<Self, E> {
        let plans = portions.iter().flatten();
        let plans = plans.map(|portion| Ok((portion.name.to_string(), plan(portion)?)));
        Ok(Self {
            name: name.into(),
            items,
            plans: plans.collect::<Result<_, E>>()?,
        })
    }
}

impl Skill for WorkflowSkill {
    fn told(&self) -> String {
        format!("workflow {}", self.name)
    }

    fn portions(&self) -> Portions {
        Portions::Batches
    }

    fn items(&self) -> Option<u64> {
        self.items
    }

    /// The plans differ in their inputs only, and these stand in the calls.
    fn equip(&self, plan: &mut Plan) {
        for own in self.plans.values() {
            plan.agents.extend(own.agents.clone());
            plan.tools.extend(own.tools.clone());
            plan.definitions.extend(own.definitions.clone());
            plan.merge.extend(own.merge.clone());
        }
    }

    fn invoke(&self, portion: &Portion) -> Step {
        let mut call = CallStep {
            unkeyed: true,
            ..CallStep::default()
        };
        if let Some(plan) = self.plans.get(portion.name.as_str()) {
            call.inline = Some(Box::new(plan.root.clone()));
            call.values = plan.context.clone();
        }
        Step::new(StepKind::Call(call))
    }
}
