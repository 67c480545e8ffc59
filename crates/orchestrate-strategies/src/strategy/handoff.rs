//! The active agent hands the work to another one: initiate, accept, complete, and back when the receiver does not take it.

use std::collections::BTreeMap;

use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::outcome::{FailureClass, LimitKind, Outcome};
use orchestrate_core::plan::{OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

const TURN: &str = "turn";

/// What a receiver is given of what was done before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContextFilter {
    /// Everything.
    #[default]
    All,
    /// What the sender gave last.
    Last,
    /// Everything but calls of tools and what they gave.
    NoTools,
    /// The sender's own `summary`; without one what it gave last, and that is said.
    Summary,
}

/// Control moves from agent to agent, within a bound; a receiver that fails or refuses gives it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Handoff {
    /// Handoffs at most, those that were not accepted included, from 1 to 50; 10 unless told.
    #[schemars(range(min = 1, max = 50))]
    max_hops: u32,
    /// What a receiver is given: `all` (the default), `last`, `no_tools`, `summary`.
    filter: ContextFilter,
    /// To whom each may hand over, by member; who is not named may hand over to everybody.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    allowed: BTreeMap<String, Vec<String>>,
    /// Who takes part, in order; set while composing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    members: Vec<String>,
}

impl Default for Handoff {
    fn default() -> Self {
        Self {
            max_hops: 10,
            filter: ContextFilter::All,
            allowed: BTreeMap::new(),
            members: Vec::new(),
        }
    }
}

