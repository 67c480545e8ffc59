//! The parameters of a group chat and the turns it writes.

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::id::AgentId;
use orchestrate_core::plan::{ApproveStep, Arm, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::common;
use super::termination::Termination;
use super::turn;

pub(super) const SELECT: &str = "select";
pub(super) const TURN: &str = "turn";
pub(super) const EXTERNAL: &str = "external";
const SPEAK: &str =
    "Take your turn in the conversation about the task. What was said before is in `messages`.";

/// Who speaks next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// One after another, in the order of the team.
    #[default]
    RoundRobin,
    /// This member of the team says who, and does not speak itself.
    Agent(AgentId),
    /// The first rule that holds, else the next in order.
    Rules(Vec<SpeakerRule>),
}

/// When somebody is the next to speak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeakerRule {
    /// Over the conversation so far, for example `steps.previous.output.last.open_question`.
    pub when: Condition,
    /// Who speaks then.
    pub speaker: AgentId,
}

/// One conversation until a termination condition holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupChat {
    /// Who speaks next: `round_robin` (the default), `{"agent": "member"}`, `{"rules": […]}`.
    selector: Selector,
    /// What ends it, for example `{"any": [{"text_mention": "DONE"}, {"max_tokens": 9000}]}`. Without it `max_messages` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    termination: Option<Termination>,
    /// Messages at most, whatever `termination` says, from 1 to 200; 20 unless told.
    #[schemars(range(min = 1, max = 200))]
    max_messages: u32,
    /// Who takes part, in order; set while composing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    members: Vec<String>,
}

impl Default for GroupChat {
    fn default() -> Self {
        Self {
            selector: Selector::RoundRobin,
            termination: None,
            max_messages: 20,
            members: Vec::new(),
        }
    }
}

impl GroupChat {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "group_chat";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 2,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a bound out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        common::within(Self::NAME, "max_messages", this.max_messages, 1..=200)?;
        Ok(this)
    }

    /// The same with so many messages at most.
    #[must_use]
    pub fn max_messages(mut self, messages: u32) -> Self {
        self.max_messages = messages;
        self
    }

    /// The same with what ends it.
    #[must_use]
    pub fn termination(mut self, termination: Termination) -> Self {
        self.termination = Some(termination);
        self
    }

    /// The same with another way to choose who speaks.
    #[must_use]
    pub fn selector(mut self, selector: Selector) -> Self {
        self.selector = selector;
        self
    }

    pub(super) fn members(&self) -> &[String] {
        &self.members
    }

    /// The member of that id or step name.
    pub(super) fn member_of(&self, label: &str) -> Option<String> {
        let is = |id: &&String| **id == label || id.replace('.', "_") == label;
        self.members.iter().find(is).cloned()
    }

    /// Who is next in order behind a member.
    pub(super) fn after(&self, speaker: Option<&str>) -> Option<&String> {
        let at = speaker.and_then(|id| self.members.iter().position(|it| it == id));
        let next = at.map_or(0, |at| at + 1);
        self.members.get(next).or(self.members.first())
    }

    /// Why the conversation is over, if it is.
    pub(super) fn ended(&self, state: &serde_json::Value) -> Option<String> {
        let own = self.termination.as_ref().and_then(|it| it.reason(state));
        own.or_else(|| Termination::MaxMessages(self.max_messages).reason(state))
    }

    /// Whether that reason is the bound, and not what was to end it.
    pub(super) fn is_bound(&self, reason: &str) -> bool {
        self.termination.is_some() && reason == format!("max_messages: {}", self.max_messages)
    }

    /// Who selects, and who speaks.
    fn split<'a>(&self, team: &'a Team) -> Result<(Option<&'a Agent>, Vec<Agent>), StrategyError> {
        let members = team.members();
        let ids = common::ids(members).join(", ");
        let stranger = |parameter: &str, id: &AgentId| {
            let problem = format!("names `{id}`, who is not in the team (possible: {ids})");
            common::parameter(Self::NAME, parameter, problem)
        };
        match &self.selector {
            Selector::RoundRobin => Ok((None, members.to_vec())),
            Selector::Rules(rules) => {
                let unknown = rules
                    .iter()
                    .find(|rule| !members.iter().any(|agent| agent.id == rule.speaker));
                match unknown {
                    Some(rule) => Err(stranger("selector", &rule.speaker)),
                    None => Ok((None, members.to_vec())),
                }
            }
            Selector::Agent(id) => {
                let selector = members.iter().find(|agent| agent.id == *id);
                let others = members.iter().filter(|agent| agent.id != *id).cloned();
                match selector {
                    Some(agent) => Ok((Some(agent), others.collect())),
                    None => Err(stranger("selector", id)),
                }
            }
        }
    }

    /// The step in which somebody speaks.
    fn turn(&self, speakers: &[Agent], selected: bool) -> Step {
        let speak = |agent: &Agent| {
            let messages = (
                "messages".to_owned(),
                "steps.previous.output.messages".to_owned(),
            );
            common::work(&agent.id, Some(SPEAK), [messages])
        };
        let field = match selected {
            true => format!("steps.{SELECT}.output.next_speaker"),
            false => "steps.previous.output.next".to_owned(),
        };
        let mut turn = common::turn(speakers, &field, &[], speak);
        if let (Selector::Rules(rules), StepKind::Branch { arms, .. }) =
            (&self.selector, &mut turn.kind)
        {
            let ruled = rules.iter().enumerate().filter_map(|(position, rule)| {
                let agent = speakers.iter().find(|agent| agent.id == rule.speaker)?;
                Some(Arm {
                    label: format!("rule {position}: {}", rule.speaker),
                    when: rule.when.clone(),
                    then: common::named(speak(agent), &format!("rule_{position}")),
                })
            });
            let ruled: Vec<Arm> = ruled.collect();
            arms.splice(0..0, ruled);
        }
        common::named(turn, TURN)
    }
}

