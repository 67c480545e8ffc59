//! What reports take out of a run: the last result of each agent, and the part of its output that
//! they understand.

mod answer;
mod results;

pub(crate) use answer::Bounds;
pub(crate) use results::{NoValue, Results, evidence, unsuccessful};
