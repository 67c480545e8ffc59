//! Who runs agents here, in the order in which they are asked.

use std::sync::Arc;

use orchestrate_core::backend::AgentBackend;
use orchestrate_runtime::agent::{GroundedBackend, ModelBackend};

/// Who runs agents here beside models.
#[derive(Debug, Clone, Default)]
pub(super) struct Runners {
    pub(super) programs: Option<Arc<dyn AgentBackend>>,
    pub(super) remotes: Option<Arc<dyn AgentBackend>>,
    pub(super) analysis: Option<Arc<dyn AgentBackend>>,
}

/// What runs an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Program,
    Remote,
    Model,
    Analysis,
}

impl Runners {
    /// Everybody who runs agents, in the order in which they are asked: programs, then agents elsewhere, then
    /// models, which are told what the analysis measures for an agent if it measures something, then the analysis alone.
    pub(super) fn in_order(
        &self,
        model: Option<&ModelBackend>,
    ) -> Vec<(Arc<dyn AgentBackend>, Kind)> {
        let mut all = Vec::new();
        if let Some(programs) = &self.programs {
            all.push((programs.clone(), Kind::Program));
        }
        if let Some(remotes) = &self.remotes {
            all.push((remotes.clone(), Kind::Remote));
        }
        if let (Some(analysis), Some(model)) = (&self.analysis, model) {
            let grounded = GroundedBackend::new(analysis.clone(), model.clone());
            let grounded: Arc<dyn AgentBackend> = Arc::new(grounded);
            all.push((grounded, Kind::Model));
        }
        if let Some(model) = model {
            let model: Arc<dyn AgentBackend> = Arc::new(model.clone());
            all.push((model, Kind::Model));
        }
        if let Some(analysis) = &self.analysis {
            all.push((analysis.clone(), Kind::Analysis));
        }
        all
    }
}
