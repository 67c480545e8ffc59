//! Tools: what steps call without a model. Any [`Tool`](orchestrate_core::tool::Tool) will do; these two are there.

mod command;
mod function;
mod program;

pub use command::CommandTool;
pub use function::FunctionTool;
