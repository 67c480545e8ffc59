//! The models that the settings name, and which backend runs which agent.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::limits::{Cost, Limits};
use orchestrate_core::memory::Memory;
use orchestrate_core::model::{Model, Price};
use orchestrate_core::plan::{Plan, RetryPolicy, StepKind};
use orchestrate_core::team::Agent;
use orchestrate_core::template::Tier;
use orchestrate_runtime::ApprovalPolicy;
use orchestrate_runtime::agent::{ModelBackend, Session};
use orchestrate_runtime::backends::{ProcessBackend, ProgramSetup};
use orchestrate_runtime::guard::{InjectionGuard, LengthGuard, SecretGuard};
use orchestrate_runtime::model::{ModelBook, Prices, ProviderKind, ProviderSetup};
use orchestrate_runtime::recorded::{Playback, Recorder, Recording};
use orchestrate_runtime::remote::{RemoteAgent, RemoteBackend};
use orchestrate_runtime::tools::ToolSet;
use orchestrate_workflows::analysis_backend::{self, AGENTS};
use serde::Serialize;

use super::delegates;
use super::remotes;
use super::runners::Runners;
use super::tools;
use crate::error::{CliError, Failure};
use crate::render::Charge;
use crate::settings::{AgentSettings, Services};

/// By which name the planner has a model of its own among those of agents.
const PLANNER: &str = "planner";

/// Tokens of a conversation that a model is shown unless the settings say otherwise.
const WINDOW: u64 = 100_000;

/// The models of this call. Without settings there are none, and nothing is read or made for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Models {
    book: Arc<ModelBook>,
    programs: BTreeMap<String, Arc<ProgramSetup>>,
    remotes: BTreeMap<String, Arc<RemoteAgent>>,
    services: Services,
    /// Writes down what models and tools answer.
    recorder: Option<Recorder>,
    /// Answers instead of models and tools.
    playback: Option<Playback>,
    /// Where sessions and notes are kept, and the session that a run goes on with.
    memory: Option<(Arc<dyn Memory>, Option<String>)>,
}

/// What runs an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum RunBy {
    /// A program of the settings.
    Program {
        /// Its name there.
        name: String,
    },
    /// An agent elsewhere, of the settings.
    Remote {
        /// Its name there.
        name: String,
    },
    /// A model.
    Model {
        /// The model, with its provider.
        name: String,
        /// Whether it is told first what the analysis measures.
        measured: bool,
    },
    /// The built-in analysis.
    Analysis,
}

impl fmt::Display for RunBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { name } => write!(f, "program {name}"),
            Self::Remote { name } => write!(f, "remote agent {name}"),
            Self::Model { name, measured } => {
                let told = if *measured {
                    ", told what the analysis measures"
                } else {
                    ""
                };
                write!(f, "model {name}{told}")
            }
            Self::Analysis => f.write_str(analysis_backend::NAME),
        }
    }
}

impl Models {
    /// The models that the settings name. Nothing is connected to.
    ///
    /// # Errors
    /// When a name, a provider or a price is not usable.
    pub(crate) fn of(services: &Services) -> Result<Self, Failure> {
        if !services.untrusted.is_empty() {
            let problems = services.untrusted.clone();
            return Err(CliError::Settings { problems }.into());
        }
        let models = &services.models;
        let tiers = [
            (Tier::Cheap, &models.cheap),
            (Tier::Capable, &models.capable),
            (Tier::Premium, &models.premium),
        ];
        if tiers.iter().all(|(_, names)| names.is_none()) && models.agents.is_empty() {
            return Ok(Self {
                programs: tools::programs(services)?,
                remotes: remotes::remotes(services)?,
                services: services.clone(),
                ..Self::default()
            });
        }
        let mut book = ModelBook::new(prices(services));
        for setup in providers(services)?.into_values() {
            book.add_provider(setup)?;
        }
        for (tier, names) in tiers {
            if let Some(names) = names {
                book.set_tier(tier, &names.list())?;
            }
        }
        for (agent, names) in &models.agents {
            book.set_agent(agent, &names.list())?;
        }
        Ok(Self {
            book: Arc::new(book),
            programs: tools::programs(services)?,
            remotes: remotes::remotes(services)?,
            services: services.clone(),
            ..Self::default()
        })
    }

    /// Models and tools that answer as they were recorded, for the agents that asked them then.
    pub(crate) fn recorded(recording: Recording) -> Self {
        let playback = Playback::new(recording);
        let mut book = ModelBook::new(Prices::default());
        for agent in playback.agents() {
            book.set_agent_model(agent, playback.model());
        }
        Self {
            book: Arc::new(book),
            playback: Some(playback),
            ..Self::default()
        }
    }

    /// The same models with what is set for agents.
    pub(crate) fn with_agents(mut self, agents: &AgentSettings) -> Self {
        self.services.agents = agents.clone();
        self
    }

