//! Programs: the only place that starts any. Each runs in a process group of its own, bounded in time and
//! in what is kept of its output, and ends together with its children. On Linux it ends too when this process
//! is killed, by a shell that waits for that.

mod environment;
mod error;
mod run;

pub use environment::Environment;
pub use error::ProgramError;
pub use run::{Ended, KEPT, Program, Written};
