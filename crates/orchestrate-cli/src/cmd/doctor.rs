//! `doctor`: what is installed, found and configured. Offline; changes nothing; shows no secret.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchestrate_core::error::similar;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::app::Call;
use crate::args::{self, DoctorArgs};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{BAD, DIM, GOOD, HEAD, WARN, paint, safe};
use crate::settings::{McpTable, Names, RemoteTable, Services, Settings};
use crate::wire;

/// Programs that are of use when they are there, and what for.
const TOOLS: &[(&str, &str)] = &[
    ("git", "history and ignored files of a repository"),
    ("cargo", "building and testing Rust"),
    ("cargo-llvm-cov", "coverage of Rust"),
    ("python3", "testing Python"),
    ("coverage", "coverage of Python"),
    ("pytest", "testing Python"),
    ("node", "testing JavaScript and TypeScript"),
    ("npx", "coverage of JavaScript and TypeScript (c8, nyc)"),
    ("go", "testing Go, with coverage"),
];

/// How long a server may take to say what it offers.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    /// Whether everything that `orchestrate` needs is in order; tools are never needed.
    healthy: bool,
    settings: Configuration,
    tools: Vec<Tool>,
    models: Vec<ModelLine>,
    providers: Vec<ProviderLine>,
    services: Vec<ServiceLine>,
    store: &'static str,
}

#[derive(Debug, Serialize)]
struct Configuration {
    /// The files that were read, the strongest first.
    files: Vec<PathBuf>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Tool {
    name: &'static str,
    path: Option<PathBuf>,
    used_for: &'static str,
}

/// Which model a tier or an agent uses.
#[derive(Debug, Serialize)]
struct ModelLine {
    used_by: String,
    models: Vec<String>,
}

/// A provider that a model names, or that has a key.
#[derive(Debug, Serialize)]
struct ProviderLine {
    name: String,
    kind: &'static str,
    address: Option<String>,
    /// The variable that holds the key; null when none is needed.
    key_variable: Option<String>,
    key_is_set: bool,
    /// Whether something answers there; null when that was not tried.
    reachable: Option<bool>,
    /// Why nothing does.
    problem: Option<String>,
}

/// A server, a program or a collector that the settings name.
#[derive(Debug, Serialize)]
struct ServiceLine {
    /// The section of the settings.
    section: String,
    /// What is started, or where it is.
    at: String,
    /// Whether that can be used; nothing is started or called to find out, unless `--check` says so.
    usable: bool,
    /// What is in the way.
    problem: Option<String>,
    /// The tools that a server offers; null when it was not asked.
    tools: Option<Vec<String>>,
    /// How an agent elsewhere introduces itself; null when it was not asked.
    card: Option<String>,
}

pub(crate) fn run(args: &DoctorArgs, call: &Call) -> Result<Exit, Failure> {
    let settings = Settings::load(".".as_ref())
        .and_then(|settings| settings.with_variables(|name| env::var_os(name)));
    let services = settings
        .as_ref()
        .map_or_else(|_| Services::default(), |it| it.services.clone());
    let mut settings = match settings {
        Ok(settings) => Configuration {
            files: settings.files,
            problems: Vec::new(),
        },
        Err(error) => Configuration {
            files: Vec::new(),
            problems: error
                .to_string()
                .lines()
                .skip(1)
                .map(str::to_owned)
                .collect(),
        },
    };
    settings.problems.extend(unknown_variables(
        env::vars_os().filter_map(|(name, _)| name.into_string().ok()),
    ));
    // What is wrong with the models is a problem of the settings like any other.
    settings.problems.extend(
        wire::Models::of(&services)
            .err()
            .map(|failure| failure.message),
    );
    let models = model_lines(&services);
    let mut providers = provider_lines(&services, &models).unwrap_or_default();
    let mut service_lines = service_lines(&services, &env::var_os("PATH").unwrap_or_default());
    if args.check {
        check(&services, &mut providers, &mut service_lines)?;
    }
    let directories = env::var_os("PATH").unwrap_or_default();
    let tools = TOOLS
        .iter()
        .map(|&(name, used_for)| Tool {
            name,
            path: env::split_paths(&directories).find_map(|directory| program(&directory, name)),
            used_for,
        })
        .collect();
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        healthy: settings.problems.is_empty(),
        settings,
        tools,
        models,
        providers,
        services: service_lines,
        store: "lessons are kept in `.orchestrate/store.db` of each project, or where `--store` says",
    };
    call.printer.answer(|| text(&report), &report)?;
    Ok(if report.healthy { Exit::Yes } else { Exit::No })
}

