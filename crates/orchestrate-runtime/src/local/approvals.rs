//! Questions to people: asked once each, open until they are answered, bound to what was shown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::approval::{ApprovalAnswer, ApprovalRequest, Approver, Asked, CallQuestion};
use orchestrate_core::calls::AGAIN;
use orchestrate_core::event::EventKind;
use orchestrate_core::id::StepPath;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::REJECT;
use orchestrate_core::task::Context;
use orchestrate_strategies::graph::walk::StepResult;
use orchestrate_strategies::graph::{NodeId, Question};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::dispatcher::{Dispatcher, Message};
use super::flights::Step;

/// What can be decided of an attempt whose end nobody saw.
const PARKED: [&str; 3] = [AGAIN, DONE, "failed"];
const DONE: &str = "succeeded";

/// How a question came back.
#[derive(Debug)]
pub(super) enum Reply {
    Asked(Asked),
    /// The person did not decide in time.
    TimedOut,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// What the step is there to ask.
    Step,
    /// What became of an attempt whose end nobody saw.
    Attempt,
    /// A call that the step's agent wants to make.
    Call,
}

/// A question that has not been answered.
#[derive(Debug)]
struct Open {
    step: Step,
    request: ApprovalRequest,
    /// Asks; none once the answer was "later". Dropping it withdraws the question.
    asking: Option<AbortOnDropHandle<()>>,
    about: About,
    /// Until when it must be answered, in microseconds of the run.
    until_us: Option<u64>,
}

/// The questions of a run that have not been answered, in the order of the plan.
#[derive(Debug, Default)]
pub(super) struct Approvals {
    open: BTreeMap<NodeId, Open>,
    /// In the order in which they were asked.
    asked: Vec<NodeId>,
}

impl Approvals {
    /// Whether somebody is being asked at this moment.
    pub(super) fn is_asking(&self) -> bool {
        self.open.values().any(|open| open.asking.is_some())
    }

    /// Notes that a step asks. One that was answered can ask again, and waits for one answer then.
    fn ask(&mut self, node: NodeId) {
        self.asked.retain(|asked| *asked != node);
        self.asked.push(node);
    }

    /// The steps that wait for an answer, in the order in which they asked.
    pub(super) fn pending(&self) -> Vec<StepPath> {
        let open = self.asked.iter().filter_map(|node| self.open.get(node));
        open.map(|open| open.request.step.clone()).collect()
    }

    /// Withdraws one question.
    pub(super) fn stop(&mut self, node: NodeId) -> Option<Step> {
        self.open.remove(&node).map(|open| open.step)
    }

    /// Withdraws all.
    pub(super) fn stop_all(&mut self) -> Vec<Step> {
        let open = std::mem::take(&mut self.open);
        open.into_values().map(|open| open.step).collect()
    }
}

impl Dispatcher {
    /// Asks what a step wants to know. The run goes on with everything else meanwhile.
    pub(super) fn ask(&mut self, mut step: Step, question: &Question) {
        let shown: Context = std::mem::take(&mut step.inputs)
            .into_iter()
            .map(|(name, value)| (name.as_ref().to_owned(), Arc::unwrap_or_clone(value)))
            .collect();
        let request = ApprovalRequest::new(
            self.run.clone(),
            step.task.path.clone(),
            question.question.clone(),
            question.decisions.clone(),
            Arc::new(Value::Object(shown)),
        );
        // A question that was recorded before is not asked a second time, it is still open.
        if step.attempts == 0 {
            step.attempts = 1;
            step.began_us = self.now_us;
            self.publish(EventKind::ApprovalRequested {
                request: request.clone(),
            });
        }
        // The time of the person runs on while nobody works on the run.
        let until_us = step
            .task
            .timeout_ms
            .map(|ms| step.began_us.saturating_add(ms.saturating_mul(1000)));
        self.open(step, request, About::Step, until_us);
    }

    /// Asks about a call that the agent of a step wants to make. The step waits without an attempt; once
    /// there is an answer, another one goes on where this one stopped.
    pub(super) fn ask_about_call(&mut self, mut step: Step, question: CallQuestion, used: Usage) {
        let path = step.task.path.clone();
        step.parked += 1;
        self.publish(EventKind::StepParked {
            step: path.clone(),
            attempt: step.attempts,
            usage: Usage { calls: 1, ..used },
        });
        let number = step.decided.next_number();
        let request = ApprovalRequest::of_call(self.run.clone(), &path, number, question);
        self.publish(EventKind::ApprovalRequested {
            request: request.clone(),
        });
        self.open(step, request, About::Call, None);
    }

    /// Asks again about a call that a person was asked about before the run was cut or paused.
    pub(super) fn ask_again(&mut self, step: Step, request: ApprovalRequest) {
        self.open(step, request, About::Call, None);
    }

    /// Leaves a question open until it is answered, and asks whoever can be asked here.
    fn open(&mut self, step: Step, request: ApprovalRequest, about: About, until_us: Option<u64>) {
        let node = step.node;
        // What was decided elsewhere meanwhile is not asked here.
        let is_decided = self.decisions.contains_key(&request.step);
        let left = until_us.map(|until| Duration::from_micros(until.saturating_sub(self.now_us)));
        let approver = self.approver.clone().filter(|_| !is_decided);
        let asking = approver.map(|approver| {
            let dispatcher = self.address.clone();
            let request = request.clone();
            AbortOnDropHandle::new(tokio::spawn(async move {
                let reply = reply(&*approver, &request, left).await;
                // Without a dispatcher there is nobody left to care.
                let _ = dispatcher.send(Message::Answered { node, reply });
            }))
        });
        // Nobody is asked here, but the time may be over.
        let is_late = asking.is_none() && left.is_some_and(|left| left.is_zero());
        self.approvals.ask(node);
        let open = Open {
            step,
            request,
            asking,
            about,
            until_us,
        };
        self.approvals.open.insert(node, open);
        self.answer_decided();
        if is_late {
            self.answered(node, Reply::TimedOut);
        }
    }

