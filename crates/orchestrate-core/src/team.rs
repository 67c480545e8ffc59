//! A team: named agents in a fixed order, each made from a template.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::AgentId;
use crate::limits::{Cost, Limits, Usage};
use crate::template::{AgentRegistry, AgentTemplate, RegistryError, Tier};

/// One member of a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Agent {
    /// Its id in this team; the template's id, with `_2`, `_3` … behind it for further members of one template.
    pub id: AgentId,
    /// The tier it works at, which may differ from the one its template prefers.
    pub tier: Tier,
    /// What it is.
    pub template: Arc<AgentTemplate>,
    /// Limits of all that it does in one run: calls, tokens, cost and attempts at the same time.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
}

impl Agent {
    /// What an attempt may use at most, as far as its template and tier tell.
    #[must_use]
    pub fn reservation(&self) -> Usage {
        Usage {
            calls: 1,
            tokens: self.template.resource_requirements.max_tokens,
            cost: Cost::of_tier(self.tier),
            ..Usage::default()
        }
    }
}

/// Named agents in a fixed order. The order has meaning for strategies (junior before expert).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Team {
    members: Vec<Agent>,
}

impl Team {
    /// A team of one agent per template, ids made unique by position.
    #[must_use]
    pub fn new(templates: impl IntoIterator<Item = Arc<AgentTemplate>>) -> Self {
        let mut team = Self::default();
        for template in templates {
            let tier = template.tier_preference;
            team.add(template, tier);
        }
        team
    }

    /// Adds a member that works at `tier`. A template whose id is no valid name is left out; `validate` has refused it before.
    pub fn add(&mut self, template: Arc<AgentTemplate>, tier: Tier) {
        let same = self
            .members
            .iter()
            .filter(|agent| agent.template.id == template.id)
            .count();
        let id = if same == 0 {
            template.id.clone()
        } else {
            format!("{}_{}", template.id, same + 1)
        };
        if let Ok(id) = AgentId::new(id) {
            self.members.push(Agent {
                id,
                tier,
                template,
                limits: Limits::default(),
            });
        }
    }

    /// The members in order.
    #[must_use]
    pub fn members(&self) -> &[Agent] {
        &self.members
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl FromIterator<Agent> for Team {
    /// Members who have their ids already, for example some of another team.
    fn from_iter<I: IntoIterator<Item = Agent>>(members: I) -> Self {
        Self {
            members: members.into_iter().collect(),
        }
    }
}

impl AgentRegistry {
    /// A team by template ids; an id may stand more than once.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] for the first id that no template has.
    pub fn team<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<Team, RegistryError> {
        let templates: Result<Vec<_>, _> = ids
            .into_iter()
            .map(|id| self.require(id).cloned())
            .collect();
        Ok(Team::new(templates?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_template_have_different_ids() {
        let team = AgentRegistry::builtin()
            .team([
                "documentation_writer",
                "code_reviewer",
                "documentation_writer",
            ])
            .unwrap();
        let ids: Vec<_> = team
            .members()
            .iter()
            .map(|agent| agent.id.as_str())
            .collect();
        assert_eq!(
            ids,
            [
                "documentation_writer",
                "code_reviewer",
                "documentation_writer_2"
            ]
        );
    }
}
