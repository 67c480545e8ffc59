//! Programs in process groups of their own, which end as a whole: when the program does, when its time is over,
//! when nobody waits for it any more, and on Linux also when this process is killed.
//!
//! Everything that starts a program for a run or an analysis does it through a [`Group`]. What a program is
//! given, what is kept of its output and how long it may take is for whoever starts it to say.
//!
//! ```
//! use orchestrate_process::Group;
//! use tokio::process::Command;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let mut group = Group::start(Command::new("true"))?;
//! assert!(group.wait().await?.success());
//! # Ok(())
//! # }
//! ```

mod group;
#[cfg(target_os = "linux")]
mod watch;

pub use group::{DRAIN, Group, in_group};

/// Makes ready whatever the first program needs beside itself, so that it is not counted as its time.
pub fn make_ready() {
    #[cfg(target_os = "linux")]
    watch::make_ready();
}
