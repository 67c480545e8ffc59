//! The tables of a settings file that name what agents work with: models, tools, servers, programs.
//!
//! A project's file comes from whoever wrote the project. It may choose models and permit tools, but it
//! may not decide alone where a key is sent or what is started: that counts only where the user's own
//! file says so or trusts the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::resolve::AgentSettings;

/// The tables, for whoever checks that no table is unknown.
pub(super) const TABLES: &[&str] = &[
    "providers",
    "models",
    "prices",
    "tools",
    "memory",
    "mcp",
    "programs",
    "remotes",
    "telemetry",
    "trust",
];

/// What the files say together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Services {
    pub(crate) providers: BTreeMap<String, ProviderTable>,
    pub(crate) models: ModelsTable,
    pub(crate) prices: BTreeMap<String, PriceTable>,
    pub(crate) tools: ToolsTable,
    pub(crate) memory: MemoryTable,
    pub(crate) mcp: BTreeMap<String, McpTable>,
    pub(crate) programs: BTreeMap<String, ProgramTable>,
    pub(crate) remotes: BTreeMap<String, RemoteTable>,
    pub(crate) telemetry: TelemetryTable,
    trust: TrustTable,
    /// What is set for agents, which is read with the settings.
    #[serde(skip)]
    pub(crate) agents: AgentSettings,
    /// What a project's file says that a project may not decide alone. It is told to whoever would act on it.
    #[serde(skip)]
    pub(crate) untrusted: Vec<String>,
}

/// `[providers.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProviderTable {
    /// Without it, the provider's name is its kind.
    pub(crate) kind: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) key_env: Option<String>,
    pub(crate) requests_per_minute: Option<u32>,
    pub(crate) tokens_per_minute: Option<u64>,
    pub(crate) stall_seconds: Option<u64>,
}

/// `[models]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ModelsTable {
    pub(crate) cheap: Option<Names>,
    pub(crate) capable: Option<Names>,
    pub(crate) premium: Option<Names>,
    /// By the id of the agent or of its template.
    pub(crate) agents: BTreeMap<String, Names>,
}

/// One name or several: the first, and those that are asked when it fails.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Names {
    One(String),
    Several(Vec<String>),
}

impl Names {
    pub(crate) fn list(&self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name.clone()],
            Self::Several(names) => names.clone(),
        }
    }
}

/// `[prices."PROVIDER/MODEL"]`, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PriceTable {
    pub(crate) input: f64,
    pub(crate) output: f64,
    /// Without it, as `input`.
    pub(crate) cache_read: Option<f64>,
    /// Without it, as `input`.
    pub(crate) cache_write: Option<f64>,
}

/// `[tools]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ToolsTable {
    /// The beginnings of the commands that `shell.run` may run.
    pub(crate) shell: Vec<String>,
    /// The runners by which `tests.run` may run the project's tests.
    pub(crate) tests: Vec<String>,
    /// The hosts that `http.fetch` may read.
    pub(crate) hosts: Vec<String>,
    pub(crate) timeout_seconds: Option<u64>,
    /// The calls that a person must allow: names of tools, or `write` or `external` for all that change so much.
    pub(crate) approve: Vec<String>,
    /// The tools by the id of the agent or of its template; `*` is every agent.
    pub(crate) agents: BTreeMap<String, Vec<String>>,
}

/// `[memory]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct MemoryTable {
    /// Tokens of a conversation that a model is shown.
    pub(crate) window_tokens: Option<u64>,
}

/// `[mcp.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct McpTable {
    pub(crate) command: Vec<String>,
    pub(crate) url: Option<String>,
    /// The name of the variable that holds the key for `url`.
    pub(crate) key_env: Option<String>,
    /// Names of variables that the program is given.
    pub(crate) env: Vec<String>,
    /// Its tools that change nothing.
    pub(crate) read: Vec<String>,
    pub(crate) timeout_seconds: Option<u64>,
}

/// `[programs.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProgramTable {
    /// A known program; the section's own name without it.
    pub(crate) preset: Option<String>,
    pub(crate) command: Vec<String>,
    pub(crate) protocol: Option<String>,
    /// Names of variables that the program is given.
    pub(crate) env: Vec<String>,
    /// Where in its JSON the answer stands.
    pub(crate) answer_at: Option<String>,
    pub(crate) timeout_seconds: Option<u64>,
    /// Whom it runs, by the id of the agent or of its template.
    pub(crate) agents: Vec<String>,
}

/// `[remotes.NAME]`: an agent elsewhere, spoken to by the Agent2Agent protocol.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RemoteTable {
    /// Where its card stands, or below which.
    pub(crate) url: Option<String>,
    /// The name of the variable that holds the key for it.
    pub(crate) key_env: Option<String>,
    pub(crate) timeout_seconds: Option<u64>,
    /// Whose work it does, by the id of the agent or of its template.
    pub(crate) agents: Vec<String>,
}

/// `[telemetry]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TelemetryTable {
    /// Where traces are sent, by the OpenTelemetry protocol over HTTP; nowhere without it.
    pub(crate) otlp_endpoint: Option<String>,
}

/// `[trust]`, which counts in the user's own file alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TrustTable {
    projects: Vec<PathBuf>,
}

