//! People who answer from a script, and change their mind never.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::approval::{ApprovalRequest, Approver, Asked};

/// Decides as scripted by the path of the asking step; "later" for every other.
#[derive(Debug, Default)]
pub struct ScriptedApprover {
    decisions: BTreeMap<String, String>,
    otherwise: Option<String>,
    asked: Mutex<Vec<ApprovalRequest>>,
}

impl ScriptedApprover {
    /// A person who decides as scripted: pairs of a step's path and a decision.
    #[must_use]
    pub fn new<'a>(decisions: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let own = |(step, decision): (&str, &str)| (step.to_owned(), decision.to_owned());
        Self {
            decisions: decisions.into_iter().map(own).collect(),
            ..Self::default()
        }
    }

    /// A person who decides everything alike.
    #[must_use]
    pub fn answering(decision: impl Into<String>) -> Self {
        Self {
            otherwise: Some(decision.into()),
            ..Self::default()
        }
    }

    /// What was asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<ApprovalRequest> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

#[async_trait]
impl Approver for ScriptedApprover {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        let decision = self.decisions.get(request.step.as_str());
        match decision.or(self.otherwise.as_ref()) {
            Some(decision) => Asked::Decided(request.answer(decision.as_str(), "scripted")),
            None => Asked::Later,
        }
    }
}
