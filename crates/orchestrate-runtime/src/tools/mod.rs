//! Tools that agents may call, and which agent may call which. Nothing is allowed that is not said.

mod set;

pub use set::ToolSet;
