//! Writes frames of tests where no model is set up to write tests.

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;
use serde_json::json;

use super::run::bound;
use crate::test_coverage::gap::Brief;
use crate::test_coverage::inputs::WRITER;
use crate::test_coverage::skeleton::skeleton;

/// Writes skeletons: tests that are ignored and count as nothing, with what is known of the gap.
#[derive(Debug, Clone, Copy, Default)]
pub struct SkeletonBackend;

impl SkeletonBackend {
    /// Its name, by which reports tell who wrote.
    pub const NAME: &'static str = "skeletons";
}

#[async_trait]
impl AgentBackend for SkeletonBackend {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn supports(&self, agent: &Agent) -> bool {
        agent.template.id == WRITER
    }

    fn effect(&self, _agent: &Agent) -> Effect {
        Effect::Read
    }

    /// No model takes part.
    fn reservation(&self, _agent: &Agent) -> Usage {
        Usage::one_call()
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let brief: Brief = bound(&input, "gap")?;
        match skeleton(&brief) {
            Some(candidate) => Ok(AgentOutput::json(json!(candidate))),
            None => {
                let why = brief.tests.cannot.unwrap_or_default();
                Err(AgentFailure::new(FailureClass::Input, why))
            }
        }
    }
}