/// Variables that look like ours and stand for no flag: nothing reads them, so nothing else would tell.
fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = args::variables();
    let mut problems: Vec<String> = names
        .filter(|name| name.starts_with("ORCHESTRATE_") && !known.contains(name))
        .map(|name| {
            let near = similar(&name, known.iter().map(String::as_str));
            let advice = near.first().map(|near| format!("; did you mean `{near}`?"));
            format!(
                "variable `{name}` stands for no flag{}",
                advice.unwrap_or_default()
            )
        })
        .collect();
    problems.sort();
    problems
}

/// The program in a directory of the search path, if it is there.
fn program(directory: &Path, name: &str) -> Option<PathBuf> {
    let path = directory.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    is_executable(&path).then_some(path)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

fn text(report: &Report) -> String {
    let mut out = format!("{} {}\n\n", paint(HEAD, "orchestrate"), report.version);
    out.push_str(&format!("{}\n", paint(HEAD, "Settings")));
    for file in &report.settings.files {
        let file = safe(&file.display().to_string());
        out.push_str(&format!("  {} {file}\n", paint(GOOD, "[ok]  ")));
    }
    for problem in &report.settings.problems {
        out.push_str(&format!("  {} {}\n", paint(BAD, "[FAIL]"), safe(problem)));
    }
    if report.settings.files.is_empty() && report.settings.problems.is_empty() {
        let none = "no file; the defaults hold (`orchestrate config list`)";
        out.push_str(&format!("  {} {none}\n", paint(DIM, "[none]")));
    }
    out.push_str(&format!(
        "\n{}\n",
        paint(
            HEAD,
            "Tools (none is needed; `orchestrate` starts none of them)"
        )
    ));
    for tool in &report.tools {
        let (sign, place) = match &tool.path {
            Some(path) => (paint(GOOD, "[ok]  "), safe(&path.display().to_string())),
            None => (
                paint(WARN, "[none]"),
                format!("not on PATH; for {}", tool.used_for),
            ),
        };
        out.push_str(&format!("  {sign} {:<16} {place}\n", tool.name));
    }
    out.push_str(&models_text(report));
    out.push_str(&services_text(report));
    out.push_str(&format!("\n{}\n  {}\n", paint(HEAD, "Store"), report.store));
    out
}

fn models_text(report: &Report) -> String {
    let mut out = format!("\n{}\n", paint(HEAD, "Models"));
    if report.models.is_empty() {
        let none =
            "name one in `[models]` of orchestrate.toml, `orchestrate init` writes an example";
        out.push_str(&format!("  {} {none}\n", paint(DIM, "[none]")));
    }
    for line in &report.models {
        let names = safe(&line.models.join(", then "));
        out.push_str(&format!("  {:<16} {names}\n", line.used_by));
    }
    if !report.providers.is_empty() {
        out.push_str(&format!("\n{}\n", paint(HEAD, "Providers")));
    }
    for line in &report.providers {
        let (sign, key) = match &line.key_variable {
            None => (paint(GOOD, "[ok]  "), "needs no key".to_owned()),
            Some(name) if line.key_is_set => (paint(GOOD, "[ok]  "), format!("key in {name}")),
            Some(name) => (paint(WARN, "[none]"), format!("no key: {name} is not set")),
        };
        let reach = match (line.reachable, &line.problem) {
            (Some(true), _) => ", reachable".to_owned(),
            (_, Some(problem)) => format!(", not reachable: {problem}"),
            _ => String::new(),
        };
        out.push_str(&format!(
            "  {sign} {:<16} {}{}\n",
            safe(&line.name),
            safe(&key),
            safe(&reach)
        ));
    }
    out
}

fn services_text(report: &Report) -> String {
    if report.services.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", paint(HEAD, "Servers, programs and collectors"));
    for line in &report.services {
        let sign = match line.usable {
            true => paint(GOOD, "[ok]  "),
            false => paint(WARN, "[none]"),
        };
        let problem = line.problem.as_ref().map(|it| format!(": {it}"));
        let tools = line.tools.as_deref().map(offered).unwrap_or_default();
        let card = line.card.as_ref().map(|it| format!(", {it}"));
        let said = card.or(problem).unwrap_or_default();
        let at = format!("{}{tools}{said}", line.at);
        out.push_str(&format!(
            "  {sign} {:<16} {}\n",
            safe(&line.section),
            safe(&at)
        ));
    }
    out
}

/// How many tools a server offers, and the first of them.
fn offered(tools: &[String]) -> String {
    const SHOWN: usize = 6;
    let names: Vec<&str> = tools.iter().take(SHOWN).map(String::as_str).collect();
    let more = match tools.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match tools.len() {
        0 => ", offers no tool".to_owned(),
        1 => format!(", offers 1 tool: {}", names.join("")),
        count => format!(", offers {count} tools: {}{more}", names.join(", ")),
    }
}

/// What the settings name besides models, and whether it is there.
fn service_lines(services: &Services, path: &std::ffi::OsStr) -> Vec<ServiceLine> {
    let started = |section: String, program: &str| {
        let is_path = program.contains(['/', '\\']);
        let found = match is_path {
            true => is_executable(Path::new(program)),
            false => env::split_paths(path).any(|it| self::program(&it, program).is_some()),
        };
        ServiceLine {
            section,
            at: program.to_owned(),
            usable: found,
            problem: (!found).then(|| "it is not on PATH".to_owned()),
            tools: None,
            card: None,
        }
    };
    let mut lines = Vec::new();
    for (name, server) in &services.mcp {
        let section = format!("mcp.{name}");
        match (server.command.first(), &server.url) {
            (Some(program), _) => lines.push(started(section, program)),
            (None, url) => {
                let otherwise = "neither `command` nor `url`";
                lines.push(reached(section, url, server.key_env.as_ref(), otherwise));
            }
        }
    }
    for (name, table) in &services.programs {
        let program = table
            .command
            .first()
            .or(table.preset.as_ref())
            .unwrap_or(name);
        lines.push(started(format!("programs.{name}"), program));
    }
    for (name, remote) in &services.remotes {
        let section = format!("remotes.{name}");
        lines.push(reached(
            section,
            &remote.url,
            remote.key_env.as_ref(),
            "no `url`",
        ));
    }
    for runner in &services.tools.tests {
        let program = match runner.as_str() {
            "pytest" => "python3",
            other => other,
        };
        lines.push(started(format!("tests by {runner}"), program));
    }
    if let Some(endpoint) = &services.telemetry.otlp_endpoint {
        let usable = cfg!(feature = "otel");
        lines.push(ServiceLine {
            section: "telemetry".to_owned(),
            at: endpoint.clone(),
            usable,
            problem: (!usable)
                .then(|| "this program was built without the feature `otel`".to_owned()),
            tools: None,
            card: None,
        });
    }
    lines
}

/// A service that is reached over HTTP, and whether what that takes is there.
fn reached(
    section: String,
    url: &Option<String>,
    key: Option<&String>,
    otherwise: &str,
) -> ServiceLine {
    let no_key = key.filter(|name| env::var_os(name).is_none_or(|it| it.is_empty()));
    let problem = match url {
        None => Some(otherwise.to_owned()),
        Some(_) => no_key.map(|name| format!("the variable `{name}` is not set")),
    };
    ServiceLine {
        section,
        at: url.clone().unwrap_or_default(),
        usable: problem.is_none(),
        problem,
        tools: None,
        card: None,
    }
}

fn model_lines(services: &Services) -> Vec<ModelLine> {
    let models = &services.models;
    let tiers = [
        ("CHEAP", &models.cheap),
        ("CAPABLE", &models.capable),
        ("PREMIUM", &models.premium),
    ];
    let tiers = tiers
        .into_iter()
        .filter_map(|(tier, names)| Some((tier, names.as_ref()?)));
    let agents = models
        .agents
        .iter()
        .map(|(agent, names)| (agent.as_str(), names));
    let line = |(used_by, names): (&str, &Names)| ModelLine {
        used_by: used_by.to_owned(),
        models: names.list(),
    };
    tiers.chain(agents).map(line).collect()
}

/// The providers that a model names or that the settings or a key make known.
fn provider_lines(services: &Services, models: &[ModelLine]) -> Option<Vec<ProviderLine>> {
    let used = |name: &str| {
        let mut all = models.iter().flat_map(|line| &line.models);
        all.any(|model| model.split('/').next() == Some(name))
    };
    let setups = wire::providers(services).ok()?.into_iter();
    let known = setups.filter(|(name, setup)| {
        used(name) || services.providers.contains_key(name) || setup.key.is_some()
    });
    let line = |(name, setup): (String, wire::ProviderSetup)| ProviderLine {
        name,
        kind: setup.kind.as_str(),
        address: setup
            .address
            .or_else(|| setup.kind.default_address().map(str::to_owned)),
        key_is_set: setup.key.is_some(),
        key_variable: setup.key_variable,
        reachable: None,
        problem: None,
    };
    Some(known.map(line).collect())
}

/// Tries to reach each provider, and asks each server for its tools, all of them at the same time.
fn check(
    services: &Services,
    lines: &mut [ProviderLine],
    service_lines: &mut [ServiceLine],
) -> Result<(), Failure> {
    let setups = wire::providers(services)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::internal("the network cannot be used", error))?;
    for line in lines {
        let Some(setup) = setups.get(&line.name) else {
            continue;
        };
        let answer = runtime.block_on(wire::reach(setup));
        line.reachable = Some(answer.is_ok());
        line.problem = answer.err();
    }
    for (name, answer) in runtime.block_on(ask_servers(services)) {
        let section = format!("mcp.{name}");
        let Some(line) = service_lines.iter_mut().find(|it| it.section == section) else {
            continue;
        };
        line.usable = answer.is_ok();
        (line.tools, line.problem) = match answer {
            Ok(tools) => (Some(tools), None),
            Err(problem) => (None, Some(problem)),
        };
    }
    for (name, answer) in runtime.block_on(ask_remotes(services)) {
        let section = format!("remotes.{name}");
        let Some(line) = service_lines.iter_mut().find(|it| it.section == section) else {
            continue;
        };
        line.usable = answer.is_ok();
        (line.card, line.problem) = match answer {
            Ok(card) => (Some(card), None),
            Err(problem) => (None, Some(problem)),
        };
    }
    Ok(())
}

