//! The quality gates that a task was given: whose figures count for them, and what they make of a run.

use std::collections::{BTreeMap, BTreeSet};

use orchestrate_core::gate::{GateStatus, QualityGate};
use orchestrate_core::gates::judge;
use orchestrate_core::id::AgentId;
use orchestrate_core::learning::AgentConfiguration;
use orchestrate_core::result::AgentResult;
use orchestrate_runtime::Assignment;

use crate::exit::Exit;

/// The gates of a plan, and the agents that measure.
#[derive(Debug)]
pub(crate) struct Gates {
    thresholds: BTreeMap<String, f64>,
    measuring: BTreeSet<AgentId>,
}

impl Gates {
    /// Those of a composition; a plan that no planner made has none.
    pub(crate) fn of(composition: Option<&AgentConfiguration>, assignments: &[Assignment]) -> Self {
        let given = composition.into_iter().flat_map(|it| &it.quality_gates);
        Self {
            thresholds: given
                .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)))
                .collect(),
            measuring: assignments
                .iter()
                .filter(|it| it.measures)
                .map(|it| it.agent.clone())
                .collect(),
        }
    }

    /// What they come to.
    pub(crate) fn judge(&self, results: &[AgentResult]) -> Vec<QualityGate> {
        judge(&self.thresholds, results, |agent| {
            self.measuring.contains(agent)
        })
    }
}

/// How a run ends that came to its end by itself: a failed gate is a no, and one that nobody measured is no yes.
pub(crate) fn exit(ended: Exit, gates: &[QualityGate]) -> Exit {
    let any = |status| gates.iter().any(|gate| gate.status == status);
    match ended {
        Exit::Yes if any(GateStatus::Failed) => Exit::No,
        Exit::Yes if any(GateStatus::NotMeasured) => Exit::NotMeasured,
        ended => ended,
    }
}
