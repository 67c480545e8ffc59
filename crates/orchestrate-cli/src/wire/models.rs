//! The models that the settings name, and which backend runs which agent.

use std::collections::BTreeMap;
use std::env;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::limits::{Cost, Limits};
use orchestrate_core::model::Price;
use orchestrate_core::plan::Plan;
use orchestrate_core::team::Agent;
use orchestrate_core::template::Tier;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::{ModelBook, Prices, ProviderKind, ProviderSetup};
use orchestrate_workflows::analysis_backend::AGENTS;

use crate::error::{CliError, Failure};
use crate::settings::Services;

/// The models of this call. Without settings there are none, and nothing is read or made for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Models(Arc<ModelBook>);

impl Models {
    /// The models that the settings name. Nothing is connected to.
    ///
    /// # Errors
    /// When a name, a provider or a price is not usable.
    pub(crate) fn of(services: &Services) -> Result<Self, Failure> {
        let models = &services.models;
        let tiers = [
            (Tier::Cheap, &models.cheap),
            (Tier::Capable, &models.capable),
            (Tier::Premium, &models.premium),
        ];
        if tiers.iter().all(|(_, names)| names.is_none()) && models.agents.is_empty() {
            return Ok(Self::default());
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
        Ok(Self(Arc::new(book)))
    }

    /// What runs an agent here: its own model before the analysis, and the model of its tier behind it.
    pub(crate) fn run_by(&self, agent: &Agent) -> Option<String> {
        let model = |model: &Arc<_>| {
            let model: &Arc<dyn orchestrate_core::model::Model> = model;
            format!("model {}", model.name())
        };
        let analysis = || {
            let own = AGENTS.contains(&agent.template.id.as_str());
            own.then(|| "analysis".to_owned())
        };
        self.0
            .own(agent)
            .map(model)
            .or_else(analysis)
            .or_else(|| self.0.model(agent).map(model))
    }

    /// The backend of agents that have a model of their own, and the one of all others.
    pub(super) fn backends(&self) -> Option<[ModelBackend; 2]> {
        let all = (!self.0.is_empty()).then(|| ModelBackend::new(self.0.clone()))?;
        Some([all.clone().for_named_agents(), all])
    }

    /// Whether a limit of cost can be kept for everything that a plan asks a model for.
    ///
    /// # Errors
    /// [`CliError::Unpriced`] for the first agent whose model has no known price.
    pub(crate) fn check_prices(&self, plan: &Plan, limits: Limits) -> Result<(), CliError> {
        if plan.limits.tightest(limits).cost.is_none() {
            return Ok(());
        }
        for agent in plan.agents.values() {
            let by_model = self.run_by(agent).is_some_and(|name| name != "analysis");
            let model = self.0.model(agent).filter(|_| by_model);
            if let Some(model) = model.filter(|model| model.price().is_none()) {
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
