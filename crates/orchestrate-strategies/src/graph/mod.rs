//! From a plan to a graph, and everything that can be known of it before and while it runs.
//!
//! The graph is a directed acyclic petgraph. Loops, maps and expansions are nodes that *grow* it
//! while it runs, within a written bound, so it never holds a cycle and every plan ends.

mod bounds;
mod branch;
mod check;
mod compile;
mod compiled;
mod node;
mod place;
mod problem;
mod read;
pub mod render;
pub mod replay;
pub mod reuse;
pub mod walk;

pub use bounds::{bounds, most_cost};
pub use branch::{Branch, BranchId};
pub use check::{CODES, MAX_DEPTH, MAX_STEPS, check, check_tools};
pub use compiled::Graph;
pub use node::{AgentWork, NodeId, Question, Task, Work};
pub use problem::{PlanProblem, PlanProblems};
pub use read::read_plan;
