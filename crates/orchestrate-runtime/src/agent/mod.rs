//! Agents that are backed by a model: what they are told, their turn, what is recorded of it.

mod backend;
mod consult;
mod delegate;
mod drive;
mod form;
mod grounded;
mod prompt;
mod record;
mod scrutiny;
mod session;

pub use backend::ModelBackend;
pub use consult::{Consulted, Question, consult};
pub use delegate::{AGENT_TOOLS, AgentTool};
pub use grounded::GroundedBackend;
pub(crate) use prompt::whole as prompt_of;
pub use session::Session;