    /// Asks what became of an attempt that was under way when the run stopped and may not be repeated.
    /// Only a decision from outside answers it: whoever resumes a run need not be who knows.
    pub(super) fn park(&mut self, step: Step, asked: bool) {
        let attempt = step.attempts;
        let request = ApprovalRequest::new(
            self.run.clone(),
            step.task.path.clone(),
            format!(
                "attempt {attempt} was under way when the run stopped, and nobody saw its end: what became of it?"
            ),
            PARKED.map(str::to_owned).to_vec(),
            Arc::new(json!({"worker": step.task.worker(), "attempt": attempt})),
        );
        if !asked {
            self.publish(EventKind::ApprovalRequested {
                request: request.clone(),
            });
        }
        let node = step.node;
        self.approvals.ask(node);
        let open = Open {
            step,
            request,
            asking: None,
            about: About::Attempt,
            until_us: None,
        };
        self.approvals.open.insert(node, open);
    }

    /// Answers the open questions that were decided elsewhere.
    pub(super) fn answer_decided(&mut self) {
        let open = self.approvals.open.iter();
        let decided = open.filter_map(|(node, open)| {
            let (answer, at_us) = self.decisions.get(&open.request.step)?;
            // What was decided after the time was over is no answer.
            let is_late = open.until_us.is_some_and(|until_us| *at_us > until_us);
            let reply = match is_late {
                false => Reply::Asked(Asked::Decided(answer.clone())),
                true => Reply::TimedOut,
            };
            Some((*node, open.request.step.clone(), reply))
        });
        let decided: Vec<(NodeId, StepPath, Reply)> = decided.collect();
        for (node, place, reply) in decided {
            // An answer counts once; one that is refused does not come back.
            self.decisions.remove(&place);
            self.answered(node, reply);
        }
    }

    /// What a decision makes of an attempt whose end nobody saw.
    fn unpark(&mut self, step: Step, answer: &ApprovalAnswer) {
        match answer.decision.as_str() {
            AGAIN => self.waiting.push_back(step),
            DONE => self.finish(step, decided(answer.clone()), Vec::new()),
            _ => {
                let message = format!("it did not succeed, says {}", answer.by);
                self.finish_without_output(step, Outcome::failed(FailureClass::Reported, message));
            }
        }
    }

    /// Takes in what came of asking. An answer that does not count leaves the question open.
    pub(super) fn answered(&mut self, node: NodeId, reply: Reply) {
        let Some(mut open) = self.approvals.open.remove(&node) else {
            return;
        };
        open.asking = None;
        let on_timeout = match &open.step.task.work {
            orchestrate_strategies::graph::Work::Approve(question) => question.on_timeout.clone(),
            _ => None,
        };
        let answer = match (reply, on_timeout) {
            (Reply::Asked(Asked::Later), _) => {
                self.approvals.open.insert(node, open);
                return;
            }
            (Reply::Asked(Asked::Unavailable(reason)), _) => {
                let class = match open.about {
                    About::Call => FailureClass::Denied,
                    About::Step | About::Attempt => FailureClass::NotExecuted,
                };
                let outcome = Outcome::failed(class, reason);
                return self.finish_without_output(open.step, outcome);
            }
            (Reply::Asked(Asked::Decided(answer)), _) => answer,
            (Reply::TimedOut, Some(decision)) => open.request.answer(decision, "timeout"),
            (Reply::TimedOut, None) => {
                let ms = open.step.task.timeout_ms.unwrap_or_default();
                let message = format!("nobody decided within {ms} ms");
                let outcome = Outcome::failed(FailureClass::Timeout, message);
                return self.finish_without_output(open.step, outcome);
            }
        };
        if let Err(refused) = open.request.admits(&answer) {
            self.publish(EventKind::ApprovalRefused {
                step: open.request.step.clone(),
                reason: refused.to_string(),
            });
            self.approvals.open.insert(node, open);
            return;
        }
        self.publish(EventKind::ApprovalDecided {
            step: open.request.step.clone(),
            answer: answer.clone(),
        });
        match open.about {
            About::Step => self.finish(open.step, decided(answer), Vec::new()),
            About::Attempt => self.unpark(open.step, &answer),
            About::Call => {
                open.step.decided.insert(answer);
                self.waiting.push_back(open.step);
            }
        }
    }
}

async fn reply(
    approver: &dyn Approver,
    request: &ApprovalRequest,
    limit: Option<Duration>,
) -> Reply {
    let asking = approver.ask(request);
    match limit {
        None => Reply::Asked(asking.await),
        Some(limit) => tokio::time::timeout(limit, asking)
            .await
            .map_or(Reply::TimedOut, Reply::Asked),
    }
}

/// How a step ends by a decision.
pub(super) fn decided(answer: ApprovalAnswer) -> StepResult {
    let outcome = if answer.decision == REJECT {
        let comment = answer.comment.as_deref().filter(|text| !text.is_empty());
        let comment = comment.map(|text| format!(": {text}"));
        let message = format!("rejected by {}{}", answer.by, comment.unwrap_or_default());
        Outcome::failed(FailureClass::Denied, message)
    } else {
        Outcome::Succeeded
    };
    StepResult {
        output: Arc::new(json!({
            "decision": answer.decision,
            "by": answer.by,
            "comment": answer.comment,
            "edits": answer.edits,
        })),
        confidence: if outcome.is_success() { 1.0 } else { 0.0 },
        ..StepResult::without_output(outcome)
    }
}
