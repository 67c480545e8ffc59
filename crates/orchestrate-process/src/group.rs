//! A process group of a program and its children, which is ended as a whole.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

/// How long output is still read after a program ended. Only something that left its group can hold a
/// stream open for longer.
pub const DRAIN: Duration = Duration::from_secs(2);

/// A command whose program leads a group of its own, for libraries that start it themselves.
#[must_use]
pub fn in_group(command: Command) -> CommandWrap {
    let mut command = CommandWrap::from(command);
    command.wrap(KillOnDrop);
    #[cfg(unix)]
    command.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(target_os = "linux")]
    command.wrap(super::watch::Watched);
    command
}

/// A running program with its children. Dropping it ends them all.
#[derive(Debug)]
pub struct Group {
    child: Box<dyn ChildWrapper>,
    /// Once the leader was waited for, its number may come to belong to somebody else.
    is_over: bool,
}

impl Group {
    /// Starts a program.
    ///
    /// # Errors
    /// When it is not there or may not be run.
    pub fn start(command: Command) -> io::Result<Self> {
        Ok(Self {
            child: in_group(command).spawn()?,
            is_over: false,
        })
    }

    /// The number of the process that leads it; none once it was waited for.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Its standard streams, those that were asked to be pipes and have not been taken.
    pub fn streams(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>) {
        let child = &mut self.child;
        (
            child.stdin().take(),
            child.stdout().take(),
            child.stderr().take(),
        )
    }

    /// Waits until the program itself has ended, and leaves it so that the system can still be asked what it
    /// used; [`Self::wait`] must follow. Where the system does not do that, it waits for nothing.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        #[cfg(target_os = "linux")]
        let id = self.id().and_then(|id| i32::try_from(id).ok());
        async move {
            #[cfg(target_os = "linux")]
            if let Some(id) = id {
                use nix::sys::wait::{Id, WaitPidFlag, waitid};
                let id = Id::Pid(nix::unistd::Pid::from_raw(id));
                let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
                // It ends with the program, whatever becomes of whoever waits here.
                let _ = tokio::task::spawn_blocking(move || waitid(id, flags)).await;
            }
        }
    }

    /// Waits for the program; what it left behind in its group ends with it.
    ///
    /// # Errors
    /// When the system lost it.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.end();
        self.is_over = true;
        status
    }

    /// Ends whoever is left.
    pub fn end(&mut self) {
        if !self.is_over {
            // A group in which nobody is left cannot be told to end, which is fine.
            let _ = self.child.start_kill();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
