//! Agents as tools of other agents: those that a permission names, each with the backend that would run it.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::team::Team;
use orchestrate_core::tool::Effect;
use orchestrate_runtime::agent::{AGENT_TOOLS, AgentTool, ModelBackend};
use orchestrate_runtime::tools::ToolSet;

use super::place::registry;
use super::runners::{Kind, Runners};
use crate::error::{CliError, Failure};
use crate::settings::Services;

/// Adds the agents that permissions name to the tools. `models` runs those that nothing else does; it has
/// the tools so far, so that no agent that is called calls another.
///
/// # Errors
/// When there is no such agent, or nothing here can run it.
pub(super) fn add(
    set: &mut ToolSet,
    services: &Services,
    path: &Path,
    models: &ModelBackend,
    others: &Runners,
) -> Result<(), Failure> {
    let names = services.tools.agents.values().flatten();
    let mut ids: Vec<&str> = names
        .filter_map(|it| it.strip_prefix(AGENT_TOOLS))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let registry = registry(path, &services.agents)?;
    let all = others.in_order(Some(models));
    let outside = set.clone();
    for id in ids {
        let problem = |problem: String| CliError::Service {
            section: "tools.agents".to_owned(),
            problem: format!("`{AGENT_TOOLS}{id}`: {problem}"),
        };
        let template = registry.get(id).ok_or_else(|| {
            let known: Vec<&str> = registry.iter().map(|it| it.id.as_str()).collect();
            problem(format!(
                "there is no such agent (possible: {})",
                known.join(", ")
            ))
        })?;
        let team = Team::new([template.clone()]);
        let Some(agent) = team.members().first() else {
            continue;
        };
        let found = all.iter().find(|(backend, _)| backend.supports(agent));
        let (backend, kind) = found.ok_or_else(|| {
            problem(
                "nothing here can run it: no model, no program, no agent elsewhere, no analysis"
                    .to_owned(),
            )
        })?;
        let effect = match kind {
            Kind::Program | Kind::Remote => Effect::External,
            Kind::Model => outside.most(agent),
            Kind::Analysis => Effect::Read,
        };
        let tool = AgentTool::new(agent.clone(), backend.clone(), effect);
        set.add(Arc::new(tool));
    }
    Ok(())
}

/// Whether a permission names agents by a pattern, which would stand for agents that nobody thought of.
pub(super) fn check_names(services: &Services) -> Result<(), CliError> {
    let named = services.tools.agents.values().flatten();
    for name in named {
        if name.starts_with(AGENT_TOOLS) && name.ends_with('*') {
            return Err(CliError::Service {
                section: "tools.agents".to_owned(),
                problem: format!("`{name}`: name each agent that may be called"),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_named_one_by_one() {
        let services = |tools: &str| {
            let mut services = Services::default();
            services
                .tools
                .agents
                .insert("coder".into(), vec![tools.into()]);
            services
        };
        assert!(check_names(&services("agent.researcher")).is_ok());
        assert!(check_names(&services("agent.*")).is_err());
    }
}
