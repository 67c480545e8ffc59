//! Agents that are backed by a model: what they are told, their turn, what is recorded of it.

mod backend;
mod drive;
mod form;
mod prompt;
mod record;
mod scrutiny;

pub use backend::ModelBackend;
pub(crate) use prompt::whole as prompt_of;
