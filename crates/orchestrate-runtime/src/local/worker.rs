//! One attempt of an agent or a tool: polled in place first, and on a task of its own when that is not enough.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::calls::{Calls, Decided};
use orchestrate_core::canonical;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Tool, ToolCall, ToolFailure};

use super::assign::Assigned;
use super::tools;
use crate::policy::{ApprovalPolicy, Asking, Permission};

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The backend answered.
    Answered(Result<AgentOutput, AgentFailure>),
    /// The time was over; what the attempt used by then is not known.
    TimedOut,
    /// It panicked with this message.
    Panicked(String),
}

/// An attempt that is not over. Dropping it cancels what it awaits.
pub(super) struct Attempt(Pin<Box<dyn Future<Output = Result<AgentOutput, AgentFailure>> + Send>>);

impl Attempt {
    pub(super) fn new(assigned: Arc<Assigned>, input: AgentInput) -> Self {
        Self(Box::pin(async move { assigned.backend.run(input).await }))
    }

    /// A call of a tool, its answer in the form of an agent's. A person is asked first if a policy
    /// says so, or the tool does.
    pub(super) fn of_tool(
        tool: Arc<dyn Tool>,
        call: ToolCall,
        decided: Decided,
        policy: Arc<ApprovalPolicy>,
    ) -> Self {
        Self(Box::pin(async move {
            let spec = tool.spec();
            let arguments = call.arguments.clone();
            let step = call.step.clone();
            let asked = |words: Option<&str>| {
                let asking = Asking {
                    calls: &Calls::default().with_decided(decided.clone()),
                    who: &step.to_string(),
                    tool: spec,
                    arguments: &arguments,
                    ordinal: 0,
                    digest: &canonical::digest(&arguments),
                };
                permit(asking.before(words)?)
            };
            let mut call = call;
            if policy.asks_for(spec) {
                asked(None)?;
                call.approved = true;
            }
            let failure = match tool.call(call.clone()).await {
                Ok(output) => return Ok(tools::answer(output)),
                Err(failure) => failure,
            };
            let ToolFailure::NeedsApproval { question } = &failure else {
                return Err(tools::failure(failure));
            };
            if call.approved {
                return Err(tools::failure(failure));
            }
            asked(Some(question))?;
            call.approved = true;
            tool.call(call)
                .await
                .map(tools::answer)
                .map_err(tools::failure)
        }))
    }

    /// Polls once without a task to wake. Whoever polls next registers its own waker, as the
    /// contract of futures demands, so nothing is lost in between.
    pub(super) fn poll_once(&mut self) -> Poll<Ended> {
        Pin::new(self).poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Goes on until it ends or its time is over.
    pub(super) async fn within(self, limit: Option<Duration>) -> Ended {
        match limit {
            Some(limit) => tokio::time::timeout(limit, self)
                .await
                .unwrap_or(Ended::TimedOut),
            None => self.await,
        }
    }
}

impl Future for Attempt {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        // A future that has panicked is never polled again, so no broken state can be seen.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ended::Answered),
            Err(panic) => Poll::Ready(Ended::Panicked(message(&*panic))),
        }
    }
}

fn permit(permission: Permission) -> Result<(), AgentFailure> {
    match permission {
        Permission::Allowed | Permission::Made(_) => Ok(()),
        Permission::Refused(why) => Err(AgentFailure::new(FailureClass::Denied, why)),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", text.unwrap_or("(no message)"))
}
