//! Effects: what runs plans, and what runs agents.
//!
//! ```
//! use orchestrate_core::backend::{AgentInput, AgentOutput};
//! use orchestrate_core::plan::{Plan, Step};
//! use orchestrate_core::team::Team;
//! use orchestrate_core::template::AgentRegistry;
//! use orchestrate_runtime::{FunctionAgent, LocalExecutor};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // An agent is a template, which says what it is, and something that runs it: here a function.
//! let registry = AgentRegistry::builtin();
//! let reviewer = registry.require("code_reviewer")?.clone();
//! let agent = FunctionAgent::new(reviewer, |input: AgentInput| async move {
//!     let words = input.task.split_whitespace().count();
//!     Ok(AgentOutput::json(json!({ "words": words })).with_confidence(0.9))
//! });
//!
//! let team = Team::new([agent.template().clone()]);
//! let plan = Plan::new("Review the change", &team, Step::agent(team.members()[0].id.clone()));
//! let executor = LocalExecutor::builder().backend(agent).build()?;
//!
//! // The same run, to its end or watched event by event.
//! let report = executor.run(&plan).await?;
//! assert!(report.success());
//! assert_eq!(report.agents[0].output["words"], 3);
//!
//! let mut events = executor.start(&plan)?.events();
//! let mut count = 0;
//! while let Some(event) = events.next().await {
//!     assert_eq!(event.seq, count);
//!     count += 1;
//! }
//! assert_eq!(count, 4); // the run and its one step: started, started, finished, finished
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "models")]
pub mod agent;
pub mod backends;
mod clock;
mod error;
pub mod guard;
mod local;
#[cfg(feature = "models")]
pub mod model;
mod policy;
pub mod process;
#[cfg(feature = "models")]
pub mod recorded;
#[cfg(feature = "models")]
pub mod remote;
pub mod tools;
#[cfg(feature = "otel")]
pub mod traces;

pub use backends::{FunctionAgent, FunctionBackend};
pub use clock::SystemClock;
pub use error::RunError;
pub use local::{
    Assignment, Canceller, Events, Fork, LocalExecutor, LocalExecutorBuilder, Recorded, RunHandle,
};
pub use policy::ApprovalPolicy;
