//! What is wired to what: the only place that names concrete adapters.

use orchestrate_core::template::AgentRegistry;

/// The agents that a team can have.
pub(crate) fn registry() -> AgentRegistry {
    AgentRegistry::builtin()
}
