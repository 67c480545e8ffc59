//! Who of those with a capability gets the work, and who takes over when it exceeds an agent.

use std::sync::Arc;

use super::{AgentRegistry, AgentStatus, AgentTemplate, HealthBoard, OrchestrationRole};

/// What is known when somebody is chosen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selecting<'a> {
    /// The task in lower case; agents that specialise in one of its words come first.
    pub task: &'a str,
    /// How agents fare, and the time in the clock of that board.
    pub health: Option<(&'a HealthBoard, u64)>,
}

/// Somebody for a capability, and why not others.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The best who can be given work; when nobody can, the first who has the capability at all.
    pub chosen: Option<Arc<AgentTemplate>>,
    /// The field for which it was preferred, if one was.
    pub specialization: Option<String>,
    /// Whom the choice passed over, each with the reason.
    pub passed_over: Vec<(String, String)>,
}

impl AgentRegistry {
    /// Chooses among those with a capability: who specialises in a word of the task first, then the
    /// order of the registry. Passed over is who may not be given work, is failing, busy or unreachable.
    #[must_use]
    pub fn select(&self, capability: &str, selecting: &Selecting<'_>) -> Selection {
        let mut selection = Selection::default();
        let mut able = Vec::new();
        let mut unable = Vec::new();
        for template in self.by_capability(capability) {
            match refusal(template, selecting) {
                None => able.push(template),
                Some(why) => {
                    selection.passed_over.push((template.id.clone(), why));
                    unable.push(template);
                }
            }
        }
        let special = able.iter().find_map(|template| {
            let words = &template.manifest.specializations;
            let word = words.iter().find(|word| mentions(selecting.task, word))?;
            Some((*template, word.clone()))
        });
        selection.chosen = match special {
            Some((template, word)) => {
                selection.specialization = Some(word);
                Some(template.clone())
            }
            None => able.first().or(unable.first()).map(|t| (*t).clone()),
        };
        selection
    }

    /// Who takes over from an agent when a task exceeds it, nearest first: whom its manifest names,
    /// then others with one of its capabilities at a dearer tier, then whoever orchestrates.
    /// After the last of them only a person is left.
    #[must_use]
    pub fn escalation_path(&self, from: &AgentTemplate) -> Vec<Arc<AgentTemplate>> {
        let named = from.manifest.escalates_to.iter();
        let named = named.filter_map(|id| self.get(id));
        let dearer = self.iter().filter(|other| {
            other.tier_preference > from.tier_preference
                && other.manifest.takes_work()
                && from.capabilities.iter().any(|own| other.can(&own.name))
        });
        let leads = self
            .iter()
            .filter(|other| other.manifest.role != OrchestrationRole::Worker);
        let mut path: Vec<Arc<AgentTemplate>> = Vec::new();
        for other in named.chain(dearer).chain(leads) {
            if other.id != from.id && path.iter().all(|there| there.id != other.id) {
                path.push(other.clone());
            }
        }
        path
    }
}

fn refusal(template: &AgentTemplate, selecting: &Selecting<'_>) -> Option<String> {
    if !template.manifest.can_be_delegated_to {
        return Some("work may not be given to it".to_owned());
    }
    if template.manifest.role == OrchestrationRole::Orchestrator {
        return Some("it hands work out and does none itself".to_owned());
    }
    let (board, now_us) = selecting.health?;
    match board.status(template, now_us) {
        AgentStatus::Available => None,
        AgentStatus::Busy => Some("it works on as much as it may at the same time".to_owned()),
        AgentStatus::Unreachable => Some("it no longer gives signs of life".to_owned()),
        AgentStatus::Failing => {
            let health = board.get(&template.id);
            let rate = health.and_then(super::AgentHealth::failure_rate);
            let count = health.map_or(0, |health| health.recent.len());
            let percent = rate.unwrap_or_default() * 100.0;
            Some(format!(
                "it failed {percent:.0} % of its last {count} steps"
            ))
        }
    }
}

