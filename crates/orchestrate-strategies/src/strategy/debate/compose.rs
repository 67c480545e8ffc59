//! The parameters of a debate and the step it writes: rounds of parallel opinions, then a synthesis.

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::plan::{ApproveStep, Arm, Join, OnError, REJECT, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, Part, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::common;
use super::aggregate;

const MAX_ROUNDS: u32 = 5;
const ROUND: &str = "State your own view of the task, with your reasons. Put what you decide into `verdict` in one or two plain words, for example approve or reject.";
const NEXT_ROUND: &str = "The views of the round before are there as `opinion_` and the participant's name. Say where you agree and where you differ, and change your view where theirs is better founded. Put what you decide into `verdict` in one or two plain words; where you agree with somebody, use the same words.";
const SYNTHESIS: &str = "The views of the participants are there as `opinion_` and the participant's name. Join them into one answer. Say where they differ and which view is better founded. Put what you decide into `verdict` in one or two plain words.";

/// The step that joins the opinions.
pub(super) const SYNTHESIS_STEP: &str = "synthesis";

/// The step in which a person decides.
pub(super) const DECISION_STEP: &str = "decision";

/// What decides when opinions differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictPolicy {
    /// The opinion of the most confident participant.
    HighestConfidence,
    /// The opinion that more than half of the participants hold.
    #[default]
    Majority,
    /// The opinion that all participants hold.
    Unanimous,
    /// The opinion whose holders have more than half of the confidence of all.
    Weighted,
    /// Whatever a person decides, who is asked only when views differ.
    Human,
    /// Whatever this member of the team decides after hearing the others.
    Arbitrate(String),
}

/// Rounds of opinions, a consensus by a policy, and a synthesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Debate {
    /// Rounds, from 1 to 5; in the first all are independent, in each later one they see the opinions of the one before. 1 unless told.
    #[schemars(range(min = 1, max = 5))]
    rounds: u32,
    /// What decides when opinions differ: `majority` (the default), `unanimous`, `weighted`, `highest_confidence`, `human`, or `{"arbitrate": "<agent id>"}`.
    policy: ConflictPolicy,
    /// The member who joins the opinions and gives none. Without it the last member, if its template is `synthesizer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    synthesizer: Option<String>,
}

impl Default for Debate {
    fn default() -> Self {
        Self {
            rounds: 1,
            policy: ConflictPolicy::Majority,
            synthesizer: None,
        }
    }
}

impl Debate {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "debate";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 2,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a number of rounds out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        this.check()?;
        Ok(this)
    }

    /// The same with so many rounds, from 1 to 5.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// The same with another policy for conflicts.
    #[must_use]
    pub fn policy(mut self, policy: ConflictPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The same with this member of the team as synthesizer.
    #[must_use]
    pub fn synthesizer(mut self, agent: impl Into<String>) -> Self {
        self.synthesizer = Some(agent.into());
        self
    }

    pub(super) fn conflict_policy(&self) -> &ConflictPolicy {
        &self.policy
    }

    fn check(&self) -> Result<(), StrategyError> {
        if !(1..=MAX_ROUNDS).contains(&self.rounds) {
            let problem = format!("must be from 1 to {MAX_ROUNDS}, got `{}`", self.rounds);
            return Err(common::parameter(Self::NAME, "rounds", problem));
        }
        match (&self.policy, &self.synthesizer) {
            (ConflictPolicy::Arbitrate(arbiter), Some(other)) if arbiter != other => {
                let problem = format!(
                    "is `{other}`, but `{arbiter}` arbitrates and has the last word: leave one of them out"
                );
                Err(common::parameter(Self::NAME, "synthesizer", problem))
            }
            _ => Ok(()),
        }
    }

    /// The member who speaks last and gives no opinion of its own: arbiter or synthesizer.
    fn closing<'a>(&self, team: &'a Team) -> Result<Option<&'a Agent>, StrategyError> {
        let (parameter, id) = match (&self.policy, &self.synthesizer) {
            (ConflictPolicy::Arbitrate(id), _) => ("policy", id),
            (_, Some(id)) => ("synthesizer", id),
            (_, None) => {
                let last = team.members().last();
                return Ok(last.filter(|agent| agent.template.id == "synthesizer"));
            }
        };
        match team.members().iter().find(|agent| agent.id == id.as_str()) {
            Some(agent) => Ok(Some(agent)),
            None => {
                let ids: Vec<&str> = team
                    .members()
                    .iter()
                    .map(|agent| agent.id.as_str())
                    .collect();
                let problem = format!(
                    "names `{id}`, who is not in the team (possible: {})",
                    ids.join(", ")
                );
                Err(common::parameter(Self::NAME, parameter, problem))
            }
        }
    }
}

