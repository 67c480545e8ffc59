//! `agents`: what a team can be made of.

use orchestrate_core::template::AgentTemplate;
use serde_json::json;

use crate::app::Call;
use crate::args::AgentsVerb;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, HEAD, duration, paint, wrap};
use crate::wire;

pub(crate) fn run(verb: &AgentsVerb, call: &Call) -> Result<Exit, Failure> {
    let registry = wire::registry();
    match verb {
        AgentsVerb::List => {
            let agents: Vec<&AgentTemplate> = registry.iter().map(AsRef::as_ref).collect();
            call.printer
                .answer(|| list(&agents), &json!({"agents": agents}))?;
        }
        AgentsVerb::Show { name } => {
            let agent = registry.require(name)?;
            let width = call.printer.width();
            call.printer.answer(|| show(agent, width), agent)?;
        }
    }
    Ok(Exit::Yes)
}

fn list(agents: &[&AgentTemplate]) -> String {
    let mut columns = Columns::new(["AGENT", "TIER", "ROLE"]);
    for agent in agents {
        columns.row([
            agent.id.clone(),
            agent.tier_preference.to_string(),
            agent.role.clone(),
        ]);
    }
    columns.render()
}

fn show(agent: &AgentTemplate, width: usize) -> String {
    let names = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    let capabilities: Vec<String> = agent
        .capabilities
        .iter()
        .map(|it| it.name.clone())
        .collect();
    let needs = &agent.resource_requirements;
    let gates: Vec<String> = agent
        .quality_gates
        .iter()
        .map(|(name, threshold)| format!("{name} {threshold}"))
        .collect();
    let mut columns = Columns::default();
    for (name, value) in [
        ("tier", agent.tier_preference.to_string()),
        ("capabilities", names(&capabilities)),
        ("tools", names(&agent.tools)),
        ("gates", names(&gates)),
        (
            "tokens",
            format!("{} to {}", needs.min_tokens, needs.max_tokens),
        ),
        ("timeout", duration(needs.timeout_seconds as f64)),
        ("memory", format!("{} MB", needs.memory_mb)),
    ] {
        columns.row([format!("  {name}"), value]);
    }
    let head = paint(HEAD, &agent.role);
    let instructions = wrap(&agent.default_instructions, width - 2).join("\n  ");
    format!(
        "{head} ({})\n{}\n  {instructions}\n",
        agent.id,
        columns.render()
    )
}
