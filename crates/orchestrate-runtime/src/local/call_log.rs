//! The calls that an attempt makes, recorded through the dispatcher: announced before, known after.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use orchestrate_core::backend::AgentFailure;
use orchestrate_core::calls::{CallIntent, CallKind, CallLog, CallResult, CallStart, Calls};
use orchestrate_core::event::EventKind;
use orchestrate_core::outcome::FailureClass;
use orchestrate_strategies::graph::NodeId;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::dispatcher::{Dispatcher, Message};
use super::flights::Step;

/// The calls of a step by their ordinals, each with its end if that is known.
pub(super) type KnownCalls = BTreeMap<u32, (CallIntent, Option<CallResult>)>;

/// Where what an agent heard of a session stands among the calls of a step: behind all that it can make.
pub(crate) const HEARD: u32 = u32::MAX;

/// Another call at a place makes what was known of later ones worthless; what was heard came before all of them.
fn forget_from(calls: &mut KnownCalls, ordinal: u32) {
    calls.retain(|known, _| *known < ordinal || *known == HEARD);
}

/// The calls of a step in a run without a journal: nobody reads them but a further attempt that goes
/// on once a person has decided.
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
        let known = calls.get(&intent.ordinal);
        let known = known.filter(|(before, _)| before.digest == intent.digest);
        if let Some(start) = known.and_then(|(_, end)| ended(&intent, end.as_ref())) {
            return Ok(start);
        }
        forget_from(&mut calls, intent.ordinal);
        calls.insert(intent.ordinal, (intent, None));
        Ok(CallStart::Fresh)
    }

    async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure> {
        if let Some((_, end)) = self.calls().get_mut(&ordinal) {
            *end = Some(result);
        }
        Ok(())
    }
}

/// How a call starts that has ended before; none when it is made again. A model or an agent elsewhere that
/// did not answer is asked again: that is what another attempt is for.
fn ended(intent: &CallIntent, end: Option<&CallResult>) -> Option<CallStart> {
    let end = end.filter(|end| end.success || intent.kind == CallKind::Tool)?;
    Some(CallStart::Recorded(end.clone()))
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
        let known = self.known.get(&intent.ordinal);
        let known = known.filter(|(before, _)| before.digest == intent.digest);
        if let Some(start) = known.and_then(|(_, end)| ended(&intent, end.as_ref())) {
            return Ok(start);
        }
        let in_doubt = matches!(known, Some((_, None)));
        self.tell(CallNews::Begins(intent)).await?;
        Ok(if in_doubt {
            CallStart::InDoubt
        } else {
            CallStart::Fresh
        })
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
                if step
                    .calls
                    .get(&call.ordinal)
                    .is_some_and(|(before, _)| before.digest != call.digest)
                {
                    forget_from(&mut step.calls, call.ordinal);
                }
                step.calls.insert(call.ordinal, (call.clone(), None));
                step.decided.call_begun();
                EventKind::CallStarted { step: path, call }
            }
            CallNews::Ended(ordinal, result) => {
                if let Some((_, end)) = step.calls.get_mut(&ordinal) {
                    *end = Some(result.clone());
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::limits::Usage;
    use orchestrate_core::tool::Effect;

    #[tokio::test]
    async fn what_was_heard_is_known_whatever_is_called_after_it() {
        let log = Remembered::default();
        let call = |ordinal: u32, digest: &str| CallIntent {
            ordinal,
            kind: CallKind::Tool,
            name: "look".to_owned(),
            digest: digest.to_owned(),
            effect: Effect::Read,
            most: Usage::default(),
        };
        let result = CallResult {
            success: true,
            response: Arc::default(),
            usage: Usage::default(),
        };
        for ordinal in [HEARD, 0, 1] {
            log.begin(call(ordinal, "a")).await.unwrap();
            log.finish(ordinal, result.clone()).await.unwrap();
        }
        let known = CallStart::Recorded(result);
        assert_eq!(log.begin(call(0, "b")).await.unwrap(), CallStart::Fresh);
        assert_eq!(log.begin(call(1, "a")).await.unwrap(), CallStart::Fresh);
        assert_eq!(log.begin(call(HEARD, "a")).await.unwrap(), known);
    }
}
