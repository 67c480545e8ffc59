//! The tools, servers and programs that the settings name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_runtime::backends::{Preset, ProcessBackend, ProgramSetup, Protocol};
use orchestrate_runtime::tools::mcp::{McpServer, McpSetup, McpTransport};
use orchestrate_runtime::tools::{
    Area, FileList, FileRead, FileWrite, Git, HttpFetch, Notes, Runner, Shell, TestRun, ToolSet,
};

use orchestrate_core::memory::Memory;
use orchestrate_core::tool::{Effect, Tool};
use orchestrate_runtime::ApprovalPolicy;
use orchestrate_runtime::agent::AGENT_TOOLS;
use orchestrate_strategies::definition::{PROGRAM_TOOLS, StepTools};

use crate::error::CliError;
use crate::settings::{McpTable, ProgramTable, Services};

/// How long a command of the allow-list or a call of a server may take unless the settings say otherwise.
const CALL: Duration = Duration::from_secs(120);

/// The tools for a project, with who may call them. Nothing is started.
///
/// # Errors
/// When a server is set up wrong.
pub(super) fn tools(
    services: &Services,
    path: &Path,
    memory: Option<&Arc<dyn Memory>>,
) -> Result<ToolSet, CliError> {
    let mut set = ToolSet::default();
    let table = &services.tools;
    for tool in built_in(services, path)? {
        set.add(tool);
    }
    for notes in memory.into_iter().flat_map(Notes::all) {
        set.add(Arc::new(notes));
    }
    for (name, table) in &services.mcp {
        set.add_server(server(name, table, path)?);
    }
    for (agent, names) in &table.agents {
        for name in names {
            set.allow(agent, name);
        }
    }
    check_policy(&table.approve, &set)?;
    set.ask_before(approval_policy(services));
    Ok(set)
}

/// The tools that come with the program, as far as the settings allow what they need.
///
/// # Errors
/// When one is set up wrong.
pub(super) fn built_in(services: &Services, path: &Path) -> Result<Vec<Arc<dyn Tool>>, CliError> {
    let table = &services.tools;
    let timeout = table.timeout_seconds.map_or(CALL, Duration::from_secs);
    let mut all: Vec<Arc<dyn Tool>> = Vec::new();
    // A directory that is not there is told by whoever analyses it.
    if let Ok(area) = Area::new(path) {
        all.push(Arc::new(FileRead::new(area.clone())));
        all.push(Arc::new(FileList::new(area.clone())));
        all.push(Arc::new(FileWrite::new(area.clone())));
        for git in Git::all(area.root()) {
            all.push(Arc::new(git));
        }
        if !table.shell.is_empty() {
            all.push(Arc::new(Shell::new(area.root(), &table.shell, timeout)));
        }
    }
    if !table.tests.is_empty() {
        let runners = runners(&table.tests)?;
        all.push(Arc::new(TestRun::new(path, &runners, timeout)));
    }
    if !table.hosts.is_empty() {
        all.push(Arc::new(HttpFetch::new(&table.hosts)));
    }
    Ok(all)
}

/// What tools that a step cannot call would need.
const NEEDED: [(&str, &str); 7] = [
    (
        "shell.run",
        "name the beginnings of allowed commands as `shell` under `[tools]` in orchestrate.toml, or write `run: [program, argument]`",
    ),
    (
        "tests.run",
        "name the runners of tests as `tests` under `[tools]` in orchestrate.toml",
    ),
    (
        "http.fetch",
        "name the hosts that may be reached as `hosts` under `[tools]` in orchestrate.toml",
    ),
    (
        "notes.*",
        "only agents keep notes: let an agent do it, and allow it the tool under `[tools.agents]` in orchestrate.toml",
    ),
    (
        "mcp.*",
        "only agents call tools of servers: let an agent do it, and allow it the tool under `[tools.agents]` in orchestrate.toml",
    ),
    ("agent.*", "write `agent: NAME` instead of `tool`"),
    ("run", "write `run: [program, argument]` instead of `tool`"),
];

/// The tools that steps of a definition can call, and what others would need.
///
/// # Errors
/// When a tool is set up wrong.
pub(crate) fn step_tools(services: &Services, path: &Path) -> Result<StepTools, CliError> {
    let programs = PROGRAM_TOOLS.map(|(name, effect)| (name.to_owned(), effect));
    let built_in = built_in(services, path)?;
    let specs = built_in.iter().map(|tool| tool.spec());
    let specs = specs.map(|spec| (spec.name.clone(), spec.effect));
    let known = StepTools::new(programs.into_iter().chain(specs));
    let needed = NEEDED.iter();
    Ok(needed.fold(known, |known, (name, advice)| known.or_else(*name, *advice)))
}

/// A server of the settings. Nothing is started.
fn server(name: &str, table: &McpTable, path: &Path) -> Result<Arc<McpServer>, CliError> {
    let transport = match (&table.command[..], &table.url) {
        ([], Some(url)) => McpTransport::Http {
            url: url.clone(),
            key_variable: table.key_env.clone(),
        },
        ([_, ..], None) => McpTransport::Program {
            argv: table.command.clone(),
            variables: table.env.clone(),
            directory: path.to_owned(),
        },
        _ => {
            return Err(CliError::Service {
                section: format!("mcp.{name}"),
                problem: "give either `command` or `url`".to_owned(),
            });
        }
    };
    Ok(McpServer::new(McpSetup {
        name: name.to_owned(),
        transport,
        reads: table.read.clone(),
        timeout: table.timeout_seconds.map_or(CALL, Duration::from_secs),
    }))
}

