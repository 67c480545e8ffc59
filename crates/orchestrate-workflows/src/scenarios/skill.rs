//! The boundary to what is run at every difficulty.

use std::fmt;

use orchestrate_core::plan::{Plan, Step};
use serde_json::Value;

use super::inputs::Portions;
use super::portions::Portion;

/// The time of the processor that one invocation used, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuUse {
    /// All of it.
    pub ms: f64,
    /// How exactly that is known.
    pub exact_to_ms: f64,
    /// How long it waited for a processor that others used.
    pub waited_ms: f64,
}

/// Something that can be run on more or fewer items.
pub trait Skill: fmt::Debug {
    /// What it is, for people: `sort {input}`.
    fn told(&self) -> String;

    /// How its input grows unless somebody says otherwise. What costs money for each item is better given each once.
    fn portions(&self) -> Portions;

    /// How many items there are for it; none when there are as many as anybody wants.
    fn items(&self) -> Option<u64>;

    /// Puts into a plan what its steps need: agents, tools, definitions, and what the plan pins of the items.
    fn equip(&self, plan: &mut Plan);

    /// The step that does it on a portion, without a name.
    fn invoke(&self, portion: &Portion) -> Step;

    /// How long one invocation took that gave this, in milliseconds, if it says so itself; otherwise the time of
    /// its step counts.
    fn took_ms(&self, _output: &Value) -> Option<f64> {
        None
    }

    /// The time of the processor that one invocation used that gave this; none where that cannot be told.
    fn cpu(&self, _output: &Value) -> Option<CpuUse> {
        None
    }

    /// The most memory that it was seen to use, in bytes, or why that is not known.
    ///
    /// # Errors
    /// Why it is not known, as a lowercase fragment.
    fn peak_memory(&self, _output: &Value) -> Result<u64, String> {
        Err("only that of a program can be looked at".to_owned())
    }

    /// A figure of what it gave, at a JSON pointer; true counts as 1 and false as 0.
    ///
    /// # Errors
    /// Why there is none, as a lowercase fragment.
    fn metric(&self, output: &Value, at: &str) -> Result<f64, String> {
        figure(output, at)
    }
}

/// A number at a place in a document.
pub(super) fn figure(document: &Value, at: &str) -> Result<f64, String> {
    match document.pointer(at) {
        None | Some(Value::Null) => Err(format!("what it gave has nothing at `{at}`")),
        Some(Value::Bool(is_so)) => Ok(f64::from(u8::from(*is_so))),
        Some(value) => value
            .as_f64()
            .ok_or_else(|| format!("what it gave has no number at `{at}`")),
    }
}
