//! One after another over a prefix that is the same for all, so that a provider reads it once.

use orchestrate_core::condition::Reference;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{OnError, SharedPrefix, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

/// A line of agents whose prompts begin with the same bytes. What a cache saved is reported only if the provider says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PromptCachedSequential {
    /// The keys of the context whose values are the prefix; `cached_context` and `shared_knowledge` unless told.
    prefix: Vec<String>,
    /// How long the prefix is worth keeping, in seconds, from 1 to 86,400; 3600 unless told.
    #[schemars(range(min = 1, max = 86_400))]
    cache_ttl: u32,
    /// What a failure means for the agents behind it: `stop` (the default) or `continue`.
    on_error: OnError,
}

impl Default for PromptCachedSequential {
    fn default() -> Self {
        Self {
            prefix: vec!["cached_context".to_owned(), "shared_knowledge".to_owned()],
            cache_ttl: 3600,
            on_error: OnError::Stop,
        }
    }
}

impl PromptCachedSequential {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "prompt_cached_sequential";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a value out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        common::within(Self::NAME, "cache_ttl", this.cache_ttl, 1..=86_400)?;
        let bad = |key: &&String| key.is_empty() || key.contains('.');
        if let Some(key) = this.prefix.iter().find(bad) {
            let problem = format!("must name keys of the context, got `{key}`");
            return Err(common::parameter(Self::NAME, "prefix", problem));
        }
        Ok(this)
    }

    /// The same with these keys of the context as prefix.
    #[must_use]
    pub fn prefix(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.prefix = keys.into_iter().map(Into::into).collect();
        self
    }
}

impl ExecutionStrategy for PromptCachedSequential {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "one after another over a shared prefix that providers can cache",
            "several agents need the same large context",
            "any number of agents, in the order in which they work",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let inputs = self.prefix.iter();
        let prefix = SharedPrefix {
            inputs: inputs
                .map(|key| (key.clone(), Reference::new(format!("context.{key}"))))
                .collect(),
            ttl_s: self.cache_ttl.into(),
        };
        let names = common::step_names(team.members());
        let mut steps = Vec::with_capacity(names.len());
        let mut before: Option<&str> = None;
        for (agent, name) in team.members().iter().zip(&names) {
            let previous =
                before.map(|step| ("previous_output".to_owned(), format!("steps.{step}.output")));
            let mut work = common::work(&agent.id, None, previous);
            if let StepKind::Agent(step) = &mut work.kind {
                step.prefix = Some(prefix.clone());
            }
            steps.push(common::named(work, name));
            before = Some(name);
        }
        Ok(Step::new(StepKind::Sequence {
            steps,
            on_error: self.on_error,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let last = common::output(common::last_success(group.parts));
        let mut output = common::summary(group.parts, last);
        let cached: u64 = group.parts.iter().map(|it| it.usage.cached_tokens).sum();
        let hits = group.parts.iter().filter(|it| it.usage.cached_tokens > 0);
        let present = self.prefix.iter();
        let present: Vec<&String> = present
            .filter(|key| group.context.contains_key(*key))
            .collect();
        output.insert(
            "cache".to_owned(),
            json!({
                "prefix": present,
                "ttl_s": self.cache_ttl,
                // Nothing is claimed for a provider that said nothing.
                "reported": cached > 0,
                "hits": if cached > 0 { Some(hits.count()) } else { None },
                "cached_tokens": if cached > 0 { Some(cached) } else { None },
            }),
        );
        let outcome: Outcome = group.outcome.clone();
        Aggregate {
            outcome,
            output: Value::Object(output),
            confidence: common::mean_confidence(group.parts),
        }
    }
}
