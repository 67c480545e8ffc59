//! Questions to people: asked once each, open until they are answered, bound to what was shown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::approval::{ApprovalAnswer, ApprovalRequest, Approver, Asked};
use orchestrate_core::event::EventKind;
use orchestrate_core::id::StepPath;
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
const AGAIN: &str = "again";
const DONE: &str = "succeeded";

/// How a question came back.
#[derive(Debug)]
pub(super) enum Reply {
    Asked(Asked),
    /// The person did not decide in time.
    TimedOut,
}

/// A question that has not been answered.
#[derive(Debug)]
struct Open {
    step: Step,
    request: ApprovalRequest,
    /// Asks; none once the answer was "later". Dropping it withdraws the question.
    asking: Option<AbortOnDropHandle<()>>,
    /// Whether the question is what became of an attempt whose end nobody saw.
    parked: bool,
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

    /// The steps that wait for an answer, in the order in which they asked.
    pub(super) fn pending(&self) -> Vec<StepPath> {
        let open = self.asked.iter().filter_map(|node| self.open.get(node));
        open.map(|open| open.step.task.path.clone()).collect()
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
        let node = step.node;
        let asking = self.approver.clone().map(|approver| {
            let limit = step.task.timeout_ms.map(Duration::from_millis);
            let dispatcher = self.address.clone();
            let request = request.clone();
            AbortOnDropHandle::new(tokio::spawn(async move {
                let reply = reply(&*approver, &request, limit).await;
                // Without a dispatcher there is nobody left to care.
                let _ = dispatcher.send(Message::Answered { node, reply });
            }))
        });
        self.approvals.asked.push(node);
        let open = Open {
            step,
            request,
            asking,
            parked: false,
        };
        self.approvals.open.insert(node, open);
        self.answer_decided();
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
        self.approvals.asked.push(node);
        let open = Open {
            step,
            request,
            asking: None,
            parked: true,
        };
        self.approvals.open.insert(node, open);
    }

    /// Answers the open questions that were decided elsewhere.
    pub(super) fn answer_decided(&mut self) {
        let open = self.approvals.open.iter();
        let decided = open.filter_map(|(node, open)| {
            let answer = self.decisions.get(&open.step.task.path)?;
            Some((*node, answer.clone()))
        });
        let decided: Vec<(NodeId, ApprovalAnswer)> = decided.collect();
        for (node, answer) in decided {
            // An answer counts once; one that is refused does not come back.
            if let Some(open) = self.approvals.open.get(&node) {
                self.decisions.remove(&open.step.task.path);
            }
            self.answered(node, Reply::Asked(Asked::Decided(answer)));
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
                let outcome = Outcome::failed(FailureClass::NotExecuted, reason);
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
                step: open.step.task.path.clone(),
                reason: refused.to_string(),
            });
            self.approvals.open.insert(node, open);
            return;
        }
        self.publish(EventKind::ApprovalDecided {
            step: open.step.task.path.clone(),
            answer: answer.clone(),
        });
        if open.parked {
            return self.unpark(open.step, &answer);
        }
        self.finish(open.step, decided(answer), Vec::new());
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