async fn in_time<T>(answer: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || Err(format!("no answer within {} s", PATIENCE.as_secs()));
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| late())
}

/// How each agent elsewhere introduces itself, or why it is of no use. It is shown its key.
async fn ask_remotes(services: &Services) -> Vec<(String, Result<String, String>)> {
    // A project that is not trusted has named them; it cannot have a key sent anywhere.
    if !services.untrusted.is_empty() {
        return Vec::new();
    }
    let ask = |(name, table): (&String, &RemoteTable)| {
        let (name, table) = (name.clone(), table.clone());
        async move {
            let answer = in_time(wire::introduced(&name, &table)).await;
            (name, answer)
        }
    };
    let asked: JoinSet<_> = services.remotes.iter().map(ask).collect();
    asked.join_all().await
}

/// What each server of the settings offers, or why it is of no use. Each is given so much time, and
/// those that are programs are ended again.
async fn ask_servers(services: &Services) -> Vec<(String, Result<Vec<String>, String>)> {
    // A project that is not trusted has named them; it cannot have programs started.
    if !services.untrusted.is_empty() {
        return Vec::new();
    }
    let ask = |(name, table): (&String, &McpTable)| {
        let (name, table) = (name.clone(), table.clone());
        async move {
            let answer = in_time(wire::offered(&name, &table, ".".as_ref())).await;
            (name, answer)
        }
    };
    let asked: JoinSet<_> = services.mcp.iter().map(ask).collect();
    asked.join_all().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_variable_is_told() {
        let names = ["ORCHESTRATE_MIN_COVERGE", "ORCHESTRATE_JSON", "HOME"].map(str::to_owned);
        assert_eq!(
            unknown_variables(names.into_iter()),
            [
                "variable `ORCHESTRATE_MIN_COVERGE` stands for no flag; did you mean `ORCHESTRATE_MIN_COVERAGE`?"
            ]
        );
    }

    #[test]
    fn what_the_settings_name_is_looked_for_and_not_started() {
        let directory = tempfile::tempdir().unwrap();
        let settings = "[mcp.files]\ncommand = [\"mcp-server-nowhere\", \".\"]\n[mcp.far]\nurl = \"http://127.0.0.1:1/\"\n[mcp.shut]\nurl = \"http://127.0.0.1:1/\"\nkey-env = \"NO_SUCH_KEY_HERE\"\n[programs.claude]\n[telemetry]\notlp-endpoint = \"http://127.0.0.1:4318\"\n";
        let services: Services = toml::from_str(settings).unwrap();
        let told = |lines: &[ServiceLine]| {
            let each = lines.iter();
            each.map(|it| format!("{} {} {}", it.section, it.at, it.usable))
                .collect::<Vec<_>>()
        };
        let lines = service_lines(&services, directory.path().as_os_str());
        let telemetry = format!("telemetry http://127.0.0.1:4318 {}", cfg!(feature = "otel"));
        assert_eq!(
            told(&lines),
            [
                "mcp.far http://127.0.0.1:1/ true",
                "mcp.files mcp-server-nowhere false",
                "mcp.shut http://127.0.0.1:1/ false",
                "programs.claude claude false",
                telemetry.as_str(),
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_a_file_that_may_be_executed_is_a_program() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tool");
        assert_eq!(program(directory.path(), "tool"), None);
        std::fs::write(&path, "").unwrap();
        assert_eq!(program(directory.path(), "tool"), None);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(program(directory.path(), "tool"), Some(path));
    }
}
