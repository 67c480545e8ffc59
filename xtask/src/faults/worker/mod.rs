//! The process that is broken: runs plans on the real executor with a real journal, and says on its
//! standard output what it was answered for.

mod acknowledge;
mod backend;
mod plans;
mod work;

pub(super) use acknowledge::{Line, parse};
pub(super) use backend::effects;
pub(super) use plans::{REST_MS, planned_attempts};
pub(super) use work::main;