impl ExecutionStrategy for GroupChat {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "one conversation that all take part in, until a condition ends it",
            "the answer comes out of an exchange whose course is not known beforehand",
            "the participants in the order in which they speak; one of them may select instead",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let (selector, speakers) = self.split(team)?;
        if speakers.len() < 2 && selector.is_some() {
            let needs = "at least 2 agents besides the one who selects".to_owned();
            return Err(common::wrong_arity(Self::NAME, needs, team));
        }
        let this = Self {
            members: common::ids(&speakers)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            ..self.clone()
        };
        let mut steps = Vec::new();
        if let Some(agent) = selector {
            let possible = this.members.join(", ");
            let instruction = format!(
                "Read the conversation in `messages` and say in `next_speaker` who speaks next, exactly one of: {possible}."
            );
            let messages = [(
                "messages".to_owned(),
                "steps.previous.output.messages".to_owned(),
            )];
            let answer = json!({
                "type": "object",
                "properties": {"next_speaker": {"enum": this.members}},
                "required": ["next_speaker"],
            });
            let select = common::work(&agent.id, Some(&instruction), messages);
            steps.push(common::named(common::asking(select, answer), SELECT));
        }
        steps.push(this.turn(&speakers, selector.is_some()));
        if let Some(question) = self.termination.as_ref().and_then(Termination::question) {
            let ask = ApproveStep {
                decisions: vec!["go_on".to_owned(), "stop".to_owned()],
                show: [(
                    "messages".to_owned(),
                    Reference::new("steps.previous.output.messages"),
                )]
                .into(),
                ..ApproveStep::new(question)
            };
            steps.push(common::named(Step::new(StepKind::Approve(ask)), EXTERNAL));
        }
        let body = Step::new(StepKind::Sequence {
            steps,
            // One who fails is silent; the others go on.
            on_error: OnError::Continue,
            collect: Some(common::collect(Self::NAME, &this)),
        });
        let over = Condition::compare(
            "steps.round.output.stop_reason",
            Comparison::Ne,
            serde_json::Value::Null,
        );
        let over = Condition::All {
            of: vec![
                Condition::Exists {
                    field: Reference::new("steps.round.output.stop_reason"),
                },
                over,
            ],
        };
        let rounds = common::repeat(
            body,
            over,
            self.max_messages,
            turn::start(this.members.first()),
        );
        Ok(common::looped(Self::NAME, &this, rounds, []))
    }

    /// Called after each message and for the whole.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        match common::part(group.parts, common::ROUNDS) {
            Some(rounds) => turn::whole(self, rounds, &group.outcome),
            None => turn::message(self, group),
        }
    }
}
