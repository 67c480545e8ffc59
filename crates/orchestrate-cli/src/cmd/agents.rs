//! `agents`: what a team can be made of.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::team::Team;
use orchestrate_core::template::{AgentRegistry, AgentTemplate};
use orchestrate_strategies::definition::{Alone, Left, World, custom_agents, without_agent};
use serde::Serialize;
use serde_json::json;

use super::learn::{self, Memory};
use super::runs::moment;
use super::{files, store};
use crate::app::Call;
use crate::args::AgentsVerb;
use crate::definitions::{self, Disk, FOLDER};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Columns, HEAD, duration, paint, safe, wrap};
use crate::wire::{self, RunBy};

pub(crate) fn run(verb: &AgentsVerb, call: &Call) -> Result<Exit, Failure> {
    let registry = wire::registry(Path::new("."), &call.settings.services.agents)?;
    let models = wire::Models::of(&call.settings.services)?;
    match verb {
        AgentsVerb::Add { file } => add(file, &registry, call)?,
        AgentsVerb::Remove { name } => remove(name, &registry, call)?,
        AgentsVerb::List => {
            let agents: Vec<Entry<'_>> = registry.iter().map(|it| Entry::of(it, &models)).collect();
            call.printer
                .answer(|| list(&agents), &json!({"agents": agents}))?;
        }
        AgentsVerb::Show { name } => {
            let agent = registry.require(name)?;
            let width = call.printer.width();
            let mut entry = Entry::of(agent, &models);
            entry.recent = recent(&agent.id, call);
            call.printer
                .answer(|| show(&entry, &registry, width), &entry)?;
        }
    }
    Ok(Exit::Yes)
}

/// Copies a file of agents to the project's own, after it was found to be right.
fn add(file: &Path, registry: &AgentRegistry, call: &Call) -> Result<(), Failure> {
    let source = definitions::named(file)?;
    let catalog = wire::catalog();
    let world = World {
        registry,
        catalog: &catalog,
        tools: None,
        files: &Alone,
    };
    let custom = custom_agents(&source, world)?;
    let folder = Path::new(FOLDER).join("agents");
    let target = folder.join(file.file_name().unwrap_or_default());
    if target.exists() {
        let message = format!("`{}` is there already", target.display());
        let advice = "rename your file, or change that one";
        return Err(CliError::arguments(message, advice).into());
    }
    files::folder(&folder)?;
    files::write(&target, &source.text)?;
    let ids: Vec<&str> = custom.iter().map(|it| it.template.id.as_str()).collect();
    let shown = target.display().to_string();
    call.printer.answer(
        || format!("{} added in `{}`\n", ids.join(", "), safe(&shown)),
        &json!({"added": ids, "file": shown}),
    )
}

/// Takes an agent out of the file of the project that defines it; the file goes with its last agent.
fn remove(name: &str, registry: &AgentRegistry, call: &Call) -> Result<(), Failure> {
    registry.require(name)?;
    for path in Disk::of(Path::new(".")).files("agents") {
        let source = definitions::named(&path)?;
        let file_removed = match without_agent(&source, name)? {
            Left::All => continue,
            Left::Text(text) => {
                files::write(&path, &text)?;
                false
            }
            Left::Nothing => {
                files::remove(&path)?;
                true
            }
        };
        let and = if file_removed {
            ", which held no other"
        } else {
            ""
        };
        return call.printer.answer(
            || format!("{name} removed from `{}`{and}\n", safe(&source.file)),
            &json!({"removed": name, "file": source.file, "file_removed": file_removed}),
        );
    }
    let message = format!("`{name}` comes with the program and cannot be removed");
    let advice = "a file in `.orchestrate/agents` can replace it: `replaces: true`";
    Err(CliError::arguments(message, advice).into())
}

/// A template and what runs it here.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    template: &'a AgentTemplate,
    /// What runs it here; null when nothing can.
    run_by: Option<RunBy>,
    /// How it fared in recorded runs; null where nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    recent: Option<Recent>,
}

/// How an agent fared in its latest steps.
#[derive(Debug, Serialize)]
struct Recent {
    steps: usize,
    succeeded: usize,
    /// When it was last at work, in milliseconds since 1970.
    last_ms: u64,
}

/// How an agent fared. A store that fails is told, and the agent is shown without it.
fn recent(agent: &str, call: &Call) -> Option<Recent> {
    let found = store::named(None, Path::new("."), &call.settings).and_then(|store| {
        let Some(memory) = Memory::open_existing(&store)? else {
            return Ok(Vec::new());
        };
        Ok(memory.wait(memory.store.agent_outcomes(agent))?)
    });
    match found {
        Ok(outcomes) => Some(Recent {
            steps: outcomes.len(),
            succeeded: outcomes.iter().filter(|it| it.success).count(),
            last_ms: outcomes.last()?.at,
        }),
        Err(failure) => {
            learn::told(call, "how it fared is not known", &failure);
            None
        }
    }
}

impl<'a> Entry<'a> {
    fn of(template: &'a Arc<AgentTemplate>, models: &wire::Models) -> Self {
        let agent = Team::new([template.clone()]).members().first().cloned();
        Self {
            template,
            run_by: agent.and_then(|agent| models.run_by(&agent)),
            recent: None,
        }
    }

    /// How it fared, in words.
    fn fared(&self) -> String {
        match &self.recent {
            Some(Recent {
                steps,
                succeeded,
                last_ms,
            }) => format!(
                "succeeded in {succeeded} of its last {steps} steps, the newest at {}",
                moment(*last_ms)
            ),
            None => "nothing is recorded".to_owned(),
        }
    }

    /// What runs it, in words.
    fn runner(&self) -> String {
        let run_by = self.run_by.as_ref();
        run_by.map_or_else(|| "nothing yet".to_owned(), ToString::to_string)
    }
}

fn list(agents: &[Entry<'_>]) -> String {
    let mut columns = Columns::new(["AGENT", "TIER", "RUN BY", "ROLE"]);
    for agent in agents {
        columns.row([
            agent.template.id.clone(),
            agent.template.tier_preference.to_string(),
            agent.runner(),
            agent.template.role.clone(),
        ]);
    }
    columns.render()
}

fn show(entry: &Entry<'_>, registry: &AgentRegistry, width: usize) -> String {
    let agent = entry.template;
    let path = registry.escalation_path(agent);
    let escalation: Vec<String> = path.iter().map(|other| other.id.clone()).collect();
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
        ("run by", entry.runner()),
        ("of late", entry.fared()),
        ("capabilities", names(&capabilities)),
        ("tools", names(&agent.tools)),
        ("gates", names(&gates)),
        (
            "tokens",
            format!("{} to {}", needs.min_tokens, needs.max_tokens),
        ),
        ("timeout", duration(needs.timeout_seconds as f64)),
        ("memory", format!("{} MB", needs.memory_mb)),
        ("delegation", delegation(agent)),
        ("escalates to", names(&escalation)),
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

/// What it may hand out and take, and how much of it at the same time.
fn delegation(agent: &AgentTemplate) -> String {
    let manifest = &agent.manifest;
    let gives = if manifest.can_delegate {
        "gives"
    } else {
        "gives no"
    };
    let takes = if manifest.takes_work() {
        "takes"
    } else {
        "takes no"
    };
    let most = match manifest.max_parallel_tasks {
        Some(most) => format!(", at most {most} at the same time"),
        None => String::new(),
    };
    format!("{}: {gives} work, {takes} work{most}", manifest.role)
}
