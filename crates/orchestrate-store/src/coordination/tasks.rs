//! Tasks: added by anybody, taken by one, given back by the clock.

use orchestrate_core::coordination::{Claim, TaskState, TeamTask, choose};
use orchestrate_core::learning::{StoreError, check_name};
use serde_json::Value;

use super::team::{Team, put, whole};
use crate::documents::{Change, Document, Read};

const TASKS: &str = "tasks";

impl Team {
    /// Adds a task.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is one of its id.
    pub async fn add_task(&self, mut task: TeamTask) -> Result<(), StoreError> {
        check_name("task", &task.id)?;
        task.created_at = self.now();
        let read = [Read::key(TASKS, &*task.id)];
        self.change(TASKS, &read, move |found| {
            if found.is_empty() {
                return Ok((vec![put(TASKS, &*task.id, &task)], ()));
            }
            Err(StoreError::Exists {
                what: "task",
                id: task.id,
            })
        })
        .await
    }

    /// All tasks, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tasks(&self) -> Result<Vec<TeamTask>, StoreError> {
        self.read(TASKS, Read::all(TASKS)).await
    }

    /// Takes the most urgent task that is free and waits for no other, for so many milliseconds.
    /// Of all agents in all processes that ask at the same time, one gets it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        agent: &str,
        lease_ms: u64,
    ) -> Result<Option<(Claim, TeamTask)>, StoreError> {
        check_name("agent", agent)?;
        let (agent, now) = (agent.to_owned(), self.now());
        self.change(TASKS, &[Read::all(TASKS)], move |found| {
            let tasks: Vec<TeamTask> = whole(found, TASKS);
            let Some(mut task) = choose(&tasks, now).cloned() else {
                return Ok((Vec::new(), None));
            };
            task.claims += 1;
            let claim = Claim {
                task: task.id.clone(),
                agent: agent.clone(),
                number: task.claims,
            };
            let until = now.saturating_add(lease_ms);
            task.state = TaskState::InProgress { agent, until };
            Ok((vec![put(TASKS, &*task.id, &task)], Some((claim, task))))
        })
        .await
    }

    /// Says that the owner is still at work, for so many milliseconds more.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the claim ran out: the owner must stop.
    pub async fn extend(&self, claim: &Claim, lease_ms: u64) -> Result<(), StoreError> {
        let (agent, until) = (claim.agent.clone(), self.now().saturating_add(lease_ms));
        self.held(claim, move |task| {
            task.state = TaskState::InProgress { agent, until };
        })
        .await
    }

    /// Says that the task is done, and what came of it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the claim ran out: the result is not taken.
    pub async fn complete(&self, claim: &Claim, result: Value) -> Result<(), StoreError> {
        let agent = claim.agent.clone();
        self.held(claim, move |task| {
            task.state = TaskState::Completed { agent };
            task.result = result;
        })
        .await
    }

    /// Gives the task up for good, and says why.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the claim ran out.
    pub async fn fail(&self, claim: &Claim, why: Value) -> Result<(), StoreError> {
        let agent = claim.agent.clone();
        self.held(claim, move |task| {
            task.state = TaskState::Failed { agent };
            task.result = why;
        })
        .await
    }

    /// Gives the task back, so that others can take it at once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the claim ran out.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        self.held(claim, |task| task.state = TaskState::Pending)
            .await
    }

    /// Removes a task, whatever its state; false when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_task(&self, id: &str) -> Result<bool, StoreError> {
        check_name("task", id)?;
        self.change(TASKS, &[Read::key(TASKS, id)], |found| {
            let changes = found.iter().map(|it| Change::Delete(TASKS, it.key.clone()));
            Ok((changes.collect(), !found.is_empty()))
        })
        .await
    }

    /// Changes a task that this claim holds.
    async fn held(
        &self,
        claim: &Claim,
        change: impl FnOnce(&mut TeamTask) + Send + 'static,
    ) -> Result<(), StoreError> {
        check_name("task", &claim.task)?;
        let (claim, now) = (claim.clone(), self.now());
        let read = [Read::key(TASKS, &*claim.task)];
        self.change(TASKS, &read, move |found| {
            let mut task = one(found, &claim)?;
            if !task.is_held(&claim, now) {
                return Err(StoreError::Conflict {
                    what: "task",
                    problem: format!("is not held by `{}` any more: {}", claim.agent, told(&task)),
                    id: claim.task,
                });
            }
            change(&mut task);
            Ok((vec![put(TASKS, &*task.id, &task)], ()))
        })
        .await
    }
}

fn one(found: &[Document], claim: &Claim) -> Result<TeamTask, StoreError> {
    let task = whole(found, TASKS).into_iter().next();
    task.ok_or_else(|| StoreError::NotFound {
        what: "task",
        id: claim.task.clone(),
    })
}

fn told(task: &TeamTask) -> String {
    match &task.state {
        TaskState::Pending => "it was given back".to_owned(),
        TaskState::InProgress { agent, .. } => format!("the last to take it was `{agent}`"),
        TaskState::Completed { agent } => format!("`{agent}` completed it"),
        TaskState::Failed { agent } => format!("`{agent}` gave it up"),
    }
}
