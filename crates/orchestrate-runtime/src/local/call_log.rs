//! The calls that an attempt makes, recorded through the dispatcher: announced before, known after.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use orchestrate_core::backend::AgentFailure;
use orchestrate_core::calls::{CallIntent, CallLog, CallResult, CallStart, Calls, KnownCalls};
use orchestrate_core::event::EventKind;
use orchestrate_core::outcome::FailureClass;
use orchestrate_strategies::graph::NodeId;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::dispatcher::{Dispatcher, Message};
use super::flights::Step;

/// The calls of a step in a run without a journal: nobody reads them but a further attempt.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<KnownCalls>);

impl Remembered {
    fn calls(&self) -> MutexGuard<'_, KnownCalls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CallLog for Remembered {
    async fn begin(&self, intent: CallIntent) -> Result<CallStart, AgentFailure> {
        let mut calls = self.calls();
        let start = calls.start(&intent);
        if !matches!(start, CallStart::Recorded(_)) {
            calls.begun(intent);
        }
        Ok(start)
    }

    async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure> {
        self.calls().ended(ordinal, result);
        Ok(())
    }
}

/// What an attempt tells the dispatcher of its calls.
#[derive(Debug)]
pub(super) enum CallNews {
    Begins(CallIntent),
    Ended(u32, CallResult),
}

#[derive(Debug)]
struct StepCalls {
    node: NodeId,
    attempt: u32,
    /// What was known when the attempt began.
    known: KnownCalls,
    dispatcher: UnboundedSender<Message>,
}

impl StepCalls {
    async fn tell(&self, news: CallNews) -> Result<(), AgentFailure> {
        let gone = || {
            AgentFailure::new(
                FailureClass::Internal,
                "the run is over, so nothing more is recorded",
            )
        };
        let (recorded, answer) = oneshot::channel();
        let message = Message::Call {
            node: self.node,
            attempt: self.attempt,
            news,
            recorded,
        };
        self.dispatcher.send(message).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

#[async_trait]
impl CallLog for StepCalls {
    async fn begin(&self, intent: CallIntent) -> Result<CallStart, AgentFailure> {
        let start = self.known.start(&intent);
        if !matches!(start, CallStart::Recorded(_)) {
            self.tell(CallNews::Begins(intent)).await?;
        }
        Ok(start)
    }

    async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure> {
        self.tell(CallNews::Ended(ordinal, result)).await
    }
}

impl Dispatcher {
    /// What an attempt records its calls with.
    pub(super) fn calls_of(&self, step: &mut Step) -> Calls {
        let log: Arc<dyn CallLog> = if self.recording.is_none() {
            step.remembered.get_or_insert_default().clone()
        } else {
            Arc::new(StepCalls {
                node: step.node,
                attempt: step.attempts,
                known: step.calls.clone(),
                dispatcher: self.address.clone(),
            })
        };
        Calls::recorded_in(log).with_decided(step.decided.clone())
    }

    /// Takes in what an attempt tells of its calls. One that was stopped is not answered.
    pub(super) fn call(
        &mut self,
        node: NodeId,
        attempt: u32,
        news: CallNews,
        recorded: oneshot::Sender<()>,
    ) {
        let Some(step) = self.flights.working_step(node, attempt) else {
            return;
        };
        let path = step.task.path.clone();
        let event = match news {
            CallNews::Begins(call) => {
                step.calls.begun(call.clone());
                step.decided.call_begun();
                EventKind::CallStarted { step: path, call }
            }
            CallNews::Ended(ordinal, result) => {
                step.calls.ended(ordinal, result.clone());
                EventKind::CallFinished {
                    step: path,
                    ordinal,
                    result,
                }
            }
        };
        self.publish(event);
        self.waiting_calls.push(recorded);
    }
}