/// The names of the tools that a server of the settings offers. It is started or connected to, and ended again.
///
/// # Errors
/// Why it is of no use, in words.
pub(crate) async fn offered(
    name: &str,
    table: &McpTable,
    path: &Path,
) -> Result<Vec<String>, String> {
    let server = server(name, table, path).map_err(|error| error.to_string())?;
    let tools = server.tools().await.map_err(|error| error.to_string())?;
    Ok(tools.iter().map(|tool| tool.spec().name.clone()).collect())
}

fn runners(names: &[String]) -> Result<Vec<Runner>, CliError> {
    let runner = |name: &String| {
        Runner::named(name).ok_or_else(|| CliError::Service {
            section: "tools".to_owned(),
            problem: format!(
                "`tests` names the unknown runner `{name}` (possible: {})",
                Runner::ALL.map(Runner::as_str).join(", ")
            ),
        })
    };
    names.iter().map(runner).collect()
}

/// Which calls of tools a person must allow.
pub(super) fn approval_policy(services: &Services) -> ApprovalPolicy {
    let entries = services.tools.approve.iter();
    entries.fold(ApprovalPolicy::default(), |policy, it| policy.and(it))
}

/// Tools that are there only where something is set up for them; a policy may name them all the same.
const OPTIONAL: [&str; 7] = [
    "run",
    "shell.run",
    "tests.run",
    "http.fetch",
    "notes.put",
    "notes.get",
    "notes.list",
];

/// Refuses a policy that asks for nothing that could be called: a slip in a name would let calls pass.
fn check_policy(entries: &[String], set: &ToolSet) -> Result<(), CliError> {
    let known: Vec<&str> = set.specs().map(|spec| spec.name.as_str()).collect();
    let elsewhere = PROGRAM_TOOLS.iter().map(|(name, _)| *name);
    let mut names: Vec<&str> = known.into_iter().chain(elsewhere).chain(OPTIONAL).collect();
    names.sort_unstable();
    names.dedup();
    for entry in entries {
        let start = entry.trim_end_matches('*');
        let stands_for_one = match entry.ends_with('*') {
            true => names.iter().any(|name| name.starts_with(start)),
            false => names.contains(&start),
        };
        // What servers offer is not known before they are started.
        let elsewhere = entry.starts_with("mcp.") || entry.starts_with(AGENT_TOOLS);
        if !stands_for_one && !elsewhere && entry.parse::<Effect>().is_err() {
            return Err(CliError::Service {
                section: "tools".to_owned(),
                problem: format!(
                    "`approve` names `{entry}`, and there is no such tool (possible: write, external, mcp.*, {})",
                    names.join(", ")
                ),
            });
        }
    }
    Ok(())
}

/// The programs that run agents, by the agent.
///
/// # Errors
/// When a program is set up wrong.
pub(super) fn programs(
    services: &Services,
) -> Result<BTreeMap<String, Arc<ProgramSetup>>, CliError> {
    let mut programs = BTreeMap::new();
    for (name, table) in &services.programs {
        let setup = Arc::new(program(name, table)?);
        for agent in &table.agents {
            programs.insert(agent.clone(), setup.clone());
        }
    }
    Ok(programs)
}

pub(super) fn process_backend(
    programs: &BTreeMap<String, Arc<ProgramSetup>>,
    path: &Path,
) -> Option<ProcessBackend> {
    if programs.is_empty() {
        return None;
    }
    let mut backend = ProcessBackend::new(path);
    for (agent, setup) in programs {
        backend.set(agent, setup.clone());
    }
    Some(backend)
}

fn program(name: &str, table: &ProgramTable) -> Result<ProgramSetup, CliError> {
    let problem = |problem: String| CliError::Service {
        section: format!("programs.{name}"),
        problem,
    };
    let preset = Preset::named(table.preset.as_deref().unwrap_or(name));
    let mut setup = match (preset, table.command.is_empty()) {
        (Some(preset), _) => preset.setup(),
        (None, false) => ProgramSetup {
            name: name.to_owned(),
            argv: Vec::new(),
            protocol: Protocol::Json,
            variables: Vec::new(),
            answer_at: None,
            timeout: Duration::from_secs(1800),
        },
        (None, true) => {
            let possible = Preset::ALL.map(Preset::as_str).join(", ");
            return Err(problem(format!(
                "give a `command`, or a `preset` (possible: {possible})"
            )));
        }
    };
    name.clone_into(&mut setup.name);
    if !table.command.is_empty() {
        setup.argv.clone_from(&table.command);
    }
    match table.protocol.as_deref() {
        None => {}
        Some("json") => setup.protocol = Protocol::Json,
        Some("text") => setup.protocol = Protocol::Text,
        Some(other) => {
            return Err(problem(format!(
                "unknown protocol `{other}` (possible: json, text)"
            )));
        }
    }
    setup.variables.extend(table.env.iter().cloned());
    if table.answer_at.is_some() {
        setup.answer_at.clone_from(&table.answer_at);
    }
    if let Some(seconds) = table.timeout_seconds {
        setup.timeout = Duration::from_secs(seconds.max(1));
    }
    Ok(setup)
}
