//! A manager keeps two ledgers, sends workers, notices when nothing moves, and plans anew with all the evidence in view.

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::outcome::{FailureClass, LimitKind, Outcome};
use orchestrate_core::plan::{Arm, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, Part, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

const LEDGER: &str = "task_ledger";
const PROGRESS: &str = "progress_ledger";
const TURN: &str = "turn";
const ANSWER: &str = "answer";
const PLAN: &str = "Write the task ledger. In `facts`: what is `given`, what is `to_look_up`, what is `to_derive`, and `guesses`. In `plan`: how the team is to go about it. If work was done before, it did not get on: all of it is in `evidence`, and the ledger until now in `last_ledger`. Say in `what_went_wrong` why, keep every fact that was found, and write a plan that avoids it.";
const ASSESS: &str = "Write the progress ledger from the task ledger in `ledger` and all that was done in `transcript`. Give each with `answer` and `reason`: `is_request_satisfied`, `is_in_loop`, `is_progress_being_made` (true or false), `next_speaker` (one of the team), and `instruction_or_question` for the one who is next.";
const WORK: &str = "Do what `progress` says in `instruction_or_question`. The plan is in `ledger`, what was done so far in `transcript`.";
const FINISH: &str = "Give the answer to the task from everything in `state`. If `ended_by` there is not `satisfied`, give the best answer that the work supports and say what is missing.";

/// Task ledger and progress ledger, a stall counter, and bounds at which the best answer so far is given with its gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrchestratorWorker {
    /// Rounds of work at most, from 1 to 100; 20 unless told.
    #[schemars(range(min = 1, max = 100))]
    max_rounds: u32,
    /// Rounds without progress after which the plan is made anew, from 1 to 20; 3 unless told.
    #[schemars(range(min = 1, max = 20))]
    max_stalls: u32,
    /// New plans at most, up to 10; 2 unless told.
    #[schemars(range(max = 10))]
    max_resets: u32,
    /// The workers; set while composing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    workers: Vec<String>,
}

impl Default for OrchestratorWorker {
    fn default() -> Self {
        Self {
            max_rounds: 20,
            max_stalls: 3,
            max_resets: 2,
            workers: Vec::new(),
        }
    }
}

