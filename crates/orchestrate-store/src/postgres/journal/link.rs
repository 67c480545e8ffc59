//! The thread that holds the connections, and the queues by which it is given work.
//!
//! It has a runtime of its own, so that whoever asks may wait in any runtime or in several. What
//! writes is done in turn on one connection, batches of events together; what reads, on another.

use std::fmt;
use std::pin::Pin;
use std::sync::mpsc::sync_channel;
use std::thread;

use orchestrate_core::journal::{Digest, Durability, JournalError};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{
    UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel,
};
use tokio::sync::oneshot;

use super::fault::Fault;
use super::group;
use super::session::{Server, Session, prepare};
use crate::record::Batch;

/// Batches in one commit, at most.
const GROUP: usize = 256;

type Pending<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;
type Job = Box<dyn for<'a> FnOnce(&'a mut Session) -> Pending<'a> + Send>;
type Recorded = oneshot::Sender<Result<Digest, Fault>>;

/// Something for the thread to do.
pub(super) enum Work {
    /// Records a batch, together with others.
    Append(Box<Batch>, Recorded),
    /// Does anything else that writes.
    Job(Job),
    /// Lets go of the lock of an owner.
    LetGo(i64),
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Append(..) => "Append",
            Self::Job(_) => "Job",
            Self::LetGo(_) => "LetGo",
        })
    }
}

/// Where work is given to the thread; it ends when this is dropped and all is done.
#[derive(Debug)]
pub(super) struct Link {
    queues: Option<(UnboundedSender<Work>, UnboundedSender<Reading>)>,
    thread: Option<thread::JoinHandle<()>>,
    durability: Durability,
}

/// A piece of reading.
pub(super) struct Reading(Job);

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reading")
    }
}

impl Link {
    /// Connects, and waits until the tables are there.
    pub(super) fn open(server: Server, create: bool) -> Result<Self, JournalError> {
        let (work, writes) = unbounded_channel();
        let (asked, reads) = unbounded_channel();
        let (opened, answer) = sync_channel(1);
        let place = server.place.clone();
        let unavailable = |problem: String| JournalError::Unavailable {
            store: place.clone(),
            problem,
        };
        let thread = thread::Builder::new()
            .name("store-postgres".to_owned())
            .spawn(move || {
                let runtime = match Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = opened.send(Err(Fault::Broken(error.to_string())));
                        return;
                    }
                };
                runtime.block_on(async {
                    let mut writer = Session::new(server.clone());
                    let ready = prepare(&mut writer, create).await;
                    let go_on = ready.is_ok();
                    // Whoever does not wait any more has dropped the queues too.
                    let _ = opened.send(ready);
                    if go_on {
                        tokio::join!(work_off(writer, writes), answer_all(server, reads));
                    }
                });
            })
            .map_err(|error| unavailable(error.to_string()))?;
        let ready = answer.recv();
        let ready = ready.map_err(|_| unavailable("its thread has ended".to_owned()))?;
        let durability = ready.map_err(|fault| fault.explain(&place, None))?;
        Ok(Self {
            queues: Some((work, asked)),
            thread: Some(thread),
            durability,
        })
    }

    /// What its answers are worth.
    pub(super) fn durability(&self) -> Durability {
        self.durability
    }

    /// The queue of what is to be written, without keeping it open.
    pub(super) fn queue(&self) -> Option<WeakUnboundedSender<Work>> {
        self.queues.as_ref().map(|(work, _)| work.downgrade())
    }

    /// Records a batch, and answers once it is safe.
    pub(super) async fn append(&self, batch: Batch) -> Result<Digest, Fault> {
        let (reply, answer) = oneshot::channel();
        self.give(Work::Append(Box::new(batch), reply))?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Does something else that writes, in turn with everything that does.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Session) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (job, answer) = boxed(job);
        self.give(Work::Job(job))?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Session) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (job, answer) = boxed(job);
        let (_, asked) = self.queues.as_ref().ok_or_else(gone)?;
        asked.send(Reading(job)).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    fn give(&self, work: Work) -> Result<(), Fault> {
        let (queue, _) = self.queues.as_ref().ok_or_else(gone)?;
        queue.send(work).map_err(|_| gone())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.queues = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn gone() -> Fault {
    Fault::Unknown("the thread of the store has ended".to_owned())
}

fn boxed<T: Send + 'static>(
    job: impl AsyncFnOnce(&mut Session) -> Result<T, Fault> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, Fault>>) {
    let (reply, answer) = oneshot::channel();
    let job: Job = Box::new(move |session| {
        Box::pin(async move {
            let result = job(session).await;
            // Whoever does not wait any more does not care.
            let _ = reply.send(result);
        })
    });
    (job, answer)
}

async fn answer_all(server: Server, mut queue: UnboundedReceiver<Reading>) {
    let mut session = Session::new(server);
    while let Some(Reading(job)) = queue.recv().await {
        job(&mut session).await;
    }
}

async fn work_off(mut session: Session, mut queue: UnboundedReceiver<Work>) {
    let mut left: Option<Work> = None;
    loop {
        let first = match left.take() {
            Some(work) => work,
            None => match queue.recv().await {
                Some(work) => work,
                None => return,
            },
        };
        match first {
            Work::LetGo(key) => session.let_go(key).await,
            Work::Job(job) => job(&mut session).await,
            Work::Append(batch, reply) => {
                let (mut batches, mut replies) = (vec![*batch], vec![reply]);
                // What cannot be in this commit comes right after it.
                while left.is_none()
                    && batches.len() < GROUP
                    && let Ok(next) = queue.try_recv()
                {
                    match next {
                        Work::Append(batch, reply)
                            if batches.iter().all(|other| other.run != batch.run) =>
                        {
                            batches.push(*batch);
                            replies.push(reply);
                        }
                        other => left = Some(other),
                    }
                }
                let recorded = group::record(&mut session, &batches).await;
                for (result, reply) in recorded.into_iter().zip(replies) {
                    // Whoever does not wait any more does not care.
                    let _ = reply.send(result);
                }
            }
        }
    }
}
