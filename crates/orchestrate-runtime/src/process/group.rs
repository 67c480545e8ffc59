//! A process group of a program and its children, which is ended as a whole.

use std::io;
use std::process::ExitStatus;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::process::Command;

/// A command whose program leads a group of its own.
pub(crate) fn in_group(command: Command) -> CommandWrap {
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
pub(super) struct Group {
    pub(super) child: Box<dyn ChildWrapper>,
    /// Once the leader was waited for, its number may come to belong to somebody else.
    is_over: bool,
}

impl Group {
    pub(super) fn start(command: Command) -> io::Result<Self> {
        Ok(Self {
            child: in_group(command).spawn()?,
            is_over: false,
        })
    }

    /// Waits for the program; what it left behind in its group ends with it.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.end();
        self.is_over = true;
        status
    }

    /// Ends whoever is left.
    pub(super) fn end(&mut self) {
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
