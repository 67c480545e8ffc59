//! Runs a plan and watches it: events to the live view, Ctrl-C to the run. The only place with an async runtime.

use std::future::pending;
use std::io;
use std::time::Duration;

use orchestrate_core::event::Event;
use orchestrate_core::id::RunId;
use orchestrate_core::limits::Usage;
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::Recorded;
use orchestrate_workflows::programs::Progress;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Live, Printer, REDRAW};

/// How long a run that was told to stop may take to end. What it has by then is reported.
const PATIENCE: Duration = Duration::from_millis(900);

/// What a run says of the programs that it starts.
pub(crate) type Told = UnboundedReceiver<String>;

/// Two ends: one for the agents, one for [`watch`].
pub(crate) fn progress() -> (Progress, Told) {
    let (send, told) = unbounded_channel();
    let progress = Progress::new(move |what| {
        // Nobody listens any more once the run is over.
        let _ = send.send(what.to_owned());
    });
    (progress, told)
}

/// The next that is told; waits for ever where nobody tells anything.
async fn next(told: &mut Option<Told>) -> Option<String> {
    match told {
        Some(told) => told.recv().await,
        None => pending().await,
    }
}

/// A run that is over, or was left.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) report: RunReport,
    /// What of its usage was recorded before somebody went on with it here.
    pub(crate) before: Usage,
    /// How the program is to end because it was stopped from outside.
    pub(crate) stopped: Option<Exit>,
    /// Signals are obeyed until the report is shown.
    _threads: Threads,
}

/// The threads of a run. Those that still work see the cancellation between two files; nobody waits for them.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is to be watched.
#[derive(Debug)]
pub(crate) enum Begin<'a> {
    /// A plan that is run now.
    Plan(&'a Plan),
    /// A recorded run that is gone on with.
    Resume { run: &'a RunId, take_over: bool },
}

/// Waits for something that needs no threads of its own.
pub(crate) fn wait_for<T, E>(future: impl Future<Output = Result<T, E>>) -> Result<T, Failure>
where
    Failure: From<E>,
{
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::internal("an async runtime cannot be started", error))?;
    Ok(runtime.block_on(future)?)
}

/// Runs a plan to its end, or until a signal says otherwise.
///
/// # Errors
/// When the plan is wrong, the run could not begin, or could not be recorded any more. What else goes
/// wrong inside it is in its report.
pub(crate) fn watch(
    executor: &LocalExecutor,
    begin: Begin<'_>,
    printer: &Printer,
    work: Option<Told>,
) -> Result<Watched, Failure> {
    watch_with(executor, begin, printer, work, |_| {})
}

/// The same, with somebody who is told of every event.
///
/// # Errors
/// As [`watch`].
pub(crate) fn watch_with(
    executor: &LocalExecutor,
    begin: Begin<'_>,
    printer: &Printer,
    work: Option<Told>,
    mut told: impl FnMut(&Event),
) -> Result<Watched, Failure> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::internal("the threads for a run cannot be started", error))?;
    let (threads, runtime) = (runtime.handle().clone(), Threads(Some(runtime)));
    threads.block_on(async {
        let mut signals = Signals::new()
            .map_err(|error| CliError::internal("signals cannot be listened to", error))?;
        let (report, before, stopped) =
            follow(executor, begin, printer, &mut signals, work, &mut told).await?;
        threads.spawn(async move { leave(signals.next().await) });
        Ok(Watched {
            report,
            before,
            stopped,
            _threads: runtime,
        })
    })
}

/// Follows a run to its end. Gives its report, what of it had been used before, and how the program is to end if it was stopped.
async fn follow(
    executor: &LocalExecutor,
    begin: Begin<'_>,
    printer: &Printer,
    signals: &mut Signals,
    mut work: Option<Told>,
    told: &mut impl FnMut(&Event),
) -> Result<(RunReport, Usage, Option<Exit>), Failure> {
    let mut handle = match begin {
        Begin::Plan(plan) => executor.start(plan)?,
        Begin::Resume { run, take_over } => executor.resume(run, take_over).await?,
    };
    let mut events = handle.events();
    let mut live = Live::new(printer);
    let Recorded { report, spending } = handle.recorded().clone();
    let before = spending.total();
    live.had_used(spending);
    let mut seen = report;
    let mut ticks = interval(REDRAW);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut stop: Option<(Exit, Instant)> = None;
    let ended = loop {
        let patience = async {
            match &stop {
                Some((_, until)) => sleep_until(*until).await,
                None => pending().await,
            }
        };
        tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    live.apply(&event);
                    seen.apply(&event);
                    told(&event);
                }
                None => break true,
            },
            Some(what) = next(&mut work) => live.progress(&what),
            _ = ticks.tick() => live.tick(),
            exit = signals.next() => {
                if stop.is_some() {
                    live.finish();
                    leave(exit);
                }
                stop = Some((exit, Instant::now() + PATIENCE));
                handle.cancel();
                live.say("stopping; once more ends at once");
            }
            () = patience => break false,
        }
    };
    live.finish();
    // The executor's own report is in the order of the plan; what was seen is in that of the events.
    let report = if ended { handle.report().await? } else { seen };
    Ok((report, before, stop.map(|(exit, _)| exit)))
}

#[expect(
    clippy::exit,
    reason = "a second Ctrl-C, or one while the report is shown, means now, whatever still runs"
)]
fn leave(exit: Exit) -> ! {
    std::process::exit(exit.code().into())
}

/// The signals that stop a run.
#[derive(Debug)]
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Cancelled,
        }
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> Exit {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Exit::Interrupted,
            // Without signals a run can only be ended from outside.
            Err(_) => pending().await,
        }
    }
}
