//! The plan algebra: a tree of a few kinds of step, as serialisable, versioned data.
//!
//! A strategy is a way to write a step, a workflow is a way to write a plan, and everything that
//! runs is one of the kinds listed here.

mod ask;
mod digest;
mod document;
mod execution;
mod retry;
mod step;

pub use ask::{SharedPrefix, Toolbox};
pub use document::{PLAN_FORMAT, Plan};
pub use execution::{AgentChoice, Bound, Bounds, ExecutionPlan};
pub use retry::RetryPolicy;
pub use step::{AgentStep, Arm, Collect, GraphNode, Join, OnError, Step, StepKind};
