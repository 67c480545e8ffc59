//! Which model an agent uses: its own if one is named, else that of its tier.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::error::{ErrorKind, Explain, similar};
use orchestrate_core::model::Model;
use orchestrate_core::team::Agent;
use orchestrate_core::template::Tier;

use super::{Prices, Provider, ProviderKind, ProviderSetup, SteadyModel};

/// A model that cannot be used as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// The name is not `provider/model`.
    #[error(
        "`{given}` names no model: write `provider/model`, for example `anthropic/claude-haiku-4-5`"
    )]
    Name {
        /// What was given.
        given: String,
    },
    /// No such provider.
    #[error("`{given}` names the unknown provider `{provider}` (possible: {possible})")]
    Provider {
        /// What was given.
        given: String,
        /// Its provider.
        provider: String,
        /// The known ones, separated by commas.
        possible: String,
        /// The nearest, if one is near.
        near: Option<String>,
    },
    /// A provider of a kind that has no place of its own, without an address.
    #[error("provider `{provider}` of kind `openai-compatible` needs a `base-url`")]
    Address {
        /// The provider.
        provider: String,
    },
}

impl Explain for BookError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "ORC1320",
            Self::Provider { .. } => "ORC1321",
            Self::Address { .. } => "ORC1322",
        }
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Definition
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Name { .. } => "see `[models]` in orchestrate.toml".to_owned(),
            Self::Provider {
                near: Some(near), ..
            } => format!("did you mean `{near}`?"),
            Self::Provider { provider, .. } => {
                format!("add a section `[providers.{provider}]` with its `kind` and `base-url`")
            }
            Self::Address { provider } => {
                format!("set `base-url` in `[providers.{provider}]` of orchestrate.toml")
            }
        };
        vec![hint]
    }
}

/// The models that are configured. Making one connects to nothing.
#[derive(Debug, Default)]
pub struct ModelBook {
    providers: BTreeMap<String, (ProviderKind, Arc<Provider>)>,
    prices: Prices,
    tiers: BTreeMap<Tier, Arc<dyn Model>>,
    agents: BTreeMap<String, Arc<dyn Model>>,
}

impl ModelBook {
    /// A book with prices and no model.
    #[must_use]
    pub fn new(prices: Prices) -> Self {
        Self {
            prices,
            ..Self::default()
        }
    }

    /// Adds a provider, or takes the place of one of the same name.
    ///
    /// # Errors
    /// [`BookError::Address`] when there is no place to call.
    pub fn add_provider(&mut self, setup: ProviderSetup) -> Result<(), BookError> {
        if setup.address.is_none() && setup.kind.default_address().is_none() {
            let provider = setup.name;
            return Err(BookError::Address { provider });
        }
        let (name, kind) = (setup.name.clone(), setup.kind);
        self.providers.insert(name, (kind, Provider::new(setup)));
        Ok(())
    }

    /// Sets the model of a tier, by `provider/model` names in the order in which they are tried.
    ///
    /// # Errors
    /// [`BookError`] for the first name that is not usable.
    pub fn set_tier(&mut self, tier: Tier, names: &[String]) -> Result<(), BookError> {
        let model = self.chain(names)?;
        self.tiers.insert(tier, model);
        Ok(())
    }

    /// Sets the model of an agent, by the id of the agent or of its template.
    ///
    /// # Errors
    /// [`BookError`] for the first name that is not usable.
    pub fn set_agent(&mut self, id: impl Into<String>, names: &[String]) -> Result<(), BookError> {
        let model = self.chain(names)?;
        self.agents.insert(id.into(), model);
        Ok(())
    }

    /// Sets the model of a tier itself, for tests and recordings.
    pub fn set_tier_model(&mut self, tier: Tier, model: Arc<dyn Model>) {
        self.tiers.insert(tier, model);
    }

    /// Sets the model of an agent itself.
    pub fn set_agent_model(&mut self, id: impl Into<String>, model: Arc<dyn Model>) {
        self.agents.insert(id.into(), model);
    }

    /// Whether there is no model.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tiers.is_empty() && self.agents.is_empty()
    }

    /// The model that is named for this agent itself.
    fn own(&self, agent: &Agent) -> Option<&Arc<dyn Model>> {
        let by_id = self.agents.get(agent.id.as_str());
        by_id.or_else(|| self.agents.get(&agent.template.id))
    }

    /// The model that an agent uses: its own, or that of its tier, or of the nearest dearer tier, or
    /// of the nearest cheaper one.
    #[must_use]
    pub fn model(&self, agent: &Agent) -> Option<&Arc<dyn Model>> {
        self.own(agent).or_else(|| self.of_tier(agent.tier))
    }

    /// The model of something that is no agent of a team, for example a planner: the one that is named for
    /// it among those of agents, or that of a tier.
    #[must_use]
    pub fn of_role(&self, name: &str, tier: Tier) -> Option<&Arc<dyn Model>> {
        self.agents.get(name).or_else(|| self.of_tier(tier))
    }

    fn of_tier(&self, tier: Tier) -> Option<&Arc<dyn Model>> {
        let dearer = || self.tiers.range(tier..).next();
        let cheaper = || self.tiers.range(..tier).next_back();
        dearer().or_else(cheaper).map(|(_, model)| model)
    }

    fn chain(&self, names: &[String]) -> Result<Arc<dyn Model>, BookError> {
        let mut models: Vec<Arc<dyn Model>> = Vec::with_capacity(names.len());
        for name in names {
            models.push(Arc::new(self.http(name)?));
        }
        let mut models = models.into_iter();
        let first = models.next().ok_or(BookError::Name {
            given: String::new(),
        })?;
        Ok(Arc::new(SteadyModel::new(first, models.collect())))
    }

    fn http(&self, given: &str) -> Result<super::HttpModel, BookError> {
        let parts = given
            .split_once('/')
            .filter(|(provider, model)| !provider.is_empty() && !model.is_empty());
        let Some((provider, model)) = parts else {
            let given = given.to_owned();
            return Err(BookError::Name { given });
        };
        let Some((kind, known)) = self.providers.get(provider) else {
            let names = || self.providers.keys().map(String::as_str);
            return Err(BookError::Provider {
                given: given.to_owned(),
                provider: provider.to_owned(),
                possible: names().collect::<Vec<_>>().join(", "),
                near: similar(provider, names())
                    .first()
                    .map(|near| (*near).to_owned()),
            });
        };
        let price = self.prices.of(provider, *kind, model);
        Ok(known.model(model, price))
    }
}
