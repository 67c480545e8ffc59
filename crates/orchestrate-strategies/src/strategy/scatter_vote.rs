//! The same task to several agents, then a vote over what they say.

use std::collections::BTreeMap;

use orchestrate_core::outcome::{Census, FailureClass, Outcome};
use orchestrate_core::plan::{Join, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, Part, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;
use super::opinion::{Camp, camps};

const VOTE: &str = "Do the task on your own. Put what you decide into `verdict` in one or two plain words, for example approve or reject, or put the answer itself into `answer`.";

/// How a vote is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// More than half of all who were asked.
    #[default]
    Majority,
    /// More than half of the weight of those who answered: `weights`, else their confidence.
    Weighted,
    /// At least so many.
    Quorum(u32),
    /// More than any other.
    Plurality,
}

/// What a draw comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// No decision.
    #[default]
    Undecided,
    /// The side with the most confident voter.
    HighestConfidence,
    /// The side that was voiced first in the order of the team.
    First,
}

/// Everybody does the same task alone; what most of them say is the answer. A draw is told as a draw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScatterVote {
    /// How votes are counted: `majority` (the default), `weighted`, `plurality`, or `{"quorum": k}`.
    policy: Counting,
    /// What a draw comes to: `undecided` (the default), `highest_confidence`, `first`.
    tie: Tie,
    /// Weights by member for `weighted`, each 0 or more.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    weights: BTreeMap<String, f64>,
    /// Agents at the same time; without it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    max_concurrency: Option<u32>,
}

impl ScatterVote {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "scatter_vote";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 2,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a value out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        if this.max_concurrency == Some(0) {
            let problem = "must be at least 1, got `0`";
            return Err(common::parameter(Self::NAME, "max_concurrency", problem));
        }
        if this.policy == Counting::Quorum(0) {
            let problem = "must be a quorum of at least 1, got `0`";
            return Err(common::parameter(Self::NAME, "policy", problem));
        }
        if let Some((id, weight)) = this.weights.iter().find(|(_, it)| **it < 0.0) {
            let problem = format!("must be 0 or more, got `{weight}` for `{id}`");
            return Err(common::parameter(Self::NAME, "weights", problem));
        }
        Ok(this)
    }

    /// The same, counted in another way.
    #[must_use]
    pub fn policy(mut self, policy: Counting) -> Self {
        self.policy = policy;
        self
    }

    /// The same, with another rule for draws.
    #[must_use]
    pub fn tie(mut self, tie: Tie) -> Self {
        self.tie = tie;
        self
    }

    fn weight(&self, part: &Part) -> f64 {
        match self.policy {
            Counting::Weighted => {
                let own = self.weights.get(common::label(part)).copied();
                own.unwrap_or(part.confidence)
            }
            _ => 1.0,
        }
    }

    fn measure(&self, camp: &Camp<'_>) -> f64 {
        camp.holders.iter().map(|part| self.weight(part)).sum()
    }

    fn enough(&self, votes: f64, all: f64, asked: usize) -> bool {
        match self.policy {
            Counting::Majority => votes * 2.0 > asked as f64,
            Counting::Weighted => votes * 2.0 > all,
            Counting::Quorum(k) => votes >= f64::from(k),
            Counting::Plurality => votes > 0.0,
        }
    }
}