/// The form of an arbiter's answer: its verdict decides, so it must be there.
fn ruling() -> Value {
    json!({
        "type": "object",
        "properties": {
            "verdict": {"type": "string"},
            "reason": {"type": "string"},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
        "required": ["verdict"],
    })
}

/// What an agent is given of a round: every opinion that was voiced in it.
fn opinions(round: u32, names: &[String]) -> Vec<(String, String)> {
    names
        .iter()
        .map(|name| {
            (
                format!("opinion_{name}"),
                format!("steps.round_{round}.output.opinions.{name}"),
            )
        })
        .collect()
}

/// A person says whose view holds, when views differ.
fn decision(round: u32, names: &[String]) -> Step {
    let show = opinions(round, names).into_iter();
    let mut decisions = names.to_vec();
    decisions.push(REJECT.to_owned());
    let ask = ApproveStep {
        show: show
            .map(|(name, field)| (name, Reference::new(field)))
            .collect(),
        decisions,
        ..ApproveStep::new("The views differ. Whose view holds?")
    };
    let differ = Condition::compare(
        format!("steps.round_{round}.output.conflict"),
        Comparison::Eq,
        true,
    );
    Step::new(StepKind::Branch {
        arms: vec![Arm {
            label: "conflict".to_owned(),
            when: differ,
            then: common::named(Step::new(StepKind::Approve(ask)), "conflict"),
        }],
        otherwise: None,
    })
}

impl ExecutionStrategy for Debate {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "independent opinions, rounds of exchange, then a consensus by a policy",
            "a decision gains from several views, and it matters where they differ",
            "two or more participants; a synthesizer may be the last",
        )
    }

    /// Besides the synthesizer there must be at least two members.
    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        self.check()?;
        let closing = self.closing(team)?;
        let participants: Vec<Agent> = team
            .members()
            .iter()
            .filter(|agent| closing.is_none_or(|other| other.id != agent.id))
            .cloned()
            .collect();
        if participants.len() < 2 {
            let needs = "at least 2 agents besides the one who joins their opinions".to_owned();
            return Err(common::wrong_arity(Self::NAME, needs, team));
        }
        let resolved = Self {
            synthesizer: closing.map(|agent| agent.id.to_string()),
            ..self.clone()
        };
        let names = common::step_names(&participants);
        let mut steps = Vec::new();
        for round in 1..=self.rounds {
            let (instruction, heard) = match round {
                1 => (ROUND, Vec::new()),
                _ => (NEXT_ROUND, opinions(round - 1, &names)),
            };
            let voices = participants
                .iter()
                .zip(&names)
                .map(|(agent, name)| {
                    common::named(
                        common::work(&agent.id, Some(instruction), heard.clone()),
                        name,
                    )
                })
                .collect();
            // A round goes on when anybody spoke: the vote, not the round, decides the debate.
            let group = StepKind::Parallel {
                steps: voices,
                join: Join::Best,
                max_concurrency: None,
                on_error: OnError::Continue,
                collect: Some(common::collect(Self::NAME, &resolved)),
            };
            steps.push(common::named(Step::new(group), &format!("round_{round}")));
        }
        if self.policy == ConflictPolicy::Human {
            steps.push(common::named(decision(self.rounds, &names), DECISION_STEP));
        }
        if let Some(agent) = closing {
            let mut work = common::work(&agent.id, Some(SYNTHESIS), opinions(self.rounds, &names));
            if matches!(self.policy, ConflictPolicy::Arbitrate(_)) {
                work = common::asking(work, ruling());
            }
            steps.push(common::named(work, SYNTHESIS_STEP));
        }
        Ok(Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, &resolved)),
        }))
    }

    /// Called for each round, whose parts are agents, and for the debate, whose parts are rounds.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let (parts, outcome) = (group.parts, group.outcome.clone());
        // Parts of the whole are rounds; a participant of a round may be a group too, if it is a workflow.
        let whole = |part: &Part| part.name == "round_1" && !part.parts.is_empty();
        if parts.first().is_some_and(whole) {
            aggregate::debate(self, parts, outcome)
        } else {
            aggregate::round(parts, outcome)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{assert_references_resolve, object, tree};
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::testing::agent;

    fn check(debate: &Debate, ids: &[&str], expected: Expect) {
        let step = debate.compose(&agent(ids), &Context::new()).unwrap();
        assert_references_resolve(&step);
        expected.assert_eq(&tree(&step));
    }

    #[test]
    fn a_later_round_is_given_the_opinions_of_the_one_before() {
        check(
            &Debate::default(),
            &["a", "b"],
            expect![[r#"
                : sequence stop -> debate {"rounds":1,"policy":"majority"}
                  round_1: parallel {policy:best} continue -> debate {"rounds":1,"policy":"majority"}
                    a: agent a
                    b: agent b
            "#]],
        );
        check(
            &Debate::default().rounds(2),
            &["a.x", "b", "synthesizer"],
            expect![[r#"
                : sequence stop -> debate {"rounds":2,"policy":"majority","synthesizer":"synthesizer"}
                  round_1: parallel {policy:best} continue -> debate {"rounds":2,"policy":"majority","synthesizer":"synthesizer"}
                    a_x: agent a.x
                    b: agent b
                  round_2: parallel {policy:best} continue -> debate {"rounds":2,"policy":"majority","synthesizer":"synthesizer"}
                    a_x: agent a.x opinion_a_x=steps.round_1.output.opinions.a_x opinion_b=steps.round_1.output.opinions.b
                    b: agent b opinion_a_x=steps.round_1.output.opinions.a_x opinion_b=steps.round_1.output.opinions.b
                  synthesis: agent synthesizer opinion_a_x=steps.round_2.output.opinions.a_x opinion_b=steps.round_2.output.opinions.b
            "#]],
        );
    }

    #[test]
    fn an_arbiter_takes_no_part_in_the_rounds() {
        let policy = ConflictPolicy::Arbitrate("judge".into());
        check(
            &Debate::default().policy(policy),
            &["judge", "a", "b"],
            expect![[r#"
                : sequence stop -> debate {"rounds":1,"policy":{"arbitrate":"judge"},"synthesizer":"judge"}
                  round_1: parallel {policy:best} continue -> debate {"rounds":1,"policy":{"arbitrate":"judge"},"synthesizer":"judge"}
                    a: agent a
                    b: agent b
                  synthesis: agent judge opinion_a=steps.round_1.output.opinions.a opinion_b=steps.round_1.output.opinions.b
            "#]],
        );
    }

    fn refused(params: Value, ids: &[&str], expected: Expect) {
        let composed = Debate::from_params(&object(params))
            .and_then(|debate| debate.compose(&agent(ids), &Context::new()));
        expected.assert_eq(&composed.unwrap_err().to_string());
    }

    #[test]
    fn what_is_not_possible_is_refused_with_what_is() {
        refused(
            json!({}),
            &["a"],
            expect!["strategy `debate` needs at least 2 agents, got 1"],
        );
        refused(
            json!({}),
            &["a", "synthesizer"],
            expect![
                "strategy `debate` needs at least 2 agents besides the one who joins their opinions, got 2"
            ],
        );
        refused(
            json!({"rounds": 0}),
            &["a", "b"],
            expect!["strategy `debate`: parameter `rounds` must be from 1 to 5, got `0`"],
        );
        refused(
            json!({"rounds": 6}),
            &["a", "b"],
            expect!["strategy `debate`: parameter `rounds` must be from 1 to 5, got `6`"],
        );
        refused(
            json!({"policy": "shouting"}),
            &["a", "b"],
            expect![
                "strategy `debate`: parameter `policy` is not usable: unknown variant `shouting`, expected one of `highest_confidence`, `majority`, `unanimous`, `weighted`, `human`, `arbitrate`"
            ],
        );
        refused(
            json!({"synthesizer": "c"}),
            &["a", "b"],
            expect![
                "strategy `debate`: parameter `synthesizer` names `c`, who is not in the team (possible: a, b)"
            ],
        );
        refused(
            json!({"policy": {"arbitrate": "a"}, "synthesizer": "b"}),
            &["a", "b", "c"],
            expect![
                "strategy `debate`: parameter `synthesizer` is `b`, but `a` arbitrates and has the last word: leave one of them out"
            ],
        );
    }

    #[test]
    fn parameters_survive_being_written_and_read() {
        let debate = Debate::default()
            .rounds(3)
            .policy(ConflictPolicy::Arbitrate("a".into()));
        let written = object(serde_json::to_value(&debate).unwrap());
        assert_eq!(Debate::from_params(&written), Ok(debate));
    }
}
