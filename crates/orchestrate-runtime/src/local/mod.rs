//! Runs plans in this process.
//!
//! One dispatcher per run owns everything that changes: the walk, the budget, the report. Workers
//! own one attempt each and tell the dispatcher over a channel how it ended. There is no lock and
//! no shared mutable state. A fresh attempt is polled once where the dispatcher stands; only one
//! that does not finish at once becomes a task with a timer.

mod approvals;
mod assign;
mod attempt;
mod builder;
mod call_log;
mod deadlines;
mod dispatcher;
mod durable;
mod executor;
mod flights;
mod fork;
mod handle;
mod ledger;
mod line;
mod mail;
mod next_step;
mod publish;
mod recording;
mod resume;
mod stop;
mod tools;
mod worker;

pub use assign::Assignment;
pub use builder::LocalExecutorBuilder;
pub use executor::LocalExecutor;
pub use fork::Fork;
pub use handle::{Canceller, Events, Recorded, RunHandle};