impl OrchestratorWorker {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "orchestrator_worker";
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
        common::within(Self::NAME, "max_rounds", this.max_rounds, 1..=100)?;
        common::within(Self::NAME, "max_stalls", this.max_stalls, 1..=20)?;
        common::within(Self::NAME, "max_resets", this.max_resets, 0..=10)?;
        Ok(this)
    }

    /// The same with other bounds: rounds, stalls before a new plan, new plans.
    #[must_use]
    pub fn bounds(mut self, max_rounds: u32, max_stalls: u32, max_resets: u32) -> Self {
        self.max_rounds = max_rounds;
        self.max_stalls = max_stalls;
        self.max_resets = max_resets;
        self
    }

    /// A plan was made: only now, that it has been seen, is the evidence put away.
    fn planned(ledger: &Part, state: &mut Value) {
        if !ledger.outcome.is_success() {
            let why = ledger.outcome.error().unwrap_or_default();
            common::put(state, "failure", why.into());
            common::put(state, "ended_by", "manager_failed".into());
            return;
        }
        let first = state.get("ledger").is_none_or(Value::is_null);
        if !first {
            let mut archive = common::list(Some(state), "archive");
            archive.push(
                json!({"ledger": state.get("ledger"), "transcript": state.get("transcript")}),
            );
            common::put(state, "archive", archive.into());
            let resets = common::count(Some(state), "resets");
            common::put(state, "resets", (resets + 1).into());
            common::put(state, "transcript", json!([]));
        }
        common::put(state, "ledger", common::output(Some(ledger)));
        common::put(state, "stalls", 0.into());
        common::put(state, "replan", false.into());
    }

    /// A round of work: what the progress ledger says, and what the worker gave.
    fn worked(&self, parts: &[Part], state: &mut Value) {
        let assessed = common::part(parts, PROGRESS);
        let ledger = common::output(assessed);
        let rounds = common::count(Some(state), "rounds") + 1;
        common::put(state, "rounds", rounds.into());
        if !assessed.is_some_and(|part| part.outcome.is_success()) {
            let why = assessed.and_then(|part| part.outcome.error());
            common::put(state, "failure", json!(why));
            common::put(state, "ended_by", "manager_failed".into());
            return;
        }
        common::put(state, "progress", ledger.clone());
        if answer(&ledger, "is_request_satisfied").as_bool() == Some(true) {
            common::put(state, "ended_by", "satisfied".into());
            return;
        }
        let mut transcript = common::list(Some(state), "transcript");
        let next = answer(&ledger, "next_speaker");
        let turn = common::part(parts, TURN).and_then(common::taken);
        let mut entry = json!({
            "round": rounds,
            "speaker": next,
            "instruction": answer(&ledger, "instruction_or_question"),
            "success": turn.is_some_and(|part| part.outcome.is_success()),
            "output": turn.map(|part| part.output.as_ref()),
        });
        let error = match turn {
            Some(part) => part.outcome.error(),
            None => Some(format!(
                "`next_speaker` names nobody of the team (possible: {})",
                self.workers.join(", ")
            )),
        };
        if let Some(error) = error {
            common::put(&mut entry, "error", error.into());
        }
        transcript.push(entry);
        common::put(state, "transcript", transcript.into());
        let moving = answer(&ledger, "is_progress_being_made").as_bool() == Some(true)
            && answer(&ledger, "is_in_loop").as_bool() != Some(true)
            && turn.is_some();
        let stalls = common::count(Some(state), "stalls");
        let stalls = if moving {
            stalls.saturating_sub(1)
        } else {
            stalls + 1
        };
        common::put(state, "stalls", stalls.into());
        if rounds >= u64::from(self.max_rounds) {
            common::put(state, "ended_by", "max_rounds".into());
        } else if stalls >= u64::from(self.max_stalls) {
            if common::count(Some(state), "resets") >= u64::from(self.max_resets) {
                common::put(state, "ended_by", "max_resets".into());
            } else {
                common::put(state, "replan", true.into());
            }
        }
    }

    fn body(&self, manager: &Agent, workers: &[Agent]) -> Step {
        let is_replan =
            |value: bool| Condition::compare("steps.previous.output.replan", Comparison::Eq, value);
        let state =
            |name: &str, field: &str| (name.to_owned(), format!("steps.previous.output.{field}"));
        let only = |label: &str, when: Condition, then: Step| {
            Step::new(StepKind::Branch {
                arms: vec![Arm {
                    label: label.to_owned(),
                    when,
                    then: common::named(then, label),
                }],
                otherwise: None,
            })
        };
        let plan = common::work(
            &manager.id,
            Some(PLAN),
            [
                state("evidence", "transcript"),
                state("last_ledger", "ledger"),
                state("earlier_attempts", "archive"),
            ],
        );
        let assess = common::work(
            &manager.id,
            Some(ASSESS),
            [state("ledger", "ledger"), state("transcript", "transcript")],
        );
        let unsatisfied = [
            is_replan(false),
            Condition::compare(
                format!("steps.{PROGRESS}.output.is_request_satisfied.answer"),
                Comparison::Eq,
                true,
            )
            .negated(),
        ];
        let next = format!("steps.{PROGRESS}.output.next_speaker.answer");
        let turn = common::turn(workers, &next, &unsatisfied, |worker| {
            let progress = ("progress".to_owned(), format!("steps.{PROGRESS}.output"));
            common::work(
                &worker.id,
                Some(WORK),
                [
                    progress,
                    state("ledger", "ledger"),
                    state("transcript", "transcript"),
                ],
            )
        });
        let steps = vec![
            common::named(
                only("plan", is_replan(true), common::asking(plan, task_ledger())),
                LEDGER,
            ),
            common::named(
                only(
                    "assess",
                    is_replan(false),
                    common::asking(assess, progress_ledger(&self.workers)),
                ),
                PROGRESS,
            ),
            common::named(turn, TURN),
        ];
        Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, self)),
        })
    }
}

/// The answer of an entry, which may also stand there without a reason.
fn answer(ledger: &Value, field: &str) -> Value {
    let entry = ledger.get(field).cloned().unwrap_or_default();
    entry.get("answer").cloned().unwrap_or(entry)
}

/// The form of a task ledger.
fn task_ledger() -> Value {
    let list = json!({"type": "array", "items": {"type": "string"}});
    json!({
        "type": "object",
        "properties": {
            "facts": {
                "type": "object",
                "properties": {"given": list, "to_look_up": list, "to_derive": list, "guesses": list},
                "required": ["given", "to_look_up", "to_derive", "guesses"],
            },
            "plan": list,
            "what_went_wrong": {"type": "string"},
        },
        "required": ["facts", "plan"],
    })
}

/// The form of a progress ledger.
fn progress_ledger(workers: &[String]) -> Value {
    let entry = |answer: Value| {
        json!({
            "type": "object",
            "properties": {"answer": answer, "reason": {"type": "string"}},
            "required": ["answer", "reason"],
        })
    };
    let flag = || entry(json!({"type": "boolean"}));
    json!({
        "type": "object",
        "properties": {
            "is_request_satisfied": flag(),
            "is_in_loop": flag(),
            "is_progress_being_made": flag(),
            "next_speaker": entry(json!({"enum": workers})),
            "instruction_or_question": entry(json!({"type": "string"})),
        },
        "required": [
            "is_request_satisfied", "is_in_loop", "is_progress_being_made", "next_speaker",
            "instruction_or_question",
        ],
    })
}