    /// The same models without any tool.
    pub(crate) fn without_tools(mut self) -> Self {
        self.services.tools = Default::default();
        self.services.mcp.clear();
        self
    }

    /// The same models, written down as they answer.
    pub(crate) fn recorded_by(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The same models with a place for sessions and notes, and the session of the run if it has one.
    pub(crate) fn remembering(mut self, memory: Arc<dyn Memory>, session: Option<String>) -> Self {
        self.memory = Some((memory, session));
        self
    }

    /// How many recorded calls nobody has made, if there are any.
    pub(crate) fn unplayed(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.playback.as_ref()?.left())
    }

    /// The program that runs an agent here. It goes before a model.
    fn program_of(&self, agent: &Agent) -> Option<&ProgramSetup> {
        let ids = [agent.id.as_str(), agent.template.id.as_str()];
        let program = ids.iter().find_map(|id| self.programs.get(*id))?;
        Some(program)
    }

    /// The agent elsewhere that does the work of an agent, if no program does. It goes before a model.
    fn remote_of(&self, agent: &Agent) -> Option<&RemoteAgent> {
        let ids = [agent.id.as_str(), agent.template.id.as_str()];
        let remote = ids.iter().find_map(|id| self.remotes.get(*id))?;
        self.program_of(agent).is_none().then_some(remote)
    }

    /// The model that runs an agent here, if neither a program nor an agent elsewhere does.
    fn model_of(&self, agent: &Agent) -> Option<&dyn Model> {
        match (self.program_of(agent), self.remote_of(agent)) {
            (None, None) => Some(self.book.model(agent)?.as_ref()),
            _ => None,
        }
    }

    /// What runs an agent here: its program, else an agent elsewhere, else its model, else the analysis. A
    /// model is told what the analysis measures for its agent.
    pub(crate) fn run_by(&self, agent: &Agent) -> Option<RunBy> {
        if let Some(program) = self.program_of(agent) {
            let name = program.name.clone();
            return Some(RunBy::Program { name });
        }
        if let Some(remote) = self.remote_of(agent) {
            let name = remote.setup().name.clone();
            return Some(RunBy::Remote { name });
        }
        let measured = AGENTS.contains(&agent.template.id.as_str());
        match self.model_of(agent) {
            Some(model) => Some(RunBy::Model {
                name: model.name().to_owned(),
                measured,
            }),
            None => measured.then_some(RunBy::Analysis),
        }
    }

    /// Who pays for an attempt of an agent here, and how much at most.
    pub(crate) fn charge(&self, agent: &Agent) -> Charge {
        if self.program_of(agent).is_some() {
            return Charge::Program;
        }
        if self.remote_of(agent).is_some() {
            return Charge::Remote;
        }
        match self.model_of(agent).map(Model::price) {
            None => Charge::Nothing,
            Some(None) => Charge::Unpriced,
            Some(Some(price)) => {
                let most = agent.template.resource_requirements.max_tokens;
                Charge::AtMost(price.most(most))
            }
        }
    }

