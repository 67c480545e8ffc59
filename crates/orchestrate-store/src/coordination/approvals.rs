//! Approvals: a question, one answer that counts, and nobody who waits for nothing.

use std::time::Duration;

use orchestrate_core::coordination::{Approval, ApprovalState, Verdict};
use orchestrate_core::learning::{StoreError, check_name};
use serde_json::Value;

use super::team::{Team, put, whole};
use crate::documents::{Document, Read};

const APPROVALS: &str = "approvals";

impl Team {
    /// Asks for an approval that can be given for so many milliseconds.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when a question of that id was asked before.
    pub async fn ask(
        &self,
        id: &str,
        agent: &str,
        kind: &str,
        context: Value,
        timeout_ms: u64,
    ) -> Result<Approval, StoreError> {
        check_name("approval", id)?;
        let asked_at = self.now();
        let approval = Approval {
            id: id.to_owned(),
            kind: kind.to_owned(),
            agent: agent.to_owned(),
            context,
            asked_at,
            until: asked_at.saturating_add(timeout_ms),
            verdict: None,
        };
        self.change(APPROVALS, &[Read::key(APPROVALS, id)], move |found| {
            if found.is_empty() {
                return Ok((vec![put(APPROVALS, &*approval.id, &approval)], approval));
            }
            Err(StoreError::Exists {
                what: "approval",
                id: approval.id,
            })
        })
        .await
    }

    /// Answers a question. The first answer counts.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] says who answered before and when, or that the time is over.
    pub async fn decide(
        &self,
        id: &str,
        approved: bool,
        by: &str,
        reason: &str,
    ) -> Result<Approval, StoreError> {
        check_name("approval", id)?;
        let at = self.now();
        let verdict = Verdict {
            approved,
            by: by.to_owned(),
            reason: reason.to_owned(),
            at,
        };
        let id = id.to_owned();
        self.change(APPROVALS, &[Read::key(APPROVALS, &*id)], move |found| {
            let mut approval = one(found, &id)?;
            let problem = match (&approval.verdict, approval.state(at)) {
                (Some(verdict), _) => {
                    let word = if verdict.approved {
                        "approved"
                    } else {
                        "rejected"
                    };
                    Some(format!(
                        "was {word} by `{}` at {} ms already",
                        verdict.by, verdict.at
                    ))
                }
                (None, ApprovalState::Pending) => None,
                (None, _) => Some(format!("could be answered until {} ms", approval.until)),
            };
            if let Some(problem) = problem {
                return Err(StoreError::Conflict {
                    what: "approval",
                    id,
                    problem,
                });
            }
            approval.verdict = Some(verdict);
            Ok((vec![put(APPROVALS, id, &approval)], approval))
        })
        .await
    }

    /// A question as it stands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn approval(&self, id: &str) -> Result<Approval, StoreError> {
        check_name("approval", id)?;
        let read = [Read::key(APPROVALS, id)];
        one(
            &self.documents.read(&self.space(APPROVALS), &read).await?,
            id,
        )
    }

    /// The questions that can be answered, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending_approvals(&self) -> Result<Vec<Approval>, StoreError> {
        let now = self.now();
        let mut all: Vec<Approval> = self.read(APPROVALS, Read::all(APPROVALS)).await?;
        all.retain(|it| it.state(now) == ApprovalState::Pending);
        all.sort_by(|a, b| a.asked_at.cmp(&b.asked_at).then_with(|| a.id.cmp(&b.id)));
        Ok(all)
    }

    /// Waits until a question was answered or its time is over, looking every so often.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn decided(&self, id: &str, look_every: Duration) -> Result<Approval, StoreError> {
        loop {
            let approval = self.approval(id).await?;
            if approval.state(self.now()) != ApprovalState::Pending {
                return Ok(approval);
            }
            tokio::time::sleep(look_every).await;
        }
    }
}

fn one(found: &[Document], id: &str) -> Result<Approval, StoreError> {
    let approval = whole(found, APPROVALS).into_iter().next();
    approval.ok_or_else(|| StoreError::NotFound {
        what: "approval",
        id: id.to_owned(),
    })
}