impl Services {
    /// Reads the tables of one file.
    ///
    /// # Errors
    /// The first problem as `line:column: what`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let before = before.unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            let first = error.message().lines().next().unwrap_or_default();
            format!("{line}:{column}: {first}")
        })
    }

    /// Whether the user trusts the project in a directory.
    pub(super) fn trusts(&self, directory: &Path) -> bool {
        let wanted = directory.canonicalize().ok();
        let mut projects = self.trust.projects.iter();
        projects.any(|path| path.canonicalize().ok() == wanted)
    }

    /// Lays a project's tables over the user's own, with a note of everything that the project may not decide.
    pub(super) fn with_project(mut self, project: Self, file: &Path) -> Self {
        let directory = file.parent().unwrap_or(file);
        let trusted = self.trusts(directory);
        let at = file.display();
        if !trusted {
            for (name, provider) in &project.providers {
                let known = self
                    .providers
                    .get(name)
                    .and_then(|own| own.base_url.as_ref());
                let foreign = provider.base_url.as_ref().filter(|url| !is_local(url));
                if let Some(url) = foreign.filter(|url| known != Some(url)) {
                    self.untrusted.push(format!(
                        "{at}: `providers.{name}.base-url` would send a key to `{url}`, which a project may not decide alone; \
                         if you trust it, add `{}` to `projects` under `[trust]` in your own settings file",
                        directory.display()
                    ));
                }
            }
            for (name, remote) in &project.remotes {
                let own = self.remotes.get(name).and_then(|own| own.url.as_ref());
                let foreign = remote.url.as_ref().filter(|url| !is_local(url));
                if let Some(url) = foreign.filter(|url| own != Some(url)) {
                    self.untrusted.push(format!(
                        "{at}: `remotes.{name}.url` would send work to `{url}`, which a project may not decide alone; \
                         if you trust it, add `{}` to `projects` under `[trust]` in your own settings file",
                        directory.display()
                    ));
                }
            }
            let endpoint = project.telemetry.otlp_endpoint.as_ref();
            if let Some(url) = endpoint.filter(|url| !is_local(url)) {
                self.untrusted.push(format!(
                    "{at}: `telemetry.otlp-endpoint` would send traces to `{url}`, which a project may not decide alone; \
                     if you trust it, add `{}` to `projects` under `[trust]` in your own settings file",
                    directory.display()
                ));
            }
            let starts = [
                (
                    !project.tools.shell.is_empty(),
                    "`tools.shell` would run programs",
                ),
                (
                    !project.tools.tests.is_empty(),
                    "`tools.tests` would run the project's tests",
                ),
                (
                    !project.mcp.is_empty(),
                    "`mcp` would start programs or call servers",
                ),
                (
                    !project.programs.is_empty(),
                    "`programs` would start programs",
                ),
            ];
            for (_, what) in starts.iter().filter(|(is_there, _)| *is_there) {
                self.untrusted.push(format!(
                    "{at}: {what}, which a project may not decide alone; if you trust it, add `{}` to `projects` under \
                     `[trust]` in your own settings file",
                    directory.display()
                ));
            }
        }
        self.telemetry.otlp_endpoint = project
            .telemetry
            .otlp_endpoint
            .or(self.telemetry.otlp_endpoint);
        self.mcp.extend(project.mcp);
        self.programs.extend(project.programs);
        self.remotes.extend(project.remotes);
        // A project may ask for more decisions than its user, never for fewer.
        self.tools.approve.extend(project.tools.approve);
        self.tools.agents.extend(project.tools.agents);
        if !project.tools.shell.is_empty() {
            self.tools.shell = project.tools.shell;
        }
        if !project.tools.tests.is_empty() {
            self.tools.tests = project.tools.tests;
        }
        self.memory.window_tokens = project.memory.window_tokens.or(self.memory.window_tokens);
        if !project.tools.hosts.is_empty() {
            self.tools.hosts = project.tools.hosts;
        }
        self.tools.timeout_seconds = project.tools.timeout_seconds.or(self.tools.timeout_seconds);
        self.providers.extend(project.providers);
        self.prices.extend(project.prices);
        let (own, over) = (self.models, project.models);
        let mut agents = own.agents;
        agents.extend(over.agents);
        self.models = ModelsTable {
            cheap: over.cheap.or(own.cheap),
            capable: over.capable.or(own.capable),
            premium: over.premium.or(own.premium),
            agents,
        };
        self
    }
}

/// Whether an address is this machine.
pub(crate) fn is_local(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((inside, _)) => inside,
        None => host.split(':').next().unwrap_or_default(),
    };
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_chooses_models_and_no_address() {
        let user = Services::parse("[models]\ncheap = \"a/b\"\n[providers.a]\nkind = \"openai\"\n")
            .unwrap();
        let over = |text: &str| {
            let project = Services::parse(text).unwrap();
            user.clone()
                .with_project(project, Path::new("/nowhere/orchestrate.toml"))
        };
        let merged = over("[models]\ncheap = [\"c/d\", \"a/b\"]\n");
        assert_eq!(merged.models.cheap.unwrap().list(), ["c/d", "a/b"]);
        let local = over("[providers.a]\nbase-url = \"http://127.0.0.1:9/\"\n");
        assert!(local.untrusted.is_empty());
        for url in [
            "https://evil.example/v1/",
            "http://127.0.0.1@evil.example/",
            "http://127.0.0.1.evil.example/",
        ] {
            let problems = over(&format!("[providers.a]\nbase-url = \"{url}\"\n")).untrusted;
            assert!(problems[0].contains("[trust]"), "{problems:?}");
            let problems = over(&format!("[remotes.a]\nurl = \"{url}\"\n")).untrusted;
            assert!(problems[0].contains("remotes.a.url"), "{problems:?}");
        }
        assert!(
            over("[remotes.a]\nurl = \"http://[::1]:9/\"\n")
                .untrusted
                .is_empty()
        );
    }

    #[test]
    fn what_is_unknown_is_told_by_its_place() {
        let error = Services::parse("[models]\ncheep = \"a/b\"\n").unwrap_err();
        assert!(error.starts_with("2:1: unknown field `cheep`"), "{error}");
    }
}