    /// The agents for which a plan asks for retries and that a program runs here, each with that program.
    /// A program that has failed may have changed something, so it is not started again.
    pub(crate) fn unrepeated<'a>(&'a self, plan: &'a Plan) -> BTreeMap<&'a str, &'a str> {
        let mut found = BTreeMap::new();
        let mut steps = vec![&plan.root];
        // Most runs have no programs, and then there is nothing to look for.
        while let Some(step) = steps.pop().filter(|_| !self.programs.is_empty()) {
            steps.extend(step.children());
            let StepKind::Agent(work) = &step.kind else {
                continue;
            };
            let program = plan
                .agents
                .get(&work.agent)
                .and_then(|it| self.program_of(it));
            let asks = work.retry != RetryPolicy::default() && work.retry.max_attempts > 1;
            if let Some(program) = program.filter(|_| asks) {
                found.insert(work.agent.as_str(), program.name.as_str());
            }
        }
        found
    }

    /// What the settings name besides models.
    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// The model that plans.
    pub(super) fn planner(&self) -> Option<Arc<dyn Model>> {
        let model = self.book.of_role(PLANNER, Tier::Capable)?.clone();
        Some(match &self.recorder {
            Some(recorder) => recorder.model(PLANNER, model),
            None => model,
        })
    }

    /// Which calls of tools a person must allow.
    pub(super) fn approval_policy(&self) -> ApprovalPolicy {
        tools::approval_policy(&self.services)
    }

    /// The backend of agents that have a program.
    pub(super) fn program_backend(&self, path: &Path) -> Option<ProcessBackend> {
        tools::process_backend(&self.programs, path)
    }

    /// The backend of agents whose work is done elsewhere.
    pub(super) fn remote_backend(&self) -> Option<RemoteBackend> {
        remotes::backend(&self.remotes)
    }

    /// The backend of agents that have a model.
    ///
    /// # Errors
    /// When a tool is set up wrong.
    pub(super) fn model_backend(
        &self,
        path: &Path,
        runners: &Runners,
    ) -> Result<Option<ModelBackend>, Failure> {
        if self.book.is_empty() {
            // Steps call tools too, and a policy that is wrong would let them pass.
            tools::tools(&self.services, path, None)?;
            return Ok(None);
        }
        let memory = self.memory.as_ref();
        delegates::check_names(&self.services)?;
        let notes = memory.as_ref().map(|(memory, _)| memory);
        let mut set = tools::tools(&self.services, path, notes)?;
        if let Some(playback) = &self.playback {
            set = ToolSet::default();
            for tool in playback.tools() {
                set.add(tool);
            }
            for (agent, tool) in playback.permissions() {
                set.allow(agent, tool);
            }
        }
        let window = self.services.memory.window_tokens.unwrap_or(WINDOW);
        let mut all = ModelBackend::new(self.book.clone())
            .with_guard(SecretGuard)
            .with_guard(InjectionGuard)
            .with_guard(LengthGuard::default())
            .with_window(window);
        if let Some(recorder) = &self.recorder {
            all = all.recorded_by(recorder.clone());
        }
        if self.playback.is_none() {
            let alone = all.clone().with_tools(set.clone());
            delegates::add(&mut set, &self.services, path, &alone, runners)?;
        }
        all = all.with_tools(set);
        if let Some((memory, Some(session))) = memory {
            all = all.in_session(Session::new(memory.clone(), session, window));
        }
        Ok(Some(all))
    }

    /// Whether a limit of cost can be kept for everything that a plan asks a model for.
    ///
    /// # Errors
    /// [`CliError::Unpriced`] for the first agent whose model has no known price.
    pub(crate) fn check_prices(&self, plan: &Plan, limits: Limits) -> Result<(), CliError> {
        self.check_prices_where(plan, |_| true, limits)
    }

    /// The same for a plan in which only one agent asks a model.
    ///
    /// # Errors
    /// As [`check_prices`](Self::check_prices).
    pub(crate) fn check_prices_of(
        &self,
        plan: &Plan,
        agent: &str,
        limits: Limits,
    ) -> Result<(), CliError> {
        self.check_prices_where(plan, |it| it.template.id == agent, limits)
    }

    fn check_prices_where(
        &self,
        plan: &Plan,
        asks: impl Fn(&Agent) -> bool,
        limits: Limits,
    ) -> Result<(), CliError> {
        if plan.limits.tightest(limits).cost.is_none() {
            return Ok(());
        }
        for agent in plan.agents.values().filter(|agent| asks(agent)) {
            let unpriced = |model: &&dyn Model| model.price().is_none();
            if let Some(model) = self.model_of(agent).filter(unpriced) {
                return Err(CliError::Unpriced {
                    model: model.name().to_owned(),
                    agent: agent.id.to_string(),
                });
            }
        }
        Ok(())
    }
}

/// The providers by name: those that are built in, as the settings change them, and further ones.
///
/// # Errors
/// When a kind is unknown or a number is not usable.
pub(crate) fn providers(services: &Services) -> Result<BTreeMap<String, ProviderSetup>, CliError> {
    let mut setups = BTreeMap::new();
    for kind in ProviderKind::ALL {
        if kind.default_address().is_some() {
            let name = kind.as_str();
            setups.insert(name.to_owned(), ProviderSetup::new(name, kind));
        }
    }
    for (name, table) in &services.providers {
        let problem = |problem: String| CliError::Provider {
            provider: name.clone(),
            problem,
        };
        let kind = table.kind.as_deref().unwrap_or(name);
        let kind = kind.parse::<ProviderKind>().map_err(problem)?;
        let mut setup = ProviderSetup::new(name, kind);
        setup.address = table.base_url.clone();
        if table.key_env.is_some() {
            setup.key_variable = table.key_env.clone();
        }
        if table.requests_per_minute == Some(0) || table.tokens_per_minute == Some(0) {
            return Err(problem("a limit a minute must be 1 or more".to_owned()));
        }
        setup.requests_per_minute = table.requests_per_minute;
        setup.tokens_per_minute = table.tokens_per_minute;
        if let Some(seconds) = table.stall_seconds {
            setup.stall = Duration::from_secs(seconds.max(1));
        }
        setups.insert(name.clone(), setup);
    }
    for setup in setups.values_mut() {
        let variable = setup.key_variable.as_deref();
        let key = variable.and_then(|name| env::var(name).ok());
        setup.key = key.filter(|key| !key.trim().is_empty()).map(Into::into);
    }
    Ok(setups)
}

fn prices(services: &Services) -> Prices {
    let mut prices = Prices::built_in();
    for (model, table) in &services.prices {
        let cached = |price: Option<f64>| Cost::from(price.unwrap_or(table.input));
        prices.set(
            model,
            Price {
                input: Cost::from(table.input),
                output: Cost::from(table.output),
                cache_read: cached(table.cache_read),
                cache_write: cached(table.cache_write),
            },
        );
    }
    prices
}