impl ExecutionStrategy for ScatterVote {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "the same task to several agents, then a vote",
            "one answer cannot be trusted, and answers can be compared",
            "two or more who do the same task",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let names = common::step_names(team.members());
        if let Counting::Quorum(k) = self.policy
            && k as usize > team.len()
        {
            let problem = format!(
                "is a quorum of {k}, but there are only {} agents",
                team.len()
            );
            return Err(common::parameter(Self::NAME, "policy", problem));
        }
        let members = team.members().iter();
        if let Some(stranger) = self
            .weights
            .keys()
            .find(|id| !team.members().iter().any(|agent| agent.id == id.as_str()))
        {
            let ids: Vec<&str> = members.map(|agent| agent.id.as_str()).collect();
            let problem = format!(
                "name `{stranger}`, who is not in the team (possible: {})",
                ids.join(", ")
            );
            return Err(common::parameter(Self::NAME, "weights", problem));
        }
        let steps = members
            .zip(&names)
            .map(|(agent, name)| common::named(common::work(&agent.id, Some(VOTE), []), name));
        Ok(Step::new(StepKind::Parallel {
            steps: steps.collect(),
            // One who broke off does not stop the vote; the vote decides what it comes to.
            join: Join::Best,
            max_concurrency: self.max_concurrency,
            on_error: OnError::Continue,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let camps = camps(group.parts);
        let asked = group.parts.len();
        let votes: Vec<f64> = camps.iter().map(|camp| self.measure(camp)).collect();
        let all: f64 = votes.iter().sum();
        let most = votes.iter().copied().fold(0.0, f64::max);
        let ahead: Vec<&Camp<'_>> = camps
            .iter()
            .zip(&votes)
            .filter(|(_, votes)| **votes >= most)
            .map(|(camp, _)| camp)
            .collect();
        let tied = ahead.len() > 1;
        let leading = match (ahead.as_slice(), self.tie) {
            ([one], _) => Some(*one),
            ([], _) | (_, Tie::Undecided) => None,
            ([first, ..], Tie::First) => Some(*first),
            (several, Tie::HighestConfidence) => {
                let sure = |camp: &Camp<'_>| camp.speaker().map_or(0.0, |part| part.confidence);
                let top = several.iter().map(|camp| sure(camp)).fold(0.0, f64::max);
                let mut best = several.iter().filter(|camp| sure(camp) >= top);
                // Two sides that are equally sure are still a draw.
                best.next().copied().filter(|_| best.next().is_none())
            }
        };
        // A draw that a rule decides is decided, whatever the count would need.
        let reached = leading.is_some() && (tied || self.enough(most, all, asked));
        let winner = leading.filter(|_| reached);
        let speaker = winner.and_then(Camp::speaker);
        let tally: Vec<Value> = camps
            .iter()
            .zip(&votes)
            .map(|(camp, votes)| {
                let by: Vec<&str> = camp
                    .holders
                    .iter()
                    .map(|part| common::label(part))
                    .collect();
                json!({"opinion": camp.opinion, "votes": votes, "by": by})
            })
            .collect();
        let mut output = common::summary(group.parts, common::output(speaker));
        let tied: Vec<&Value> = ahead
            .iter()
            .filter(|_| tied)
            .map(|camp| &camp.opinion)
            .collect();
        let census = Census::of(group.parts.iter().map(|part| &part.outcome));
        output.extend([
            ("census".to_owned(), json!(census)),
            (
                "vote".to_owned(),
                json!({
                    "policy": self.policy,
                    "reached": reached,
                    "winner": winner.map(|camp| &camp.opinion),
                    "tally": tally,
                    "tied": tied,
                    "tie_rule": self.tie,
                    "asked": asked,
                    "voted": camps.iter().map(|camp| camp.holders.len()).sum::<usize>(),
                }),
            ),
        ]);
        let outcome = if common::interrupted(&group.outcome) {
            group.outcome.clone()
        } else if reached {
            Outcome::Succeeded
        } else if !tied.is_empty() {
            let sides: Vec<String> = tied.iter().map(ToString::to_string).collect();
            let message = format!("the vote is a draw between {}", sides.join(" and "));
            Outcome::failed(FailureClass::Policy, message)
        } else if camps.is_empty() {
            Outcome::failed(FailureClass::Policy, "nobody voted")
        } else {
            let message =
                format!("the vote is not decided: the most common answer has {most} of {asked}");
            Outcome::failed(FailureClass::Policy, message)
        };
        Aggregate {
            outcome,
            output: Value::Object(output),
            confidence: speaker.map_or(0.0, |part| part.confidence),
        }
    }
}
