//! The one thread that writes: takes what has come in by now, and commits it together.
//!
//! A piece of work runs inside of a savepoint, so that one that is refused takes nothing with it.
//! Nobody is answered before the commit is safe and the heads are written. After a failed commit
//! the connection is thrown away: nothing that it says can be relied upon.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::oneshot;

use super::fault::Fault;
use super::heads::Heads;

/// Pieces of work in one commit, at most.
const GROUP: usize = 512;

/// Something to be written. It is carried out once and then answered.
trait Work: Send {
    /// Does it; whether it is to be committed.
    fn carry_out(&mut self, connection: &Connection, heads: &mut Heads) -> bool;
    /// Tells whoever waits.
    fn answer(self: Box<Self>, commit: Result<(), Fault>);
}

struct Task<T, F> {
    job: Option<F>,
    result: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, F> Work for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection, &mut Heads) -> Result<T, Fault> + Send,
{
    fn carry_out(&mut self, connection: &Connection, heads: &mut Heads) -> bool {
        self.result = self.job.take().map(|job| job(connection, heads));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, commit: Result<(), Fault>) {
        let result = match (self.result, commit) {
            (Some(Err(fault)), _) | (_, Err(fault)) => Err(fault),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Fault::Unknown("it was not carried out".to_owned())),
        };
        // Whoever does not wait any more does not care.
        let _ = self.reply.send(result);
    }
}

/// Where work is given to the thread; the thread ends when this is dropped and all is done.
#[derive(Debug)]
pub(super) struct Writer {
    work: Option<Sender<Box<dyn Work>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. `open` makes a connection when there is none: after a failed commit, or
    /// because nothing could be written yet.
    pub(super) fn start(
        first: Option<Connection>,
        open: impl Fn() -> Result<Connection, Fault> + Send + 'static,
        heads: Heads,
    ) -> std::io::Result<Self> {
        let (work, queue) = channel();
        let mut state = State {
            connection: first,
            open,
            heads,
        };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || state.work_off(&queue))?;
        Ok(Self {
            work: Some(work),
            thread: Some(thread),
        })
    }

    /// Carries out a piece of work, and answers once it is safe.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &mut Heads) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Task {
            job: Some(job),
            result: None,
            reply,
        });
        let gone = || Fault::Unknown("the writer of the store has ended".to_owned());
        let work = self.work.as_ref().ok_or_else(gone)?;
        work.send(task).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has nobody left to tell.
            let _ = thread.join();
        }
    }
}

struct State<O> {
    connection: Option<Connection>,
    open: O,
    heads: Heads,
}

impl<O: Fn() -> Result<Connection, Fault>> State<O> {
    fn work_off(&mut self, queue: &Receiver<Box<dyn Work>>) {
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            let committed = self.commit(&mut group);
            for work in group {
                work.answer(committed.clone());
            }
        }
    }

    fn commit(&mut self, group: &mut [Box<dyn Work>]) -> Result<(), Fault> {
        self.heads.forget(0);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => again((self.open)()?)?,
        };
        // Whatever fails from here on costs the connection.
        let mut transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for work in group {
            let before = self.heads.waiting();
            let savepoint = transaction.savepoint()?;
            if work.carry_out(&savepoint, &mut self.heads) {
                savepoint.commit()?;
            } else {
                // Dropping the savepoint rolls it back.
                self.heads.forget(before);
            }
        }
        match transaction.commit().map_err(Fault::from) {
            Ok(()) => {}
            // Without room the end of the commit was not written, so it did not take place.
            Err(
                full @ Fault::System {
                    code: ErrorCode::DiskFull,
                    ..
                },
            ) => return Err(full),
            Err(Fault::System { message, .. }) => return Err(Fault::Unknown(message)),
            Err(other) => return Err(other),
        }
        self.connection = Some(connection);
        let written = self.heads.write();
        written.map_err(|error| Fault::Unknown(format!("the file of heads: {error}")))
    }
}

/// A new connection after one on which something failed. Where a sync failed, what stands in the log
/// may never reach the disk, though it can be read; nothing may be appended behind it. So all of it is
/// brought into the database first, unless others are reading it.
fn again(connection: Connection) -> Result<Connection, Fault> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    Ok(connection)
}
