//! The plan algebra: a tree of a few kinds of step, as serialisable, versioned data.
//!
//! A strategy is a way to write a step, a workflow is a way to write a plan, and everything that
//! runs is one of the kinds listed here.

mod approve;
mod ask;
mod call;
mod digest;
mod document;
mod execution;
mod expand;
mod need;
mod retry;
mod step;
mod tool;

pub use approve::{APPROVE, ApproveStep, REJECT};
pub use ask::{SharedPrefix, Toolbox};
pub use call::{CallStep, Definition, MAX_CALL_DEPTH, NESTED_RESULT};
pub use document::{PLAN_FORMAT, Plan};
pub use execution::{AgentChoice, Bound, Bounds, ExecutionPlan};
pub use expand::{ExpandStep, SubTask};
pub use need::Need;
pub use retry::RetryPolicy;
pub use step::{AgentStep, Arm, Collect, GraphNode, Join, Merge, OnError, Start, Step, StepKind};
pub use tool::{TOOL_TIMEOUT_MS, ToolStep};