impl Handoff {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "handoff";
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
        common::within(Self::NAME, "max_hops", this.max_hops, 1..=50)?;
        Ok(this)
    }

    /// The same with so many handoffs at most.
    #[must_use]
    pub fn max_hops(mut self, hops: u32) -> Self {
        self.max_hops = hops;
        self
    }

    /// The same with another filter.
    #[must_use]
    pub fn filter(mut self, filter: ContextFilter) -> Self {
        self.filter = filter;
        self
    }

    fn may(&self, from: &str) -> Vec<&str> {
        let others = self.members.iter().map(String::as_str);
        let allowed = self.allowed.get(from);
        others
            .filter(|id| *id != from)
            .filter(|id| allowed.is_none_or(|list| list.iter().any(|it| it == id)))
            .collect()
    }

    fn start(&self) -> Value {
        json!({
            "holder": self.members.first(),
            "given": {"from": null, "history": [], "filter": self.filter},
            "stack": [],
            "history": [],
            "handoffs": [],
        })
    }

    /// What the next holder is given, with where each piece comes from.
    fn given(&self, from: &str, message: Option<&Value>, history: &[Value]) -> Value {
        let last = || history.last().cloned().into_iter().collect::<Vec<_>>();
        let mut applied = self.filter;
        let passed = match self.filter {
            ContextFilter::All => history.to_vec(),
            ContextFilter::Last => last(),
            ContextFilter::NoTools => history.iter().map(without_tools).collect(),
            ContextFilter::Summary => {
                let own = history
                    .last()
                    .filter(|entry| entry.pointer("/output/summary").is_some());
                match own {
                    Some(entry) => vec![json!({
                        "turn": entry.get("turn"),
                        "agent": entry.get("agent"),
                        "summary": entry.pointer("/output/summary"),
                    })],
                    None => {
                        applied = ContextFilter::Last;
                        last()
                    }
                }
            }
        };
        json!({
            "from": from,
            "message": message,
            "filter": applied,
            "history": passed,
            "left_out": history.len().saturating_sub(passed.len()),
        })
    }

    fn step(&self, group: &Gathered<'_>) -> Aggregate {
        let mut state = group
            .previous
            .as_deref()
            .cloned()
            .unwrap_or_else(|| self.start());
        let part = common::part(group.parts, TURN);
        let holder = text(&state, "holder").unwrap_or_default();
        let mut history = common::list(Some(&state), "history");
        let mut handoffs = common::list(Some(&state), "handoffs");
        let before = handoffs.clone();
        let mut stack = common::list(Some(&state), "stack");
        let sender = stack.last().and_then(Value::as_str).map(str::to_owned);
        let taken_up = part.is_some_and(|part| part.outcome.is_success());
        let output = common::output(part);
        let refusal = match (taken_up, output.get("accept").and_then(Value::as_bool)) {
            (true, Some(false)) => Some(
                text(&output, "reason").unwrap_or_else(|| format!("`{holder}` does not accept it")),
            ),
            (true, _) => None,
            (false, _) => Some(
                part.and_then(|part| part.outcome.error())
                    .unwrap_or_else(|| format!("`{holder}` did not run")),
            ),
        };
        let mut done = None;
        if let Some(why) = refusal {
            let status = if taken_up { "refused" } else { "failed" };
            if let Some(last) = handoffs.last_mut().filter(|it| is(it, "to", &holder)) {
                common::put(last, "status", status.into());
                common::put(last, "reason", why.as_str().into());
            }
            stack.pop();
            match sender {
                // Back to the sender, who is told why.
                Some(sender) => {
                    let mut given = self.given(&sender, None, &history);
                    common::put(&mut given, "returned_by", holder.as_str().into());
                    common::put(&mut given, "reason", why.into());
                    common::put(&mut state, "given", given);
                    common::put(&mut state, "holder", sender.into());
                }
                None => {
                    common::put(&mut state, "failure", why.into());
                    done = Some("failed");
                }
            }
        } else {
            if let Some(last) = handoffs.last_mut().filter(|it| is(it, "to", &holder)) {
                common::put(last, "status", "accepted".into());
            }
            history.push(json!({"turn": history.len() + 1, "agent": holder, "output": output}));
            match text(&output, "handoff_to") {
                None => {
                    if let Some(last) = handoffs.last_mut().filter(|it| is(it, "to", &holder)) {
                        common::put(last, "status", "completed".into());
                    }
                    common::put(&mut state, "final_output", output);
                    common::put(&mut state, "completed_by", holder.as_str().into());
                    done = Some("completed");
                }
                Some(to) => {
                    let possible = self.may(&holder);
                    let mut entry = json!({"from": holder, "to": to, "message": output.get("message"), "status": "initiated"});
                    if possible.contains(&to.as_str()) {
                        let mut given = self.given(&holder, output.get("message"), &history);
                        common::put(&mut given, "to", to.as_str().into());
                        common::put(&mut state, "given", given);
                        common::put(&mut state, "holder", to.into());
                        stack.push(holder.as_str().into());
                    } else {
                        let why = format!(
                            "`{to}` is not among those to whom `{holder}` may hand over (possible: {})",
                            possible.join(", ")
                        );
                        common::put(&mut entry, "status", "refused".into());
                        common::put(&mut entry, "reason", why.as_str().into());
                        let mut given = self.given(&holder, None, &history);
                        common::put(&mut given, "returned_by", to.into());
                        common::put(&mut given, "reason", why.into());
                        common::put(&mut state, "given", given);
                    }
                    handoffs.push(entry);
                }
            }
        }
        if done.is_none() && handoffs.len() as u64 > u64::from(self.max_hops) {
            if let Some(last) = handoffs.last_mut() {
                common::put(last, "status", "not_made".into());
                common::put(last, "reason", "the limit of handoffs is reached".into());
            }
            done = Some("max_hops");
        }
        if let Some(done) = done {
            common::put(&mut state, "done", done.into());
        }
        for (key, list) in [
            ("handoff_news", news(&before, &handoffs)),
            ("history", history),
            ("handoffs", handoffs),
            ("stack", stack),
        ] {
            common::put(&mut state, key, list.into());
        }
        Aggregate {
            outcome: common::unless_interrupted(&group.outcome, Outcome::Succeeded),
            output: state,
            confidence: part.map_or(0.0, |part| part.confidence),
        }
    }
}

