//! Who is there: agents say so again and again, and are gone when they do not.

use orchestrate_core::learning::{StoreError, check_name};
use serde::{Deserialize, Serialize};

use super::team::{Team, put};
use crate::documents::{Change, Read};

const AGENTS: &str = "agents";

/// What an agent last said of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Its name.
    pub agent: String,
    /// What it is doing, for example `running`.
    pub status: String,
    /// How far it is, from 0 to 1.
    pub progress: f64,
    /// The task that it works on.
    pub task: Option<String>,
    /// When it said so.
    pub at: u64,
    /// Until when it counts as being there.
    pub until: u64,
}

impl Team {
    /// Says that an agent is there, for so many milliseconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heartbeat(
        &self,
        agent: &str,
        status: &str,
        progress: f64,
        task: Option<&str>,
        ttl_ms: u64,
    ) -> Result<(), StoreError> {
        check_name("agent", agent)?;
        let at = self.now();
        let status = AgentStatus {
            agent: agent.to_owned(),
            status: status.to_owned(),
            progress: progress.clamp(0.0, 1.0),
            task: task.map(str::to_owned),
            at,
            until: at.saturating_add(ttl_ms),
        };
        self.change(AGENTS, &[], move |_| {
            Ok((vec![put(AGENTS, &*status.agent, &status)], ()))
        })
        .await
    }

    /// Everybody who ever said something, by name: those who are there and those who fell silent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn agents(&self) -> Result<Vec<AgentStatus>, StoreError> {
        self.read(AGENTS, Read::all(AGENTS)).await
    }

    /// Who is there now, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn active_agents(&self) -> Result<Vec<AgentStatus>, StoreError> {
        let now = self.now();
        let mut all = self.agents().await?;
        all.retain(|it| it.until > now);
        Ok(all)
    }

    /// Forgets an agent; false when it never said anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave(&self, agent: &str) -> Result<bool, StoreError> {
        check_name("agent", agent)?;
        self.change(AGENTS, &[Read::key(AGENTS, agent)], |found| {
            let changes = found
                .iter()
                .map(|it| Change::Delete(AGENTS, it.key.clone()));
            Ok((changes.collect(), !found.is_empty()))
        })
        .await
    }
}