fn start() -> Value {
    json!({
        "replan": true,
        "ledger": null,
        "transcript": [],
        "archive": [],
        "rounds": 0,
        "stalls": 0,
        "resets": 0,
    })
}

/// What a run that ended early leaves open, as far as the ledgers say.
fn gaps(state: &Value) -> Vec<Value> {
    let mut gaps = Vec::new();
    if let Some(why) = state.pointer("/progress/is_request_satisfied/reason") {
        gaps.push(json!({"what": "the request is not satisfied", "why": why}));
    }
    for field in ["to_look_up", "to_derive"] {
        let open = state.pointer(&format!("/ledger/facts/{field}"));
        for fact in open.and_then(Value::as_array).into_iter().flatten() {
            gaps.push(json!({"what": fact, "why": format!("the task ledger has it as {field}")}));
        }
    }
    if gaps.is_empty() {
        gaps.push(
            json!({"what": "the request", "why": "no progress ledger says that it is satisfied"}),
        );
    }
    gaps
}

/// The last thing that a worker gave, in this attempt or an earlier one.
fn last_work(state: &Value) -> Option<Value> {
    let mut all: Vec<Value> = common::list(Some(state), "archive")
        .iter()
        .flat_map(|attempt| common::list(Some(attempt), "transcript"))
        .collect();
    all.extend(common::list(Some(state), "transcript"));
    let worked = |entry: &&Value| entry.get("success") == Some(&Value::Bool(true));
    all.iter().rfind(worked)?.get("output").cloned()
}

impl ExecutionStrategy for OrchestratorWorker {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a manager keeps ledgers, sends workers, and plans anew when nothing moves",
            "the way to the goal is not known beforehand and has to be found step by step",
            "the manager, then the workers",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let [manager, workers @ ..] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let this = Self {
            workers: common::ids(workers)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            ..self.clone()
        };
        let ended = Condition::Exists {
            field: Reference::new("steps.round.output.ended_by"),
        };
        // Every round of work and every plan is one turn of the loop.
        let fuel = self.max_rounds + self.max_resets + 1;
        let rounds = common::repeat(this.body(manager, workers), ended, fuel, start());
        let finish = common::work(
            &manager.id,
            Some(FINISH),
            [(
                "state".to_owned(),
                format!("steps.{}.output", common::ROUNDS),
            )],
        );
        Ok(common::looped(
            Self::NAME,
            &this,
            rounds,
            [common::named(finish, ANSWER)],
        ))
    }

    /// Called for each turn of the loop and for the whole. At a limit the best answer so far is the answer, with its gaps.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let Some(rounds) = common::part(group.parts, common::ROUNDS) else {
            let mut state = group.previous.as_deref().cloned().unwrap_or_else(start);
            match common::part(group.parts, LEDGER).and_then(common::taken) {
                Some(ledger) => Self::planned(ledger, &mut state),
                None => self.worked(group.parts, &mut state),
            }
            return Aggregate {
                outcome: common::unless_interrupted(&group.outcome, Outcome::Succeeded),
                output: state,
                confidence: common::mean_confidence(group.parts),
            };
        };
        let state = &rounds.output;
        let field = |name: &str| state.get(name).cloned().unwrap_or_default();
        let finish = common::part(group.parts, ANSWER);
        let finished = finish.filter(|part| part.outcome.is_success());
        let ended_by = state.get("ended_by").and_then(Value::as_str);
        let (from, best) = match finished {
            Some(part) => ("manager", common::output(Some(part))),
            None => ("last_work", last_work(state).unwrap_or_default()),
        };
        let own = match ended_by {
            Some("satisfied") if finished.is_some() => Outcome::Succeeded,
            Some("max_rounds" | "max_resets") => Outcome::LimitReached {
                limit: LimitKind::Fuel,
            },
            Some("manager_failed") => Outcome::failed(
                FailureClass::Policy,
                format!(
                    "the manager failed: {}",
                    field("failure").as_str().unwrap_or("for no stated reason")
                ),
            ),
            _ => group.outcome.clone(),
        };
        let satisfied = ended_by == Some("satisfied");
        Aggregate {
            outcome: common::unless_interrupted(&group.outcome, own),
            output: json!({
                "answer": best,
                "answer_from": from,
                "complete": satisfied && finished.is_some(),
                "gaps": if satisfied { Vec::new() } else { gaps(state) },
                "ended_by": ended_by,
                "rounds": field("rounds"),
                "stalls": field("stalls"),
                "resets": field("resets"),
                "task_ledger": field("ledger"),
                "progress_ledger": field("progress"),
                "transcript": field("transcript"),
                "earlier_attempts": field("archive"),
            }),
            confidence: finished.map_or(0.0, |part| part.confidence),
        }
    }
}
