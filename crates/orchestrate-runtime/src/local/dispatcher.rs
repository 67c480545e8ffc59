//! The owner of a run: starts what may start, takes in what ended, until the walk has its result.
//!
//! It decides nothing that another executor would have to decide too; that is the walk's.
//! Which step starts next is in `next_step`, what is done with one in `attempt`, with the end of many in
//! `stop`, with events in `publish`, with a journal in `recording`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::approval::{ApprovalAnswer, Approver};
use orchestrate_core::bus::Mailboxes;
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::clock::Clock;
use orchestrate_core::event::{EVENT_FORMAT, Event, EventKind};
use orchestrate_core::id::{AgentId, RunId, StepPath};
use orchestrate_core::journal::{JournalError, Outside};
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_strategies::graph::walk::{StepResult, Walk};
use orchestrate_strategies::graph::{Graph, NodeId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::approvals::{Approvals, Reply};
use super::assign::{Assigned, Backends};
use super::call_log::CallNews;
use super::deadlines::Deadlines;
use super::executor::RunAccount;
use super::flights::{Flight, Flights, Stopping};
use super::ledger::Ledger;
use super::line::Line;
use super::recording::{Cleared, Record, Recording};
use super::resume::Past;
use super::tools::Tools;
use super::worker::Ended;
use crate::error::RunError;

/// How long work that was told to stop is waited for before the run ends without it.
pub(super) const STOP_BOUND: Duration = Duration::from_millis(500);
/// Attempts after which the dispatcher lets other tasks of its thread run.
const STEPS_IN_A_ROW: u32 = 64;

/// What the dispatcher is told.
#[derive(Debug)]
pub(super) enum Message {
    /// An attempt ended.
    Ended {
        node: NodeId,
        attempt: u32,
        ended: Ended,
    },
    /// An attempt calls a model or a tool.
    Call {
        node: NodeId,
        attempt: u32,
        news: CallNews,
        /// Answered once that is recorded.
        recorded: oneshot::Sender<()>,
    },
    /// What others have told the run, all of it.
    Outside(Outside),
    /// Another owns the run by now.
    Lost(JournalError),
    /// A person was asked.
    Answered { node: NodeId, reply: Reply },
    /// The user wants the run to stop.
    Cancel,
}

/// How far a run is still going; it only ever moves down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Going {
    /// Steps are started as they become ready.
    On,
    /// A limit was reached: nothing further starts, what is under way goes on to its end.
    Out,
    /// Everything was told to stop.
    Stopped,
}

/// What a run is made of, beside its graph.
#[derive(Debug)]
pub(super) struct Setup<'a> {
    pub(super) run: RunId,
    pub(super) plan: &'a Plan,
    pub(super) backends: &'a Backends,
    pub(super) tools: &'a Tools,
    pub(super) approver: Option<Arc<dyn Approver>>,
    pub(super) account: RunAccount,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) subscriber: Option<UnboundedSender<Vec<Event>>>,
    pub(super) record: Option<Record>,
}

/// One run.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) run: RunId,
    pub(super) task: Arc<str>,
    pub(super) digest: String,
    pub(super) walk: Walk,

    pub(super) backends: Backends,
    pub(super) assigned: HashMap<AgentId, Arc<Assigned>>,
    pub(super) tools: Tools,
    pub(super) approver: Option<Arc<dyn Approver>>,
    pub(super) approvals: Approvals,
    pub(super) deadlines: Deadlines,
    pub(super) ledger: Ledger,
    pub(super) limits: Limits,
    /// What was used before the run began.
    pub(super) planning: Usage,
    pub(super) flights: Flights,
    /// Steps that wait for a place or a reservation.
    pub(super) waiting: Line,
    pub(super) stopping: Stopping,
    /// Raised when the run is to stop, for all attempts at once.
    pub(super) signal: CancelSignal,
    pub(super) going: Going,
    /// Attempts begun and ended since other tasks of this thread last had their turn.
    pub(super) in_a_row: u32,

    pub(super) messages: UnboundedReceiver<Message>,
    pub(super) address: UnboundedSender<Message>,
    pub(super) wall: Option<Instant>,

    pub(super) clock: Arc<dyn Clock>,
    /// What the clock showed when this process began to work on the run.
    pub(super) origin_us: u64,
    /// How old the run was then.
    pub(super) before_us: u64,
    /// The time as last read; read again whenever something may have taken time.
    pub(super) now_us: u64,
    pub(super) seq: u64,
    pub(super) report: RunReport,
    pub(super) mail: Mailboxes,
    pub(super) subscriber: Option<UnboundedSender<Vec<Event>>>,
    pub(super) batch: Vec<Event>,

    /// How the run comes to be recorded, until it is.
    pub(super) record: Option<Record>,
    pub(super) recording: Option<Recording>,
    /// Why it cannot be recorded any more; it is to stop then.
    pub(super) broken: Option<JournalError>,
    /// Steps whose next attempt is announced but not recorded, and so has not begun.
    pub(super) cleared: VecDeque<Cleared>,
    /// What people have decided elsewhere, by where the question stands, and when, in microseconds of the run.
    pub(super) decisions: HashMap<StepPath, (ApprovalAnswer, u64)>,
    /// Calls that go on once they are recorded.
    pub(super) waiting_calls: Vec<oneshot::Sender<()>>,
}

