//! The boundary to a language model: what it is asked, what it answers, how it fails, what that costs.

mod boundary;
mod error;
mod exchange;
mod history;
mod price;
mod request;
mod response;

pub use boundary::{Delta, Deltas, Model};
pub use error::{ModelError, ModelFault};
pub use exchange::{Exchange, OpenCalls, ToolAnswer, ToolRequest};
pub use history::{Entry, History, Message};
pub use price::{Price, TokenUsage};
pub use request::{CacheMark, ModelRequest, OutputSchema};
pub use response::{ModelResponse, StopReason};
