//! Effects: the local executor and the backends that run agents.

mod clock;
mod error;
mod function;
mod local;

pub use clock::SystemClock;
pub use error::RunError;
pub use function::{FunctionAgent, FunctionBackend};
pub use local::{Assignment, Canceller, Events, LocalExecutor, LocalExecutorBuilder, RunHandle};