impl Dispatcher {
    pub(super) fn new(setup: Setup<'_>, graph: Graph) -> Self {
        let Setup {
            run,
            plan,
            backends,
            tools,
            approver,
            account: RunAccount { limits, planning },
            clock,
            subscriber,
            record,
        } = setup;
        let context = Arc::new(plan.context.clone());
        let (address, messages) = unbounded_channel();
        Self {
            run,
            task: plan.task.as_str().into(),
            digest: plan.digest(),
            walk: Walk::with_limits(graph, context, limits),
            backends: backends.clone(),
            assigned: backends.settle(plan),
            tools: tools.clone(),
            approver,
            approvals: Approvals::default(),
            deadlines: Deadlines::default(),
            ledger: Ledger::new(limits),
            limits,
            planning,
            flights: Flights::default(),
            waiting: Line::default(),
            stopping: Stopping::default(),
            signal: CancelSignal::default(),
            going: Going::On,
            in_a_row: 0,
            messages,
            address,
            wall: None,
            clock,
            origin_us: 0,
            before_us: 0,
            now_us: 0,
            seq: 0,
            report: RunReport::default(),
            mail: Mailboxes::new(plan.agents.keys().cloned()),
            subscriber,
            batch: Vec::new(),
            record,
            recording: None,
            broken: None,
            cleared: VecDeque::new(),
            decisions: HashMap::new(),
            waiting_calls: Vec::new(),
        }
    }

    /// The signal of the whole run.
    pub(super) fn signal(&self) -> CancelSignal {
        self.signal.clone()
    }

    /// Where the dispatcher is told something.
    pub(super) fn address(&self) -> UnboundedSender<Message> {
        self.address.clone()
    }

    /// Runs to the end, or until it cannot be recorded any more.
    pub(super) async fn run(mut self, past: Option<Past>) -> Result<RunReport, RunError> {
        if let Some(record) = self.record.take() {
            self.recording = Some(record.open(self.address.clone()).await?);
        }
        match past {
            None => self.begin(),
            Some(past) => self.take_up(past),
        }
        loop {
            self.start_what_may_start().await;
            // Standing still would be a mistake of the walk; it must show as one and not as a hang.
            if self.broken.is_some() || self.walk.result().is_some() || self.stands_still() {
                break;
            }
            self.flush().await;
            if self.broken.is_some() {
                break;
            }
            self.wait().await;
        }
        match self.broken.take() {
            None => self.end().await,
            Some(error) => Err(self.give_up(error).await),
        }
    }

    /// Whether nothing may begin or be told before it is recorded.
    pub(super) fn is_recorded(&self) -> bool {
        self.recording.is_some()
    }

    /// Whether nothing could happen any more of itself: the run waits for people only, or something is wrong.
    fn stands_still(&self) -> bool {
        self.waiting.is_empty() && self.flights.is_empty() && !self.approvals.is_asking()
    }

    fn begin(&mut self) {
        self.origin_us = self.clock.now_us();
        let wall = self.limits.wall_ms.map(Duration::from_millis);
        self.wall = wall.and_then(|wall| Instant::now().checked_add(wall));
        self.ledger.book_planning(self.planning);
        self.publish(EventKind::RunStarted {
            run_id: self.run.clone(),
            format: EVENT_FORMAT.to_owned(),
            plan_digest: self.digest.clone(),
            task: self.task.as_ref().to_owned(),
            planning: self.planning,
        });
    }

