//! The strategies: one file or folder each, a plain struct with parameters that writes a step for a team.
//!
//! A strategy never runs anything. [`crate::catalog`] lists them by name; a new one is a file
//! here and a line there.

pub(crate) mod common;
mod delegate;
mod opinion;
mod question;
mod tools;

mod adaptive;
mod conditional;
mod debate;
mod delegation_chain;
mod event_flow;
mod group_chat;
mod handoff;
mod hierarchical;
mod map_reduce;
mod multi_conditional;
mod nested;
mod nested_sequential;
mod orchestrator_worker;
mod parallel;
mod plan_execute;
mod prompt_cached_sequential;
mod react;
mod refinement;
mod scatter_vote;
mod self_correct;
mod sequential;
mod supervisor;
mod synthesis;
mod teaching;
mod tool_enhanced;

pub use adaptive::Adaptive;
pub use conditional::Conditional;
pub use debate::{ConflictPolicy, Debate};
pub use delegation_chain::DelegationChain;
pub use event_flow::{EventFlow, FlowStep, Listen};
pub use group_chat::{GroupChat, Selector, SpeakerRule, Termination};
pub use handoff::{ContextFilter, Handoff};
pub use hierarchical::Hierarchical;
pub use map_reduce::MapReduce;
pub use multi_conditional::{Case, MultiConditional};
pub use nested::Nested;
pub use nested_sequential::NestedSequential;
pub use orchestrator_worker::OrchestratorWorker;
pub use parallel::Parallel;
pub use plan_execute::PlanExecute;
pub use prompt_cached_sequential::PromptCachedSequential;
pub use question::{Ask, Predicate};
pub use react::React;
pub use refinement::Refinement;
pub use scatter_vote::{Counting, ScatterVote, Tie};
pub use self_correct::SelfCorrect;
pub use sequential::Sequential;
pub use supervisor::Supervisor;
pub use synthesis::{Conflict, Item, Question, Synthesis, items, synthesize};
pub use teaching::Teaching;
pub use tool_enhanced::ToolEnhanced;

#[cfg(test)]
pub(crate) mod testing;