/// Whether a lower-case text holds a word as a whole.
fn mentions(text: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    !word.is_empty()
        && text.match_indices(&word).any(|(at, found)| {
            let before = text.get(..at).and_then(|rest| rest.chars().next_back());
            let after = text
                .get(at + found.len()..)
                .and_then(|rest| rest.chars().next());
            let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !inside(before) && !inside(after)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{FailureClass, Outcome};
    use crate::template::{AgentCapability, Tier};
    use crate::testing::template;

    fn worker(id: &str, tier: Tier) -> AgentTemplate {
        let mut template = template(id, tier);
        template.capabilities = vec![AgentCapability::named("review")];
        template
    }

    fn registry(templates: impl IntoIterator<Item = AgentTemplate>) -> AgentRegistry {
        let mut registry = AgentRegistry::empty();
        for template in templates {
            registry.register(template).unwrap();
        }
        registry
    }

    fn check(registry: &AgentRegistry, selecting: &Selecting<'_>, chosen: &str, passed: &[&str]) {
        let selection = registry.select("review", selecting);
        assert_eq!(
            selection.chosen.map(|t| t.id.clone()).as_deref(),
            Some(chosen)
        );
        let told: Vec<String> = selection
            .passed_over
            .iter()
            .map(|(id, why)| format!("{id}: {why}"))
            .collect();
        assert_eq!(told, passed);
    }

    #[test]
    fn who_specialises_comes_first_and_who_may_not_is_passed_over() {
        let mut rust = worker("rust_reviewer", Tier::Capable);
        rust.manifest.specializations = vec!["Rust".into()];
        let mut closed = worker("closed", Tier::Capable);
        closed.manifest.can_be_delegated_to = false;
        let registry = registry([closed, worker("any", Tier::Capable), rust]);
        let passed = ["closed: work may not be given to it"];
        check(&registry, &Selecting::default(), "any", &passed);
        let task = |task| Selecting { task, health: None };
        check(
            &registry,
            &task("review the rust code"),
            "rust_reviewer",
            &passed,
        );
        check(&registry, &task("review a rusty fence"), "any", &passed);
    }

    #[test]
    fn who_fails_is_passed_over_as_long_as_somebody_else_is_there() {
        let registry = registry([
            worker("first", Tier::Capable),
            worker("second", Tier::Capable),
        ]);
        let mut board = HealthBoard::default();
        let failed = Outcome::failed(FailureClass::Timeout, "late");
        let fail = |board: &mut HealthBoard, id: &str| {
            for _ in 0..4 {
                board.ended(registry.require(id).unwrap(), &failed, 0);
            }
        };
        fail(&mut board, "first");
        let why = "first: it failed 100 % of its last 4 steps";
        let health = Some((&board, 0));
        check(&registry, &Selecting { task: "", health }, "second", &[why]);
        let mut board = board.clone();
        fail(&mut board, "second");
        let health = Some((&board, 0));
        let other = "second: it failed 100 % of its last 4 steps";
        check(
            &registry,
            &Selecting { task: "", health },
            "first",
            &[why, other],
        );
    }

    #[test]
    fn a_task_escalates_to_the_named_then_the_dearer_then_those_who_lead() {
        let mut junior = worker("junior", Tier::Cheap);
        junior.manifest.escalates_to = vec!["mentor".into(), "nobody".into()];
        let mut lead = template("lead", Tier::Cheap);
        lead.manifest.role = OrchestrationRole::Hybrid;
        lead.manifest.can_delegate = true;
        let registry = registry([
            lead,
            junior,
            worker("peer", Tier::Cheap),
            worker("senior", Tier::Premium),
            template("mentor", Tier::Capable),
        ]);
        let path = registry.escalation_path(registry.require("junior").unwrap());
        let ids: Vec<&str> = path.iter().map(|template| template.id.as_str()).collect();
        assert_eq!(ids, ["mentor", "senior", "lead"]);
    }
}