    async fn end(mut self) -> Result<RunReport, RunError> {
        self.flush().await;
        for (task, late) in self.stopping.ended(STOP_BOUND).await {
            self.publish(EventKind::StepUnstopped {
                step: task.path.clone(),
                worker: task.worker(),
                after_ms: u64::try_from(late.as_millis()).unwrap_or(u64::MAX),
            });
        }
        self.read_clock();
        self.return_mail();
        let result = self.walk.result().cloned();
        let pending = self.approvals.pending();
        if result.is_none() && !pending.is_empty() {
            self.publish(EventKind::RunPaused {
                pending,
                usage: self.report.usage,
            });
        } else {
            let result = result.unwrap_or_else(|| {
                let why = "the run stood still before its plan had ended";
                StepResult::without_output(Outcome::failed(FailureClass::Internal, why))
            });
            self.publish(EventKind::RunFinished {
                outcome: result.outcome,
                output: result.output,
                usage: self.report.usage,
            });
        }
        self.flush().await;
        if let Some(error) = self.broken.take() {
            return Err(RunError::Journal(error));
        }
        if let Some(recording) = self.recording.take() {
            recording.close().await;
        }
        let mut report = std::mem::take(&mut self.report);
        let tasks = self.walk.in_order();
        let places: HashMap<&str, usize> = tasks
            .iter()
            .enumerate()
            .map(|(place, task)| (task.path.as_str(), place))
            .collect();
        report.sort_by_plan(|step| places.get(step.as_str()).copied());
        Ok(report)
    }

    /// Starts steps until none may start now. Other tasks get their turn in between.
    async fn start_what_may_start(&mut self) {
        loop {
            if self.signal.is_raised() && self.going < Going::Stopped {
                self.cancel();
            }
            self.apply_effects();
            let Some((step, doer, reservation)) = self.next_step() else {
                // To ask for a step can end others, and that can make room.
                if self.apply_effects() || self.launch_cleared().await {
                    continue;
                }
                return;
            };
            self.attempt(step, doer, reservation);
            if self.in_a_row >= STEPS_IN_A_ROW && !self.is_recorded() {
                self.let_others_run().await;
                self.take_all();
            }
        }
    }

    async fn let_others_run(&mut self) {
        self.in_a_row = 0;
        self.flush().await;
        tokio::task::yield_now().await;
        self.read_clock();
    }

    /// Takes in what has happened, up to the number after which others have their turn.
    fn take_all(&mut self) {
        while self.in_a_row < STEPS_IN_A_ROW
            && let Ok(message) = self.messages.try_recv()
        {
            self.take(message);
        }
        self.check_wall();
        self.check_deadlines();
    }

    /// Waits until something happens, and takes it in.
    async fn wait(&mut self) {
        if self.in_a_row >= STEPS_IN_A_ROW {
            self.let_others_run().await;
        }
        let wall = self.wall.filter(|_| self.going < Going::Stopped);
        let wakes = [wall, self.flights.next_wake(), self.deadlines.next()];
        let wake = wakes.into_iter().flatten().min();
        let mut first = None;
        match wake {
            None => first = self.messages.recv().await,
            Some(wake) => {
                tokio::select! {
                    biased;
                    message = self.messages.recv() => first = message,
                    () = tokio::time::sleep_until(wake) => {}
                }
            }
        }
        self.read_clock();
        if let Some(message) = first {
            self.take(message);
        }
        self.take_all();
    }

    pub(super) fn take(&mut self, message: Message) {
        let (node, attempt, ended) = match message {
            Message::Ended {
                node,
                attempt,
                ended,
            } => (node, attempt, ended),
            Message::Answered { node, reply } => return self.answered(node, reply),
            Message::Call {
                node,
                attempt,
                news,
                recorded,
            } => return self.call(node, attempt, news, recorded),
            Message::Outside(outside) => return self.told(outside),
            Message::Lost(error) => {
                self.broken = Some(error);
                return;
            }
            // A cancellation is seen by its signal, once what has ended is taken in.
            Message::Cancel => return,
        };
        self.in_a_row += 1;
        // What was stopped has ended already, as far as the run is concerned.
        if let Some(flight) = self.flights.land(node, attempt) {
            let Flight {
                step,
                reservation,
                signal,
                worker: _,
            } = flight;
            if matches!(ended, Ended::TimedOut) {
                self.watch_stopping(&step.task, signal);
            }
            self.attempt_ended(step, reservation, ended);
        }
    }
}

/// However a run ends, whatever still works for it is to stop.
impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.signal.raise();
    }
}