/// The handoffs that are new or whose status has changed, for those who follow a run while it goes on.
fn news(before: &[Value], after: &[Value]) -> Vec<Value> {
    let changed = after.iter().enumerate().filter_map(|(position, entry)| {
        let known = before.get(position);
        let is_new = known.is_none();
        let told = json!({
            "from": entry.get("from"),
            "to": entry.get("to"),
            "status": entry.get("status"),
            "is_new": is_new,
        });
        (known.and_then(|it| it.get("status")) != entry.get("status")).then_some(told)
    });
    changed.collect()
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field)?.as_str().map(str::to_owned)
}

fn is(entry: &Value, field: &str, text: &str) -> bool {
    entry.get(field).and_then(Value::as_str) == Some(text)
}

/// The entry without what tools were asked and gave.
fn without_tools(entry: &Value) -> Value {
    const TOOLS: [&str; 4] = ["tool_calls", "tool_results", "tools", "observations"];
    let mut entry = entry.clone();
    if let Some(Value::Object(output)) = entry.get_mut("output") {
        output.retain(|key, _| !TOOLS.contains(&key.as_str()));
    }
    entry
}

impl ExecutionStrategy for Handoff {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "control moves from agent to agent, and back when the receiver does not take it",
            "who works on finds out for itself that another one should",
            "who begins, then those to whom it may go",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let members = team.members();
        let ids = common::ids(members);
        let named = self.allowed.keys().chain(self.allowed.values().flatten());
        if let Some(stranger) = named.into_iter().find(|id| !ids.contains(&id.as_str())) {
            let problem = format!(
                "names `{stranger}`, who is not in the team (possible: {})",
                ids.join(", ")
            );
            return Err(common::parameter(Self::NAME, "allowed", problem));
        }
        let this = Self {
            members: ids.iter().map(|id| (*id).to_owned()).collect(),
            ..self.clone()
        };
        let turn = common::turn(members, "steps.previous.output.holder", &[], |agent| {
            let possible = this.may(agent.id.as_str()).join(", ");
            let instruction = format!(
                "Go on with the task. What was done before you is in `handoff`. If somebody else should go on, name them in `handoff_to` (possible: {possible}) with a `message`, and give a `summary` of what you did. If you cannot take it, answer with `accept` as false and a `reason`. Otherwise finish it."
            );
            let given = [(
                "handoff".to_owned(),
                "steps.previous.output.given".to_owned(),
            )];
            common::work(&agent.id, Some(&instruction), given)
        });
        let body = Step::new(StepKind::Sequence {
            steps: vec![common::named(turn, TURN)],
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, &this)),
        });
        let done = Condition::Exists {
            field: Reference::new("steps.round.output.done"),
        };
        // Each handoff is a turn, and one that is given back is another.
        let fuel = 1 + 2 * (self.max_hops + 1);
        Ok(common::looped(
            Self::NAME,
            &this,
            common::repeat(body, done, fuel, this.start()),
            [],
        ))
    }

    /// Called for each turn and for the whole.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let Some(rounds) = common::part(group.parts, common::ROUNDS) else {
            return self.step(group);
        };
        let state = &rounds.output;
        let field = |name: &str| state.get(name).cloned().unwrap_or_default();
        let history = common::list(Some(state), "history");
        let done = text(state, "done");
        // At a limit the last thing that was given is the best there is.
        let last = history.last().and_then(|it| it.get("output")).cloned();
        let final_output = match done.as_deref() {
            Some("completed") => field("final_output"),
            _ => last.unwrap_or_default(),
        };
        let own = match done.as_deref() {
            Some("completed") => Outcome::Succeeded,
            Some("max_hops") => Outcome::LimitReached {
                limit: LimitKind::Fuel,
            },
            Some(_) => Outcome::failed(
                FailureClass::Reported,
                text(state, "failure").unwrap_or_default(),
            ),
            None => group.outcome.clone(),
        };
        Aggregate {
            outcome: common::unless_interrupted(&group.outcome, own),
            output: json!({
                "final_output": final_output,
                "completed_by": field("completed_by"),
                "ended_by": done,
                "handoffs": field("handoffs"),
                "history": history,
                "filter": self.filter,
            }),
            confidence: rounds.confidence,
        }
    }
}
