//! Work that lies ready for whoever takes it first, and stays taken only while its owner lives.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TaskState {
    /// Nobody works on it.
    Pending,
    /// Somebody works on it, until `until` unless they say that they are still there.
    InProgress {
        /// Who.
        agent: String,
        /// When it may be taken by others.
        until: u64,
    },
    /// It is done.
    Completed {
        /// By whom.
        agent: String,
    },
    /// It was given up.
    Failed {
        /// By whom.
        agent: String,
    },
}

/// A task of a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeamTask {
    /// Its name among the tasks of the team.
    pub id: String,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is to be done.
    pub description: String,
    /// From 1 to 10; the highest is taken first.
    pub priority: u8,
    /// Tasks that must be completed before.
    #[serde(default)]
    pub blocked_by: Vec<String>,
    /// Whatever whoever takes it needs to know.
    #[serde(default)]
    pub context: Value,
    /// How it stands.
    #[serde(flatten)]
    pub state: TaskState,
    /// How often it was taken; names the claim that may change it.
    #[serde(default)]
    pub claims: u64,
    /// What came of it.
    #[serde(default)]
    pub result: Value,
    /// When it was added.
    pub created_at: u64,
}

impl TeamTask {
    /// A task of middle priority that nothing blocks.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        kind: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            kind: kind.into(),
            description: description.into(),
            priority: 5,
            blocked_by: Vec::new(),
            context: Value::Null,
            state: TaskState::Pending,
            claims: 0,
            result: Value::Null,
            created_at: 0,
        }
    }

    /// The same with a priority, kept from 1 to 10.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority.clamp(1, 10);
        self
    }

    /// The same, to be taken only after these are completed.
    #[must_use]
    pub fn blocked_by(mut self, tasks: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.blocked_by = tasks.into_iter().map(Into::into).collect();
        self
    }

    /// The same with what whoever takes it needs to know.
    #[must_use]
    pub fn context(mut self, context: Value) -> Self {
        self.context = context;
        self
    }

    /// Whether it is free: never taken, or its owner did not say in time that they are still there.
    #[must_use]
    pub fn is_free(&self, now: u64) -> bool {
        match &self.state {
            TaskState::Pending => true,
            TaskState::InProgress { until, .. } => *until <= now,
            TaskState::Completed { .. } | TaskState::Failed { .. } => false,
        }
    }

    /// Whether this claim still holds it. One that ran out and was taken over does not, and neither
    /// does one that ran out and was not: others may take it at any moment.
    #[must_use]
    pub fn is_held(&self, claim: &Claim, now: u64) -> bool {
        let held = match &self.state {
            TaskState::InProgress { agent, until } => *agent == claim.agent && *until > now,
            _ => false,
        };
        held && self.claims == claim.number
    }
}

/// A task that was taken: what its owner shows when it changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The task.
    pub task: String,
    /// Its owner.
    pub agent: String,
    /// The how-manieth claim of the task it is.
    pub number: u64,
}

/// The task to take next: free, with everything before it completed, the highest priority first,
/// then the oldest, then by id. A task that waits for one that failed or does not exist stays.
#[must_use]
pub fn choose(tasks: &[TeamTask], now: u64) -> Option<&TeamTask> {
    let completed = |id: &String| {
        let found = tasks.iter().find(|task| task.id == *id);
        found.is_some_and(|task| matches!(task.state, TaskState::Completed { .. }))
    };
    tasks
        .iter()
        .filter(|task| task.is_free(now) && task.blocked_by.iter().all(completed))
        .min_by(|a, b| {
            let order = b
                .priority
                .cmp(&a.priority)
                .then(a.created_at.cmp(&b.created_at));
            order.then_with(|| a.id.cmp(&b.id))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(tasks: &[TeamTask], now: u64) -> Option<&str> {
        choose(tasks, now).map(|task| task.id.as_str())
    }

    #[test]
    fn the_most_urgent_free_task_is_next_and_blocked_ones_wait() {
        let mut tasks = vec![
            TeamTask::new("later", "x", "")
                .priority(9)
                .blocked_by(["first"]),
            TeamTask::new("first", "x", "").priority(3),
            TeamTask::new("second", "x", "").priority(3),
        ];
        tasks[2].created_at = 1;
        assert_eq!(chosen(&tasks, 0), Some("first"));
        tasks[1].state = TaskState::InProgress {
            agent: "a".into(),
            until: 10,
        };
        assert_eq!(chosen(&tasks, 9), Some("second"));
        assert_eq!(
            chosen(&tasks, 10),
            Some("first"),
            "its owner did not come back"
        );
        tasks[1].state = TaskState::Completed { agent: "a".into() };
        assert_eq!(chosen(&tasks, 9), Some("later"));
        tasks[1].state = TaskState::Failed { agent: "a".into() };
        assert_eq!(chosen(&tasks, 9), Some("second"));
        assert_eq!(chosen(&[], 9), None);
    }

    #[test]
    fn only_the_present_owner_holds_a_task() {
        let mut task = TeamTask::new("t", "x", "");
        let old = Claim {
            task: "t".into(),
            agent: "a".into(),
            number: 1,
        };
        task.claims = 1;
        task.state = TaskState::InProgress {
            agent: "a".into(),
            until: 10,
        };
        assert!(task.is_held(&old, 9) && !task.is_held(&old, 10));
        task.claims = 2;
        assert!(!task.is_held(&old, 9), "the same agent took it again");
    }
}
